//! The codec as benches and fuzz targets see it: a door to what is private, behind the feature `bench`, so that no gateway
//! has it. It decides nothing.
#![allow(clippy::missing_errors_doc, clippy::must_use_candidate, reason = "what is called says it")]

use crate::edit::Edits;
use crate::head::{Field, Head, Method};
use crate::http1::chunk;
use crate::http1::path;
use crate::http1::request::{self, Onward};
use crate::http1::response::{self, Homeward};
use crate::reason::Reason;

pub use crate::http1::framing::Length;

/// The authority of the server to which [`Request::write`] forwards.
pub const AUTHORITY: &str = "10.0.0.7:9000";
/// The address of its client.
pub const CLIENT: &str = "192.0.2.33";
/// The name of its gateway.
pub const NAME: &str = "shop";
const HOST: &str = " HTTP/1.1\r\nHost: 10.0.0.7:9000\r\n";
const FORWARDING: &[u8] = b"X-Forwarded-For: 192.0.2.33\r\nX-Forwarded-Proto: http\r\n";
const VIA: &str = "Via: 1.1 shop\r\n\r\n";
/// The date of an answer that states none.
pub const DATE: &[u8] = b"Fri, 20 Nov 2026 12:00:00 GMT";

/// Appends the canonical spelling of a path, and answers how long it was.
pub fn canonical(target: &[u8], out: &mut Vec<u8>) -> Result<usize, Reason> {
    path::canonical(target, out)
}

/// The head of a request that was read; the rest of it is in a [`Head`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request(request::Request);

impl Request {
    /// Reads from the front of `bytes`. `None`: not complete.
    pub fn read(bytes: &[u8], head: &mut Head) -> Result<Option<Self>, Reason> {
        Ok(request::read(bytes, head)?.map(Self))
    }

    /// Appends the head that is forwarded.
    pub fn write(&self, head: &Head, out: &mut Vec<u8>) {
        let Self(request::Request { length, trailers, .. }) = *self;
        let edits = &Edits::default();
        let onward = Onward { host: HOST, forwarding: FORWARDING, via: VIA, length, trailers, edits };
        request::write(head, &onward, |out| out.extend_from_slice(head.path()), out);
    }

    /// Bytes of the head.
    pub fn size(&self) -> usize {
        self.0.len
    }

    /// Where the body ends.
    pub fn length(&self) -> Length {
        self.0.length
    }

    /// Whether its client takes trailers.
    pub fn takes_trailers(&self) -> bool {
        self.0.trailers
    }
}

/// The fields of a server's answer.
#[derive(Debug, Default)]
pub struct Fields(Vec<Field>);

/// The head of a server's answer that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response(response::Response);

impl Response {
    /// Reads from the front of `bytes`. `None`: not complete.
    pub fn read(bytes: &[u8], method: Method, fields: &mut Fields) -> Result<Option<Self>, Reason> {
        Ok(response::read(bytes, method, &mut fields.0)?.map(Self))
    }

    /// Appends the head that the client gets, before a body of `length`.
    pub fn write(&self, bytes: &[u8], fields: &Fields, length: Length, out: &mut Vec<u8>) {
        let last = length == Length::UntilClose;
        response::write(bytes, &fields.0, &self.0, &Homeward { length, last, date: DATE, said: b"" }, out);
    }

    /// Bytes of the head.
    pub fn size(&self) -> usize {
        self.0.len
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// Where the body ends.
    pub fn length(&self) -> Length {
        self.0.length
    }

    /// The length that is stated although no body follows.
    pub fn stated(&self) -> Option<u64> {
        self.0.stated
    }
}

/// A decoder of the chunked coding.
#[derive(Debug, Default)]
pub struct Decoder(chunk::Decoder);

impl Decoder {
    /// Decodes in place: the bytes read, and the bytes of data that are now at the front. `None`: broken.
    pub fn decode(&mut self, input: &mut [u8]) -> Option<(usize, usize)> {
        self.0.decode(input).ok().map(|step| (step.read, step.data))
    }

    /// Whether all of the body has been read.
    pub fn done(&self) -> bool {
        self.0.done()
    }

    /// Appends the trailers that may be passed on.
    pub fn write_trailers(&self, out: &mut Vec<u8>) {
        self.0.write_trailers(out);
    }
}
