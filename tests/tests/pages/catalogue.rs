//! Rows, reasons and pages agree with each other.

use std::path::Path;

use gatewright_dsl::Catalogue;
use gatewright_runtime::reason::Reason;

use crate::place::ROOT;

fn page(path: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn what_a_row_answers_is_a_reason_of_the_runtime() {
    let catalogue = Catalogue::standard();
    let of_policies = catalogue.policies().map(|policy| (policy.name, policy.answers));
    let of_kinds = catalogue.auths().map(|kind| (kind.name, kind.answers));
    for (name, answers) in of_policies.chain(of_kinds) {
        for answer in answers {
            let reason = Reason::ALL.iter().find(|reason| reason.word == answer.name);
            let reason = reason.unwrap_or_else(|| panic!("{name}: no reason `{}`", answer.name));
            assert_eq!(reason.status, answer.status, "{}", answer.name);
        }
    }
}

#[test]
fn each_policy_has_its_page_with_its_table() {
    for policy in Catalogue::standard().policies() {
        let name = policy.name;
        let page = page(&format!("docs/policy/{name}.md"));
        assert!(page.starts_with(&format!("# {name}\n")), "{name}: the heading");
        assert!(page.contains(&format!("<!-- generated: policy {name} -->")), "{name}: the table");
        assert!(page.contains("```gw live\n"), "{name}: an example that runs");
    }
}

#[test]
fn each_declaration_has_its_page_with_its_words() {
    for place in gatewright_dsl::schema::Place::ALL {
        let word = place.word();
        let page = page(&format!("docs/item/{word}.md"));
        assert!(page.starts_with(&format!("# {word}\n")), "{word}: the heading");
        assert!(page.contains(&format!("<!-- generated: words {word} -->")), "{word}: the table");
    }
}

#[test]
fn each_kind_of_auth_has_its_page_with_its_words() {
    for kind in Catalogue::standard().auths() {
        let name = kind.name;
        let page = page(&format!("docs/auth/{name}.md"));
        assert!(page.starts_with(&format!("# {name}\n")), "{name}: the heading");
        assert!(page.contains(&format!("<!-- generated: auth {name} -->")), "{name}: the table");
        assert!(page.contains("```gw live\n"), "{name}: an example that runs");
    }
}

#[test]
fn each_reason_is_explained_once_in_order() {
    let page = page("docs/reasons.md");
    let explained: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let mut known: Vec<&str> = Reason::ALL.iter().map(|reason| reason.word).collect();
    let mut sorted = explained.clone();
    sorted.sort_unstable();
    known.sort_unstable();
    assert_eq!(sorted, known);
    for part in page.split("\n### ").skip(1) {
        let said = part.lines().nth(1).unwrap_or_default();
        assert!(said.is_empty() && part.lines().nth(2).is_some_and(|line| line.len() > 20), "{part}");
    }
}
