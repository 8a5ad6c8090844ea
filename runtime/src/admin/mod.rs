//! The admin listener: what an operator's tools and browser ask a gateway about itself, on a thread that serves no traffic.
//!
//! It answers GET and HEAD of a few paths, one request for each connection, each of them within a bounded time; only the
//! events of the live page go on, and of those there are few. It shows no secret: what it says is counted, or was known when the
//! gateway was compiled. It changes nothing but live values.

pub(crate) mod answer;
mod events;
mod name;
mod page;
mod seat;
mod table;
mod view;

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::LocalOptions;
use tokio::sync::watch;

use self::answer::Answer;
use self::seat::{Seat, Seats};
use crate::clock::{self, Alarm, Clock, micros};
use crate::head::{Head, Method};
use crate::http1::request::{self, Request};
use crate::live::Live;
use crate::live::admin as values;
use crate::metrics::{About, History};
use crate::serve::{Gateway, Order};

/// How long a connection may last that is not live.
const WHILE: Duration = Duration::from_secs(10);
/// Bytes of a request's head.
const HEAD: usize = 8 * 1024;
/// Bytes behind it that are read and dropped, so that the answer is not lost to a reset.
const BEHIND: usize = 64 * 1024;
/// Pause before the next look where nothing can be accepted.
const PAUSE: Duration = Duration::from_millis(20);

const PATHS: &str = "there is /, /metrics, /healthz, /readyz and /build";
const ALL_PATHS: &str = "there is /, /live, /metrics, /healthz, /readyz and /build";

/// Features of the runtime that are compiled in.
const FEATURES: &[&str] = &[
    "admin",
    #[cfg(feature = "api_key")]
    "api_key",
    #[cfg(feature = "basic")]
    "basic",
    #[cfg(feature = "dns")]
    "dns",
    #[cfg(feature = "forward")]
    "forward",
    #[cfg(feature = "handler")]
    "handler",
    #[cfg(feature = "json")]
    "json",
    #[cfg(feature = "jwt")]
    "jwt",
    #[cfg(feature = "limit")]
    "limit",
    #[cfg(feature = "tls")]
    "tls",
    #[cfg(feature = "trace")]
    "trace",
];

/// An admin listener that answers. It ends after [`Self::stop`].
#[derive(Debug)]
pub(crate) struct Admin {
    pub(crate) address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

/// What all its connections know.
struct Desk {
    gateway: Arc<Gateway>,
    /// When the gateway started, in seconds since the Unix epoch.
    started: u64,
    history: RefCell<History>,
    /// Whether the gateway was told to stop.
    stopping: watch::Sender<bool>,
    /// Connections that are open.
    seats: Rc<Seats>,
    /// Those of them that are live.
    live: Cell<usize>,
}

/// A place that is taken, among so many; free again when it is dropped, whatever has happened.
struct Place<'a>(&'a Cell<usize>);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

impl Admin {
    /// Answers on a socket that listens.
    pub(crate) fn start(
        gateway: &Arc<Gateway>,
        orders: watch::Receiver<Order>,
        socket: std::net::TcpListener,
    ) -> io::Result<Self> {
        let address = socket.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let (gateway, started) = (Arc::clone(gateway), clock::unix_seconds());
        // Here, so that nothing that is counted later is missed.
        let history = RefCell::new(History::new(&gateway.metrics, gateway.clock.now()));
        let work = move || {
            let (seats, live) = (Rc::default(), Cell::new(0));
            let stopping = watch::channel(false).0;
            let desk = Rc::new(Desk { gateway, started, history, stopping, seats, live });
            let mut builder = tokio::runtime::Builder::new_current_thread();
            if let Ok(runtime) = builder.enable_io().build_local(LocalOptions::default()) {
                // Without it the gateway still serves; whoever asks it is not answered, and so learns of it.
                let _ = runtime.block_on(run(desk, socket, orders, stopped));
            }
        };
        let thread = std::thread::Builder::new().name("admin".to_owned()).spawn(work)?;
        Ok(Self { address, stop, thread })
    }

