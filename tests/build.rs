//! Compiles every `gw live` block of the pages into one file of Rust, with one test for each page. A block that the
//! compiler refuses does not stop the build: the test of its page says why.
#![allow(clippy::expect_used, reason = "what a build script cannot do stops the build")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use gatewright_dsl::Catalogue;
use gatewright_dsl::page::{fences, sources};
use gatewright_dsl::problem::render::{Colour, text};

#[path = "gateways/accepted.rs"]
mod accepted;
#[path = "gateways/asking.rs"]
mod asking;
#[path = "gateways/contested.rs"]
mod contested;
#[path = "gateways/evaluated.rs"]
mod evaluated;
#[path = "gateways/compile.rs"]
mod gateways;
#[path = "tests/pages/place.rs"]
mod place;
#[path = "gateways/programs/mod.rs"]
mod programs;
#[path = "gateways/random.rs"]
mod random;
#[path = "gateways/values/mod.rs"]
mod values;

use programs::chance;

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    gateways::write(&out);
    random::write(&out);
    asking::write(&out);
    accepted::write(&out);
    evaluated::write(&out);
    contested::write(&out);
    let out = out.join("pages.rs");
    for watched in place::WATCHED {
        println!("cargo:rerun-if-changed=../{watched}");
    }
    let mut code = String::new();
    for page in place::pages() {
        write_page(&page, &mut code).expect("memory");
    }
    fs::write(out, code).expect("OUT_DIR can be written");
}

/// A module for the page: its gateways, each a module of its own, and the test that runs them.
fn write_page(page: &str, code: &mut String) -> std::fmt::Result {
    let name: String =
        page.trim_end_matches(".md").chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    let whole = fs::read_to_string(Path::new(place::ROOT).join(page)).expect("the page was found there");
    let mut programs = String::new();
    writeln!(code, "mod {} {{", name.to_lowercase())?;
    for block in fences(&whole).iter().filter(|block| block.info == "gw live") {
        let sources = sources(page, block.text);
        match gatewright_compiler::compile(&sources, &Catalogue::standard()) {
            Ok(output) => {
                writeln!(code, "mod live_{} {{\n{}}}", block.line, output.rust)?;
                write!(programs, "({:?}, Ok(&live_{}::PROGRAM)), ", block.text, block.line)?;
            }
            Err(problems) => {
                write!(programs, "({:?}, Err({:?})), ", block.text, text(&problems, &sources, Colour::Off))?;
            }
        }
    }
    writeln!(code, "#[test]\nfn is_true() {{ crate::run::page({page:?}, &[{programs}]); }}\n}}")
}
