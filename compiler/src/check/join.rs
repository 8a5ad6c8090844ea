//! How settings join: what one block says, with the policies that it uses, and what becomes of it over the blocks around it.
//!
//! What of several holds is said by the row: one, one for each name, or all. No setting is known by its word here.

use std::collections::BTreeMap;
use std::rc::Rc;

use gatewright_dsl::policy::{Meet, Who};
use gatewright_dsl::schema::{Checked, Join, Values};
use gatewright_dsl::{Policy, Span};

use super::plain::plain;
use super::{Check, problem};

/// Where the settings of a block stand.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// The block, by number; a route's settings have the number of the block around it.
    pub(super) around: usize,
    /// The imports through which they came, the outermost first.
    pub(super) imports: Vec<Span>,
}

/// A setting at one place: written there, or in a policy that is used there.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) policy: &'static Policy,
    pub(super) values: Values,
    pub(super) span: Span,
    /// Each `use` through which it came, the outermost first.
    pub(super) uses: Vec<Span>,
    pub(super) written: Rc<Written>,
}

impl Item {
    /// Tells any two places apart where a setting may stand: the setting itself, and all through which it came.
    pub(super) fn origin(&self) -> Vec<Span> {
        let through = self.written.imports.iter().chain(&self.uses);
        through.copied().chain([self.span]).collect()
    }
}

/// What one block says with one word.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    /// Where it says that nothing from outside holds.
    pub(super) drops: Option<Span>,
    pub(super) items: Vec<Rc<Item>>,
}

impl Said {
    fn is_silent(&self) -> bool {
        self.drops.is_none() && self.items.is_empty()
    }

    /// The place that shows it.
    fn span(&self) -> Option<Span> {
        self.items.first().map(|item| item.span).or(self.drops)
    }
}

/// What one block says, by word.
pub(super) type Layer = BTreeMap<&'static str, Said>;

/// What holds, by word.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    /// Without those of which nothing holds.
    held: BTreeMap<&'static str, Vec<Rc<Item>>>,
    /// Where it is said last that nothing from outside holds, if no block further inside says anything else.
    dropped: BTreeMap<&'static str, Span>,
}

impl Settings {
    /// All that holds of a policy: outer blocks first.
    pub(super) fn of(&self, policy: &Policy) -> &[Rc<Item>] {
        self.held.get(policy.name).map_or(&[], Vec::as_slice)
    }

    /// Where it is said that nothing of a policy holds, what an upstream says of it in the route's place included.
    pub(super) fn dropped(&self, policy: &Policy) -> Option<Span> {
        self.dropped.get(policy.name).copied().filter(|_| policy.meet == Meet::Route)
    }

    /// All such places.
    pub(super) fn all_dropped(&self) -> impl Iterator<Item = Span> + '_ {
        self.dropped.values().copied()
    }
}

/// The settings that a block writes itself.
pub(super) fn own(checked: Vec<Checked>, uses: &[Span], written: &Rc<Written>) -> Layer {
    let mut layer = Layer::new();
    for Checked { values, span, policy, drops } in checked {
        let Some(policy) = policy else { continue };
        let said = layer.entry(policy.name).or_default();
        if drops {
            said.drops = Some(span);
        } else {
            let (uses, written) = (uses.to_vec(), Rc::clone(written));
            said.items.push(Rc::new(Item { policy, values, span, uses, written }));
        }
    }
    layer
}

/// What a block says by itself and through the policies that it uses, each given with its `use`. Its own words beat theirs;
/// where theirs cannot all hold, they must agree.
pub(super) fn with_used(check: &mut Check<'_>, mut own: Layer, used: Vec<(Span, Layer)>) -> Layer {
    let mut theirs: BTreeMap<&'static str, Vec<(Span, Said)>> = BTreeMap::new();
    for (at, layer) in used {
        for (word, said) in layer {
            theirs.entry(word).or_default().push((at, said));
        }
    }
    let settling: Vec<&'static Policy> = check.catalogue.policies().filter(|it| settles(it)).collect();
    // Who may come is said once: by the block itself, or by all policies alike.
    if settling.iter().any(|policy| own.get(policy.name).is_some_and(|said| !said.is_silent())) {
        theirs.retain(|word, _| !settling.iter().any(|policy| policy.name == *word));
    } else {
        opposed(check, &settling, &mut theirs);
    }
    for policy in check.catalogue.policies().collect::<Vec<_>>() {
        let Some(theirs) = theirs.remove(policy.name) else { continue };
        let own = own.entry(policy.name).or_default();
        if own.drops.is_some() {
            continue;
        }
        match policy.join {
            Join::One if own.is_silent() => *own = one(check, policy, theirs),
            Join::One => {}
            Join::Name => named(check, policy, own, theirs),
            Join::All => {
                for (_, said) in theirs {
                    own.drops = own.drops.or(said.drops);
                    own.items.extend(said.items);
                }
            }
        }
    }
    own
}

fn settles(policy: &Policy) -> bool {
    policy.who.is_some_and(Who::settles)
}

