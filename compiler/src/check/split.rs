//! `split`: upstreams that have no servers of their own, but shares of others.
//!
//! Each share is an upstream with servers, which says for itself how these are balanced and watched. What concerns a whole
//! exchange, such as how long it may take, is said by the upstream that routes lead to.

use std::rc::Rc;

use gatewright_dsl::ast;
use gatewright_dsl::problem::setting::missing_setting;
use gatewright_dsl::schema::{Checked, Stage, Value, Want};
use gatewright_dsl::{Span, item};

use super::expr::{self, Asked};
use super::rewrite::Space;
use super::upstream::Upstream;
use super::{Check, problem, resolve, trail};
use crate::checked::{Given, Share, Split};
use crate::ir::expr::Function;

/// What is written of it in one block.
#[derive(Debug, Default)]
pub(super) struct Written {
    shares: Vec<Named>,
    by: Option<(Function, Rc<crate::checked::Trail>)>,
    /// The first setting of it.
    pub(super) span: Option<Span>,
}

/// A share whose upstream is not looked up yet.
#[derive(Debug)]
struct Named {
    to: String,
    span: Span,
    share: Share,
}

impl Written {
    /// Reads one setting.
    pub(super) fn read(&mut self, check: &mut Check<'_>, name: &ast::Name, setting: &Checked) {
        let first = *self.span.get_or_insert(setting.span);
        let trail = trail::of_upstream(check, name, setting);
        let values = &setting.values;
        if let Some(Value::Expr(key)) = values.value("by") {
            let by = typed(check, key, Want::Key);
            if self.by.is_some() {
                check.problems.push(problem::wrong_split(
                    "a split is by one key",
                    setting.span,
                    "a second one",
                    first,
                ));
            }
            self.by = by.map(|by| (by, trail));
            return;
        }
        let Some(given) = values.find("to") else { return };
        let (Value::Text(to), span) = (&given.value, given.span.unwrap_or(setting.span)) else { return };
        let weight = match values.value("weight") {
            Some(Value::Int(weight)) => Given::Is(*weight),
            Some(Value::Name(name)) => {
                let row = item::upstream::WORDS
                    .iter()
                    .flat_map(|row| row.params)
                    .find(|it| it.name == "weight" && it.dynamic.is_name());
                let Some(param) = row.and_then(|row| resolve::of_program(check, name, row)) else { return };
                Given::Param(param)
            }
            _ => return,
        };
        let pin = match values.value("pin") {
            Some(Value::Expr(pin)) => match typed(check, pin, Want::Bool) {
                Some(pin) => Some(pin),
                None => return,
            },
            _ => None,
        };
        let to = to.clone().into_owned();
        if let Some(known) = self.shares.iter().find(|known| known.to == to) {
            check.problems.push(problem::duplicate_server(&to, span, known.span));
            return;
        }
        self.shares.push(Named { to, span, share: Share { upstream: 0, weight, pin, trail } });
    }
}

/// Of a request, what is known of all.
fn typed(check: &mut Check<'_>, value: &ast::Value, want: Want) -> Option<Function> {
    let params = Rc::clone(&check.params);
    let asked = Asked { want, stage: Stage::Request, takes_secret: false };
    expr::function(&params.scope, value, asked, &mut check.problems)
}

/// Looks up the upstreams of all splits, once all upstreams are read.
pub(super) fn resolve(check: &mut Check<'_>, all: &mut [Upstream<'_>]) {
    let names: Vec<String> = all.iter().map(|upstream| upstream.name.text.clone()).collect();
    let splits: Vec<bool> = all.iter().map(|upstream| upstream.written.span.is_some()).collect();
    let mut resolved = Vec::with_capacity(all.len());
    for upstream in all.iter() {
        resolved.push(one(check, upstream, (&names, &splits), all));
    }
    for (upstream, split) in all.iter_mut().zip(resolved) {
        upstream.split = split;
    }
}

/// Whoever asks an upstream uses those that it shares requests out to.
pub(super) fn uses(check: &mut Check<'_>, upstream: &Upstream<'_>, all: &[Upstream<'_>]) {
    for share in upstream.split.iter().flat_map(|split| &split.shares) {
        if let Some(share) = all.get(share.upstream) {
            check.names.find(Space::Upstream, &share.name.text);
        }
    }
}

fn one(
    check: &mut Check<'_>,
    upstream: &Upstream<'_>,
    (names, splits): (&[String], &[bool]),
    all: &[Upstream<'_>],
) -> Option<Split> {
    let name = &upstream.name.text;
    let Some(first) = upstream.written.span else {
        if !upstream.settings.iter().any(|setting| setting.policy.is_none()) && !upstream.is_broken {
            check.problems.push(missing_setting(upstream.brace, "server", "upstream"));
        }
        return None;
    };
    for setting in &upstream.settings {
        let is_server = setting.policy.is_none() && setting.values.word != "split";
        if is_server || setting.policy.is_some_and(|policy| policy.part) {
            let word = setting.values.word;
            let message = format!("`{name}` shares requests out, and `{word}` is about servers");
            check.problems.push(problem::wrong_split(
                &message,
                setting.span,
                "belongs to one of the upstreams that have them",
                first,
            ));
        }
    }
    let mut shares = Vec::new();
    for Named { to, span, share } in &upstream.written.shares {
        let Ok(number) = names.binary_search(to) else {
            check.names.lose(Space::Upstream);
            if !check.is_torn {
                let known = names.iter().map(String::as_str);
                check.problems.push(problem::unknown_upstream(to, *span, known));
            }
            continue;
        };
        if splits.get(number) == Some(&true) {
            let message = format!("`{to}` is no upstream with servers");
            check.problems.push(problem::wrong_split(&message, *span, "shares requests out itself", first));
            continue;
        }
        // What a route takes from its upstream, it takes from the one that it leads to.
        let settings = all.get(number).into_iter().flat_map(|of| &of.settings);
        for setting in settings.filter(|setting| setting.policy.is_some_and(|policy| !policy.part)) {
            let word = setting.values.word;
            let message = format!("`{word}` of `{to}` would not hold for what comes through `{name}`");
            check.problems.push(problem::wrong_split(
                &message,
                setting.span,
                "say it where the shares are said",
                *span,
            ));
        }
        shares.push(Share { upstream: number, ..share.clone() });
    }
    let is_read = shares.len() == upstream.written.shares.len();
    if is_read && shares.is_empty() && !upstream.is_broken {
        check.problems.push(problem::wrong_split(
            "a split without an upstream",
            first,
            "shares out between whom?",
            first,
        ));
    }
    let is_nothing = |share: &Share| matches!(share.weight, Given::Is(0));
    if is_read && !shares.is_empty() && shares.iter().all(is_nothing) {
        let message = format!("no upstream of `{name}` has a weight");
        check.problems.push(problem::wrong_split(&message, first, "nobody would get a request", first));
    }
    shares.sort_by_key(|share| share.upstream);
    Some(Split { by: upstream.written.by.clone(), shares })
}
