//! Drives cargo: fetches what is missing, builds, and says what is being compiled.

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::package::Package;
use crate::progress::Progress;

/// What cargo came to.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The binary.
    Built(PathBuf),
    /// Rustc has refused something; its messages.
    Refused(Vec<Value>),
}

/// What a build is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// To be put in front of traffic: slow to build, small and fast.
    Release,
    /// To be tried while it is written: quick to build again.
    Try,
    /// The same with what tests need, and with no way to serve anybody else.
    Test,
}

/// The build that is under way, for whoever may have to end it.
#[derive(Debug, Clone, Default)]
pub(crate) struct UnderWay(Arc<Mutex<Option<Pid>>>);

impl UnderWay {
    /// Ends it, if there is one.
    pub(crate) fn end(&self) {
        if let Some(process) = *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            // It fails only where cargo has just ended.
            let _ = kill_process(process, Signal::TERM);
        }
    }

    fn begin(&self, child: &Child) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Pid::from_child(child));
    }

    fn over(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Builds the package.
pub(crate) fn build(
    package: &Package,
    profile: Profile,
    progress: &Progress,
    under_way: &UnderWay,
) -> Result<Outcome, String> {
    progress.step("dependencies");
    fetch(package)?;
    progress.step("compile");
    let mut command = cargo(package);
    command.args(["build", "--offline", "--message-format=json"]);
    if profile == Profile::Release {
        command.arg("--release");
    }
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    under_way.begin(&child);
    let stderr = child.stderr.take();
    // Read beside, so that a full pipe does not stop cargo.
    let said = std::thread::spawn(move || {
        let mut text = String::new();
        if let Some(mut stderr) = stderr {
            // What cannot be read is not shown.
            let _ = stderr.read_to_string(&mut text);
        }
        text
    });
    let mut crates = 0;
    let mut binary = None;
    let mut errors = Vec::new();
    for line in child
        .stdout
        .take()
        .into_iter()
        .flat_map(|stdout| BufReader::new(stdout).lines().map_while(Result::ok))
    {
        let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
        let text = |pointer| message.pointer(pointer).and_then(Value::as_str);
        match text("/reason") {
            Some("compiler-artifact") => {
                crates += u32::from(message.get("fresh") == Some(&Value::Bool(false)));
                progress.now(&format!("compiled {}", text("/target/name").unwrap_or_default()));
                if let Some(path) = text("/executable") {
                    binary = Some(PathBuf::from(path));
                }
            }
            Some("compiler-message") if text("/message/level") == Some("error") => errors.push(message),
            _ => {}
        }
    }
    // Its output has ended, and so has it: its number is not another's before it has been waited for.
    under_way.over();
    let status = child.wait().map_err(|error| format!("cargo was lost: {error}"))?;
    let said = said.join().unwrap_or_default();
    match binary.filter(|_| status.success()) {
        Some(binary) => {
            progress.done("compile", &format!("{crates} crate{}", if crates == 1 { "" } else { "s" }));
            Ok(Outcome::Built(binary))
        }
        None if errors.is_empty() => Err(format!("cargo failed:\n{}", said.trim_end())),
        None => Ok(Outcome::Refused(errors)),
    }
}

/// Makes sure that every dependency is on this machine; asks the network only where one is not. What only another system
/// would compile is left out.
fn fetch(package: &Package) -> Result<(), String> {
    let host = host();
    let target = host.as_ref().map_or_else(Vec::new, |host| vec!["--target", host]);
    let run =
        |more: &[&str]| cargo(package).arg("fetch").args(&target).args(more).stdin(Stdio::null()).output();
    let offline = run(&["--offline"]).map_err(|error| format!("cargo cannot be started: {error}"))?;
    if offline.status.success() {
        return Ok(());
    }
    let online = run(&[]).map_err(|error| format!("cargo cannot be started: {error}"))?;
    if online.status.success() {
        return Ok(());
    }
    Err(format!("dependencies cannot be fetched:\n{}", String::from_utf8_lossy(&online.stderr).trim_end()))
}

/// The system that rustc compiles for when nobody says another. Without it everything is fetched.
fn host() -> Option<String> {
    let output = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .arg("-vV")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned)
}

fn cargo(package: &Package) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(package.directory()).env("CARGO_TARGET_DIR", package.target()).stdin(Stdio::null());
    // Flags meant for another build would only make this one differ from machine to machine.
    for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "RUSTC_WRAPPER"] {
        command.env_remove(variable);
    }
    command
}
