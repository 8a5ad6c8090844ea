//! The admin listener: what an operator's tools ask a gateway about itself, on a thread that serves no traffic.
//!
//! It answers GET and HEAD of a few paths, one request for each connection, each of them within a bounded time. It changes
//! nothing and shows no secret: what it says is counted, or was known when the gateway was compiled.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::LocalOptions;
use tokio::sync::watch;

use crate::clock::{self, Alarm, Clock, micros};
use crate::head::{Head, Method};
use crate::http1::request;
use crate::metrics::About;
use crate::reason::phrase;
use crate::serve::Gateway;

/// Connections that are served at once; others wait.
const MOST: usize = 32;
/// How long a connection may last.
const WHILE: Duration = Duration::from_secs(10);
/// Bytes of a request's head.
const HEAD: usize = 8 * 1024;
/// Bytes behind it that are read and dropped, so that the answer is not lost to a reset.
const BEHIND: usize = 64 * 1024;
/// Pause before the next look where nothing can be accepted.
const PAUSE: Duration = Duration::from_millis(20);

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Features of the runtime that are compiled in.
const FEATURES: &[&str] = &[
    "admin",
    #[cfg(feature = "dns")]
    "dns",
    #[cfg(feature = "json")]
    "json",
    #[cfg(feature = "limit")]
    "limit",
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

/// An answer.
struct Answer {
    status: u16,
    kind: &'static str,
    body: String,
}

impl Admin {
    /// Answers on a socket that listens.
    pub(crate) fn start(gateway: &Arc<Gateway>, socket: std::net::TcpListener) -> io::Result<Self> {
        let address = socket.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let (gateway, started) = (Arc::clone(gateway), clock::unix_seconds());
        let work = move || {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            if let Ok(runtime) = builder.enable_io().build_local(LocalOptions::default()) {
                // Without it the gateway still serves; whoever asks it is not answered, and so learns of it.
                let _ = runtime.block_on(run(gateway, socket, started, stopped));
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
    gateway: Arc<Gateway>,
    socket: std::net::TcpListener,
    started: u64,
    mut stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    let (socket, alarm) = (TcpListener::from_std(socket)?, Alarm::new()?);
    let open = Rc::new(Cell::new(0_usize));
    let accepting = tokio::task::spawn_local(async move {
        loop {
            let accepted = if open.get() < MOST { socket.accept().await.ok() } else { None };
            let Some((stream, _)) = accepted else {
                gateway.clock.wait(&alarm, PAUSE).await;
                continue;
            };
            let (gateway, open) = (Arc::clone(&gateway), Rc::clone(&open));
            open.set(open.get() + 1);
            tokio::task::spawn_local(async move {
                // An error is the client's, and ends its connection.
                let _ = within(&gateway.clock, serve(&gateway, &stream, started)).await;
                open.set(open.get() - 1);
            });
        }
    });
    // An error means that nobody is left to say it.
    let _ = stopped.wait_for(|stopped| *stopped).await;
    accepting.abort();
    Ok(())
}

/// Ends what takes too long.
async fn within(clock: &Clock, work: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    let (alarm, end) = (Alarm::new()?, clock.now().saturating_add(micros(WHILE)));
    let late = async {
        while clock.now() < end {
            clock.until(&alarm, end).await;
        }
    };
    let (mut work, mut late) = (std::pin::pin!(work), std::pin::pin!(late));
    std::future::poll_fn(|cx| {
        if let done @ std::task::Poll::Ready(_) = work.as_mut().poll(cx) {
            return done;
        }
        late.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    })
    .await
}

/// One request and its answer.
async fn serve(gateway: &Gateway, stream: &TcpStream, started: u64) -> io::Result<()> {
    let mut head = Head::default();
    let read = receive(stream, &mut head).await?;
    let answer = match read {
        Err(status) => Answer::plain(status, phrase(status)),
        Ok(()) if !matches!(head.method, Method::Get | Method::Head) => {
            Answer::plain(405, "only GET and HEAD")
        }
        Ok(()) => answer(gateway, head.path(), started),
    };
    let Answer { status, kind, body } = answer;
    let allow = if status == 405 { "Allow: GET, HEAD\r\n" } else { "" };
    let mut out = format!(
        "HTTP/1.1 {status} {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n{allow}Connection: close\r\n\r\n",
        phrase(status),
        body.len()
    );
    if head.method != Method::Head {
        out.push_str(&body);
    }
    send(stream, out.as_bytes()).await?;
    socket2::SockRef::from(stream).shutdown(std::net::Shutdown::Write)?;
    let (mut room, mut left) = ([0; 4096], BEHIND);
    while left > 0 {
        match fill(stream, &mut room).await? {
            0 => break,
            count => left = left.saturating_sub(count),
        }
    }
    Ok(())
}

/// Reads a head as strictly as a worker does. The status of what cannot be read.
async fn receive(stream: &TcpStream, head: &mut Head) -> io::Result<Result<(), u16>> {
    let (mut read, mut room) = (Vec::new(), [0; 4096]);
    loop {
        let count = fill(stream, &mut room).await?;
        read.extend_from_slice(room.get(..count).unwrap_or_default());
        match request::read(&read, head) {
            Ok(Some(_)) => return Ok(Ok(())),
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

impl Answer {
    fn plain(status: u16, text: &str) -> Self {
        Self { status, kind: TEXT, body: format!("{text}\n") }
    }
}

fn answer(gateway: &Gateway, path: &[u8], started: u64) -> Answer {
    match path {
        b"/healthz" => Answer::plain(200, "ok"),
        b"/readyz" if gateway.is_ready() => Answer::plain(200, "ready"),
        b"/readyz" => Answer::plain(503, "draining"),
        b"/metrics" => {
            let about = About {
                now: gateway.clock.now(),
                sets: &gateway.sets,
                #[cfg(feature = "dns")]
                names: gateway.names.as_ref(),
                started,
                is_ready: gateway.is_ready(),
                dropped: gateway.log.dropped(),
                spans: gateway.tracing.counts(),
            };
            Answer { status: 200, kind: PROMETHEUS, body: gateway.metrics.text(gateway.program, about) }
        }
        b"/build" => Answer { status: 200, kind: JSON, body: build(gateway) },
        _ => Answer::plain(404, "there is /metrics, /healthz, /readyz and /build"),
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
