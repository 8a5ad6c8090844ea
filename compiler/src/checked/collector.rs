//! Whom spans are sent to, and who the gateway is there.

use gatewright_dsl::Span;

use super::{At, Given};
use crate::ir::expr::Function;

/// Spans that are sent to a collector.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    /// The setting that says so.
    pub(crate) span: Span,
    pub(crate) to: At,
    /// The file of those who are believed there.
    pub(crate) roots: Option<String>,
    /// Who the gateway is there.
    pub(crate) shown: Option<Shown>,
    /// The URL that says that it has a name, where it is written or a default.
    pub(crate) named: Option<Span>,
    /// The URL or the file that asks for TLS, in the same way.
    pub(crate) secured: Option<Span>,
    pub(crate) sample: Given<u32>,
    /// Every client's trace is continued.
    pub(crate) everyone: bool,
}

/// The gateway's own certificate, where one is shown.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// Its file.
    pub(crate) certificate: String,
    pub(crate) key: OwnKey,
}

/// Where the key of that certificate is.
#[derive(Clone, Debug)]
pub(crate) enum OwnKey {
    File(String),
    /// What gives it as PEM.
    Secret(Function),
}
