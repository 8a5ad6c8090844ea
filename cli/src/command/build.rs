//! `gw build`: from the entry file to the binary.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use gatewright_compiler::{Feature, Output, Summary};
use gatewright_dsl::Source;
use serde_json::{Value, json};

use super::check::describe;
use crate::blame;
use crate::cargo::{self, Outcome, Profile, UnderWay};
use crate::carried::put;
use crate::envelope::{self, Refusal};
use crate::linked::Linked;
use crate::package::Package;
use crate::progress::Progress;
use crate::project::{self, Tried};

/// What a build came to.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) summary: Summary,
    /// Names of features, each with the place that asked for it.
    pub(crate) features: Vec<(&'static str, Option<String>)>,
    /// In the cache, until the next build.
    pub(crate) binary: PathBuf,
}

/// Builds one gateway and puts it in its place.
pub(crate) fn run(file: &Path, out: Option<&Path>, as_json: bool) -> ExitCode {
    let progress = Progress::begin();
    match place(file, out, &progress) {
        Ok((built, target, bytes)) => {
            progress.done("link", &format!("{} ({:.2} MB)", target.display(), bytes_to_megabytes(bytes)));
            progress.end();
            if as_json {
                let feature = |(name, by): &(_, _)| json!({ "name": name, "by": by });
                let features: Vec<Value> = built.features.iter().map(feature).collect();
                let result = json!({
                    "gateway": built.summary.name,
                    "binary": target,
                    "bytes": bytes,
                    "features": features,
                });
                envelope::print(true, &[], &result);
            }
            ExitCode::SUCCESS
        }
        Err(refusal) => {
            progress.clear();
            refusal.end(as_json)
        }
    }
}

fn place(file: &Path, out: Option<&Path>, progress: &Progress) -> Result<(Built, PathBuf, u64), Refusal> {
    progress.step("check");
    let Tried { result, sources, root, .. } = project::compile(file);
    let built = build(file, (result?, &sources, &root), Profile::Release, progress, &UnderWay::default())?;
    let target = out.map_or_else(|| PathBuf::from(&built.summary.name), Path::to_owned);
    match install(&built.binary, &target) {
        Ok(bytes) => Ok((built, target, bytes)),
        Err(error) => {
            Err(Refusal::failed(format!("{}: {error}", target.display()), "name another place with --out"))
        }
    }
}

/// Builds what was compiled, in the cache.
pub(crate) fn build(
    file: &Path,
    (output, sources, root): (Output, &[Source], &Path),
    profile: Profile,
    progress: &Progress,
    under_way: &UnderWay,
) -> Result<Built, Refusal> {
    progress.done("check", &describe(&output.summary));
    let elsewhere = |why| Refusal::failed(why, "GATEWRIGHT_CACHE names another folder");
    let package = match profile {
        Profile::Test => Package::for_tests(file),
        Profile::Release | Profile::Try => Package::for_entry(file),
    };
    let package = package.map_err(elsewhere)?;
    put(&package.sources().join("gateway.rs"), &output.rust).map_err(elsewhere)?;
    let features: Vec<_> = output.features.iter().map(|it| (it.name, asked(it, sources))).collect();
    for (name, by) in &features {
        progress
            .done("with", &by.as_ref().map_or_else(|| (*name).to_owned(), |by| format!("{name}, for {by}")));
    }
    let names: Vec<&str> = features.iter().map(|(name, _)| *name).collect();
    let crates = output.crates.iter().map(|it| {
        progress.done("link", &format!("{} ({})", it.name, it.folder));
        Linked::of(it, root)
    });
    let crates = crates.collect::<Result<Vec<Linked>, String>>();
    let crates = crates.map_err(|why| Refusal::failed(why, "a crate has a manifest that cargo can read"))?;
    package.write(&names, &crates).map_err(elsewhere)?;
    match cargo::build(&package, profile, progress, under_way) {
        Ok(Outcome::Built(binary)) => Ok(Built { summary: output.summary, features, binary }),
        Ok(Outcome::Refused(errors)) => Err(blame::refusal(&package, &errors, (&output, sources), &crates)),
        Err(why) => Err(Refusal::failed(why, "a build needs cargo and rustc 1.95 or later, and a C linker")),
    }
}

/// The setting that asks for a feature, and where it stands: `limit 100/s per client.ip (gateway.gw:7)`.
fn asked(feature: &Feature, sources: &[Source]) -> Option<String> {
    let span = feature.span?;
    let source = sources.get(usize::try_from(span.file).ok()?)?;
    let text: Vec<&str> = source.slice(span).split_whitespace().collect();
    Some(format!("{} ({}:{})", text.join(" "), source.name, source.position(span.start).line))
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
