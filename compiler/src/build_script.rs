//! What a `build.rs` calls. This is the only file of the crate that touches the disk, the environment or the terminal.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a build script is IO"
)]

use std::path::{Path, PathBuf};
use std::process::exit;
use std::{env, fs, io};

use gatewright_dsl::problem::render::{self, Colour};
use gatewright_dsl::{Catalogue, Source};

/// The file that is written, below the directory that cargo names in `OUT_DIR`.
const FILE: &str = "gateway.rs";

/// The whole of a `build.rs`: compiles the entry file, which is named from the package's directory, to `gateway.rs` in
/// `OUT_DIR`. Where that fails, it says why and ends the process.
pub fn compile(entry: &str) {
    println!("cargo:rerun-if-changed={entry}");
    let Some(out) = env::var_os("OUT_DIR") else {
        fail("OUT_DIR is not set: this is to be called from a build script")
    };
    match compile_to(Path::new(entry), Path::new(&out)) {
        Ok(_) => {}
        Err(Failure::Problems(text)) => fail(&text),
        Err(Failure::Io(path, error)) => fail(&format!("{}: {error}", path.display())),
    }
}

/// Why nothing was compiled.
#[derive(Debug)]
pub enum Failure {
    /// The problems of the program, as text.
    Problems(String),
    /// A file that could not be read or written.
    Io(PathBuf, io::Error),
}

/// Compiles the entry file to `gateway.rs` in a directory.
///
/// # Errors
///
/// Whatever the program is refused for, or the file that could not be read or written.
pub fn compile_to(entry: &Path, directory: &Path) -> Result<crate::Output, Failure> {
    let text = fs::read_to_string(entry).map_err(|error| Failure::Io(entry.to_owned(), error))?;
    let sources = [Source::new(entry.display().to_string(), text)];
    let output = crate::compile(&sources, &Catalogue::standard())
        .map_err(|problems| Failure::Problems(render::text(&problems, &sources, Colour::Off)))?;
    let path = directory.join(FILE);
    // Left untouched where nothing has changed, so that cargo compiles nothing anew.
    if !fs::read(&path).is_ok_and(|there| there == output.rust.as_bytes()) {
        fs::write(&path, &output.rust).map_err(|error| Failure::Io(path, error))?;
    }
    Ok(output)
}

fn fail(why: &str) -> ! {
    eprintln!("{why}");
    exit(1)
}
