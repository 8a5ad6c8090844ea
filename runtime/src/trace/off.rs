//! Where the gateway has no traces: nothing is noted, and nothing is left of the calls.

#![allow(clippy::unused_self, reason = "the shape of those that note something")]

use std::net::IpAddr;
use std::sync::Arc;

use crate::clock::Micros;
use crate::exchange::Exchange;
use crate::serve::Gateway;

/// What all workers know: nothing.
#[derive(Debug)]
pub(crate) struct Tracing;

/// What sends spans: nothing.
#[derive(Debug)]
pub(crate) struct Exporter;

/// What one worker knows: nothing.
#[derive(Debug)]
pub(crate) struct Tracer;

/// What is noted of an exchange: nothing.
#[derive(Debug, Default)]
pub(crate) struct Trace(());

impl Tracing {
    #[cfg(feature = "admin")]
    pub(crate) fn counts(&self) -> Option<[u64; 2]> {
        None
    }
}

impl Exporter {
    #[allow(clippy::unnecessary_wraps, reason = "the shape of one that starts a thread")]
    pub(crate) fn start(&mut self, _: &Arc<Gateway>) -> Result<(), String> {
        Ok(())
    }

    pub(crate) fn stop(self) {}
}

impl Tracer {
    pub(crate) fn new(_: &Tracing) -> Self {
        Self
    }

    pub(crate) fn is_on(&self) -> bool {
        false
    }

    pub(crate) fn begin(&self, _: &mut Exchange, _: bool) {}

    pub(crate) fn begin_unread(&self, _: &mut Exchange) {}

    pub(crate) fn tries(&self, _: &mut Exchange, _: Micros) {}

    #[cfg(feature = "call")]
    pub(crate) fn branch(&self, _: &Exchange, _: &mut Exchange) {}

    #[cfg(feature = "call")]
    pub(crate) fn joined(&self, _: &mut Exchange, _: &mut Exchange) {}

    pub(crate) fn finish(&self, _: &mut Exchange, _: IpAddr) {}
}

impl Trace {
    pub(crate) fn clear(&mut self) {}

    pub(crate) fn ids(&self) -> Option<([u8; 32], [u8; 16])> {
        None
    }

    pub(crate) fn asked(&mut self, _: &[u8]) {}

    pub(crate) fn answered(&mut self, _: u16) {}

    pub(crate) fn tried(&mut self, _: Micros, _: Option<&'static str>) {}

    pub(crate) fn stale(&mut self, _: Micros) {}
}
