//! Settings as steps, parts of upstreams and words of an `auth` have them, and what their changes mean by their rows.

use std::cmp::Ordering;
use std::rc::Rc;

use gatewright_dsl::policy::Policy;
use gatewright_dsl::schema::effect::{Effect, Sense};
use gatewright_dsl::schema::{Join, Row};

use super::content::Both;
use super::{Class, Said};
use crate::checked::Trail;
use crate::ir::{Content, Declared, Field, Program};
use crate::routes::expr::Reader;
use crate::routes::written;
use crate::ty::inclusion::{self, Held, Wire};

/// The kind of a change of order alone.
pub(super) const ORDER: &str = "order";

/// One setting as it will run.
#[derive(Clone)]
pub(super) struct Setting<'a> {
    pub(super) row: Row,
    /// How it joins: of a word of a block, as the block does.
    join: Join,
    /// What tells it from others of its word.
    key: String,
    pub(super) fields: &'a [Field],
    from: Vec<&'a Rc<Trail>>,
    /// Where it is written, of what has no way to a route.
    at: Vec<Said>,
}

/// A change of settings, of something that is still to be named.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) class: Class,
    pub(super) kind: &'static str,
    pub(super) what: String,
    pub(super) before: Vec<Said>,
    pub(super) after: Vec<Said>,
}

/// Two settings with a state each, which other places may share.
pub(super) struct Link {
    pub(super) states: (usize, usize),
    pub(super) shared: Sense,
    pub(super) word: &'static str,
    pub(super) before: Vec<Said>,
    pub(super) after: Vec<Said>,
}

impl<'a> Setting<'a> {
    pub(super) fn new(row: Row, fields: &'a [Field], trails: &'a [Rc<Trail>]) -> Self {
        let key = row.key.iter().filter_map(|name| Some(name_of(&field(fields, name)?.content)));
        let key = key.collect::<Vec<_>>().join(" ");
        let begins = |trail: &&Rc<Trail>| trail.text.split_whitespace().next() == Some(row.name);
        let mut from: Vec<&Rc<Trail>> = trails.iter().filter(begins).collect();
        if from.is_empty() {
            from = trails.iter().collect();
        }
        Self { row, join: row.join, key, fields, from, at: Vec::new() }
    }

    /// The same, written there.
    pub(super) fn at(self, at: Vec<Said>) -> Self {
        Self { at, ..self }
    }

    /// The settings of which a step consists; `policies` are those of its type.
    pub(super) fn of_step(
        policies: &[&'static Policy],
        fields: &'a [Field],
        trails: &'a [Rc<Trail>],
    ) -> Vec<Self> {
        let items =
            |field: &'a Field| if let Content::Items(items) = &field.content { Some(items) } else { None };
        let Some(items) = fields.iter().find_map(items) else {
            return policies
                .first()
                .map(|policy| Self::new(policy.row(), fields, trails))
                .into_iter()
                .collect();
        };
        let rows = items.iter().filter_map(|(word, fields)| {
            let own = policies.iter().find(|policy| policy.name == *word).map(|policy| policy.row());
            let inside =
                || policies.iter().flat_map(|policy| policy.block).find(|row| row.name == *word).copied();
            Some(Self::new(own.or_else(inside)?, fields, trails))
        });
        rows.collect()
    }

    fn said(&self) -> Vec<Said> {
        let mut said = self.at.clone();
        said.extend(self.from.iter().map(|trail| Said::trail(trail)));
        said.sort();
        said.dedup();
        said
    }

    fn text(&self, reader: &Reader<'_>) -> String {
        written::setting(self.row.name, self.fields, reader)
    }

    fn effect(&self) -> Effect {
        self.row.effect
    }

    /// What it means that it is there.
    fn there(&self) -> Sense {
        let Effect { there, opposite, .. } = self.effect();
        let says = |(param, word): (&str, &str)| {
            let content = field(self.fields, param).map(|field| &field.content);
            matches!(content, Some(Content::Choice(_, said)) if said == word)
        };
        if opposite.is_some_and(says) { there.turned() } else { there }
    }

    fn state(&self) -> Option<usize> {
        self.fields
            .iter()
            .find_map(|field| if let Content::State(number) = field.content { Some(number) } else { None })
    }

    /// Whether they are the same but for what has a direction, so that one may have become the other.
    fn is_like(&self, other: &Self, both: &Both<'_>) -> bool {
        let is_fixed = |field: &&Field| self.effect().amount(field.name).more == Sense::Unsaid;
        let (own, others) = (self.fields.iter().filter(is_fixed), other.fields.iter().filter(is_fixed));
        let (own, others): (Vec<_>, Vec<_>) = (own.collect(), others.collect());
        own.len() == others.len()
            && own.iter().zip(&others).all(|(a, b)| a.name == b.name && both.contents(&a.content, &b.content))
    }
}

fn field<'a>(fields: &'a [Field], name: &str) -> Option<&'a Field> {
    fields.iter().find(|field| field.name == name)
}

