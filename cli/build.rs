//! Packs the runtime's sources, its manifest and the lock file into `gw`, so that an operator needs nothing else of this
//! repository.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what a build script cannot do stops the build"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use toml_edit::{DocumentMut, Item, Table};

fn main() {
    let home = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let root = home.parent().expect("the package is a member of the workspace").to_owned();
    let runtime = root.join("runtime");
    let mut files = Vec::new();
    gather(&runtime.join("src"), &mut files);
    files.sort();
    let mut code = String::from("pub(crate) const SOURCES: &[(&str, &str)] = &[\n");
    for file in &files {
        let name = file.strip_prefix(&runtime).expect("it was found there");
        writeln!(
            code,
            "    ({:?}, include_str!({:?})),",
            name.display().to_string(),
            file.display().to_string()
        )
        .expect("memory");
    }
    code.push_str("];\n");
    let manifest = flat(&read(&root.join("Cargo.toml")), &read(&runtime.join("Cargo.toml")));
    writeln!(code, "pub(crate) const MANIFEST: &str = {manifest:?};").expect("memory");
    writeln!(
        code,
        "pub(crate) const LOCK: &str = include_str!({:?});",
        root.join("Cargo.lock").display().to_string()
    )
    .expect("memory");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("embedded.rs"), code).expect("OUT_DIR can be written");
    for watched in ["Cargo.toml", "Cargo.lock", "runtime"] {
        println!("cargo:rerun-if-changed={}", root.join(watched).display());
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn gather(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("the runtime's sources are beside this package") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            gather(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The runtime's manifest with everything that it inherits written out, and without what only its own tests need.
fn flat(workspace: &str, manifest: &str) -> String {
    let workspace: DocumentMut = workspace.parse().expect("the workspace's manifest is TOML");
    let mut manifest: DocumentMut = manifest.parse().expect("the runtime's manifest is TOML");
    inherit(manifest["package"].as_table_mut().expect("a table"), &workspace["workspace"]["package"]);
    inherit(
        manifest["dependencies"].as_table_mut().expect("a table"),
        &workspace["workspace"]["dependencies"],
    );
    manifest.remove("dev-dependencies");
    manifest.remove("lints");
    manifest.to_string()
}

fn inherit(table: &mut Table, from: &Item) {
    let keys: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    for key in keys {
        if table[&key].get("workspace").is_some() {
            table[&key] = Item::Value(from[&key].as_value().expect("a plain value").clone());
        }
    }
}
