//! `cargo xtask tidy`: each rule of `ARCHITECTURE.md` that a compiler cannot hold is held here. All that is wrong is
//! said in one run, each with its place and with what to do. A check reads the [`House`] and touches nothing else.

mod border;
mod exception;
mod house;
mod licence;
mod mirror;
mod package;
mod scan;
mod shape;

use std::fmt;
use std::path::Path;

use house::House;

type Check = fn(&House) -> Vec<Finding>;

/// THE list: what must hold, and what looks whether it does.
const CHECKS: &[(&str, Check)] = &[
    ("no file is longer than 500 lines", shape::length),
    ("each Rust file opens with what it is for", shape::opening),
    ("names follow the house's style", shape::names),
    ("nothing is left unfinished", shape::unfinished),
    ("no path of somebody's machine", shape::machine_paths),
    ("unsafe code only where it is listed", shape::unsafe_code),
    ("each exception is still needed", exception::stale),
    ("grammar and compiler name no policy", border::policy_names),
    ("the language does no IO", border::io),
    ("emitted code enters the runtime by one door", border::door),
    ("a policy imports no other policy", border::policy_imports),
    ("time comes from the clock", border::clock),
    ("one path tells a policy's whole story", mirror::policies),
    ("each problem has its page", mirror::problems),
    ("licences are known and allowed", licence::licences),
    ("no banned package", package::banned),
    ("dependencies point one way", package::direction),
    ("the gateway links neither language nor unused crypto", package::linked),
    ("every package inherits the lints", package::lints),
];

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    file: String,
    /// From 1; 0 when it is about the whole file.
    line: usize,
    what: String,
    remedy: String,
}

impl Finding {
    fn new(file: &str, line: usize, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { file: file.into(), line, what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, what, remedy } = self;
        match line {
            0 => write!(f, "{file}: {what}\n    {remedy}"),
            _ => write!(f, "{file}:{line}: {what}\n    {remedy}"),
        }
    }
}

/// Runs every check on this repository.
///
/// # Errors
/// When the repository cannot be read, or when something was found.
pub(crate) fn run() -> Result<(), String> {
    let house = House::read()?;
    look(&house)?;
    println!(
        "tidy: {} rules hold in {} files and {} packages",
        CHECKS.len(),
        house.files.len(),
        house.packages.len()
    );
    Ok(())
}

/// Runs every check on the files of another repository; what is about packages has nothing to look at there.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_on(root: &Path) -> Result<(), String> {
    look(&House::of_files(root)?)
}

/// All text files of this repository, each with its path.
///
/// # Errors
/// When they cannot be read.
pub(crate) fn texts() -> Result<Vec<(String, String)>, String> {
    let house = House::of_files(crate::cargo::root())?;
    Ok(house.files.into_iter().map(|file| (file.path, file.text)).collect())
}

fn look(house: &House) -> Result<(), String> {
    let mut count = 0;
    for (claim, check) in CHECKS {
        let findings = check(house);
        if !findings.is_empty() {
            println!("\nbroken: {claim}");
        }
        for finding in &findings {
            println!("  {finding}");
        }
        count += findings.len();
    }
    if count > 0 { Err(format!("tidy found {count} things to mend")) } else { Ok(()) }
}
