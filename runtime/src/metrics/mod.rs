//! What is counted of traffic: for each worker numbers of its own, in places that are known when the gateway is compiled, added up
//! when somebody asks.
//!
//! To count is to add to a number that no other thread writes: no lock, no hash, no cache line that two workers share. A
//! gateway without an admin listener counts nothing.

#[cfg(feature = "admin")]
mod counters;
#[cfg(feature = "admin")]
mod history;
#[cfg(feature = "admin")]
mod live;
#[cfg(feature = "admin")]
mod look;
#[cfg(all(feature = "admin", feature = "dns"))]
mod names;
#[cfg(feature = "admin")]
mod process;
#[cfg(feature = "admin")]
mod recent;
#[cfg(feature = "admin")]
mod recorder;
#[cfg(not(feature = "admin"))]
mod silent;
#[cfg(feature = "admin")]
mod text;

#[cfg(feature = "admin")]
pub(crate) use history::History;
#[cfg(feature = "admin")]
pub(crate) use look::{Look, Quantile, Row, per_second};
#[cfg(feature = "admin")]
pub(crate) use process::memory;
#[cfg(feature = "admin")]
pub(crate) use recorder::{Metrics, Recorder};
#[cfg(feature = "admin")]
pub(crate) use text::About;

#[cfg(not(feature = "admin"))]
pub(crate) use silent::{Metrics, Recorder};
