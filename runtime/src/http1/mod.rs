//! HTTP/1.1 (RFC 9112) on both sides: heads, framing, and the bytes in between.
//!
//! Everything received is read into the model and written from it; no byte of a head is passed on that was not
//! understood.

pub(crate) mod body;
pub(crate) mod chunk;
pub(crate) mod framing;
pub(crate) mod line;
pub(crate) mod path;
pub(crate) mod request;
pub(crate) mod response;
#[cfg(test)]
mod tests;
