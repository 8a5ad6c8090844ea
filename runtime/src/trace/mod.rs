//! Traces: which one an exchange belongs to, what servers are told of it, and spans for a collector.
//!
//! Every exchange has ids and passes them on; only of those that are recorded anything is kept. A worker hands over what it
//! has noted and does no more: spans are made, encoded and sent by a thread of their own.

#[cfg(feature = "trace")]
mod context;
#[cfg(feature = "trace")]
mod export;
#[cfg(feature = "trace")]
mod note;
#[cfg(not(feature = "trace"))]
mod off;
#[cfg(feature = "trace")]
mod otlp;
#[cfg(feature = "trace")]
mod post;
#[cfg(feature = "trace")]
mod spans;

#[cfg(feature = "trace")]
pub(crate) use self::{
    export::{Exporter, Tracing},
    note::{Trace, Tracer},
};

#[cfg(not(feature = "trace"))]
pub(crate) use self::off::{Exporter, Trace, Tracer, Tracing};
