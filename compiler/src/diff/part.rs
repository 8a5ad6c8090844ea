//! What is not of one route: upstreams, `auth`s, what start-up says, listeners, and what holds for all requests.

use std::collections::BTreeMap;

use gatewright_dsl::Catalogue;
use gatewright_dsl::auth::CLAIMS;
use gatewright_dsl::policy::Policy;

use super::content::Both;
use super::front::{self, given};
use super::setting::{Compared, Draft, ORDER, Setting};
use super::{Change, Class, Meaning, Said};
use crate::ir::{self, Claim};
use crate::ty::inclusion::{self, Held, Wire};

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

    pub(super) fn side(&self, which: Which) -> &'a Meaning {
        which.of(self.before, self.after)
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
        let ir::Upstream { name, servers, parts, identity, split } = old;
        let mut drafts = front::servers(servers, &new.servers, |side, span| {
            self.side(side).said(span).into_iter().collect()
        });
        let heads = |side: Which| self.side(side).head("upstream", side.of(name, &new.name));
        drafts.extend(front::identity(identity, &new.identity, heads));
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
        let said = |split: Option<&ir::Split>| -> Vec<Said> {
            let by = split.and_then(|split| split.by.as_ref()).map(|(_, trail)| trail);
            let shares = split.map(|split| split.shares.as_slice()).unwrap_or_default();
            shares.iter().map(|share| &share.trail).chain(by).map(|trail| Said::trail(trail)).collect()
        };
        (!is_same).then(|| draft(Class::Changed, "split", what()).said(said(a), said(b)))
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
        let ir::Auth { name, home, claims, items, calls, depends: _ } = a;
        let head = |side: Which| self.side(side).head("auth", name);
        let heads = |draft: Draft| draft.said(head(Which::Before), head(Which::After));
        let Some(kind) = self.catalogue.auths().find(|kind| kind.home == *home).filter(|_| *home == b.home)
        else {
            let what = "it finds out in another way who asks".to_owned();
            return vec![heads(draft(Class::Changed, "auth_kind", what))];
        };
        let settings = |side: Which, items: &'a [(&'static str, Vec<ir::Field>)]| -> Vec<Setting<'a>> {
            let mut met: BTreeMap<&str, usize> = BTreeMap::new();
            let settings = items.iter().filter_map(|(word, fields)| {
                let row = kind.words.iter().find(|row| row.name == *word)?;
                // Those of one word stand in the order of the text.
                let number = met.entry(word).or_default();
                let written = self.side(side).settings(("auth", name), word);
                let said = written.get(*number).cloned().into_iter().collect();
                *number += 1;
                Some(Setting::new(*row, fields, &[]).at(said))
            });
            settings.collect()
        };
        let mut drafts = self.compared(&settings(Which::Before, items), &settings(Which::After, &b.items));
        // Words of an `auth` stand in the order of the text, which means nothing.
        drafts.retain(|draft| draft.kind != ORDER);
        let both = self.both();
        let is_same = |(a, b): (&ir::Call, &ir::Call)| {
            let ir::Call { upstream, chain, record } = *a;
            self.is_same_upstream(upstream, b.upstream)
                && is_same_chain(&both, (chain, record), (b.chain, b.record))
        };
        if calls.len() != b.calls.len() || !calls.iter().zip(&b.calls).all(is_same) {
            let what = "another server is asked for it, or in another way".to_owned();
            drafts.push(heads(draft(Class::Changed, "auth_asks", what)));
        }
        let said = |side: Which, _: &Claim| self.side(side).settings(("auth", name), CLAIMS.name);
        drafts.extend(listed("claim", (claims, &b.claims), said, |of| self.claim(of)));
        drafts
    }

    /// What it means that something else is known of who asks. Of whom it is not what it should be is nobody.
    fn claim(&self, of: Listed<&Claim>) -> Class {
        let (old, new) = match of {
            Listed::Removed(_) => return Class::Widening,
            Listed::Added(_) => return Class::Narrowing,
            Listed::Changed(old, new) => (old, new),
        };
        let ty = |meaning: &Meaning, claim: &Claim| meaning.plan.0.functions.checks.get(claim.check).cloned();
        let is_alike = (&old.wire, &old.inside, old.many, &old.default)
            == (&new.wire, &new.inside, new.many, &new.default);
        let (Some(a), Some(b)) = (ty(self.before, old), ty(self.after, new)) else { return Class::Changed };
        let is_fewer = new.required && !old.required;
        let is_more = old.required && !new.required;
        match inclusion::compared(&a, &b, Wire::Text) {
            _ if !is_alike => Class::Changed,
            Held::Fewer => Class::Narrowing,
            Held::Unknown => Class::Changed,
            Held::More | Held::Same if is_fewer => Class::Narrowing,
            Held::More => Class::Widening,
            Held::Same if is_more => Class::Widening,
            Held::Same => Class::Neutral,
        }
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
    let side = |which: Which| pair.side(which);
    if *name != new.name {
        let what = format!("it was called `{name}`");
        let heads = [Which::Before, Which::After].map(|at| side(at).head("gateway", side(at).name()));
        let [before, after] = heads;
        drafts.push(draft(Class::Neutral, "gateway_renamed", what).said(before, after));
    }
    let words = |at: Which, word: &str| side(at).settings(("gateway", side(at).name()), word);
    drafts.extend(front::listeners(listeners, &new.listeners, |at| words(at, "listen")));
    drafts.extend(front::changes(front, &new.front, words));
    let heads = |at: Which, word: &'static str, name: &str| side(at).head(word, name);
    drafts.extend(front::params(params, &new.params, heads));
    drafts.extend(front::secrets(secrets, &new.secrets, heads));
    let spans = |at: Which, span| side(at).said(span).into_iter().collect();
    drafts.extend(front::crates(crates, &new.crates, spans));
    let mut found = about("gateway", drafts);
    let outside = pair.compared(&outside(pair, Which::Before), &outside(pair, Which::After));
    found.extend(about("requests without a route", outside));
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
    let head = |upstream: &ir::Upstream| pair.before.head("upstream", &upstream.name);
    let mut found = Vec::new();
    for (at, upstream) in old.iter().enumerate() {
        let mut drafts = Vec::new();
        let kept = pair.upstreams.get(&at).and_then(|other| Some((*other, new.get(*other)?)));
        if let Some((other, now)) = kept {
            if now.name != upstream.name {
                let what = format!("it is called `{}` now", now.name);
                let after = pair.after.head("upstream", &now.name);
                drafts.push(draft(Class::Neutral, "upstream_renamed", what).said(head(upstream), after));
            }
            drafts.extend(pair.upstream_changes(at, other));
        } else {
            let gone = draft(Class::Neutral, "upstream_removed", "it is gone".to_owned());
            drafts.push(gone.said(head(upstream), Vec::new()));
        }
        found.extend(about(&format!("upstream {}", upstream.name), drafts));
    }
    for (_, upstream) in
        new.iter().enumerate().filter(|(at, _)| !pair.upstreams.values().any(|known| known == at))
    {
        let servers: Vec<String> = upstream.servers.iter().map(front::server).collect();
        let servers = if servers.is_empty() { "no server of its own".to_owned() } else { servers.join(", ") };
        let after = pair.after.head("upstream", &upstream.name);
        let added = draft(Class::Neutral, "upstream_added", format!("it is new: {servers}"));
        let drafts = vec![added.said(Vec::new(), after)];
        found.extend(about(&format!("upstream {}", upstream.name), drafts));
    }
    found
}

