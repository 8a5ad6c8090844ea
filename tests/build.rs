//! Compiles the gateways that the tests run.

use std::path::PathBuf;

#[path = "gateways/compile.rs"]
mod gateways;

fn main() {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    gateways::write(&out);
}
