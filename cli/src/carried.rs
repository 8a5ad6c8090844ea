//! What `gw` carries with it: the crates that a gateway is made with, their lock file, and pages of the documentation. It
//! writes them where they are wanted; it fetches nothing.

use std::path::Path;
use std::{fs, io};

/// A crate of this repository, as it is when nothing is inherited from a workspace.
#[derive(Debug, Hash)]
pub(crate) struct Crate {
    /// Its folder, beside those of the others.
    pub(crate) folder: &'static str,
    pub(crate) manifest: &'static str,
    /// Paths within the folder, and texts.
    pub(crate) sources: &'static [(&'static str, &'static str)],
}

mod embedded {
    use super::Crate;

    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// All of them: the runtime, and what the compiler consists of.
pub(crate) const CRATES: &[Crate] = embedded::CRATES;
/// The versions of everything else that they need.
pub(crate) const LOCK: &str = embedded::LOCK;
/// Features of the runtime that a gateway may need.
pub(crate) const FEATURES: &[&str] = embedded::FEATURES;
/// The version of all of it.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The one crate that a gateway is linked with.
pub(crate) fn runtime() -> impl Iterator<Item = &'static Crate> {
    CRATES.iter().filter(|it| it.folder == "runtime")
}

/// A page by its kind and its word, such as `problem` and `unknown_word`.
pub(crate) fn page(kind: &str, word: &str) -> Option<&'static str> {
    embedded::PAGES.iter().find(|(own, name, _)| *own == kind && *name == word).map(|(_, _, text)| *text)
}

/// The words of all pages of a kind.
pub(crate) fn words(kind: &str) -> impl Iterator<Item = &'static str> {
    embedded::PAGES.iter().filter(move |(own, _, _)| *own == kind).map(|(_, word, _)| *word)
}

/// What is said of a reason for which the gateway answers by itself: one part of the page of all of them.
pub(crate) fn reason(word: &str) -> Option<String> {
    let row = reason_rows().find(|[name, ..]| *name == word)?;
    let [name, status, read, error] = row;
    let (_, part) = page("topic", "reasons")?.split_once(&format!("\n### {name}\n"))?;
    let part = part.split("\n##").next().unwrap_or(part).trim();
    Some(format!(
        "# {name}\n\nStatus {status}; the client reads: {read}. In `Proxy-Status` the error is {error}.\n\n{part}\n"
    ))
}

/// All reasons.
pub(crate) fn reasons() -> impl Iterator<Item = &'static str> {
    reason_rows().map(|[name, ..]| name)
}

/// The table of reasons: word, status, what the client reads, and the error of `Proxy-Status`.
fn reason_rows() -> impl Iterator<Item = [&'static str; 4]> {
    let lines = page("topic", "reasons").unwrap_or_default().lines();
    lines.filter_map(|line| {
        let (name, rest) = line.strip_prefix("| [`")?.split_once("`](#")?;
        let mut cells = rest.split(" | ").skip(1);
        let (status, read) = (cells.next()?, cells.next()?);
        Some([name, status, read, cells.next()?.trim_end_matches(" |")])
    })
}

impl Crate {
    /// Writes it below `home`, into a folder of its name.
    pub(crate) fn unpack(&self, home: &Path) -> Result<(), String> {
        let folder = home.join(self.folder);
        put(&folder.join("Cargo.toml"), self.manifest)?;
        self.sources.iter().try_for_each(|(name, text)| put(&folder.join(name), text))
    }
}

/// Writes a file unless it already says that, so that cargo compiles nothing twice.
pub(crate) fn put(path: &Path, text: &str) -> Result<(), String> {
    let write = || -> io::Result<()> {
        if fs::read(path).is_ok_and(|there| there == text.as_bytes()) {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)
    };
    write().map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crates_are_whole_and_inherit_nothing() {
        let folders: Vec<&str> = CRATES.iter().map(|it| it.folder).collect();
        assert_eq!(folders, ["runtime", "dsl", "compiler"]);
        for it in CRATES {
            assert!(!it.manifest.contains("workspace"), "{}", it.manifest);
            assert!(!it.manifest.contains("proptest"), "{}", it.manifest);
            assert!(it.sources.iter().any(|(name, _)| *name == "src/lib.rs"), "{}", it.folder);
        }
        assert!(
            CRATES[2].manifest.contains("gatewright-dsl = { path = \"../dsl\" }"),
            "{}",
            CRATES[2].manifest
        );
    }

    #[test]
    fn a_file_that_a_carried_one_includes_is_carried_too() {
        let mut seen = 0;
        for it in CRATES {
            for (name, text) in it.sources {
                let (folder, _) = name.rsplit_once('/').unwrap();
                let included =
                    text.split("include_str!(\"").skip(1).filter_map(|rest| rest.split('"').next());
                // What only tests include lies outside of what is carried.
                for included in included.filter(|included| !included.starts_with("../")) {
                    let wanted = format!("{folder}/{included}");
                    assert!(it.sources.iter().any(|(name, _)| *name == wanted), "{name} includes {included}");
                    seen += 1;
                }
            }
        }
        assert!(seen >= 3, "{seen}");
    }

    #[test]
    fn pages_are_found_by_their_words() {
        assert!(page("problem", "unknown_word").is_some_and(|page| page.starts_with("# unknown_word\n")));
        assert!(page("policy", "timeout").is_some() && page("problem", "timeout").is_none());
        assert!(words("item").any(|word| word == "gateway"));
    }

    #[test]
    fn every_reason_has_its_part_of_the_page() {
        let parts = page("topic", "reasons").unwrap().lines().filter_map(|line| line.strip_prefix("### "));
        let mut known: Vec<&str> = reasons().collect();
        assert!(known.len() > 60, "{}", known.len());
        for name in &known {
            let part = reason(name).unwrap();
            assert!(
                part.starts_with(&format!("# {name}\n\nStatus "))
                    && part.lines().nth(4).is_some_and(|line| line.len() > 20),
                "{part}"
            );
            assert!(!part.contains("\n#"), "{part}");
        }
        let mut said: Vec<&str> = parts.collect();
        known.sort_unstable();
        said.sort_unstable();
        assert_eq!(known, said);
    }
}
