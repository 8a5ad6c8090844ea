//! The bounds that hold for every connection, whatever its route says.
//!
//! They are values of one [`Limits`], so that a test may set them low. Waits and sizes that a route can set are
//! rows of the language and stand in `policy/`.

use std::time::Duration;

/// Bounds of connections, heads and pools.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the first byte of a request's head to its last.
    pub head: Duration,
    /// Bytes of a head, of a request or of an answer.
    pub head_bytes: usize,
    /// How long a connection may wait for its next request.
    pub keep_alive: Duration,
    /// How long a client may leave an answer of the gateway itself unread, since it last took some of it.
    pub write: Duration,
    /// Bytes a second that a client sends of a body, or takes of an answer, at least, on average.
    pub body_rate: u64,
    /// How long a client may be slower than that.
    pub body_grace: Duration,
    /// How long an answer's head is still waited for when the client has closed its sending side.
    pub half_closed: Duration,
    /// How long the rest of a refused request may pause while it is read and dropped, so that the answer is not lost to
    /// a reset.
    pub linger: Duration,
    /// How long it is read at all.
    pub linger_most: Duration,
    /// Bytes of a request body that are read and dropped to keep the connection, when the answer does not need them.
    pub discard_bytes: u64,
    /// Bytes that whole bodies and answers, and what is known of them, may take of the process.
    pub documents: u64,
    /// Requests on one connection; the last answer says `Connection: close`.
    pub requests: u32,
    /// Interim answers (1xx) before the final one.
    pub interim: u32,
    /// How long an upstream connection may stay unused.
    pub upstream_idle: Duration,
    /// Unused connections that are kept for each server and worker.
    pub upstream_kept: usize,
    /// From the order to stop until open connections are cut.
    pub drain: Duration,
}

impl Limits {
    /// The bounds of a gateway that says nothing else.
    pub const DEFAULT: Self = Self {
        head: Duration::from_secs(10),
        head_bytes: 32 * 1024,
        keep_alive: Duration::from_mins(1),
        write: Duration::from_secs(30),
        body_rate: 500,
        body_grace: Duration::from_secs(30),
        half_closed: Duration::from_secs(5),
        linger: Duration::from_secs(2),
        linger_most: Duration::from_secs(30),
        discard_bytes: 256 * 1024,
        documents: 64 << 20,
        requests: 100_000,
        interim: 16,
        upstream_idle: Duration::from_secs(30),
        upstream_kept: 512,
        drain: Duration::from_secs(30),
    };

    /// The same, with heads that fit a buffer, and room to see that one does not.
    pub(crate) fn bounded(self) -> Self {
        Self { head_bytes: self.head_bytes.min(crate::buffer::SIZE / 2), ..self }
    }
}

/// Bytes of a path in canonical spelling.
pub const PATH_BYTES: usize = 32 * 1024;

/// Options in the `Connection` fields of a head.
pub const CONNECTION_OPTIONS: usize = 32;

/// Fields in a head.
pub const FIELDS: usize = 100;

/// Bytes of the trailers behind a chunked body.
pub const TRAILER_BYTES: usize = 8 * 1024;

/// Bytes of the extensions of one chunk.
pub const CHUNK_EXTENSION_BYTES: usize = 256;

/// Bytes of the extensions of all chunks of a body.
pub const EXTENSION_BYTES: usize = 16 * 1024;