/// What stands for a content that is a name.
fn name_of(content: &Content) -> String {
    match content {
        Content::Declared(field) => field.name.clone(),
        Content::Named(name, _) => name.clone(),
        Content::Choice(_, word) => word.clone(),
        Content::Value(value) => value.to_string(),
        Content::List(items) => items.iter().map(name_of).collect::<Vec<_>>().join(", "),
        Content::Option(Some(inner)) | Content::Is(inner) => name_of(inner),
        _ => String::new(),
    }
}

/// Why a setting is what has become of another.
#[derive(Clone, Copy)]
enum Way {
    /// They say the same.
    Same,
    /// There is one of its name.
    Named,
    /// What differs has a direction.
    Like,
}

/// Settings of two programs for the same requests, and how each is shown.
pub(super) struct Compared<'a, 'r> {
    pub(super) both: Both<'a>,
    pub(super) readers: (&'r Reader<'r>, &'r Reader<'r>),
    pub(super) drafts: Vec<Draft>,
    pub(super) links: Vec<Link>,
}

impl<'a, 'r> Compared<'a, 'r> {
    pub(super) fn new(both: Both<'a>, readers: (&'r Reader<'r>, &'r Reader<'r>)) -> Self {
        Self { both, readers, drafts: Vec::new(), links: Vec::new() }
    }

    pub(super) fn settings(&mut self, before: &[Setting<'a>], after: &[Setting<'a>]) {
        let mut left: Vec<&Setting<'a>> = after.iter().collect();
        let mut pairs: Vec<(&Setting<'a>, &Setting<'a>)> = Vec::new();
        let mut gone: Vec<&Setting<'a>> = before.iter().collect();
        let both = self.both;
        let may_be = |way: Way, a: &Setting<'a>, b: &Setting<'a>| match way {
            Way::Same => both.fields(a.fields, b.fields),
            Way::Named => a.join != Join::All && a.key == b.key,
            Way::Like => a.join == Join::All && a.is_like(b, &both),
        };
        let mut order = Vec::new();
        for way in [Way::Same, Way::Named, Way::Like] {
            gone.retain(|a| {
                let found = left.iter().position(|b| a.row.name == b.row.name && may_be(way, a, b));
                let Some(at) = found else { return true };
                pairs.push((a, left.remove(at)));
                false
            });
        }
        for (a, b) in &pairs {
            let place =
                |all: &[Setting<'a>], it: &Setting<'a>| all.iter().position(|own| std::ptr::eq(own, it));
            order.push((place(before, a), place(after, b)));
            self.pair(a, b);
        }
        order.sort_unstable();
        if !order.is_sorted_by_key(|(_, after)| *after) {
            let what = "its settings run in another order".to_owned();
            self.drafts.push(Draft {
                class: Class::Neutral,
                kind: ORDER,
                what,
                before: Vec::new(),
                after: Vec::new(),
            });
        }
        for setting in gone {
            let what = format!("`{}` is gone", setting.text(self.readers.0));
            let class = Class::of(setting.there().turned());
            self.drafts.push(Draft {
                class,
                kind: "setting_removed",
                what,
                before: setting.said(),
                after: Vec::new(),
            });
        }
        for setting in left {
            let what = format!("`{}` is new", setting.text(self.readers.1));
            let is_demanded = |field: &Field| matches!(&field.content, Content::Declared(it) if it.required);
            let demands = setting.fields.iter().any(is_demanded);
            let class = if demands { Class::Breaking } else { Class::of(setting.there()) };
            self.drafts.push(Draft {
                class,
                kind: "setting_added",
                what,
                before: Vec::new(),
                after: setting.said(),
            });
        }
    }

    fn pair(&mut self, a: &Setting<'a>, b: &Setting<'a>) {
        if let (Some(old), Some(new)) = (a.state(), b.state()) {
            let (shared, word) = (a.effect().shared, a.row.name);
            self.links.push(Link { states: (old, new), shared, word, before: a.said(), after: b.said() });
        }
        let names = a.fields.iter().map(|field| field.name);
        let further = b.fields.iter().map(|field| field.name).filter(|name| field(a.fields, name).is_none());
        for name in names.chain(further) {
            let contents =
                [field(a.fields, name), field(b.fields, name)].map(|field| field.map(|it| &it.content));
            if let [Some(old), Some(new)] = contents
                && self.both.contents(old, new)
            {
                continue;
            }
            let class = self.class(a, name, contents);
            let shown = |content: Option<&Content>, reader: &Reader<'_>| {
                let shown = match content {
                    Some(Content::Shape(number, _)) => {
                        reader.functions.shapes.get(*number).map(written::in_full)
                    }
                    content => content.and_then(|content| written::content(content, reader)),
                };
                shown.map_or_else(|| "not written".to_owned(), |shown| format!("`{shown}`"))
            };
            let (mut old, mut new) = (shown(contents[0], self.readers.0), shown(contents[1], self.readers.1));
            if let [Some(Content::Shape(a, _)), Some(Content::Shape(b, _))] = contents
                && let (Some(a), Some(b)) = (
                    self.both.a.program.functions.shapes.get(*a),
                    self.both.b.program.functions.shapes.get(*b),
                )
            {
                [old, new] = written::told_apart(a, b).map(|shown| format!("`{shown}`"));
            }
            let word = if a.key.is_empty() || a.join == Join::All {
                a.row.name.to_owned()
            } else {
                format!("{} {}", a.row.name, a.key)
            };
            let what = format!("`{word}`: `{name}` was {old}, and is {new}");
            self.drafts.push(Draft {
                class,
                kind: "setting_changed",
                what,
                before: a.said(),
                after: b.said(),
            });
        }
    }

