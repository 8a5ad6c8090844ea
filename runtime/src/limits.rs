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
    /// How long a client may leave an answer of the gateway itself unread.
    pub write: Duration,
    /// How long the rest of a refused request is read and dropped, so that the answer is not lost to a reset.
    pub linger: Duration,
    /// Bytes of a request body that are read and dropped to keep the connection, when the answer does not need them.
    pub discard_bytes: u64,
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
        linger: Duration::from_secs(2),
        discard_bytes: 256 * 1024,
        requests: 100_000,
        interim: 16,
        upstream_idle: Duration::from_secs(30),
        upstream_kept: 512,
        drain: Duration::from_secs(30),
    };
}

/// Fields in a head.
pub const FIELDS: usize = 100;

/// Bytes of the trailers behind a chunked body.
pub const TRAILER_BYTES: usize = 8 * 1024;

/// Bytes of the extensions of one chunk.
pub const CHUNK_EXTENSION_BYTES: usize = 256;
