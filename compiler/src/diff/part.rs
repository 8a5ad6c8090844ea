//! What is not of one route: upstreams, `auth`s, what start-up says, listeners, and what holds for all requests.

use std::collections::BTreeMap;

use gatewright_dsl::Catalogue;
use gatewright_dsl::policy::Policy;

use super::content::Both;
use super::front::{self, given};
use super::setting::{Compared, Draft, Setting};
use super::{Change, Class, Meaning};
use crate::ir::{self, Claim};

/// Two gateways side by side.
pub(super) struct Pair<'a> {
    pub(super) before: &'a Meaning,
    pub(super) after: &'a Meaning,
    catalogue: &'a Catalogue,
    /// Which upstream of the second is one of the first.
    upstreams: BTreeMap<usize, usize>,
}

impl<'a> Pair<'a> {
    pub(super) fn of(before: &'a Meaning, after: &'a Meaning, catalogue: &'a Catalogue) -> Self {
        let mut pair = Self { before, after, catalogue, upstreams: BTreeMap::new() };
        let (old, new) = (&before.plan.0.upstreams, &after.plan.0.upstreams);
        let mut renamed = Vec::new();
        for (at, upstream) in old.iter().enumerate() {
            match new.iter().position(|other| other.name == upstream.name) {
                Some(other) => drop(pair.upstreams.insert(at, other)),
                None => renamed.push(at),
            }
        }
        for at in renamed {
            let is_free = |other: &usize| !pair.upstreams.values().any(|known| known == other);
            let is_same = |other: &usize| pair.upstream_changes(at, *other).is_empty();
            if let Some(other) = (0..new.len()).filter(is_free).find(is_same) {
                pair.upstreams.insert(at, other);
            }
        }
        pair
    }

    pub(super) fn is_same_upstream(&self, a: usize, b: usize) -> bool {
        self.upstreams.get(&a) == Some(&b)
    }

    /// The policies whose steps are of a type.
    pub(super) fn policies(&self, home: &str) -> Vec<&'static Policy> {
        let is_of = |policy: &&'static Policy| {
            policy.home == home || policy.reading.is_some_and(|reading| reading.home == home)
        };
        self.catalogue.policies().filter(is_of).collect()
    }

    fn both(&self) -> Both<'a> {
        Both::outside(&self.before.plan.0, &self.after.plan.0)
    }

    fn compared(&self, before: &[Setting<'a>], after: &[Setting<'a>]) -> Vec<Draft> {
        let readers = (self.before.plan.reader(&[]), self.after.plan.reader(&[]));
        let mut compared = Compared::new(self.both(), (&readers.0, &readers.1));
        compared.settings(before, after);
        compared.drafts
    }

    fn upstream_changes(&self, a: usize, b: usize) -> Vec<Draft> {
        let (Some(old), Some(new)) =
            (self.before.plan.0.upstreams.get(a), self.after.plan.0.upstreams.get(b))
        else {
            return Vec::new();
        };
        let ir::Upstream { name: _, servers, parts, identity, split } = old;
        let mut drafts = front::servers(servers, &new.servers);
        drafts.extend(front::identity(identity, &new.identity));
        let settings = |parts: &'a [ir::Part]| -> Vec<Setting<'a>> {
            let settings = parts.iter().filter_map(|part| {
                let policy = self.catalogue.find(part.name)?;
                Some(Setting::new(policy.row(), part.config.as_ref()?, &part.trails))
            });
            settings.collect()
        };
        drafts.extend(self.compared(&settings(parts), &settings(&new.parts)));
        drafts.extend(self.split(split.as_ref(), new.split.as_ref()));
        drafts
    }

    fn split(&self, a: Option<&ir::Split>, b: Option<&ir::Split>) -> Option<Draft> {
        let text = |meaning: &Meaning, split: &ir::Split| {
            let reader = meaning.plan.reader(&[]);
            meaning
                .plan
                .shares(split, &reader)
                .into_iter()
                .map(|step| step.text)
                .collect::<Vec<_>>()
                .join("; ")
        };
        let is_same = match (a, b) {
            (None, None) => true,
            (Some(a), Some(b)) => self.is_same_split(a, b),
            _ => false,
        };
        let what = || {
            let a = a.map_or_else(|| "nothing".to_owned(), |split| format!("`{}`", text(self.before, split)));
            let b = b.map_or_else(|| "nothing".to_owned(), |split| format!("`{}`", text(self.after, split)));
            format!("how requests are shared out was {a}, and is {b}")
        };
        (!is_same).then(|| draft(Class::Changed, "split", what()))
    }

    fn is_same_split(&self, a: &ir::Split, b: &ir::Split) -> bool {
        let both = self.both();
        let function = |a: Option<usize>, b: Option<usize>| match (a, b) {
            (Some(a), Some(b)) => both.functions(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        let ir::Split { by, shares } = a;
        let number = |by: &Option<(usize, _)>| by.as_ref().map(|(by, _)| *by);
        function(number(by), number(&b.by))
            && shares.len() == b.shares.len()
            && shares.iter().zip(&b.shares).all(|(a, b)| {
                let ir::Share { upstream, weight, pin, trail: _ } = a;
                self.is_same_upstream(*upstream, b.upstream)
                    && given(weight, ToString::to_string) == given(&b.weight, ToString::to_string)
                    && function(*pin, b.pin)
            })
    }

    fn auth_changes(&self, a: &'a ir::Auth, b: &'a ir::Auth) -> Vec<Draft> {
        let ir::Auth { name: _, home, claims, items, calls } = a;
        let Some(kind) = self.catalogue.auths().find(|kind| kind.home == *home).filter(|_| *home == b.home)
        else {
            return vec![draft(
                Class::Changed,
                "auth_kind",
                "it finds out in another way who asks".to_owned(),
            )];
        };
        let settings = |items: &'a [(&'static str, Vec<ir::Field>)]| -> Vec<Setting<'a>> {
            let settings = items.iter().filter_map(|(word, fields)| {
                let row = kind.words.iter().find(|row| row.name == *word)?;
                Some(Setting::new(*row, fields, &[]))
            });
            settings.collect()
        };
        let mut drafts = self.compared(&settings(items), &settings(&b.items));
        let both = self.both();
        let is_same = |(a, b): (&ir::Call, &ir::Call)| {
            let ir::Call { upstream, chain, record } = *a;
            self.is_same_upstream(upstream, b.upstream)
                && is_same_chain(&both, (chain, record), (b.chain, b.record))
        };
        if calls.len() != b.calls.len() || !calls.iter().zip(&b.calls).all(is_same) {
            let what = "another server is asked for it, or in another way".to_owned();
            drafts.push(draft(Class::Changed, "auth_asks", what));
        }
        let shown = |claim: &Claim| {
            let Claim { name, wire, inside, required, many, check: _, expected, default } = claim;
            let list = if *many { ("list<", ">") } else { ("", "") };
            let mark = if *required { "" } else { "?" };
            let names = std::iter::once(wire).chain(inside).map(|name| format!(" {name:?}"));
            let from = if wire == name && inside.is_empty() {
                String::new()
            } else {
                format!(" from{}", names.collect::<String>())
            };
            let default =
                default.as_ref().map(|texts| format!(" = {}", texts.join(", "))).unwrap_or_default();
            format!("{name}: {}{expected}{}{mark}{default}{from}", list.0, list.1)
        };
        drafts.extend(listed(
            "claim",
            (claims, &b.claims),
            |it| it.name.as_str(),
            shown,
            |change, _| match change {
                Listed::Removed => Class::Neutral,
                Listed::Added | Listed::Changed => Class::Changed,
            },
        ));
        drafts
    }
}

