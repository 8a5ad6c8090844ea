//! The servers of a test: a small HTTP server for each upstream, on this machine. It answers as the test says, keeps what it was
//! asked, and says of what nobody has said anything.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gatewright_compiler::suite::{Answer, Mock, Mocked, Reply, Segment, StepKind, Test};
use socket2::{Domain, Socket, Type};

use super::client::{content, fields};
use super::wire::{Message, Wire};

/// The body of an answer that no mock gives.
const NOT_MOCKED: &str = "no mock of this test answers that";

/// The servers of all upstreams.
#[derive(Debug)]
pub(crate) struct Servers {
    all: BTreeMap<String, Server>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct Server {
    address: SocketAddr,
    /// A socket that is bound and does not listen: whoever connects is refused.
    refusing: (Socket, SocketAddr),
}

/// What all of them know of the test at hand.
#[derive(Debug, Default)]
struct State {
    /// Which test: what was asked in an earlier one no longer counts.
    epoch: u64,
    /// With how many answers each has given.
    mocks: Vec<(Mock, usize)>,
    refused: Vec<String>,
    received: Vec<(String, Message)>,
    unexpected: Vec<(String, String)>,
}

impl Servers {
    /// Opens one for each upstream, for as long as this process lives.
    pub(crate) fn open(upstreams: &[String]) -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State::default()));
        let mut all = BTreeMap::new();
        for name in upstreams {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            let address = listener.local_addr()?;
            let refusing = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            refusing.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
            let nowhere = refusing.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
            let (own, shared) = (name.clone(), Arc::clone(&state));
            std::thread::Builder::new().name(format!("mock-{name}")).spawn(move || {
                for stream in listener.incoming().filter_map(Result::ok) {
                    let (name, state) = (own.clone(), Arc::clone(&shared));
                    // Without a thread it is closed, which the gateway sees.
                    let _ = std::thread::Builder::new().spawn(move || serve(&name, stream, &state));
                }
            })?;
            all.insert(name.clone(), Server { address, refusing: (refusing, nowhere) });
        }
        Ok(Self { all, state })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the test before.
    pub(crate) fn begin(&self, test: &Test) {
        let refused = test.steps.iter().filter_map(|step| match &step.kind {
            StepKind::Mock(mock) if mock.answers.contains(&Answer::Refused) => Some(mock.upstream.clone()),
            _ => None,
        });
        let mut state = self.state();
        *state = State { epoch: state.epoch + 1, refused: refused.collect(), ..State::default() };
    }

    /// Where each upstream is in the test at hand.
    pub(crate) fn addresses(&self) -> Vec<(&str, SocketAddr)> {
        let state = self.state();
        let address = |name: &String, server: &Server| {
            if state.refused.contains(name) { server.refusing.1 } else { server.address }
        };
        self.all.iter().map(|(name, server)| (name.as_str(), address(name, server))).collect()
    }

    /// From now on requests are answered so. Another mock of the same requests no longer counts.
    pub(crate) fn mock(&self, mock: &Mock) {
        let mut state = self.state();
        let is_same = |other: &Mock| other.upstream == mock.upstream && other.mocked == mock.mocked;
        state.mocks.retain(|(other, _)| !is_same(other));
        state.mocks.push((mock.clone(), 0));
    }

    /// Forgets what was asked so far.
    pub(crate) fn forget(&self) {
        let mut state = self.state();
        state.received.clear();
        state.unexpected.clear();
    }

    /// What has reached an upstream since then.
    pub(crate) fn received(&self, upstream: &str) -> Vec<Message> {
        let state = self.state();
        let own = state.received.iter().filter(|(name, _)| name == upstream);
        own.map(|(_, message)| message.clone()).collect()
    }

    /// What was asked, and no mock answers: the upstream, and the line of the request.
    pub(crate) fn unexpected(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.state().unexpected)
    }
}

/// Answers the requests of one connection.
fn serve(name: &str, stream: TcpStream, state: &Mutex<State>) {
    let mut wire = Wire::new(stream);
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let epoch = lock().epoch;
    while let Ok(Some(request)) = wire.request() {
        let answer = {
            let mut state = lock();
            if state.epoch != epoch {
                return;
            }
            state.answer(name, &request)
        };
        let said = match answer {
            Some(Answer::Says(reply)) => say(&mut wire, &request, &reply),
            Some(Answer::Closed(after)) => {
                std::thread::sleep(after);
                return;
            }
            Some(Answer::Refused) => return,
            None => {
                let body = Some(gatewright_compiler::suite::Body::Text(NOT_MOCKED.to_owned()));
                let reply = Reply { delay: Duration::ZERO, status: 501, headers: Vec::new(), body };
                say(&mut wire, &request, &reply)
            }
        };
        if said.is_err() {
            return;
        }
    }
}