fn auths(pair: &Pair<'_>) -> Vec<Change> {
    let (old, new) = (&pair.before.plan.0.auths, &pair.after.plan.0.auths);
    let mut found = Vec::new();
    for auth in old {
        let drafts = if let Some(other) = new.iter().find(|other| other.name == auth.name) {
            pair.auth_changes(auth, other)
        } else {
            let gone = draft(Class::Neutral, "auth_removed", "it is gone".to_owned());
            vec![gone.said(pair.before.head("auth", &auth.name), Vec::new())]
        };
        found.extend(about(&format!("auth {}", auth.name), drafts));
    }
    for auth in new.iter().filter(|auth| old.iter().all(|other| other.name != auth.name)) {
        let added = draft(Class::Neutral, "auth_added", "it is new".to_owned());
        let drafts = vec![added.said(Vec::new(), pair.after.head("auth", &auth.name))];
        found.extend(about(&format!("auth {}", auth.name), drafts));
    }
    found
}

/// The settings of exchanges that no route has.
fn outside<'a>(pair: &Pair<'a>, which: Which) -> Vec<Setting<'a>> {
    let meaning = pair.side(which);
    let program = &meaning.plan.0;
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
    let place = |setting: Setting<'a>| {
        let said = meaning.settings(("gateway", meaning.name()), setting.row.name);
        setting.at(said)
    };
    steps.flatten().map(place).collect()
}

