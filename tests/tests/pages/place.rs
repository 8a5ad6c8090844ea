//! Which pages are executed. Those of problems and decisions are not among them: the first are executed beside the
//! language, the second hold nothing to execute.

use std::fs;
use std::path::Path;

/// The repository.
pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What a change of the pages changes.
#[allow(dead_code, reason = "for the build script")]
pub const WATCHED: &[&str] = &["README.md", "docs", "examples"];

/// Folders below `docs` that are passed over.
const PASSED_OVER: &[&str] = &["docs/problem", "docs/decision"];

/// The pages, by their paths from the root, in order.
pub fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned()];
    gather("docs", &mut pages);
    gather("examples", &mut pages);
    pages.sort();
    pages
}

fn gather(folder: &str, pages: &mut Vec<String>) {
    let entries = fs::read_dir(Path::new(ROOT).join(folder)).expect("the folder can be read");
    for entry in entries {
        let entry = entry.expect("the folder can be read");
        let path = format!("{folder}/{}", entry.file_name().display());
        if entry.path().is_dir() {
            if !PASSED_OVER.contains(&path.as_str()) {
                gather(&path, pages);
            }
        } else if entry.path().extension().is_some_and(|ending| ending == "md") {
            pages.push(path);
        }
    }
}
