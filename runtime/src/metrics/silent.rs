//! Where the gateway has no admin listener: nothing is counted, and nothing is left of the calls.

#![allow(clippy::unused_self, reason = "the shape of those that count")]

use crate::clock::Micros;
use crate::exchange::{Exchange, Record};
use crate::program::Program;

/// What all workers count: nothing.
#[derive(Debug)]
pub(crate) struct Metrics;

/// What one worker counts: nothing.
#[derive(Debug)]
pub(crate) struct Recorder;

/// A try that is under way.
#[cfg(feature = "call")]
#[derive(Debug)]
pub(crate) struct Trying;

impl Metrics {
    pub(crate) fn new(_: &Program, _: &[Vec<&'static str>], _: usize) -> Self {
        Self
    }

    pub(crate) fn recorder(&self, _: usize) -> Recorder {
        Recorder
    }
}

impl Recorder {
    pub(crate) fn is_on(&self) -> bool {
        false
    }

    pub(crate) fn accepted(&self) {}

    pub(crate) fn closed(&self) {}

    pub(crate) fn another(&self, _: &Record) {}

    pub(crate) fn unanswered(&self, _: &Record) {}

    pub(crate) fn tried(&self, _: &Record) {}

    #[cfg(feature = "call")]
    pub(crate) fn trying(&self, _: &Record) -> Trying {
        Trying
    }

    pub(crate) fn connected(&self, _: &Record, _: bool) {}

    pub(crate) fn answered(&self, _: &Record, _: u16) {}

    pub(crate) fn exchange(&self, _: &Exchange, _: Micros) {}
}
