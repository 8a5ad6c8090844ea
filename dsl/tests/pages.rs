//! Every problem has a page, and every page tells the truth: its program is refused with exactly the words that it
//! shows, and its fix is accepted. `UPDATE=1` writes the shown words anew.

#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod common;

use gatewright_dsl::page::{Fence, fences};
use gatewright_dsl::problem::render::{Colour, text};
use gatewright_dsl::{Source, problem};
use std::path::{Path, PathBuf};

fn page_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/problem").join(name).with_extension("md")
}

fn shown(program: &str) -> (Vec<&'static str>, String) {
    let source = Source::new("gateway.gw", program);
    let problems = common::problems(&source);
    (problems.iter().map(|problem| problem.name).collect(), text(&problems, &[source], Colour::Off))
}

#[test]
fn pages_show_what_is_said() {
    let mut wrong = Vec::new();
    for kind in problem::kinds() {
        let path = page_of(kind.name);
        let page =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(page.starts_with(&format!("# {}\n\n", kind.name)), "{}: the heading", kind.name);
        assert!(page.contains("\n## Fix\n"), "{}: a fix", kind.name);
        // Its program would have more than 16 MiB; a test of the parser has it.
        if kind.name == "too_large" {
            continue;
        }
        let blocks = fences(&page);
        let [refused, said, fix] = blocks.as_slice() else { panic!("{}: three blocks", kind.name) };
        assert_eq!([refused.info, said.info, fix.info], ["gw refused", "problem", "gw"], "{}", kind.name);
        let (names, shown_now) = shown(refused.text);
        assert_eq!(names, [kind.name], "{}:\n{shown_now}", kind.name);
        let (names, shown_fix) = shown(fix.text);
        assert!(names.is_empty(), "{}: the fix:\n{shown_fix}", kind.name);
        if said.text == shown_now {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, replaced(&page, said, &shown_now)).unwrap();
        } else {
            wrong.push(format!("{}: said is now\n{shown_now}", kind.name));
        }
    }
    assert!(wrong.is_empty(), "{}\nrun again with UPDATE=1 if that is right", wrong.join("\n"));
}

fn replaced(page: &str, block: &Fence<'_>, text: &str) -> String {
    let start = block.text.as_ptr() as usize - page.as_ptr() as usize;
    format!("{}{text}{}", &page[..start], &page[start + block.text.len()..])
}
