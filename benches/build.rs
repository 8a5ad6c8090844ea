//! Compiles the gateways whose routers are measured, as a gateway's own `build.rs` would.
#![allow(clippy::expect_used, reason = "what a build script cannot do stops the build")]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use gatewright_dsl::problem::render::{Colour, text};
use gatewright_dsl::{Catalogue, Source};

#[allow(dead_code, reason = "the benches use the rest")]
#[path = "src/lib.rs"]
mod gateways;

fn main() {
    for watched in ["build.rs", "src"] {
        println!("cargo:rerun-if-changed={watched}");
    }
    let mut code = String::new();
    let mut list = String::new();
    for shape in gateways::SHAPES {
        for size in gateways::ROUTER_SIZES {
            let sources = [Source::new("bench.gw", shape.text(size))];
            let output = gatewright_compiler::compile(&sources, &Catalogue::standard())
                .unwrap_or_else(|problems| panic!("{}", text(&problems, &sources, Colour::Off)));
            let name = shape.name();
            // The linter would read the largest tables for a quarter of a minute and has nothing to say about them.
            let only = if size > 1_000 { "#[cfg(not(clippy))]\n" } else { "" };
            writeln!(code, "{only}mod {name}_{size} {{\n{}}}", output.rust).expect("memory");
            writeln!(list, "{only}(Shape::{shape:?}, {size}, &{name}_{size}::PROGRAM),").expect("memory");
        }
    }
    writeln!(code, "pub static ALL: &[(Shape, usize, &Program)] = &[\n{list}];").expect("memory");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("gateways.rs"), code).expect("OUT_DIR can be written");
}
