//! `tls`: how the servers of an upstream are spoken to over TLS. What is done with it stands in `tls/`; it is read once, when the
//! gateway starts.

use crate::terminal::Write;

/// Whom to believe, and who the gateway is.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// A PEM file of the certificates whose word is believed; `None`: those that the machine believes.
    pub roots: Option<&'static str>,
    /// A PEM file of the gateway's own certificate, followed by those between it and its root.
    pub certificate: Option<&'static str>,
    /// A PEM file of that certificate's key.
    pub key: Option<&'static str>,
    /// What writes the key as PEM, where no file holds it.
    pub secret: Option<Write>,
    /// The name by which servers are verified; `None`: the one that is written for each of them.
    pub server_name: Option<&'static str>,
}