/// Whether the gateway's own calls with these chains, and these records of them, are made in one way.
pub(super) fn is_same_chain(both: &Both<'_>, a: (usize, usize), b: (usize, usize)) -> bool {
    let steps = |program: &'_ ir::Program, (chain, record): (usize, usize)| {
        let chain = program.chains.get(chain)?;
        let steps = chain.steps.iter().zip(chain.records.get(record)?);
        let steps = steps.filter_map(|(table, config)| {
            let table = program.steps.get(*table)?;
            Some((table.home, table.configs.get(*config)?.clone()))
        });
        Some(steps.collect::<Vec<_>>())
    };
    match (steps(both.a.program, a), steps(both.b.program, b)) {
        (Some(a), Some(b)) => {
            a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.0 == b.0 && both.fields(&a.1, &b.1))
        }
        _ => false,
    }
}

/// Everything that is not of a route.
pub(super) fn changes(pair: &Pair<'_>) -> Vec<Change> {
    let (old, new) = (&pair.before.plan.0, &pair.after.plan.0);
    let ir::Program {
        name,
        listeners,
        front,
        crates,
        upstreams: _,
        outside: _,
        auths: _,
        params,
        secrets,
        // Routes are compared by themselves, and these are made of what is compared.
        source_hash: _,
        logs: _,
        router: _,
        conditions: _,
        routes: _,
        files: _,
        chains: _,
        steps: _,
        ends: _,
        states: _,
        functions: _,
        text: _,
        fits: _,
        features: _,
    } = old;
    let mut drafts = Vec::new();
    if *name != new.name {
        drafts.push(draft(Class::Neutral, "gateway_renamed", format!("it was called `{name}`")));
    }
    drafts.extend(front::listeners(listeners, &new.listeners));
    drafts.extend(front::changes(front, &new.front));
    drafts.extend(front::params(params, &new.params));
    drafts.extend(front::secrets(secrets, &new.secrets));
    drafts.extend(front::crates(crates, &new.crates));
    let mut found = about("gateway", drafts);
    let outside = |program| outside(pair, program);
    found.extend(about("requests without a route", pair.compared(&outside(old), &outside(new))));
    found.extend(upstreams(pair));
    found.extend(auths(pair));
    found
}

