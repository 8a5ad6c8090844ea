//! Two hundred random programs that the compiler accepts, made when the tests were compiled: rustc has nothing to say about
//! them, not even a warning. `compiler/tests/programs` says more of what holds for them.
#![deny(warnings)]

use gatewright_runtime::generated::Program;

include!(concat!(env!("OUT_DIR"), "/programs.rs"));
