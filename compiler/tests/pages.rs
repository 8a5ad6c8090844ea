//! Every problem of the compiler has a page that is true: its program is refused with exactly that message, and its fix is
//! accepted. `UPDATE=1` writes the messages anew.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "the pages are files, and tests may fail")]

use std::fs;
use std::path::{Path, PathBuf};

use gatewright_compiler::{Crate, Feature, compile, kinds};
use gatewright_dsl::page::{Fence, fences, sources};
use gatewright_dsl::problem::render::{Colour, text};
use gatewright_dsl::{Catalogue, Problem};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/problem").join(name).with_extension("md")
}

/// What is said against a program, on the page of this problem. The page of a feature that is missing is about a package
/// that has none.
fn problems(page: &str, program: &str) -> (Vec<Problem>, String) {
    let sources = sources("gateway.gw", program);
    let problems = match compile(&sources, &Catalogue::standard()) {
        Ok(output) if page == "missing_crate" => output.crates.iter().map(Crate::missing).collect(),
        Ok(output) if page == "handler_refused" => output.handlers.iter().map(|it| it.refused(&[])).collect(),
        Ok(output) if page == "missing_feature" => output.features.iter().map(Feature::missing).collect(),
        Ok(_) => Vec::new(),
        Err(problems) => problems,
    };
    let shown = text(&problems, &sources, Colour::Off);
    (problems, shown)
}

fn block<'a>(page: &str, fences: &[Fence<'a>], info: &str) -> &'a str {
    let found: Vec<_> = fences.iter().filter(|fence| fence.info == info).collect();
    let [fence] = found.as_slice() else {
        panic!("{page}: expected one block `{info}`, found {}", found.len())
    };
    fence.text
}

#[test]
fn every_problem_has_a_page_that_is_true() {
    for kind in kinds() {
        let path = path(kind.name);
        let page = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let fences = fences(&page);
        assert_eq!(page.lines().next(), Some(format!("# {}", kind.name).as_str()));
        assert!(page.contains("\n## Fix\n"), "{}", kind.name);

        let (found, shown) = problems(kind.name, block(kind.name, &fences, "gw refused"));
        let names: Vec<&str> = found.iter().map(|problem| problem.name).collect();
        assert_eq!(names, [kind.name], "{shown}");
        found.iter().for_each(check_style);
        let written = block(kind.name, &fences, "problem");
        let shown = format!("{}\n", shown.trim_end());
        if std::env::var_os("UPDATE").is_some() {
            let start = page.find("```problem\n").unwrap() + "```problem\n".len();
            let (before, after) = (&page[..start], &page[start + written.len()..]);
            fs::write(&path, format!("{before}{shown}{after}")).unwrap();
        } else {
            assert_eq!(written, shown, "{}: UPDATE=1 writes it anew", kind.name);
        }

        let (left, shown) = problems(kind.name, block(kind.name, &fences, "gw"));
        assert!(left.is_empty(), "{}: the fix is refused\n{shown}", kind.name);
    }
}

#[test]
fn every_problem_has_a_fixture() {
    for kind in kinds() {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refuse").join(kind.name);
        assert!(fixture.with_extension("gw").is_file(), "{}", kind.name);
    }
}

#[test]
fn kinds_are_sorted_and_differ_from_those_of_the_parser() {
    let stated_elsewhere = gatewright_dsl::problem::accord::KINDS;
    let own = kinds().filter(|kind| stated_elsewhere.iter().all(|other| other.name != kind.name));
    assert!(own.is_sorted_by(|a, b| a.name < b.name));
    for kind in gatewright_dsl::problem::kinds() {
        assert!(kinds().all(|own| own.name != kind.name), "{}", kind.name);
    }
}

/// Lower case, no final stop, and something to do.
fn check_style(problem: &Problem) {
    let help = problem.help.as_ref().unwrap_or_else(|| panic!("{}: no help", problem.name));
    for text in problem.labels.iter().map(|label| &label.text).chain([&problem.message, help]) {
        assert!(!text.starts_with(char::is_uppercase) && !text.ends_with('.'), "{text}");
    }
}