fn about(name: &str, drafts: Vec<Draft>) -> Vec<Change> {
    let of = |Draft { class, kind, what, before, after }| {
        let about = vec![name.to_owned()];
        Change { class, kind, about, what, before, after, witness: None }
    };
    drafts.into_iter().map(of).collect()
}

fn upstreams(pair: &Pair<'_>) -> Vec<Change> {
    let (old, new) = (&pair.before.plan.0.upstreams, &pair.after.plan.0.upstreams);
    let mut found = Vec::new();
    for (at, upstream) in old.iter().enumerate() {
        let mut drafts = Vec::new();
        match pair.upstreams.get(&at).and_then(|other| Some((*other, new.get(*other)?))) {
            Some((other, now)) => {
                if now.name != upstream.name {
                    let what = format!("it is called `{}` now", now.name);
                    drafts.push(draft(Class::Neutral, "upstream_renamed", what));
                }
                drafts.extend(pair.upstream_changes(at, other));
            }
            None => drafts.push(draft(Class::Neutral, "upstream_removed", "it is gone".to_owned())),
        }
        found.extend(about(&format!("upstream {}", upstream.name), drafts));
    }
    for (_, upstream) in
        new.iter().enumerate().filter(|(at, _)| !pair.upstreams.values().any(|known| known == at))
    {
        let servers: Vec<String> = upstream.servers.iter().map(front::server).collect();
        let servers = if servers.is_empty() { "no server of its own".to_owned() } else { servers.join(", ") };
        let drafts = vec![draft(Class::Neutral, "upstream_added", format!("it is new: {servers}"))];
        found.extend(about(&format!("upstream {}", upstream.name), drafts));
    }
    found
}

fn auths(pair: &Pair<'_>) -> Vec<Change> {
    let (old, new) = (&pair.before.plan.0.auths, &pair.after.plan.0.auths);
    let mut found = Vec::new();
    for auth in old {
        let drafts = match new.iter().find(|other| other.name == auth.name) {
            Some(other) => pair.auth_changes(auth, other),
            None => vec![draft(Class::Neutral, "auth_removed", "it is gone".to_owned())],
        };
        found.extend(about(&format!("auth {}", auth.name), drafts));
    }
    for auth in new.iter().filter(|auth| old.iter().all(|other| other.name != auth.name)) {
        let drafts = vec![draft(Class::Neutral, "auth_added", "it is new".to_owned())];
        found.extend(about(&format!("auth {}", auth.name), drafts));
    }
    found
}

/// The settings of exchanges that no route has.
fn outside<'a>(pair: &Pair<'_>, program: &'a ir::Program) -> Vec<Setting<'a>> {
    let Some((chain, record)) = program.outside else { return Vec::new() };
    let Some((chain, record)) =
        program.chains.get(chain).and_then(|chain| Some((chain, chain.records.get(record)?)))
    else {
        return Vec::new();
    };
    let steps = chain.steps.iter().zip(record).filter_map(|(table, config)| {
        let table = program.steps.get(*table)?;
        Some(Setting::of_step(&pair.policies(table.home), table.configs.get(*config)?, &[]))
    });
    steps.flatten().collect()
}

fn draft(class: Class, kind: &'static str, what: String) -> Draft {
    Draft { class, kind, what, before: Vec::new(), after: Vec::new() }
}

/// What has become of one of several things.
#[derive(Clone, Copy)]
pub(super) enum Listed {
    Removed,
    Added,
    Changed,
}

/// Things that have names: each is gone, or new, or shown otherwise.
pub(super) fn listed<'a, T, K: PartialEq + 'a>(
    word: &'static str,
    (old, new): (&'a [T], &'a [T]),
    key: impl Fn(&'a T) -> K,
    shown: impl Fn(&T) -> String,
    class: impl Fn(Listed, [Option<&T>; 2]) -> Class,
) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for a in old {
        match new.iter().find(|b| key(b) == key(a)) {
            None => {
                let what = format!("{word} `{}` is gone", shown(a));
                drafts.push(draft(class(Listed::Removed, [Some(a), None]), word, what));
            }
            Some(b) if shown(a) != shown(b) => {
                let what = format!("{word} `{}` became `{}`", shown(a), shown(b));
                drafts.push(draft(class(Listed::Changed, [Some(a), Some(b)]), word, what));
            }
            Some(_) => {}
        }
    }
    for b in new.iter().filter(|b| old.iter().all(|a| key(a) != key(b))) {
        let what = format!("{word} `{}` is new", shown(b));
        drafts.push(draft(class(Listed::Added, [None, Some(b)]), word, what));
    }
    drafts
}
