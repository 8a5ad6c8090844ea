//! How a file looks: its length, its first line, its names, and what must never be left in it.

use super::Finding;
use super::exception::{LONG, UNSAFE, covers};
use super::house::{File, House};
use super::scan::{Part, has_word, numbered};

const LENGTH_MAX: usize = 500;
/// Written by tools, or prose that may be as long as its subject.
const ANY_LENGTH: &[&str] = &["Cargo.lock", ".md", ".snap", ".json", ".sarif"];
/// Put together here, so that this file does not find itself.
const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/")];

pub(crate) fn length(house: &House) -> Vec<Finding> {
    let judged = house.files.iter().filter(|file| !ANY_LENGTH.iter().any(|end| file.path.ends_with(end)));
    let long = judged.filter(|file| file.text.lines().count() > LENGTH_MAX && !covers(LONG, &file.path));
    long.map(|file| {
        let what = format!("{} lines, more than {LENGTH_MAX}", file.text.lines().count());
        Finding::new(&file.path, LENGTH_MAX + 1, what, "split it by what its parts are for")
    })
    .collect()
}

pub(crate) fn opening(house: &House) -> Vec<Finding> {
    let silent = rust(house).filter(|file| !file.text.starts_with("//! "));
    silent
        .map(|file| {
            Finding::new(
                &file.path,
                1,
                "does not open with `//!`",
                "say what it is for and what it does not do",
            )
        })
        .collect()
}

pub(crate) fn names(house: &House) -> Vec<Finding> {
    let rules = [
        ("fn get_", "a function named `get_…`", "name what it returns"),
        ("fn test_", "a function named `test_…`", "a test's name is the claim it proves"),
        ("#[ignore", "a test that does not run", "mend it or remove it"),
    ];
    search(house, &[Part::Code], |line| {
        let broken = rules.iter().find(|(pattern, _, _)| line.contains(pattern));
        broken.map(|(_, what, remedy)| ((*what).to_owned(), *remedy))
    })
}

pub(crate) fn unfinished(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &house.files {
        for (number, line) in numbered(&file.text) {
            if let Some(mark) = UNFINISHED.iter().find(|mark| has_word(line, mark)) {
                found.push(Finding::new(
                    &file.path,
                    number,
                    format!("a `{mark}`"),
                    "finish it, or describe the limit",
                ));
            }
        }
    }
    let macros = ["todo!", "unimplemented!"];
    found.extend(search(house, &[Part::Code], |line| {
        let left = macros.iter().find(|name| line.contains(*name));
        left.map(|name| (format!("a `{name}`"), "write what belongs there"))
    }));
    found
}

pub(crate) fn machine_paths(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &house.files {
        for (number, line) in numbered(&file.text) {
            if let Some(path) = MACHINE_PATHS.iter().find(|path| line.contains(*path)) {
                found.push(Finding::new(
                    &file.path,
                    number,
                    format!("the path `{path}…`"),
                    "make it relative",
                ));
            }
        }
    }
    found
}

pub(crate) fn unsafe_code(house: &House) -> Vec<Finding> {
    let mut found = search(house, &[Part::Code], |line| {
        has_word(line, "unsafe").then(|| ("unsafe code".to_owned(), "write it safely, or list and prove it"))
    });
    found.retain(|finding| !covers(UNSAFE, &finding.file));
    found
}

fn rust(house: &House) -> impl Iterator<Item = &File> {
    house.files.iter().filter(|file| file.is_rust())
}

fn search(
    house: &House,
    parts: &[Part],
    broken: impl Fn(&str) -> Option<(String, &'static str)>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in rust(house) {
        for (number, line) in numbered(&file.parts(parts)) {
            if let Some((what, remedy)) = broken(line) {
                found.push(Finding::new(&file.path, number, what, remedy));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines at which a check finds something in a file with this text.
    fn lines(check: fn(&House) -> Vec<Finding>, text: &str) -> Vec<usize> {
        check(&House::of(&[("dsl/src/a.rs", text)])).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn finds_a_file_of_501_lines() {
        assert!(lines(length, &"\n".repeat(500)).is_empty());
        assert_eq!(lines(length, &"\n".repeat(501)), [501]);
    }

    #[test]
    fn finds_a_file_that_does_not_say_what_it_is_for() {
        assert!(lines(opening, "//! What.\n").is_empty());
        assert_eq!(lines(opening, "use std::fmt;\n//! What.\n"), [1]);
    }

    #[test]
    fn finds_names_in_code_but_not_in_comments() {
        assert_eq!(lines(names, "// fn get_it()\nfn get_it() {}\nfn test_it() {}\n#[ignore]\n"), [2, 3, 4]);
    }

    #[test]
    fn finds_what_is_unfinished() {
        let text = format!("//! a\n// {}: b\ntodo!();\n\"todo!\"\n", UNFINISHED[0]);
        assert_eq!(lines(unfinished, &text), [2, 3]);
    }

    #[test]
    fn finds_paths_of_a_machine() {
        assert_eq!(lines(machine_paths, &format!("a\n{}x\n", MACHINE_PATHS[1])), [2]);
    }

    #[test]
    fn finds_unsafe_code() {
        assert_eq!(lines(unsafe_code, "// unsafe\n#![forbid(unsafe_code)]\nunsafe {}\n"), [3]);
    }
}
