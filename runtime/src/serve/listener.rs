//! A worker's thread: its reactor, its listening sockets, and how it stops.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::LocalOptions;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::processors::Processors;
use super::worker::Worker;
use super::{Gateway, Order, connection, console};
use crate::clock::{Alarm, micros};
#[cfg(feature = "dns")]
use crate::params::Params;
#[cfg(feature = "dns")]
use crate::program::Program;

/// Connections that the kernel keeps until they are accepted.
const BACKLOG: i32 = 4096;
/// Pause after a failed accept: descriptors or memory are short, and trying again at once helps nobody.
const PAUSE: Duration = Duration::from_millis(50);

/// Bytes that the kernel takes of what a peer has not asked for yet. Without this bound it takes megabytes for one that hardly
/// reads, and a few hundred of those use up what the machine has for all of TCP. A window that is open is filled all the same.
pub(crate) const NOT_SENT: u32 = 128 * 1024;

/// A listening socket that shares its address with those of the other workers, and with nobody else.
pub(super) fn open(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    match open_at(address) {
        Err(error) if address.ip().is_unspecified() && no_ipv6(&error) => {
            open_at((Ipv4Addr::UNSPECIFIED, address.port()).into())
        }
        other => other,
    }
}

fn no_ipv6(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error())
}

/// Fails where anybody listens at the address, even somebody who would share it.
pub(super) fn probe(address: SocketAddr) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(1)
}

fn open_at(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Everywhere that the gateway itself listens, or is declared to.
#[cfg(feature = "dns")]
pub(super) fn own(
    program: &Program,
    params: &Params,
    declared: &[SocketAddr],
    real: &[SocketAddr],
) -> Vec<SocketAddr> {
    let admin = program.admin.map(|admin| admin.address.at(params));
    declared.iter().chain(real).copied().chain(admin).collect()
}

/// Opens sockets of its own, for each worker one for each address.
pub(super) fn open_all(
    wanted: &[SocketAddr],
    workers: usize,
) -> Result<Vec<Vec<std::net::TcpListener>>, String> {
    let mut sockets: Vec<Vec<std::net::TcpListener>> = (0..workers).map(|_| Vec::new()).collect();
    for wanted in wanted {
        let mut wanted = *wanted;
        if wanted.port() != 0
            && let Err(error) = probe(wanted)
            && error.kind() == io::ErrorKind::AddrInUse
        {
            return Err(refused(wanted, &error));
        }
        for own in &mut sockets {
            let socket = open(wanted).map_err(|error| refused(wanted, &error))?;
            // The first worker may have been given any free port; the others join it.
            wanted = socket.local_addr().map_err(|error| refused(wanted, &error))?;
            own.push(socket);
        }
    }
    Ok(sockets)
}

/// Why an address is not listened on, in words for the operator.
pub(super) fn refused(address: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("port {} is taken: something else listens on {address}", address.port())
        }
        io::ErrorKind::PermissionDenied => {
            format!(
                "{address} cannot be listened on: ports below 1024 need a privilege (CAP_NET_BIND_SERVICE)"
            )
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("{address} cannot be listened on: no interface has this address")
        }
        _ => format!("{address} cannot be listened on: {error}"),
    }
}

/// What connections have from the socket that they are accepted from, whoever has opened it.
fn prepare(socket: &std::net::TcpListener) -> io::Result<()> {
    let socket = SockRef::from(socket);
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_notsent_lowat(NOT_SENT)
}

/// Which worker it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat {
    /// From 0.
    pub(super) number: usize,
    /// It keeps to the processor of that number.
    pub(super) pinned: bool,
}

/// Serves until told to stop, and until what is open has ended.
pub(super) fn work(
    gateway: &Arc<Gateway>,
    sockets: Vec<std::net::TcpListener>,
    orders: watch::Receiver<Order>,
    seat: Seat,
) {
    work_beside(gateway, sockets, orders, seat, async {});
}

/// The same, with something else to do on the same thread, which may last longer.
pub(super) fn work_beside(
    gateway: &Arc<Gateway>,
    sockets: Vec<std::net::TcpListener>,
    orders: watch::Receiver<Order>,
    seat: Seat,
    beside: impl Future<Output = ()> + 'static,
) {
    let all = Processors::of_this_thread();
    if seat.pinned {
        all.pin(seat.number);
    }
    // A runtime of its own thread: tasks need not be `Send`, and no second queue lies between them and the reactor.
    let mut builder = tokio::runtime::Builder::new_current_thread();
    // Threads for what blocks, which only an operator's function starts, are not to crowd on the worker's processor.
    builder.enable_io().on_thread_start(move || all.take());
    #[cfg(feature = "handler")]
    builder.enable_time();
    let runtime = match builder.build_local(LocalOptions::default()) {
        Ok(runtime) => runtime,
        Err(error) => return unable(&error),
    };
    runtime.block_on(async {
        let beside = tokio::task::spawn_local(beside);
        match run(gateway, sockets, orders, seat.number).await {
            Ok(()) => drop(beside.await),
            Err(error) => unable(&error),
        }
    });
    // What still blocks then, nobody waits for.
    runtime.shutdown_background();
}

