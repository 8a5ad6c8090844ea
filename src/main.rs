//! The gateway that `gateway.gw` describes.

use std::process::ExitCode;

include!(concat!(env!("OUT_DIR"), "/gateway.rs"));

fn main() -> ExitCode {
    gatewright_runtime::generated::main(&PROGRAM)
}
