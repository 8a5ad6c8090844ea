//! The package that cargo builds: the runtime's sources as `gw` carries them, the emitted code, and no build script. It
//! lives in the cache folder, where a second build finds everything compiled that has not changed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::carried::{self, Crate, LOCK, VERSION, put};
use crate::linked::Linked;

/// The whole of the binary's own code.
const MAIN: &str = "//! A compiled gateway.\n\ninclude!(\"gateway.rs\");\n\nfn main() -> std::process::ExitCode {\n    gatewright_runtime::generated::main(&PROGRAM)\n}\n";

/// The same for a gateway that is tested.
const TESTED: &str = "//! A compiled gateway, to be tested.\n\ninclude!(\"gateway.rs\");\n\nfn main() -> std::process::ExitCode {\n    gatewright_runtime::generated::tested(&PROGRAM)\n}\n";

/// Packages that come with a feature and are optimised in a quick build too: hashes of passwords are slow enough as they are.
const OPTIMISED: &[(&str, &[&str])] = &[("basic", &["argon2", "bcrypt", "blake2", "blowfish"])];

/// Where one gateway is built.
#[derive(Debug)]
pub(crate) struct Package {
    /// `<cache>/<version>-<hash of what gw carries>`
    home: PathBuf,
    /// A name of its own, so that gateways share compiled dependencies and nothing else.
    pub(crate) name: String,
    main: &'static str,
    /// Features beside those that the gateway asks for.
    more: &'static [&'static str],
}

impl Package {
    /// The place of an entry file's gateway. The folders are made; nothing else is written.
    pub(crate) fn for_entry(entry: &Path) -> Result<Self, String> {
        Self::of(entry, "gateway", MAIN, &[])
    }

    /// The same of the gateway as it is tested.
    pub(crate) fn for_tests(entry: &Path) -> Result<Self, String> {
        Self::of(entry, "test", TESTED, &["tested"])
    }

    fn of(
        entry: &Path,
        kind: &str,
        main: &'static str,
        more: &'static [&'static str],
    ) -> Result<Self, String> {
        let whole = std::path::absolute(entry).unwrap_or_else(|_| entry.to_owned());
        let carried = hash(&(carried::runtime().collect::<Vec<&Crate>>(), LOCK));
        let home = cache()?.join(format!("{VERSION}-{carried:016x}"));
        let package = Self { home, name: format!("{kind}-{:016x}", hash(&whole)), main, more };
        let sources = package.sources();
        fs::create_dir_all(&sources).map_err(|error| format!("{}: {error}", sources.display()))?;
        Ok(package)
    }

    /// Where cargo finds the package.
    pub(crate) fn directory(&self) -> PathBuf {
        self.home.join(&self.name)
    }

    /// Where the emitted code goes.
    pub(crate) fn sources(&self) -> PathBuf {
        self.directory().join("src")
    }

    /// Where cargo puts what it builds, for all gateways.
    pub(crate) fn target(&self) -> PathBuf {
        self.home.join("target")
    }

    /// Writes everything but the emitted code. Files that are there already are left untouched, so that nothing is
    /// compiled twice.
    pub(crate) fn write(&self, features: &[&str], crates: &[Linked]) -> Result<(), String> {
        carried::runtime().try_for_each(|it| it.unpack(&self.home))?;
        let directory = self.directory();
        put(&directory.join("src/main.rs"), self.main)?;
        let features: Vec<&str> = features.iter().chain(self.more).copied().collect();
        let manifest = self.manifest(&features, crates);
        let is_known = fs::read(directory.join("Cargo.toml")).is_ok_and(|there| there == manifest.as_bytes());
        let lock = directory.join("Cargo.lock");
        // Cargo leaves out what this package does not need; after that the file is its own, until it needs something else.
        if !is_known || !lock.exists() {
            put(&lock, LOCK)?;
        }
        put(&directory.join("Cargo.toml"), &manifest)
    }

    fn manifest(&self, features: &[&str], crates: &[Linked]) -> String {
        let name = &self.name;
        let crates: String = crates.iter().map(Linked::dependency).collect();
        let optimised = OPTIMISED.iter().filter(|(feature, _)| features.contains(feature));
        let optimised: Vec<String> = optimised
            .flat_map(|(_, packages)| *packages)
            .map(|package| format!("\n[profile.dev.package.{package}]\nopt-level = 3\n"))
            .collect();
        let optimised = optimised.concat();
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\ngatewright-runtime = {{ path = \"../runtime\", default-features = false, features = {features:?} }}\n{crates}\n\
             [workspace]\n\n\
             [profile.release]\nopt-level = 3\ndebug = false\nstrip = \"symbols\"\npanic = \"unwind\"\nlto = \"fat\"\ncodegen-units = 1\n\n\
             [profile.dev]\nopt-level = 0\ndebug = false\nstrip = \"debuginfo\"\npanic = \"unwind\"\nincremental = true\n{optimised}"
        )
    }
}

/// `$GATEWRIGHT_CACHE`, or `gatewright` in the user's cache folder.
fn cache() -> Result<PathBuf, String> {
    let named = |variable: &str| env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    named("GATEWRIGHT_CACHE")
        .or_else(|| named("XDG_CACHE_HOME").map(|cache| cache.join("gatewright")))
        .or_else(|| named("HOME").map(|home| home.join(".cache/gatewright")))
        .map(|cache| std::path::absolute(&cache).unwrap_or(cache))
        .ok_or_else(|| "no cache folder: neither GATEWRIGHT_CACHE, XDG_CACHE_HOME nor HOME is set".to_owned())
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hashes_passwords_is_optimised_where_it_is_there() {
        let package = Package { home: PathBuf::new(), name: "gateway-0".to_owned(), main: MAIN, more: &[] };
        assert!(
            package.manifest(&["basic"], &[]).ends_with("[profile.dev.package.blowfish]\nopt-level = 3\n")
        );
        assert!(!package.manifest(&["jwt"], &[]).contains("profile.dev.package"));
    }

    #[test]
    fn two_entries_are_two_packages() {
        let package = |name: &str| format!("gateway-{:016x}", hash(&PathBuf::from(name)));
        assert_ne!(package("/a/gateway.gw"), package("/b/gateway.gw"));
    }
}
