//! How a branch asks, and what it sends: its method, the fields that it has beside the gateway's own, and its body.

use std::collections::BTreeMap;

use gatewright_dsl::Span;
use gatewright_dsl::ast;
use gatewright_dsl::problem::setting::repeated_setting;
use gatewright_dsl::schema::{Stage, Want, field};

use crate::algebra::Method;
use crate::check::expr::scope::Scope;
use crate::check::expr::{self, Asked};
use crate::check::{Check, problem};
use crate::checked::Sent;

/// What a branch may ask with: what has an answer that can be read.
const METHODS: [Method; 5] = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];

/// The method. `None` where it is none of a branch, which has been reported.
pub(super) fn method(check: &mut Check<'_>, branch: &ast::Branch) -> Option<Method> {
    let written = &branch.method;
    let method = Method::named(&written.text).filter(|method| METHODS.contains(method));
    if method.is_none() {
        let known: Vec<&str> = METHODS.iter().map(|method| method.name()).collect();
        check.problems.push(problem::branch_method(&written.text, written.span, &known));
    }
    if let (Some(Method::Get), Some((word, _))) =
        (method, branch.sent.as_ref().and_then(|sent| sent.body.as_ref()))
    {
        check.problems.push(problem::branch_body(*word, written.span));
    }
    method
}

/// What it sends. `None` where something of it is wrong, which has been reported.
pub(super) fn sent(check: &mut Check<'_>, branch: &ast::Branch, scope: &Scope<'_>) -> Option<Sent> {
    let mut found = Sent::default();
    let Some(written) = &branch.sent else { return Some(found) };
    let before = check.problems.len();
    let mut places: BTreeMap<&str, Span> = BTreeMap::new();
    for (span, name, value) in &written.headers {
        check.problems.extend(field::of_own_request(&name.value, name.span));
        if let Some(first) = places.insert(&name.value, *span) {
            let word = format!("header \"{}\"", name.value);
            check.problems.push(repeated_setting(*span, first, &word));
        }
        let asked = Asked { want: Want::Offer, stage: Stage::Request, takes_secret: true };
        let function = expr::function(scope, value, asked, &mut check.problems);
        found.headers.extend(function.map(|function| (name.value.clone(), function)));
    }
    if let Some((_, value)) = &written.body {
        found.body = expr::answer(scope, value, Stage::Request, &mut check.problems);
    }
    (check.problems.len() == before).then_some(found)
}