    /// What it means that a parameter has become another.
    fn class(&self, setting: &Setting<'a>, name: &str, contents: [Option<&Content>; 2]) -> Class {
        if let [Some(Content::Declared(old)), Some(Content::Declared(new))] = contents {
            return self.declared(old, new);
        }
        if let [Some(Content::Shape(old, _)), Some(Content::Shape(new, _))] = contents {
            let shapes = |program: &'a Program, shape: usize| program.functions.shapes.get(shape);
            let types = (shapes(self.both.a.program, *old), shapes(self.both.b.program, *new));
            return match types {
                (Some(old), Some(new)) => demanded(inclusion::compared(old, new, Wire::Json)),
                _ => Class::Changed,
            };
        }
        let amount = setting.effect().amount(name);
        let order = match contents {
            [Some(old), Some(new)] => self.both.compare(old, new, amount),
            _ => None,
        };
        match (amount.more, order) {
            (Sense::Neither, _) | (_, Some(Ordering::Equal)) => Class::Neutral,
            (sense, Some(Ordering::Less)) => Class::of(sense),
            (sense, Some(Ordering::Greater)) => Class::of(sense.turned()),
            (_, None) => Class::Changed,
        }
    }
    /// What it means that a field of a request must be something else.
    fn declared(&self, old: &Declared, new: &Declared) -> Class {
        let Declared { name, source, required, many, check, expected: _, default: _ } = old;
        let checks = |program: &'a Program, check: usize| program.functions.checks.get(check);
        let types = (checks(self.both.a.program, *check), checks(self.both.b.program, new.check));
        let (Some(ty), Some(now)) = types else { return Class::Changed };
        let is_same = (name, source, many) == (&new.name, &new.source, &new.many);
        if !is_same {
            return if new.required { Class::Breaking } else { Class::Changed };
        }
        let class = demanded(inclusion::compared(ty, now, Wire::Text));
        match (required, new.required) {
            (false, true) => Class::Breaking,
            (true, false) if class == Class::Neutral => Class::Widening,
            (false, false) if self.both.is_other_default(old, new) => class.min(Class::Changed),
            _ => class,
        }
    }
}

/// What it means for clients that these are the values they may send.
fn demanded(held: Held) -> Class {
    match held {
        Held::Same => Class::Neutral,
        Held::More => Class::Widening,
        Held::Fewer => Class::Breaking,
        Held::Unknown => Class::Changed,
    }
}
