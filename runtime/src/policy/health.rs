//! `health`: how the servers of an upstream are asked whether they are well. Who asks stands where upstreams are.

use std::time::Duration;

/// The question.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Path and perhaps query.
    pub path: &'static str,
    /// How often.
    pub every: Duration,
    /// How long an answer may take, its connection included.
    pub within: Duration,
    /// The last so many answers are looked at.
    pub window: u32,
    /// So many of them must be good.
    pub threshold: u32,
    /// So many millionths of `every` an interval is longer or shorter.
    pub jitter: u32,
    /// The one good status; `None`: 200 to 299.
    pub status: Option<u16>,
    /// What `Host` says; `None`: the server's own authority.
    pub host: Option<&'static str>,
}

impl Config {
    /// Whether an answer is good.
    pub(crate) fn is_good(&self, status: u16) -> bool {
        self.status.map_or((200..300).contains(&status), |wanted| status == wanted)
    }
}
