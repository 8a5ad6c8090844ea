//! The pages of problems, held against the whole compiler: what a page shows is all that an operator would see, and its
//! fix is a program that can be built. The packages that own the problems compare the words.

use std::path::Path;

use gatewright_compiler::{Crate, Feature};
use gatewright_dsl::Catalogue;
use gatewright_dsl::page::{fences, sources};

use crate::place::ROOT;

/// The problems of a program, by their names. The page of a missing feature is about a package that has none.
fn names(page: &str, program: &str) -> Vec<&'static str> {
    let problems = match gatewright_compiler::compile(&sources("gateway.gw", program), &Catalogue::standard())
    {
        Ok(output) if page == "missing_crate" => output.crates.iter().map(Crate::missing).collect(),
        Ok(output) if page == "handler_refused" => output.handlers.iter().map(|it| it.refused(&[])).collect(),
        Ok(output) if page == "missing_feature" => output.features.iter().map(Feature::missing).collect(),
        Ok(_) => Vec::new(),
        Err(problems) => problems,
    };
    problems.iter().map(|problem| problem.name).collect()
}

#[test]
fn the_page_of_a_problem_holds_for_the_whole_compiler() {
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(Path::new(ROOT).join("docs/problem")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let page = std::fs::read_to_string(&path).unwrap();
        for block in fences(&page) {
            let found = names(name, block.text);
            match block.info {
                "gw refused" if found != [name] => wrong.push(format!("{name}:{}: {found:?}", block.line)),
                "gw" if !found.is_empty() => wrong.push(format!("{name}:{}: the fix: {found:?}", block.line)),
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
