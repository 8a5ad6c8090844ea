//! Where the gateway has no admin listener: nothing is counted, and nothing is left of the calls.

#![allow(clippy::unused_self, reason = "the shape of those that count")]

use std::net::SocketAddr;

use crate::clock::Micros;
use crate::exchange::{Exchange, Record};
use crate::program::{Program, Server};

/// What all workers count: nothing.
#[derive(Debug)]
pub(crate) struct Metrics;

/// What one worker counts: nothing.
#[derive(Debug)]
pub(crate) struct Recorder;

impl Metrics {
    pub(crate) fn new(_: &'static Program, _: usize, _: impl Fn(Server) -> Server) -> Self {
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

    pub(crate) fn tried(&self, _: u32, _: SocketAddr) {}

    pub(crate) fn connected(&self, _: Option<u32>, _: SocketAddr, _: bool) {}

    pub(crate) fn answered(&self, _: &Record) {}

    pub(crate) fn exchange(&self, _: &Exchange, _: Micros) {}
}
