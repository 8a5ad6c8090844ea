//! The programs to begin with: every file and every block of the documentation that is one, whether accepted or refused.

use std::fs;
use std::path::{Path, PathBuf};

use gatewright_dsl::page::fences;

/// All of them, in an order that depends on nothing but their names.
pub fn programs() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = vec![root.join("gateway.gw"), root.join("README.md")];
    for folder in ["docs", "examples", "compiler/tests", "dsl/tests", "tests/gateways"] {
        below(&root.join(folder), &mut files);
    }
    files.sort();
    let mut programs = Vec::new();
    for file in files {
        let text = || fs::read_to_string(&file).unwrap();
        match file.extension().and_then(|it| it.to_str()) {
            Some("gw") => programs.push(text()),
            Some("md") => {
                let page = text();
                let blocks = fences(&page);
                let is_program = |info: &str| info == "gw" || info.starts_with("gw ");
                let found = blocks.iter().filter(|block| is_program(block.info));
                programs.extend(found.map(|block| block.text.to_owned()));
            }
            _ => {}
        }
    }
    programs
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { below(&path, found) } else { found.push(path) }
    }
}