    /// Closes the listener and what is open.
    pub(crate) fn stop(self) {
        self.stop.send_replace(true);
        // One that panicked has said so on standard error.
        let _ = self.thread.join();
    }
}

async fn run(
    desk: Rc<Desk>,
    socket: std::net::TcpListener,
    mut orders: watch::Receiver<Order>,
    mut stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    let (socket, alarm) = (TcpListener::from_std(socket)?, Alarm::new()?);
    let told = Rc::clone(&desk);
    let listening = tokio::task::spawn_local(async move {
        // An error means that nobody is left to give orders. Whoever gives them waits for those who hear them to be gone.
        let _ = orders.wait_for(|order| *order != Order::Serve).await;
        told.stopping.send_replace(true);
    });
    let counting = tokio::task::spawn_local(count(Rc::clone(&desk), Alarm::new()?));
    let accepting = tokio::task::spawn_local(async move {
        for number in 0.. {
            let Ok((stream, peer)) = socket.accept().await else {
                desk.gateway.clock.wait(&alarm, PAUSE).await;
                continue;
            };
            while !desk.seats.has_room() {
                desk.gateway.clock.wait(&alarm, PAUSE).await;
            }
            let (at, seat) = (Rc::clone(&desk), Seat { seats: Rc::clone(&desk.seats), number });
            let task = tokio::task::spawn_local(async move {
                // An error is the client's, and ends its connection.
                let _ = serve(&at, &seat, &stream, peer).await;
            });
            desk.seats.take(number, task.abort_handle());
        }
    });
    // An error means that nobody is left to say it.
    let _ = stopped.wait_for(|stopped| *stopped).await;
    accepting.abort();
    counting.abort();
    listening.abort();
    Ok(())
}

/// Keeps copies of what is counted, so that there is something to compare with when somebody looks.
async fn count(desk: Rc<Desk>, alarm: Alarm) {
    let clock = &desk.gateway.clock;
    loop {
        let due = desk.history.borrow().due();
        clock.until(&alarm, due).await;
        desk.history.borrow_mut().sample(&desk.gateway.metrics, clock.now());
    }
}

/// Ends what takes too long.
async fn within<T>(
    clock: &Clock,
    alarm: &Alarm,
    most: Duration,
    work: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let end = clock.now().saturating_add(micros(most));
    let late = async {
        while clock.now() < end {
            clock.until(alarm, end).await;
        }
    };
    let (mut work, mut late) = (std::pin::pin!(work), std::pin::pin!(late));
    std::future::poll_fn(|cx| {
        if let done @ Poll::Ready(_) = work.as_mut().poll(cx) {
            return done;
        }
        late.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    })
    .await
}

/// One connection.
async fn serve(desk: &Desk, seat: &Seat, stream: &TcpStream, peer: SocketAddr) -> io::Result<()> {
    let (clock, alarm) = (&desk.gateway.clock, Alarm::new()?);
    let mut head = Head::default();
    let answer = async {
        let read = receive(stream, &mut head).await?;
        seat.idles(false);
        let live = desk.gateway.shared.live.as_ref().filter(|_| values::is_about(head.path()));
        let answer = match (read, live) {
            (Err(status), _) => Answer::status(status),
            (Ok(received), Some(live)) => change(live, &head, received, (stream, peer)).await?,
            (Ok(_), None) if !matches!(head.method, Method::Get | Method::Head) => {
                Answer { allow: "GET, HEAD", ..Answer::plain(405, "only GET and HEAD") }
            }
            (Ok(_), None) if !name::is_welcome(&head) => Answer::plain(421, name::HELP),
            (Ok(_), None) if head.path() == events::PATH && head.method == Method::Get => {
                match events::enter(desk) {
                    Ok(place) => return Ok(Some(place)),
                    Err(answer) => answer,
                }
            }
            (Ok(_), None) => answer(desk, &head),
        };
        send(stream, &answer.bytes(head.method == Method::Head)).await?;
        socket2::SockRef::from(stream).shutdown(std::net::Shutdown::Write)?;
        seat.idles(true);
        let (mut room, mut left) = ([0; 4096], BEHIND);
        while left > 0 {
            match fill(stream, &mut room).await? {
                0 => break,
                count => left = left.saturating_sub(count),
            }
        }
        Ok(None)
    };
    match within(clock, &alarm, WHILE, answer).await? {
        Some(place) => events::serve(desk, place, stream, &alarm, head.query()).await,
        None => Ok(()),
    }
}

