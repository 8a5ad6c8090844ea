//! What the tests need on a machine besides Rust, and how it gets there. What is present is left alone.

use std::env;
use std::process::Command;

use crate::cargo::cargo;

/// A program, its Debian package, and what it is there for. THE list: nothing else is installed.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("curl", "curl", "sends the requests that `cargo xtask try` shows"),
    ("chromium", "chromium", "shows the live page to the tests"),
    ("node", "nodejs", "drives it"),
    ("npm", "npm", "brings the package that does so, as its lock file says"),
    ("promtool", "prometheus", "reads the alerts and what a gateway says of itself as Prometheus does"),
    ("systemd-analyze", "systemd", "reads the units of deploy/systemd"),
    ("python3", "python3", "writes the gateways of benches/compare"),
];

/// Installs what is missing.
///
/// # Errors
/// When something is missing and cannot be installed from here; the text says what to type.
pub(crate) fn install() -> Result<(), String> {
    let programs = install_programs();
    let components = install_components();
    programs.and(components)
}

fn install_programs() -> Result<(), String> {
    let missing: Vec<_> = PROGRAMS.iter().filter(|(program, _, _)| !is_present(program)).collect();
    if missing.is_empty() {
        println!("nothing to install");
        return Ok(());
    }
    for (program, _, why) in &missing {
        println!("`{program}` is missing: it {why}");
    }
    let packages: Vec<&str> = missing.iter().map(|(_, package, _)| *package).collect();
    let by_hand = format!("apt-get install --no-install-recommends {}", packages.join(" "));
    if !is_root() || !is_present("apt-get") {
        return Err(format!("install what is missing, on Debian by `sudo {by_hand}`"));
    }
    let update = apt(&["update", "--quiet"]);
    let install =
        apt(&[&["install", "--quiet", "--yes", "--no-install-recommends"], packages.as_slice()].concat());
    // An update that fails does no harm when the lists at hand are good enough.
    install.map_err(|why| format!("`{by_hand}` failed: {why}{}", update.err().unwrap_or_default()))
}

/// The formatter and the linter, which a minimal toolchain lacks.
fn install_components() -> Result<(), String> {
    let lacks =
        |word: &str| !cargo().args([word, "--version"]).output().is_ok_and(|output| output.status.success());
    if !lacks("fmt") && !lacks("clippy") {
        return Ok(());
    }
    let add = ["component", "add", "rustfmt", "clippy"];
    let added = Command::new("rustup").args(add).status().is_ok_and(|status| status.success());
    if added { Ok(()) } else { Err("type `rustup component add rustfmt clippy`".into()) }
}

fn apt(words: &[&str]) -> Result<(), String> {
    println!("apt-get {}", words.join(" "));
    let status = Command::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(words).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(status.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

fn is_present(program: &str) -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
