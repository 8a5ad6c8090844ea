//! One capability is one word: its row, its behaviour and its page have the same relative path, and each problem has
//! a page of its name. What the pages say is checked by the tests that execute them.

use std::collections::BTreeSet;

use super::Finding;
use super::house::{File, House};
use super::scan::{Part, numbered};

/// What a row says that has no step.
const NO_STEP: &[&str] = &["either: Some(", "who: Some(Who::Anybody)"];

pub(crate) fn policies(house: &House) -> Vec<Finding> {
    let rows: BTreeSet<&str> = house.policies().into_iter().collect();
    let mut found = Vec::new();
    for name in &rows {
        let row = format!("dsl/src/policy/{name}.rs");
        if !is_listed(house, name) {
            found.push(Finding::new(
                &row,
                0,
                "this row is not in THE list",
                "add it in dsl/src/policy/mod.rs",
            ));
        }
        // What decides which requests a route takes, or that nobody is asked, has no step, and so no behaviour.
        let has_step = house
            .files
            .iter()
            .find(|file| file.path == row)
            .is_none_or(|row| !NO_STEP.iter().any(|said| row.text.contains(said)));
        let home = home(house, &row).unwrap_or((*name).to_owned());
        let behaviour =
            [format!("runtime/src/policy/{home}.rs"), format!("runtime/src/policy/{home}/mod.rs")];
        if has_step && !behaviour.iter().any(|path| house.has(path)) {
            let [path, _] = behaviour;
            found.push(Finding::new(&row, 0, "this row has no behaviour", format!("write {path}")));
        }
        let page = format!("docs/policy/{name}.md");
        if !house.has(&page) {
            found.push(Finding::new(&row, 0, "this row has no page", format!("write {page}")));
        }
    }
    for file in house.under(&["runtime/src/policy", "docs/policy"]) {
        // A behaviour of several files is a folder; its mod.rs stands for it.
        let in_folder = file.path.matches('/').count()
            > file
                .path
                .find("policy/")
                .map_or(0, |at| file.path.get(..at).unwrap_or_default().matches('/').count() + 1);
        let name = file.stem();
        if !in_folder && !matches!(name, "mod" | "README") && !rows.contains(name) {
            let remedy = format!("write dsl/src/policy/{name}.rs, or remove it");
            found.push(Finding::new(&file.path, 0, "there is no row of this name", remedy));
        }
    }
    found
}

/// Whether a row stands in THE list: no program can use one that does not.
fn is_listed(house: &House, name: &str) -> bool {
    let list = house.files.iter().find(|file| file.path == "dsl/src/policy/mod.rs");
    list.is_some_and(|list| {
        [name, &format!("r#{name}")].iter().any(|name| list.text.contains(&format!("&{name}::ROW")))
    })
}

/// The name of the module where a row's behaviour is. Several rows may share one.
fn home(house: &House, row: &str) -> Option<String> {
    let row = house.files.iter().find(|file| file.path == row)?;
    let (_, home) = row.text.split_once("home: \"policy::")?;
    Some(home.split(['"', ':']).next()?.to_owned())
}

pub(crate) fn problems(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut declared = BTreeSet::new();
    for file in house.under(&["dsl/src", "compiler/src", "cli/src"]).filter(|file| file.is_rust()) {
        for (line, name) in kinds(file) {
            if !declared.insert(name.clone()) {
                let what = format!("a second problem is named `{name}`");
                found.push(Finding::new(
                    &file.path,
                    line,
                    what,
                    "share the constructor, or tell the two apart",
                ));
            }
            let page = format!("docs/problem/{name}.md");
            if !house.has(&page) {
                let what = format!("the problem `{name}` has no page");
                found.push(Finding::new(&file.path, line, what, format!("write {page}")));
            }
        }
    }
    for page in house.under(&["docs/problem"]).filter(|page| page.stem() != "README") {
        if !declared.contains(page.stem()) {
            found.push(Finding::new(&page.path, 0, "no problem has this name", "remove it, or rename it"));
        }
    }
    found
}

/// The problems that a file declares, each on a line `UNKNOWN_WORD "unknown_word" "its title";`.
fn kinds(file: &File) -> Vec<(usize, String)> {
    let shipped = file.shipped(&[Part::Code, Part::Literal]);
    let declared = numbered(&shipped).filter_map(|(number, line)| {
        let (constant, rest) = line.trim().split_once(" \"")?;
        let (name, rest) = rest.split_once('"')?;
        let is_row = is_name(name) && name.to_uppercase() == constant && rest.starts_with(" \"");
        is_row.then(|| (number, name.to_owned()))
    });
    declared.collect()
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(check: fn(&House) -> Vec<Finding>, files: &[(&str, &str)]) -> Vec<(String, usize)> {
        check(&House::of(files)).into_iter().map(|finding| (finding.file, finding.line)).collect()
    }

    #[test]
    fn finds_a_row_without_behaviour_and_a_page_without_row() {
        let found = files(
            policies,
            &[
                (
                    "dsl/src/policy/mod.rs",
                    "&[&limit::ROW, &cache::ROW, &r#let::ROW, &slash::ROW, &store::ROW]",
                ),
                ("dsl/src/policy/limit.rs", ""),
                ("dsl/src/policy/cache.rs", ""),
                ("dsl/src/policy/slash.rs", "either: Some(\"either\"),"),
                ("docs/policy/slash.md", ""),
                ("dsl/src/policy/later.rs", ""),
                ("dsl/src/policy/let.rs", ""),
                ("dsl/src/policy/store.rs", "home: \"policy::cache\","),
                ("docs/policy/store.md", ""),
                ("runtime/src/policy/later.rs", ""),
                ("docs/policy/later.md", ""),
                ("runtime/src/policy/cache/mod.rs", ""),
                ("runtime/src/policy/cache/store.rs", ""),
                ("docs/policy/cache.md", ""),
                ("docs/policy/limit.md", ""),
                ("docs/policy/limits.md", ""),
            ],
        );
        assert_eq!(
            found,
            [
                ("dsl/src/policy/later.rs".to_owned(), 0),
                ("dsl/src/policy/let.rs".to_owned(), 0),
                ("dsl/src/policy/let.rs".to_owned(), 0),
                ("dsl/src/policy/limit.rs".to_owned(), 0),
                ("docs/policy/limits.md".to_owned(), 0)
            ]
        );
    }

    #[test]
    fn finds_problems_and_pages_that_lack_each_other() {
        let declared =
            "//! a\nUNKNOWN_WORD \"unknown_word\" \"a\";\nDUPLICATE_ROUTE \"duplicate_route\" \"b\";\n";
        let found = files(
            problems,
            &[
                ("compiler/src/problem.rs", declared),
                ("dsl/src/problem/syntax.rs", "DUPLICATE_ROUTE \"duplicate_route\" \"b\";\n"),
                ("docs/problem/duplicate_route.md", ""),
                ("docs/problem/gone.md", ""),
            ],
        );
        let expected =
            [("compiler/src/problem.rs", 2), ("dsl/src/problem/syntax.rs", 1), ("docs/problem/gone.md", 0)];
        assert_eq!(found, expected.map(|(file, line)| (file.to_owned(), line)));
    }
}
