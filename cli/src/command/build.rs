//! `gw build`: from the entry file to the binary.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use gatewright_compiler::build_script::{Failure, compile_to};

use super::check::describe;
use super::{REFUSED, fail};
use crate::cargo::{self, Outcome};
use crate::package::Package;
use crate::progress::Progress;

/// Builds one gateway.
pub(crate) fn run(file: &Path, out: Option<&Path>) -> ExitCode {
    let progress = Progress::begin();
    let package = match Package::for_entry(file) {
        Ok(package) => package,
        Err(why) => return fail(&why, "GATEWRIGHT_CACHE names another folder"),
    };
    progress.step("check");
    let output = match compile_to(file, &package.sources()) {
        Ok(output) => output,
        Err(Failure::Problems(text)) => {
            progress.clear();
            eprint!("{text}");
            return ExitCode::from(REFUSED);
        }
        Err(Failure::Io(path, error)) => {
            progress.clear();
            return fail(&format!("{}: {error}", path.display()), "name the entry file: gw build FILE");
        }
    };
    progress.done("check", &describe(&output.summary));
    if let Err(error) = package.write(&output.features) {
        return fail(&error, "GATEWRIGHT_CACHE names another folder");
    }
    let binary = match cargo::build(&package, &progress) {
        Ok(Outcome::Built(binary)) => binary,
        Ok(Outcome::Refused(report)) => {
            progress.clear();
            eprint!("{report}");
            return ExitCode::from(super::FAILED);
        }
        Err(why) => {
            progress.clear();
            return fail(&why, "`gw build` needs cargo and rustc 1.95 or later, and a C linker");
        }
    };
    let target = out.map_or_else(|| PathBuf::from(&output.summary.name), Path::to_owned);
    match install(&binary, &target) {
        Ok(bytes) => {
            progress.done("link", &format!("{} ({:.2} MB)", target.display(), bytes_to_megabytes(bytes)));
            progress.end();
            ExitCode::SUCCESS
        }
        Err(error) => {
            progress.clear();
            fail(&format!("{}: {error}", target.display()), "name another place with --out")
        }
    }
}

/// Puts the binary in its place in one move, so that a gateway that runs from there is not disturbed.
fn install(binary: &Path, target: &Path) -> io::Result<u64> {
    if let Some(parent) = target.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent)?;
    }
    if target.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "a folder of this name is in the way"));
    }
    let mut beside = target.as_os_str().to_owned();
    beside.push(".new");
    let bytes = fs::copy(binary, &beside)?;
    fs::rename(&beside, target)?;
    Ok(bytes)
}

#[allow(clippy::cast_precision_loss, reason = "shown with two digits")]
fn bytes_to_megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
