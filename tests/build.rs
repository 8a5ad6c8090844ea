//! Compiles every `gw live` block of the pages into one file of Rust, with one test for each page. A block that the
//! compiler refuses does not stop the build: the test of its page says why.
#![allow(clippy::expect_used, reason = "what a build script cannot do stops the build")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use gatewright_compiler::build_script::{Failure, compile_to};
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
    for watched in place::WATCHED {
        println!("cargo:rerun-if-changed=../{watched}");
    }
    let mut code = String::new();
    let filed = out.join("filed");
    fs::create_dir_all(&filed).expect("OUT_DIR can be written");
    for page in place::pages() {
        write_page(&page, &filed, &mut code).expect("memory");
    }
    fs::write(out.join("pages.rs"), code).expect("OUT_DIR can be written");
}

/// The program that a block shows whole.
fn shown(page: &str, block: &str) -> Result<String, String> {
    let sources = sources(page, block);
    let output = gatewright_compiler::compile(&sources, &Catalogue::standard());
    output.map(|output| output.rust).map_err(|problems| text(&problems, &sources, Colour::Off))
}

/// The program of an entry file beside the page, with all that it imports.
fn filed(page: &str, entry: &str, out: &Path) -> Result<String, String> {
    let entry = Path::new(place::ROOT).join(page).with_file_name(entry);
    compile_to(&entry, out).map(|output| output.rust).map_err(|failure| match failure {
        Failure::Problems(text) => text,
        Failure::Io(path, error) => format!("{}: {error}", path.display()),
    })
}

/// A module for the page: its gateways, each a module of its own, and the test that runs them.
fn write_page(page: &str, out: &Path, code: &mut String) -> std::fmt::Result {
    let name: String =
        page.trim_end_matches(".md").chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    let whole = fs::read_to_string(Path::new(place::ROOT).join(page)).expect("the page was found there");
    let mut programs = String::new();
    writeln!(code, "mod {} {{", name.to_lowercase())?;
    for block in fences(&whole) {
        let compiled = match block.info.strip_prefix("gw live") {
            Some("") => shown(page, block.text),
            Some(entry) => filed(page, entry.trim(), out),
            None => continue,
        };
        match compiled {
            Ok(rust) => {
                writeln!(code, "mod live_{} {{\n{rust}}}", block.line)?;
                write!(programs, "({:?}, Ok(&live_{}::PROGRAM)), ", block.text, block.line)?;
            }
            Err(said) => write!(programs, "({:?}, Err({said:?})), ", block.text)?,
        }
    }
    writeln!(code, "#[test]\nfn is_true() {{ crate::run::page({page:?}, &[{programs}]); }}\n}}")
}