pub(super) fn draft(class: Class, kind: &'static str, what: String) -> Draft {
    Draft { class, kind, what, before: Vec::new(), after: Vec::new() }
}

impl Draft {
    /// The same, said there.
    pub(super) fn said(self, before: Vec<Said>, after: Vec<Said>) -> Self {
        Self { before, after, ..self }
    }
}

/// One of two gateways.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Before,
    After,
}

impl Which {
    /// What is of it.
    fn of<T>(self, before: T, after: T) -> T {
        if self == Self::Before { before } else { after }
    }
}

/// What has become of one of several things.
#[derive(Clone, Copy)]
pub(super) enum Listed<T> {
    Removed(T),
    Added(T),
    Changed(T, T),
}

/// Something of which there are several.
pub(super) trait Thing {
    /// What makes two of them the same.
    fn key(&self) -> String;
    /// All that is said of it.
    fn shown(&self) -> String;

    /// Whether it begins with a word of its own, in the place of that of the others.
    fn is_other(&self) -> bool {
        false
    }

    /// The same with the word that it begins with.
    fn called(&self, word: &str) -> String {
        if self.is_other() { format!("`{}`", self.shown()) } else { format!("{word} `{}`", self.shown()) }
    }
}

/// Each is gone, or new, or says something else.
pub(super) fn listed<T: Thing>(
    word: &'static str,
    (old, new): (&[T], &[T]),
    said: impl Fn(Which, &T) -> Vec<Said>,
    class: impl Fn(Listed<&T>) -> Class,
) -> Vec<Draft> {
    let by_key = |all: &'_ [T]| -> BTreeMap<String, usize> {
        all.iter().enumerate().rev().map(|(at, thing)| (thing.key(), at)).collect()
    };
    let (before, after) = (by_key(old), by_key(new));
    let mut drafts = Vec::new();
    for a in old {
        match after.get(&a.key()).and_then(|at| new.get(*at)) {
            None => {
                let what = format!("{} is gone", a.called(word));
                let gone = draft(class(Listed::Removed(a)), word, what);
                drafts.push(gone.said(said(Which::Before, a), Vec::new()));
            }
            Some(b) if a.shown() != b.shown() => {
                let now =
                    if a.is_other() == b.is_other() { format!("`{}`", b.shown()) } else { b.called(word) };
                let what = format!("{} became {now}", a.called(word));
                let changed = draft(class(Listed::Changed(a, b)), word, what);
                drafts.push(changed.said(said(Which::Before, a), said(Which::After, b)));
            }
            Some(_) => {}
        }
    }
    for b in new.iter().filter(|b| !before.contains_key(&b.key())) {
        let what = format!("{} is new", b.called(word));
        let added = draft(class(Listed::Added(b)), word, what);
        drafts.push(added.said(Vec::new(), said(Which::After, b)));
    }
    drafts
}

impl Thing for Claim {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn shown(&self) -> String {
        let Self { name, wire, inside, required, many, check: _, expected, default } = self;
        let list = if *many { ("list<", ">") } else { ("", "") };
        let mark = if *required { "" } else { "?" };
        let names = std::iter::once(wire).chain(inside).map(|name| format!(" {name:?}"));
        let is_plain = wire == name && inside.is_empty();
        let from = if is_plain { String::new() } else { format!(" from{}", names.collect::<String>()) };
        let default = default.as_ref().map(|texts| format!(" = {}", texts.join(", "))).unwrap_or_default();
        format!("{name}: {}{expected}{}{mark}{default}{from}", list.0, list.1)
    }
}
