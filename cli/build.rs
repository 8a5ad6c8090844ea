//! Packs what `gw` carries, so that an operator needs nothing else of this repository: the sources of the three crates that
//! a gateway is made with, the lock file, and the pages of the documentation that it shows.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what a build script cannot do stops the build"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use toml_edit::{DocumentMut, Item, Table, value};

/// The crates, each after those that it needs.
const CRATES: [&str; 3] = ["runtime", "dsl", "compiler"];
/// Folders of pages below `docs`, each page named after its word.
const PAGES: [&str; 4] = ["problem", "policy", "item", "auth"];
/// Those that stand in no folder.
const TOPIC: &str = "topic";
/// Features of the runtime that are for our own benches and for `gw test`, and one that switches on others.
const NOT_OFFERED: [&str; 3] = ["bench", "default", "tested"];

fn main() {
    let home = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let root = home.parent().expect("the package is a member of the workspace").to_owned();
    let workspace: DocumentMut = read(&root.join("Cargo.toml")).parse().expect("TOML");
    let mut code = String::from("pub(crate) const CRATES: &[Crate] = &[\n");
    for name in CRATES {
        write_crate(&root.join(name), name, &workspace, &mut code);
    }
    code.push_str("];\npub(crate) const PAGES: &[(&str, &str, &str)] = &[\n");
    let docs = root.join("docs");
    for page in gather(&docs, &["md"]) {
        let folder = page.parent().expect("it lies in a folder");
        let name = folder.strip_prefix(&docs).expect("it was found there").to_string_lossy();
        let kind = if name.is_empty() { TOPIC } else { &*name };
        let word = page.file_stem().expect("it has a name").to_string_lossy();
        if (PAGES.contains(&kind) || kind == TOPIC) && word != "README" {
            writeln!(code, "    ({kind:?}, {word:?}, include_str!({:?})),", shown(&page)).expect("memory");
        }
    }
    let runtime: DocumentMut = read(&root.join("runtime/Cargo.toml")).parse().expect("TOML");
    let features = runtime["features"].as_table().expect("a table").iter().map(|(name, _)| name);
    let features: Vec<&str> = features.filter(|name| !NOT_OFFERED.contains(name)).collect();
    writeln!(code, "];\npub(crate) const FEATURES: &[&str] = &{features:?};").expect("memory");
    let lock = shown(&root.join("Cargo.lock"));
    writeln!(code, "pub(crate) const LOCK: &str = include_str!({lock:?});").expect("memory");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("embedded.rs"), code).expect("OUT_DIR can be written");
    for watched in ["Cargo.toml", "Cargo.lock", "docs"].iter().chain(&CRATES) {
        println!("cargo:rerun-if-changed={}", root.join(watched).display());
    }
}

fn write_crate(folder: &Path, name: &str, workspace: &DocumentMut, code: &mut String) {
    let manifest = flat(workspace, &read(&folder.join("Cargo.toml")));
    writeln!(code, "    Crate {{ folder: {name:?}, manifest: {manifest:?}, sources: &[").expect("memory");
    for file in gather(&folder.join("src"), &["rs", "pest", "css", "js", "svg"]) {
        let name = file.strip_prefix(folder).expect("it was found there").display().to_string();
        writeln!(code, "        ({name:?}, include_str!({:?})),", shown(&file)).expect("memory");
    }
    code.push_str("    ] },\n");
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files below a folder that end so, in order.
fn gather(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the repository is whole") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            files.extend(gather(&path, endings));
        } else if path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// A crate's manifest with everything that it inherits written out, and without what only its own tests need.
fn flat(workspace: &DocumentMut, manifest: &str) -> String {
    let mut manifest: DocumentMut = manifest.parse().expect("a crate's manifest is TOML");
    inherit(manifest["package"].as_table_mut().expect("a table"), &workspace["workspace"]["package"]);
    let needs = manifest["dependencies"].as_table_mut().expect("a table");
    inherit(needs, &workspace["workspace"]["dependencies"]);
    for (_, need) in needs.iter_mut() {
        // Crates of ours lie beside each other there too.
        if let Some(path) = need.get("path").and_then(Item::as_str).map(|path| format!("../{path}")) {
            need["path"] = value(path);
        }
    }
    manifest.remove("dev-dependencies");
    manifest.remove("lints");
    manifest.to_string()
}

/// Writes out each `workspace = true`; what else stands beside it is added.
fn inherit(table: &mut Table, from: &Item) {
    let keys: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    for key in keys {
        if table[&key].get("workspace").is_none() {
            continue;
        }
        let own = table[&key].clone();
        let mut whole = from[&key].as_value().expect("a plain value").clone();
        for (word, said) in
            own.as_table_like().expect("a table").iter().filter(|(word, _)| *word != "workspace")
        {
            if whole.as_inline_table().is_none() {
                let version = std::mem::replace(&mut whole, toml_edit::InlineTable::new().into());
                whole.as_inline_table_mut().expect("it is one now").insert("version", version);
            }
            let said = said.as_value().expect("a plain value").clone();
            whole.as_inline_table_mut().expect("it is one").insert(word, said);
        }
        table[&key] = Item::Value(whole);
    }
}
