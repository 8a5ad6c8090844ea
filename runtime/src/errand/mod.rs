//! Requests of the gateway's own, beside the workers: whether a server is well, for keys, with spans. One request, one answer, a
//! connection of its own, plain or behind TLS; the head of the answer is read as strictly as any, and everything is bounded.

#[cfg(feature = "way")]
mod way;

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;

#[cfg(feature = "way")]
pub(crate) use self::way::{Messenger, Way, Ways};
use crate::head::Method;
#[cfg(feature = "trace")]
use crate::head::retry_after;
#[cfg(feature = "way")]
use crate::http1::chunk::Decoder;
#[cfg(feature = "way")]
use crate::http1::framing::Length;
use crate::http1::response::{self, Response};
use crate::link::{Link, Refused};
use crate::serve::socket::Turn;
use crate::tls::Dial;

/// Bytes of an answer's head.
const HEAD: usize = 16 * 1024;
/// Bytes that are read at once.
const ROOM: usize = 8 * 1024;

/// What is asked, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Errand<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<&'static Dial>,
    pub(crate) method: Method,
    /// The whole head. It says `Connection: close`.
    pub(crate) head: &'a str,
    pub(crate) body: &'a [u8],
}

/// How far an errand has come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stage {
    /// Its name is looked up.
    #[cfg(all(feature = "way", feature = "dns"))]
    Looking,
    /// There is no connection yet.
    Connecting,
    /// TLS is agreed on.
    Shaking,
    /// It was asked.
    Asking,
}

#[cfg(feature = "way")]
impl Stage {
    #[cfg(feature = "dns")]
    const FIRST: Self = Self::Looking;
    #[cfg(not(feature = "dns"))]
    const FIRST: Self = Self::Connecting;

    /// What is said of an errand that is given up here.
    const fn late(self) -> &'static str {
        match self {
            #[cfg(feature = "dns")]
            Self::Looking => "its name cannot be looked up in time",
            Self::Connecting => "no connection in time",
            Self::Shaking => "no TLS handshake in time",
            Self::Asking => "no answer in time",
        }
    }
}

/// The final answer, of which the head is there.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Seconds that the server asks to be left alone (RFC 9110 section 10.2.3).
    #[cfg(feature = "trace")]
    pub(crate) retry_after: u64,
    #[cfg(feature = "way")]
    rest: Arriving,
    #[cfg(feature = "way")]
    length: Length,
}

/// A connection, and what has arrived on it and is not used yet.
#[derive(Debug)]
struct Arriving {
    link: Link,
    turn: Turn,
    held: Vec<u8>,
    room: Vec<u8>,
}

impl Errand<'_> {
    /// Asks. The deadline is the caller's.
    ///
    /// # Errors
    ///
    /// Why there is no answer, in words for the operator.
    pub(crate) async fn run(self) -> Result<Answer, String> {
        self.run_telling(&Cell::new(Stage::Connecting)).await
    }

    /// The same, and tells how far it has come.
    async fn run_telling(self, stage: &Cell<Stage>) -> Result<Answer, String> {
        stage.set(Stage::Connecting);
        let stream = Link::connect(self.address).await.map_err(|it| refused(&it))?;
        stage.set(Stage::Shaking);
        let link = Link::over(stream, self.tls).await.map_err(|it| refused(&it))?;
        stage.set(Stage::Asking);
        let mut rest = Arriving { link, turn: Turn::default(), held: Vec::new(), room: vec![0; ROOM] };
        for part in [self.head.as_bytes(), self.body] {
            if let Err(error) = rest.link.write_all(part).await {
                return Err(rest.last_word(&error).await);
            }
        }
        let mut fields = Vec::new();
        loop {
            let read = response::read(&rest.held, self.method, &mut fields);
            match read.map_err(|reason| reason.word.to_owned())? {
                Some(Response { len, status: ..200, .. }) => {
                    rest.held.drain(..len);
                }
                Some(response) => {
                    #[cfg(feature = "trace")]
                    let retry_after = retry_after(&rest.held, &fields);
                    rest.held.drain(..response.len);
                    return Ok(Answer {
                        status: response.status,
                        #[cfg(feature = "trace")]
                        retry_after,
                        #[cfg(feature = "way")]
                        rest,
                        #[cfg(feature = "way")]
                        length: response.length,
                    });
                }
                None if rest.held.len() > HEAD => return Err("its head is too large".to_owned()),
                None if rest.more().await? == 0 => return Err("the connection was closed".to_owned()),
                None => {}
            }
        }
    }
}

/// Why there is no connection, in words.
fn refused(refused: &Refused) -> String {
    let cause = refused.cause.map(|cause| cause.to_string());
    refused.why.map(str::to_owned).or(cause).unwrap_or_else(|| refused.reason.word.to_owned())
}

#[cfg(feature = "way")]
impl Answer {
    /// The whole body, of at most so many bytes; nothing where the answer has none.
    ///
    /// # Errors
    ///
    /// Why it cannot be had whole, in words for the operator.
    pub(crate) async fn body(mut self, most: usize) -> Result<Vec<u8>, String> {
        let rest = &mut self.rest;
        let too_large = || format!("it has more than {most} bytes");
        let (mut body, mut decoder) = (Vec::new(), Decoder::default());
        loop {
            let is_over = match self.length {
                Length::None => true,
                Length::Fixed(length) if length > most as u64 => return Err(too_large()),
                Length::Fixed(length) => {
                    body.append(&mut rest.held);
                    body.len() as u64 >= length
                }
                Length::Chunked => {
                    let step = decoder.decode(&mut rest.held).map_err(|_| "its chunks are malformed")?;
                    body.extend_from_slice(rest.held.get(..step.data).unwrap_or_default());
                    rest.held.clear();
                    decoder.done()
                }
                Length::UntilClose => {
                    body.append(&mut rest.held);
                    false
                }
            };
            if let (true, Length::Fixed(length)) = (is_over, self.length) {
                body.truncate(usize::try_from(length).unwrap_or(most));
            }
            if body.len() > most {
                return Err(too_large());
            }
            if is_over {
                return Ok(body);
            }
            if rest.more().await? == 0 {
                let is_whole = self.length == Length::UntilClose;
                return if is_whole { Ok(body) } else { Err("it is cut off".to_owned()) };
            }
        }
    }
}

impl Arriving {
    /// Reads what there is; nothing, where there will be no more.
    async fn more(&mut self) -> Result<usize, String> {
        match self.link.read(&self.turn, &mut self.room).await {
            Ok(count) => {
                self.held.extend_from_slice(self.room.get(..count).unwrap_or_default());
                Ok(count)
            }
            Err(error) => Err(self.said(&error)),
        }
    }

    /// Why nothing more can be written, in words: what TLS says of it, where whoever has closed the connection said why before. With
    /// TLS 1.3 a server refuses a certificate when the handshake is over for the client (RFC 8446 section 4.4.2.4).
    async fn last_word(&mut self, error: &io::Error) -> String {
        while self.more().await.is_ok_and(|count| count > 0) && self.held.len() <= HEAD {}
        self.said(error)
    }

    /// An error in words.
    fn said(&self, error: &io::Error) -> String {
        self.link.why().map_or_else(|| error.kind().to_string(), str::to_owned)
    }
}