/// Reports policies of which one says who may come with one word, and another with another. The first word stays.
fn opposed(
    check: &mut Check<'_>,
    settling: &[&'static Policy],
    theirs: &mut BTreeMap<&'static str, Vec<(Span, Said)>>,
) {
    let said = settling.iter().filter(|policy| theirs.contains_key(policy.name));
    let words: Vec<&'static str> = said.map(|policy| policy.name).collect();
    let Some((kept, others)) = words.split_first() else { return };
    let first = |said: Option<&Vec<(Span, Said)>>| {
        said.and_then(|said| said.first()).map(|(at, said)| (*at, said.span()))
    };
    for other in others {
        let removed = theirs.remove(other);
        if let (Some(at), Some(before)) = (first(removed.as_ref()), first(theirs.get(kept))) {
            let what = format!("{kept}` and `{other}");
            check.problems.push(problem::conflicting_policies(&what, [at, before]));
        }
    }
}

/// The one that several policies agree on.
fn one(check: &mut Check<'_>, policy: &Policy, theirs: Vec<(Span, Said)>) -> Said {
    let mut all = theirs.into_iter();
    let Some((first_at, first)) = all.next() else { return Said::default() };
    for (at, said) in all {
        let agree = match (&*first.items, &*said.items) {
            ([], []) => true,
            ([a], [b]) => plain(&a.values) == plain(&b.values),
            _ => false,
        };
        if !agree {
            let spans = [(at, said.span()), (first_at, first.span())];
            check.problems.push(problem::conflicting_policies(policy.name, spans));
        }
    }
    first
}

/// Adds what policies say under names of which the block says nothing itself.
fn named(check: &mut Check<'_>, policy: &'static Policy, own: &mut Said, theirs: Vec<(Span, Said)>) {
    let row = policy.row();
    let taken: Vec<String> = own.items.iter().flat_map(|item| item.values.names(&row)).collect();
    let mut known: Vec<(Span, Rc<Item>)> = Vec::new();
    for (at, said) in theirs {
        own.drops = own.drops.or(said.drops);
        for item in said.items {
            let Some(mut values) = item.values.without(&row, &taken) else { continue };
            let mut is_left = true;
            for (first_at, first) in &known {
                let names = first.values.names(&row);
                let shared: Vec<String> =
                    values.names(&row).into_iter().filter(|name| names.contains(name)).collect();
                if shared.is_empty() {
                    continue;
                }
                if only(policy, &first.values, &shared) != only(policy, &values, &shared) {
                    let what = format!("{}{}", policy.name, shared.concat());
                    let spans = [(at, Some(item.span)), (*first_at, Some(first.span))];
                    check.problems.push(problem::conflicting_policies(&what, spans));
                }
                match values.without(&row, &shared) {
                    Some(left) => values = left,
                    None => is_left = false,
                }
                if !is_left {
                    break;
                }
            }
            if is_left {
                let item = Rc::new(Item { values, ..(*item).clone() });
                known.push((at, item));
            }
        }
    }
    own.items.extend(known.into_iter().map(|(_, item)| item));
}

/// What a setting says under some of its names, without places.
fn only(policy: &'static Policy, values: &Values, names: &[String]) -> Option<Values> {
    let row = policy.row();
    let others: Vec<String> = values.names(&row).into_iter().filter(|name| !names.contains(name)).collect();
    values.without(&row, &others).map(|values| plain(&values))
}

/// What holds inside of a block, over what holds around it.
pub(super) fn over(check: &mut Check<'_>, outer: &Settings, layer: &Layer) -> Settings {
    let mut inner = outer.clone();
    for policy in check.catalogue.policies() {
        let Some(said) = layer.get(policy.name).filter(|said| !said.is_silent()) else { continue };
        let mut held = inner.held.remove(policy.name).unwrap_or_default();
        inner.dropped.remove(policy.name);
        if let Some(span) = said.drops {
            check
                .drops
                .entry(span)
                .and_modify(|drops| drops.1 |= !held.is_empty())
                .or_insert((policy.name, !held.is_empty()));
            held.clear();
            if said.items.is_empty() {
                inner.dropped.insert(policy.name, span);
            }
        }
        if settles(policy) && !said.items.is_empty() {
            // Who may come is said by one of several words.
            inner.held.retain(|word, _| !check.catalogue.find(word).is_some_and(settles));
        }
        match policy.join {
            Join::One if !said.items.is_empty() => held.clone_from(&said.items),
            Join::One => {}
            Join::Name => {
                let row = policy.row();
                let names: Vec<String> = said.items.iter().flat_map(|item| item.values.names(&row)).collect();
                held = held.iter().filter_map(|item| left(item, &row, &names)).collect();
                held.extend(said.items.iter().cloned());
            }
            Join::All => held.extend(said.items.iter().cloned()),
        }
        if !held.is_empty() {
            inner.held.insert(policy.name, held);
        }
    }
    inner
}

/// A setting without the names that an inner block has taken.
fn left(item: &Rc<Item>, row: &gatewright_dsl::schema::Row, names: &[String]) -> Option<Rc<Item>> {
    let values = item.values.without(row, names)?;
    Some(if values == item.values { Rc::clone(item) } else { Rc::new(Item { values, ..(**item).clone() }) })
}
