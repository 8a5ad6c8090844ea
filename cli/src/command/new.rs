//! `gw new`: a project that `gw` and plain cargo can both build. `gw unpack` writes anew what such a project does not keep:
//! the crates that it is made with.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use gatewright_dsl::{Catalogue, Source};
use serde_json::json;

use crate::carried::{CRATES, FEATURES, LOCK, VERSION, put};
use crate::envelope::{self, Refusal};

/// THE list: where a file of a new project stands, and what it says. `NAME` and `VERSION` are filled in.
const FILES: &[(&str, &str)] = &[
    ("gateway.gw", include_str!("../../template/gateway.gw")),
    ("Cargo.toml", include_str!("../../template/Cargo.toml.in")),
    ("build.rs", include_str!("../../template/build.rs")),
    ("src/main.rs", include_str!("../../template/main.rs")),
    ("tests/gateway.rs", include_str!("../../template/test.rs")),
    (".github/workflows/gateway.yml", include_str!("../../template/ci.yml")),
    ("Containerfile", include_str!("../../template/Containerfile")),
    (".dockerignore", "target\n"),
    (".gitignore", "/target\n/.gatewright\n"),
    ("Cargo.lock", LOCK),
];

/// Names that cargo has a meaning of its own for, or that Rust has.
const TAKEN: &[&str] = &[
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "main",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc_macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// Writes a new project.
pub(crate) fn run(folder: &Path, name: Option<&str>, as_json: bool) -> ExitCode {
    match create(folder, name) {
        Ok(name) => {
            if as_json {
                let files: Vec<&str> = FILES.iter().map(|(path, _)| *path).collect();
                envelope::print(true, &[], &json!({ "name": name, "folder": folder, "files": files }));
            } else {
                println!("made {} in {}:", name, folder.display());
                for (path, _) in FILES {
                    println!("  {path}");
                }
                println!("next: cd {} && gw run", folder.display());
            }
            ExitCode::SUCCESS
        }
        Err(refusal) => refusal.end(as_json),
    }
}

/// Writes the crates of a project that is here already.
pub(crate) fn unpack(folder: &Path, as_json: bool) -> ExitCode {
    let home = folder.join(".gatewright").join(VERSION);
    let done = if folder.join("Cargo.toml").is_file() {
        unpack_to(&home)
    } else {
        let why = format!("{}: no package is here: it has no Cargo.toml", folder.display());
        Err(Refusal::failed(why, "name the folder of a project: gw unpack DIR"))
    };
    match done {
        Ok(()) if as_json => envelope::print(true, &[], &json!({ "folder": home })),
        Ok(()) => println!("unpacked {}", home.display()),
        Err(refusal) => return refusal.end(as_json),
    }
    ExitCode::SUCCESS
}

fn unpack_to(home: &Path) -> Result<(), Refusal> {
    CRATES.iter().try_for_each(|it| it.unpack(home)).map_err(|why| Refusal::failed(why, ""))
}

fn create(folder: &Path, name: Option<&str>) -> Result<String, Refusal> {
    let name = name.map_or_else(|| named_after(folder), |name| Ok(name.to_owned()))?;
    judge(&name).map_err(|why| Refusal::failed(why, "choose another with --name"))?;
    demand_empty(folder)?;
    for (path, text) in FILES {
        // Other people's versions may be the same; the lock file is as it is.
        let text = if *path == "Cargo.lock" { (*text).to_owned() } else { filled(text, &name) };
        put(&folder.join(path), &text).map_err(|why| Refusal::failed(why, ""))?;
    }
    unpack_to(&folder.join(".gatewright").join(VERSION))?;
    Ok(name)
}

fn named_after(folder: &Path) -> Result<String, Refusal> {
    let whole = fs::canonicalize(folder)
        .or_else(|_| std::path::absolute(folder))
        .unwrap_or_else(|_| PathBuf::from(folder));
    let name = whole.file_name().map(|name| name.to_string_lossy().into_owned());
    name.ok_or_else(|| Refusal::failed(format!("{} has no name", folder.display()), "choose one with --name"))
}

/// Whether a gateway, a package and a program can have this name.
fn judge(name: &str) -> Result<(), String> {
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    let goes_on = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c));
    if !begins || !goes_on || name.len() > 64 {
        return Err(format!(
            "`{name}` cannot be the name of a gateway: a lower-case letter comes first, then letters, digits, `-` and `_`"
        ));
    }
    if TAKEN.contains(&name) || name.starts_with("gatewright") {
        return Err(format!(
            "`{name}` cannot be the name of a gateway: cargo or Rust mean something else by it"
        ));
    }
    let text = FILES.iter().find(|(path, _)| *path == "gateway.gw").map_or("", |(_, text)| *text);
    let source = Source::new("gateway.gw", filled(text, name));
    gatewright_compiler::check(&[source], &Catalogue::standard()).map(|_| ()).map_err(|_| {
        format!("`{name}` cannot be the name of a gateway: the language means something else by it")
    })
}

fn demand_empty(folder: &Path) -> Result<(), Refusal> {
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Refusal::failed(
            format!("{} is not empty", folder.display()),
            "name a folder that is not there yet, or an empty one",
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Refusal::failed(format!("{}: {error}", folder.display()), "")),
    }
}

fn filled(text: &str, name: &str) -> String {
    let features: Vec<String> =
        FEATURES.iter().map(|it| format!("{it} = [\"gatewright-runtime/{it}\"]\n")).collect();
    let features = features.concat() + "\n";
    text.replace("FEATURES\n", &features).replace("VERSION", VERSION).replace("NAME", name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_must_do_for_a_gateway_a_package_and_a_program() {
        for name in ["shop", "shop-2", "a", "my_gateway", "gateway", "route"] {
            assert_eq!(judge(name), Ok(()), "{name}");
        }
        for name in [
            "",
            "Shop",
            "2shop",
            "my shop",
            "shöp",
            "test",
            "fn",
            "not",
            "and",
            "gatewright-runtime",
            "a.b",
            "-a",
        ] {
            assert!(judge(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_new_gateway_has_no_problem_and_nothing_is_left_to_fill_in() {
        for (path, text) in FILES.iter().filter(|(path, _)| *path != "Cargo.lock") {
            let text = filled(text, "shop");
            assert!(
                !text.contains("NAME") && !text.contains("FEATURES") && !text.contains("VERSION"),
                "{path}"
            );
        }
    }
}
