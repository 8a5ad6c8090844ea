//! Rows, reasons and pages agree with each other.

use std::collections::BTreeSet;
use std::path::Path;

use gatewright_dsl::Catalogue;
use gatewright_dsl::schema::depends::{self, Depends};
use gatewright_dsl::schema::{AGGREGATED, BEFORE, CORE, HANDLED, Reason as Answer, SECURED};
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

/// Answers of 500 and more that say something of a request, and of nothing that the gateway needs.
const OF_REQUESTS: [&str; 2] = ["connect_unsupported", "version_unsupported"];

/// Whatever may not be there is stated by one row, with what becomes of requests then; and no row gives an answer for what it does
/// not state.
#[test]
fn each_failure_is_one_that_a_row_states() {
    let catalogue = Catalogue::standard();
    let own: Vec<&Depends> = depends::OWN.iter().map(|(_, one)| one).collect();
    let kinds: Vec<&Depends> = catalogue.auths().flat_map(|kind| kind.depends).collect();
    let policies: Vec<&Depends> = catalogue.policies().flat_map(|policy| policy.depends).collect();
    let all: BTreeSet<(&str, &[&str])> =
        own.iter().chain(&kinds).chain(&policies).map(|one| (one.on, one.reasons())).collect();
    for reason in Reason::ALL.iter().filter(|reason| reason.status >= 500) {
        let stating = all.iter().filter(|(_, reasons)| reasons.contains(&reason.word)).count();
        assert_eq!(stating, usize::from(!OF_REQUESTS.contains(&reason.word)), "{}", reason.word);
    }
    let is_failure =
        |name: &str| Reason::ALL.iter().any(|reason| reason.word == name && reason.status >= 500);
    for (on, reasons) in &all {
        assert!(!on.is_empty() && reasons.iter().all(|name| is_failure(name)), "{on}: {reasons:?}");
    }
    let states = |depends: &[&Depends], answer: &Answer| {
        answer.status < 500
            || OF_REQUESTS.contains(&answer.name)
            || depends.iter().any(|one| one.reasons().contains(&answer.name))
    };
    for policy in catalogue.policies() {
        let of_whom = if policy.who.is_some() { kinds.clone() } else { Vec::new() };
        let depends: Vec<&Depends> = policy.depends.iter().chain(of_whom).collect();
        let silent: Vec<_> = policy.answers.iter().filter(|answer| !states(&depends, answer)).collect();
        assert!(silent.is_empty(), "{}: {silent:?}", policy.name);
        let given = |name: &&str| policy.answers.iter().any(|answer| answer.name == *name);
        let is_own = |one: &&Depends| !own.contains(one) || *one == &depends::ROOM;
        let named = policy.depends.iter().filter(is_own).flat_map(Depends::reasons);
        assert!(named.into_iter().all(given), "{}", policy.name);
    }
    for kind in catalogue.auths() {
        let depends: Vec<&Depends> = kind.depends.iter().collect();
        let silent: Vec<_> = kind.answers.iter().filter(|answer| !states(&depends, answer)).collect();
        assert!(silent.is_empty(), "{}: {silent:?}", kind.name);
    }
    for answer in AGGREGATED.iter().chain(HANDLED).chain(CORE).chain(BEFORE).chain(SECURED) {
        assert!(states(&own, answer), "{}", answer.name);
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
