//! `cargo xtask new_policy NAME`: the files of a policy that works, to be made into another one.
//!
//! It writes nothing into the compiler, the grammar or the formatter, and [`prove`] shows that nothing there is needed.

use std::fs;
use std::path::Path;

use crate::cargo::{cargo, root};
use crate::tidy;

/// The files of a policy: where they are, and what they say before it has a name.
const FILES: &[(&str, &str)] = &[
    ("dsl/src/policy/NAME.rs", include_str!("new_policy/row.template")),
    ("runtime/src/policy/NAME.rs", include_str!("new_policy/behaviour.template")),
    ("docs/policy/NAME.md", include_str!("new_policy/page.template")),
];

/// Where a policy's name is added to a list.
const LISTS: &[&str] = &["dsl/src/policy/mod.rs", "runtime/src/policy/mod.rs"];

/// Writes a policy into this repository.
///
/// # Errors
/// When the name is none or is taken, or when a file cannot be written.
pub(crate) fn run(name: &str) -> Result<(), String> {
    let written = write(root(), name)?;
    let status = cargo().args(["fmt", "--all"]).status().map_err(|error| format!("cargo fmt: {error}"))?;
    if !status.success() {
        return Err("cargo fmt failed".into());
    }
    println!("written:\n  {}", written.join("\n  "));
    println!(
        "next: `cargo xtask generate` writes the table of the page, `cargo xtask tidy` looks at the whole;"
    );
    println!("then make it do what it is for. docs/adding_a_policy.md tells how.");
    Ok(())
}

/// Adds a policy to a copy of the repository, and a route that uses it to the copy's gateway: the copy is tidy, and rustc
/// accepts what the compiler emits for it.
///
/// # Errors
/// When the copy cannot be made, or one of these does not hold.
pub(crate) fn prove() -> Result<(), String> {
    let copy = root().join("target/new_policy");
    let told = |error: std::io::Error| format!("{}: {error}", copy.display());
    if copy.exists() {
        fs::remove_dir_all(&copy).map_err(told)?;
    }
    for (path, text) in tidy::texts()? {
        let to = copy.join(path);
        fs::create_dir_all(to.parent().unwrap_or(&copy)).map_err(told)?;
        fs::write(to, text).map_err(told)?;
    }
    let name = "greeting_card";
    write(&copy, name)?;
    let gateway = copy.join("gateway.gw");
    let program = fs::read_to_string(&gateway).map_err(told)?;
    fs::write(gateway, format!("{program}\nroute GET /proof respond 200 {{ {name} \"hello\" }}\n"))
        .map_err(told)?;
    tidy::run_on(&copy)?;
    for words in [&["fmt", "--all"][..], &["check", "--quiet", "--package", "gateway"]] {
        let status = cargo().current_dir(&copy).args(words).status();
        if !status.map_err(|error| format!("cargo cannot be started: {error}"))?.success() {
            return Err(format!("in {}: cargo {} failed", copy.display(), words.join(" ")));
        }
    }
    Ok(())
}

/// Writes the files and the lines in lists. Says which files it has written.
fn write(root: &Path, name: &str) -> Result<Vec<String>, String> {
    let is_word = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !name.ends_with('_');
    if !is_word {
        return Err(format!("`{name}` is no word such as `dry_run`: small letters, digits and `_`"));
    }
    let mut written = Vec::new();
    let files = FILES.iter().map(|(path, template)| (path.replace("NAME", name), named(template, name)));
    let lists = LISTS.iter().map(|path| {
        let text = fs::read_to_string(root.join(path)).map_err(|error| format!("{path}: {error}"))?;
        Ok(((*path).to_owned(), listed(&text, name)))
    });
    let lists = lists.collect::<Result<Vec<_>, String>>()?;
    let files: Vec<_> = files.collect();
    if let Some((path, _)) = files.iter().find(|(path, _)| root.join(path).exists()) {
        return Err(format!("{path} is there already"));
    }
    for (path, text) in files.into_iter().chain(lists) {
        fs::write(root.join(&path), text).map_err(|error| format!("{path}: {error}"))?;
        written.push(path);
    }
    Ok(written)
}

/// A template as the file of a policy.
fn named(template: &str, name: &str) -> String {
    let text = template.replace("NAME", name).replace("FIELD", &name.replace('_', "-"));
    // The message's place under the word depends on its length.
    text.replace("```problem\n```\n", &format!("```problem\n{}```\n", refused(name)))
}

/// What the compiler says of the page's last example.
fn refused(name: &str) -> String {
    let line = format!("route GET /status respond 200 {{ {name} }}");
    let at = line.find('{').unwrap_or_default() + 2;
    let (blank, marks) = (" ".repeat(at), "^".repeat(name.len()));
    format!(
        "error[missing_argument]: `{name}` needs its `text`\n --> gateway.gw:2:{}\n  |\n2 | {line}\n  | \
         {blank}{marks} expected a string\n  |\n  = help: `text`: what it says\n",
        at + 1
    )
}

/// A list of modules, and perhaps of rows, with one more of each.
fn listed(text: &str, name: &str) -> String {
    let module = format!("pub mod {name};");
    let mut lines: Vec<&str> = text.lines().collect();
    let is_module = |line: &&str| line.starts_with("pub mod ");
    let after = |line: &&str| is_module(line) && line.trim_start_matches("pub mod r#") < &*module;
    let at = lines.iter().rposition(after).map(|at| at + 1).or(lines.iter().position(is_module));
    lines.insert(at.unwrap_or(lines.len()), &module);
    let text = lines.join("\n") + "\n";
    match text.split_once("const STANDARD: &[&Policy] = &[") {
        // The last of the list runs last, among those of its phase.
        Some((before, list)) => match list.split_once("];") {
            Some((rows, behind)) => {
                let comma = if rows.trim_end().ends_with(',') { "" } else { ", " };
                format!("{before}const STANDARD: &[&Policy] = &[{rows}{comma}&{name}::ROW];{behind}")
            }
            None => text,
        },
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_takes_its_place_in_the_lists() {
        let text = "//! a\n\npub mod body;\npub mod timeout;\n\nconst STANDARD: &[&Policy] = &[&body::ROW, &timeout::ROW];\n";
        assert_eq!(
            listed(text, "limit"),
            "//! a\n\npub mod body;\npub mod limit;\npub mod timeout;\n\n\
             const STANDARD: &[&Policy] = &[&body::ROW, &timeout::ROW, &limit::ROW];\n"
        );
        assert_eq!(listed("pub mod body;\n", "wait"), "pub mod body;\npub mod wait;\n");
        assert_eq!(listed("pub mod body;\n", "auth"), "pub mod auth;\npub mod body;\n");
    }

    #[test]
    fn no_file_of_the_compiler_or_the_grammar_is_touched() {
        let places = ["dsl/src/policy/", "runtime/src/policy/", "docs/policy/"];
        let paths = FILES.iter().map(|(path, _)| *path).chain(LISTS.iter().copied());
        for path in paths {
            assert!(places.iter().any(|place| path.starts_with(place)), "{path}");
        }
    }

    #[test]
    fn what_is_no_word_is_refused() {
        for name in ["", "Limit", "dry-run", "2nd", "a_", "a b", "../x"] {
            assert!(
                write(Path::new("/nowhere"), name).is_err_and(|why| why.contains("is no word")),
                "{name}"
            );
        }
    }
}
