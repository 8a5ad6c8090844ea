//! What a policy may read: its parameters, the request, the client, and what start-up sets. Not what only some of the routes
//! have that use it.

use std::collections::BTreeSet;

use gatewright_dsl::Span;
use gatewright_dsl::ast::{PolicyDeclaration, Value as Written, ValueKind};
use gatewright_dsl::schema::{Checked, Value, Wanted, Written as Asked};

use super::expr::offer::NONE;
use super::expr::scope::RESERVED;
use super::rewrite::{self, Rewrite, Space};
use super::{Check, problem};

/// What every expression knows.
const KNOWN: &[&str] = RESERVED;

/// Reports the names in a policy's own text that it does not have. Arguments stand elsewhere, and may read what they like.
pub(super) fn check(check: &mut Check<'_>, declared: &PolicyDeclaration, checked: &[Checked]) {
    let mut given = BTreeSet::new();
    for checked in checked {
        for value in checked.values.given.iter().map(|given| &given.value) {
            names(value, &mut given);
        }
        if let Some(policy) = checked.policy.filter(|policy| policy.reads(&checked.values).is_some()) {
            given.insert(policy.name.to_owned());
        }
    }
    let mut words = Words { within: declared.block.span, found: Vec::new() };
    for Checked { policy, values, .. } in checked {
        let Some(policy) = policy else { continue };
        for Wanted { written, .. } in policy.row().wanted(values) {
            if let Asked::Expr { value, .. } = written {
                rewrite::value(&mut value.clone(), &mut words);
            }
        }
    }
    let named = declared.params.iter().map(|param| &param.name).filter(|name| name.text == NONE);
    check.problems.extend(named.map(|name| problem::reserved_name(NONE, name.span)));
    for (word, span) in words.found {
        // Where it may stand is asked where it stands.
        let is_known = word == NONE
            || KNOWN.contains(&word.as_str())
            || given.contains(&word)
            || word.contains("::")
            || check.names.has(Space::Value, &word) && !check.names.is_auth(&word);
        if !is_known {
            check.problems.push(problem::outside_policy(
                &word,
                &declared.name.text,
                span,
                check.names.is_auth(&word).then_some(check.catalogue.who().somebody),
            ));
        }
    }
}

/// The names that a setting gives to values.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Field(field) => {
            found.insert(field.alias.as_ref().unwrap_or(&field.name).text.clone());
        }
        Value::Binding(name, _) | Value::Reference(name) => {
            found.insert(name.text.clone());
        }
        Value::List(items) => items.iter().for_each(|item| names(item, found)),
        _ => {}
    }
}

struct Words {
    within: Span,
    found: Vec<(String, Span)>,
}

impl Rewrite for Words {
    fn word(&mut self, value: &mut Written) {
        let ValueKind::Word(word) = &value.kind else { return };
        let (within, at) = (self.within, value.span);
        if at.file == within.file && within.start <= at.start && at.end <= within.end {
            self.found.push((word.clone(), at));
        }
    }
}