/// Shows live values, or changes them: the body is read only where it may do something.
async fn change(
    live: &Live,
    head: &Head,
    (request, mut body): (Request, Vec<u8>),
    (stream, peer): (&TcpStream, SocketAddr),
) -> io::Result<Answer> {
    let (wish, length) = match values::wish(live, head, request.length, peer) {
        Ok(wish) => wish,
        Err(answer) => return Ok(answer),
    };
    if request.expect {
        send(stream, b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    let mut room = [0; 4096];
    while body.len() < length {
        match fill(stream, &mut room).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => body.extend_from_slice(room.get(..count).unwrap_or_default()),
        }
    }
    body.truncate(length);
    Ok(values::answer(live, &wish, &body, peer))
}

/// Reads a head as strictly as a worker does, and what came with it. The status of what cannot be read.
async fn receive(stream: &TcpStream, head: &mut Head) -> io::Result<Result<(Request, Vec<u8>), u16>> {
    let (mut read, mut room) = (Vec::new(), [0; 4096]);
    loop {
        let count = fill(stream, &mut room).await?;
        read.extend_from_slice(room.get(..count).unwrap_or_default());
        match request::read(&read, head) {
            Ok(Some(request)) => {
                read.drain(..request.len);
                return Ok(Ok((request, read)));
            }
            Err(reason) => return Ok(Err(reason.status)),
            Ok(None) if read.len() > HEAD => return Ok(Err(431)),
            Ok(None) if count == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(None) => {}
        }
    }
}

async fn fill(stream: &TcpStream, room: &mut [u8]) -> io::Result<usize> {
    stream.async_io(Interest::READABLE, || stream.try_read(room)).await
}

async fn send(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let sent = stream.async_io(Interest::WRITABLE, || stream.try_write(bytes)).await?;
        bytes = bytes.get(sent..).unwrap_or_default();
    }
    Ok(())
}

fn answer(desk: &Desk, head: &Head) -> Answer {
    let gateway = &desk.gateway;
    match head.path() {
        b"/healthz" => Answer::plain(200, "ok"),
        b"/readyz" if gateway.is_ready() => Answer::plain(200, "ready"),
        b"/readyz" => Answer::plain(503, "draining"),
        b"/metrics" => {
            let about = About {
                now: gateway.clock.now(),
                sets: &gateway.sets,
                #[cfg(feature = "dns")]
                names: gateway.names.as_ref(),
                started: desk.started,
                is_ready: gateway.is_ready(),
                live: gateway.shared.live.as_ref(),
                memory: &gateway.memory(),
                auths: &gateway.shared.auths,
                dropped: gateway.log.dropped(),
                spans: gateway.tracing.counts(),
            };
            Answer::of(answer::PROMETHEUS, gateway.metrics.text(gateway.program, about))
        }
        b"/build" => Answer::of(answer::JSON, build(gateway)),
        path => page::file(path).or_else(|| events::page(desk, path, head.query())).unwrap_or_else(|| {
            Answer::plain(404, if gateway.shared.live.is_some() { ALL_PATHS } else { PATHS })
        }),
    }
}

/// What was compiled. Names and hashes hold nothing that JSON would escape.
fn build(gateway: &Gateway) -> String {
    let program = gateway.program;
    let features: Vec<String> = FEATURES.iter().map(|name| format!("\"{name}\"")).collect();
    format!(
        "{{\"gateway\":\"{}\",\"version\":\"{}\",\"sources\":\"{}\",\"features\":[{}]}}\n",
        program.name,
        env!("CARGO_PKG_VERSION"),
        program.source_hash,
        features.join(",")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_who_had_it_has_gone() {
        let taken = Cell::new(2);
        drop(Place(&taken));
        assert_eq!(taken.get(), 1);
    }
}