impl State {
    /// Keeps a request, and finds what it is answered.
    fn answer(&mut self, name: &str, request: &Message) -> Option<Answer> {
        self.received.push((name.to_owned(), request.clone()));
        let own = self.mocks.iter_mut().filter(|(mock, _)| mock.upstream == name);
        let fitting = own.filter(|(mock, _)| mock.mocked.as_ref().is_none_or(|it| fits(it, request)));
        // The most specific one; one of everything comes last.
        let found = fitting.min_by(|(a, _), (b, _)| {
            let key = |mock: &Mock| {
                mock.mocked.as_ref().map_or((true, Vec::new()), |it| (false, it.segments.clone()))
            };
            key(a).cmp(&key(b))
        });
        let Some((mock, given)) = found else {
            self.unexpected.push((name.to_owned(), format!("{} {}", request.method, request.target)));
            return None;
        };
        let answer = mock.answers.get(*given).or(mock.answers.last()).cloned();
        *given += 1;
        answer
    }
}

fn say(wire: &mut Wire, request: &Message, reply: &Reply) -> io::Result<()> {
    std::thread::sleep(reply.delay);
    let mut text = format!("HTTP/1.1 {} mocked\r\n", reply.status);
    if reply.body.is_none() && !matches!(reply.status, 204 | 304) {
        text.push_str("content-length: 0\r\n");
    }
    text.push_str(&fields(&reply.headers, reply.body.as_ref()));
    if request.method != "HEAD" {
        text.push_str(&content(reply.body.as_ref()));
    }
    wire.stream.write_all(text.as_bytes())
}

/// Whether a mock is of a request. Segments are compared as they read when nothing in them is encoded.
fn fits(mocked: &Mocked, request: &Message) -> bool {
    if mocked.method != request.method {
        return false;
    }
    let path = request.target.split('?').next().unwrap_or_default();
    let Some(path) = path.strip_prefix('/') else { return false };
    let mut texts = path.split('/').peekable();
    for segment in &mocked.segments {
        if *segment == Segment::Rest {
            return texts.peek().is_some();
        }
        let Some(text) = texts.next() else { return false };
        let is_so = match segment {
            Segment::Literal(wanted) => decoded(text) == wanted.as_bytes(),
            _ => !text.is_empty(),
        };
        if !is_so {
            return false;
        }
    }
    texts.next().is_none()
}

fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        if let Some(byte) = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(b'%');
            rest = after;
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mocked(segments: &[Segment]) -> Mocked {
        Mocked { method: "GET".to_owned(), segments: segments.to_vec() }
    }

    fn asks(target: &str) -> Message {
        Message { method: "GET".to_owned(), target: target.to_owned(), ..Message::default() }
    }

    #[test]
    fn a_mock_is_of_the_requests_that_its_path_matches() {
        let of = |segments: &[Segment], target: &str| fits(&mocked(segments), &asks(target));
        let a = || Segment::Literal("a b".to_owned());
        assert!(of(&[a(), Segment::Any], "/a%20b/7?x=1"));
        assert!(!of(&[a(), Segment::Any], "/a%20b/") && !of(&[a(), Segment::Any], "/a%20b/7/8"));
        assert!(!of(&[a()], "/a") && !of(&[a(), Segment::Any], "/a%20b"));
        assert!(of(&[Segment::Rest], "/x/y") && of(&[a(), Segment::Rest], "/a%20b/"));
        assert!(!of(&[a(), Segment::Rest], "/a%20b"));
    }

    #[test]
    fn the_most_specific_mock_answers_and_its_answers_come_in_turn() {
        let says =
            |status| Answer::Says(Reply { delay: Duration::ZERO, status, headers: vec![], body: None });
        let mock = |mocked, answers| (Mock { upstream: "a".to_owned(), mocked, answers }, 0);
        let one = Segment::Literal("x".to_owned());
        let mut state = State {
            mocks: vec![
                mock(None, vec![says(500)]),
                mock(Some(mocked(&[Segment::Any])), vec![says(404)]),
                mock(Some(mocked(&[one])), vec![says(503), says(200)]),
            ],
            ..State::default()
        };
        let mut status = |target: &str| match state.answer("a", &asks(target)) {
            Some(Answer::Says(reply)) => reply.status,
            _ => 0,
        };
        assert_eq!(
            [status("/x"), status("/x"), status("/x"), status("/y"), status("/y/z")],
            [503, 200, 200, 404, 500]
        );
        assert!(state.answer("b", &asks("/x")).is_none());
        assert_eq!(state.unexpected, [("b".to_owned(), "GET /x".to_owned())]);
    }
}