fn unable(error: &io::Error) {
    console::say(format_args!("error: a worker cannot start: {error}"));
}

async fn run(
    gateway: &Arc<Gateway>,
    sockets: Vec<std::net::TcpListener>,
    mut orders: watch::Receiver<Order>,
    number: usize,
) -> io::Result<()> {
    let worker = Rc::new(Worker::new(gateway, number));
    let alarm = Alarm::new()?;
    let of_sweep = Alarm::new()?;
    let sockets = sockets
        .into_iter()
        .map(|socket| {
            prepare(&socket)?;
            Ok((Rc::new(TcpListener::from_std(socket)?), Alarm::new()?))
        })
        .collect::<io::Result<Vec<_>>>()?;
    let sweeping = Rc::clone(&worker);
    let sweep = tokio::task::spawn_local(async move {
        sweeping.sweep.run(of_sweep, |now| sweeping.tidy(now)).await;
    });
    let (sockets, accepting): (Vec<Rc<TcpListener>>, Vec<JoinHandle<()>>) = sockets
        .into_iter()
        .map(|(socket, alarm)| {
            let accepting = accept(Rc::clone(&worker), Rc::clone(&socket), alarm);
            (socket, tokio::task::spawn_local(accepting))
        })
        .unzip();
    // An error means that nobody is left to give orders.
    let told = orders.wait_for(|order| *order != Order::Serve).await.map_or(Order::Cut, |order| *order);
    worker.draining.set(true);
    gateway.stops();
    for task in accepting {
        task.abort();
    }
    for socket in sockets {
        accept_waiting(&worker, &socket).await;
    }
    for upstream in &worker.upstreams {
        upstream.get().pools().for_each(crate::upstream::pool::Pool::clear);
    }
    if told == Order::Drain {
        drain(&worker, &mut orders, &alarm).await;
    }
    worker.cut.set(true);
    worker.sweep.wake_all();
    let end = worker.now() + micros(worker.gateway.limits.linger);
    worker.sweep.look_at(end);
    while worker.open.get() > 0 && worker.gateway.clock.wait(&alarm, PAUSE).await < end {}
    sweep.abort();
    Ok(())
}

/// Waits until no connection is open, the time is over, or the order to cut.
async fn drain(worker: &Worker, orders: &mut watch::Receiver<Order>, alarm: &Alarm) {
    let end = worker.now() + micros(worker.gateway.limits.drain);
    while worker.open.get() > 0 && worker.now() < end {
        if orders.has_changed().is_err() || *orders.borrow() == Order::Cut {
            return;
        }
        worker.gateway.clock.wait(alarm, PAUSE).await;
    }
}

/// Accepts for as long as the worker has room.
async fn accept(worker: Rc<Worker>, socket: Rc<TcpListener>, alarm: Alarm) {
    loop {
        if worker.open.get() >= worker.gateway.most_open {
            worker.gateway.clock.wait(&alarm, PAUSE).await;
            continue;
        }
        match socket.accept().await {
            Ok((stream, peer)) => begin(&worker, stream, peer),
            Err(error) if transient(&error) => {}
            Err(_) => {
                worker.gateway.clock.wait(&alarm, PAUSE).await;
            }
        }
    }
}

/// Accepts what the kernel has accepted already: with the socket it would be reset.
async fn accept_waiting(worker: &Rc<Worker>, socket: &TcpListener) {
    // Outside the task's budget, which a full queue would use up.
    let accepted = std::future::poll_fn(|cx| {
        loop {
            match socket.poll_accept(cx) {
                Poll::Ready(Ok((stream, peer))) => begin(worker, stream, peer),
                Poll::Ready(Err(error)) if transient(&error) => {}
                Poll::Ready(Err(_)) | Poll::Pending => return Poll::Ready(()),
            }
        }
    });
    tokio::task::unconstrained(accepted).await;
}

fn begin(worker: &Rc<Worker>, stream: TcpStream, peer: SocketAddr) {
    // Counted here, so that a burst of accepts cannot overshoot; the connection uncounts itself.
    worker.open.set(worker.open.get() + 1);
    worker.metrics.accepted();
    tokio::task::spawn_local(connection::serve(Rc::clone(worker), stream, peer));
}

/// Errors of one connection, not of the socket.
fn transient(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_connections_are_prepared_as_their_listener_is() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        prepare(&listener).unwrap();
        let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        let accepted = SockRef::from(&accepted);
        assert_eq!(accepted.tcp_notsent_lowat().unwrap(), NOT_SENT);
        assert!(accepted.tcp_nodelay().unwrap());
    }
}
