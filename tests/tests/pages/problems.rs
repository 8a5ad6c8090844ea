//! The pages of problems, held against the whole compiler: what a page shows is all that an operator would see, and its
//! fix is a program that can be built. The packages that own the problems compare the words.

use std::path::Path;

use gatewright_dsl::Catalogue;
use gatewright_dsl::page::{fences, sources};

use crate::place::ROOT;

/// The problems of a program, by their names.
fn names(program: &str) -> Vec<&'static str> {
    let checked = gatewright_compiler::check(&sources("gateway.gw", program), &Catalogue::standard());
    checked.map_or_else(|problems| problems.iter().map(|problem| problem.name).collect(), |_| Vec::new())
}

#[test]
fn the_page_of_a_problem_holds_for_the_whole_compiler() {
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(Path::new(ROOT).join("docs/problem")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let page = std::fs::read_to_string(&path).unwrap();
        for block in fences(&page) {
            let found = names(block.text);
            match block.info {
                "gw refused" if found != [name] => wrong.push(format!("{name}:{}: {found:?}", block.line)),
                "gw" if !found.is_empty() => wrong.push(format!("{name}:{}: the fix: {found:?}", block.line)),
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
