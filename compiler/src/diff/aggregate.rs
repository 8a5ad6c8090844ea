//! Calls that become one answer: which of them are made otherwise, and what clients are told otherwise.

use std::cmp::Ordering;
use std::time::Duration;

use gatewright_dsl::schema::Value;

use super::alike::Item;
use super::end::{Found, Way, Ways};
use super::part::draft;
use super::setting::Draft;
use super::{Class, Said};
use crate::algebra::Method;
use crate::checked::Failure;
use crate::ir::{Aggregate, Branch, Each};
use crate::routes;
use crate::routes::aggregate::failure;
use crate::routes::expr::Reader;
use crate::routes::written::told_apart;
use crate::ty::Ty;
use crate::ty::inclusion::{self, Held, Wire};

/// One of them in one of two programs: what is around it, and where it stands there.
#[derive(Clone, Copy)]
struct Call<'a, 'w> {
    way: &'w Way<'a>,
    at: usize,
    branch: &'a Branch,
}

/// What is otherwise, one by one. In which order the calls stand means nothing.
pub(super) fn changes<'a>(
    ways: &Ways<'a>,
    (a, old): (&Way<'a>, &'a Aggregate),
    (b, new): (&Way<'a>, &'a Aggregate),
) -> Found {
    let Aggregate { within, branches, answer } = old;
    let mut found = Found::default();
    if *within != new.within {
        let class = if new.within > *within { Class::Widening } else { Class::Narrowing };
        let (old, new) = (duration(*within), duration(new.within));
        let what = format!("`aggregate within` was `{old}`, and is `{new}`");
        let heads = (vec![a.said.clone()], vec![b.said.clone()]);
        found.drafts.push(draft(class, "aggregate_within", what).said(heads.0, heads.1));
    }
    for (at, branch) in branches.iter().enumerate() {
        let own = Call { way: a, at, branch };
        match new.branches.iter().enumerate().find(|(_, other)| other.name == branch.name) {
            Some((at, branch)) => self::branch(ways, own, Call { way: b, at, branch }, &mut found),
            None => found.drafts.push(removed(ways, own)),
        }
    }
    let is_new = |branch: &Branch| branches.iter().all(|old| old.name != branch.name);
    for (at, branch) in new.branches.iter().enumerate().filter(|(_, branch)| is_new(branch)) {
        found.drafts.push(added(ways, Call { way: b, at, branch }));
    }
    let mut answers = ways.answers(a, b);
    answers.composed(*answer, new.answer);
    found.drafts.extend(answers.drafts);
    found
}

fn removed(ways: &Ways<'_>, call: Call<'_, '_>) -> Draft {
    let (name, shown) = (&call.branch.name, asked(ways, 0, call.branch));
    let is_required = matches!(call.branch.failure, Failure::Required(_));
    // What it may have done to somebody's data is not done any more.
    let (class, more) = if call.branch.method != Method::Get {
        (Class::Changed, "")
    } else if is_required {
        (Class::Widening, "; where it failed, so did the whole")
    } else {
        (Class::Changed, "")
    };
    let what = format!("`{name}` is not asked for any more: it was `{shown}`{more}");
    draft(class, "branch_removed", what).said(said(ways, 0, call), Vec::new())
}

fn added(ways: &Ways<'_>, call: Call<'_, '_>) -> Draft {
    let (name, shown) = (&call.branch.name, asked(ways, 1, call.branch));
    let (class, more) = match call.branch.failure {
        Failure::Required(_) => (Class::Breaking, "; where it fails, so does the whole"),
        Failure::Value(_) | Failure::Skip => (Class::Changed, ""),
    };
    let what = format!("`{name}` is asked for too: `{shown}`{more}");
    draft(class, "branch_added", what).said(Vec::new(), said(ways, 1, call))
}

/// What has become of one of them.
fn branch<'a>(ways: &Ways<'a>, a: Call<'a, '_>, b: Call<'a, '_>, found: &mut Found) {
    let mut drafts = Vec::new();
    let Branch {
        name,
        each,
        upstream,
        chain,
        record,
        trails,
        method,
        target,
        headers,
        body,
        // They are its type.
        shape: _,
        is_optional: _,
        within,
        max,
        failure,
        // It follows from what its path, its fields and its body are made of.
        needs: _,
    } = a.branch;
    let new = b.branch;
    let item = each.as_ref().zip(new.each.as_ref()).map(|(a, b)| (a.document, b.document));
    let is_same_call = *method == new.method
        && ways.pair.is_same_upstream(*upstream, new.upstream)
        && ways.both.pieces(target, &new.target, item);
    if !is_same_call {
        let texts = (asked(ways, 0, a.branch), asked(ways, 1, new));
        let what = if texts.0 == texts.1 {
            format!("`{name}` is asked for in another way")
        } else {
            format!("`{name}` was `{}`, and is `{}`", texts.0, texts.1)
        };
        drafts.push(draft(Class::Changed, "branch_asks", what));
    }
    let is_same_sent = headers.len() == new.headers.len()
        && headers.iter().zip(&new.headers).all(|(a, b)| a.0 == b.0 && ways.both.same(a.1, b.1, item))
        && match (body, new.body) {
            (Some(a), Some(b)) => ways.both.same(*a, b, item),
            (a, b) => a.is_none() && b.is_none(),
        };
    if !is_same_sent {
        let sent = |branch: &Branch, reader: &Reader<'_>| match routes::aggregate::sent(branch, reader).trim()
        {
            "" => "nothing".to_owned(),
            sent => format!("`{sent}`"),
        };
        let texts = (sent(a.branch, ways.readers.0), sent(new, ways.readers.1));
        let what = format!("what `{name}` sends beside its path was {}, and is {}", texts.0, texts.1);
        drafts.push(draft(Class::Changed, "branch_sends", what));
    }
    drafts.extend(self::each(ways, name, (each.as_ref(), new.each.as_ref()), item));
    let types = (a.branch.ty(&ways.both.a.program.functions), new.ty(&ways.both.b.program.functions));
    if let (Some(old), Some(new)) = &types
        && old != new
    {
        drafts.push(read(name, old, new));
    }
    let limits = [
        ("within", within.map(Value::Duration), new.within.map(Value::Duration), longer(*within, new.within)),
        ("max", Some(Value::Size(*max)), Some(Value::Size(new.max)), new.max.cmp(max)),
    ];
    for (word, old, new, order) in limits.into_iter().filter(|(_, old, new, _)| old != new) {
        let text =
            |limit: Option<Value>| limit.map_or_else(|| "not written".to_owned(), |it| format!("`{it}`"));
        let what = format!("`{word}` of `{name}` was {}, and is {}", text(old), text(new));
        drafts.push(draft(more(order), "branch_limit", what));
    }
    if *failure != new.failure {
        drafts.push(failed(name, failure, &new.failure));
    }
    let (before, after) = (said(ways, 0, a), said(ways, 1, b));
    found.drafts.extend(drafts.into_iter().map(|draft| draft.said(before.clone(), after.clone())));
    // What its upstream says of every call.
    let settings = ways.settings((*chain, *record, trails), (new.chain, new.record, &new.trails));
    let of_call = |draft: Draft| Draft { what: format!("for `{name}`: {}", draft.what), ..draft };
    found.drafts.extend(settings.drafts.into_iter().map(of_call));
    found.links.extend(settings.links);
}

/// What becomes of the whole where it fails.
fn failed(name: &str, old: &Failure, new: &Failure) -> Draft {
    let (class, more) = match (old, new) {
        (Failure::Value(_) | Failure::Skip, Failure::Required(_)) => {
            (Class::Breaking, ": where it fails, so does the whole")
        }
        (Failure::Required(passed), Failure::Value(_) | Failure::Skip) if passed.is_empty() => {
            (Class::Widening, ": where it fails, the answer is 200 without it")
        }
        (Failure::Required(_), Failure::Value(_) | Failure::Skip) => (
            Class::Breaking,
            ": where it fails, the answer is 200 without it, also for a status that was passed on",
        ),
        (Failure::Required(passed), Failure::Required(other))
            if passed.iter().any(|it| !other.contains(it)) =>
        {
            (Class::Breaking, ": a status that was passed on is a failure")
        }
        _ => (Class::Changed, ""),
    };
    let what = format!("`{name}` was `{}`, and is `{}`{more}", failure(old), failure(new));
    draft(class, "branch_failure", what)
}

/// For how many values it is called, and for which.
fn each(ways: &Ways<'_>, name: &str, (old, new): (Option<&Each>, Option<&Each>), item: Item) -> Vec<Draft> {
    let shown = |each: Option<&Each>, reader: &Reader<'_>| match each {
        None => "once".to_owned(),
        Some(each) => format!("for each of `{}`", reader.function(each.list)),
    };
    let is_same = match (old, new) {
        (Some(a), Some(b)) => ways.both.same(a.list, b.list, item),
        (a, b) => a.is_none() && b.is_none(),
    };
    if !is_same {
        let texts = (shown(old, ways.readers.0), shown(new, ways.readers.1));
        let what = format!("`{name}` was called {}, and is called {}", texts.0, texts.1);
        return vec![draft(Class::Changed, "branch_each", what)];
    }
    match (old, new) {
        (Some(Each { most, .. }), Some(new)) if *most != new.most => {
            let what =
                format!("`{name}` was called for at most {most} values, and is for at most {}", new.most);
            vec![draft(more(new.most.cmp(most)), "branch_limit", what)]
        }
        _ => Vec::new(),
    }
}

/// Of what a server says, less is understood, or more.
fn read(name: &str, old: &Ty, new: &Ty) -> Draft {
    let class = match inclusion::compared(old, new, Wire::Loose) {
        Held::Same => Class::Neutral,
        Held::More => Class::Widening,
        Held::Fewer => Class::Narrowing,
        Held::Unknown => Class::Changed,
    };
    // What else stands there is passed over in any case.
    let [old, new] = told_apart(old, new).map(|shown| shown.replace(" } open", " }"));
    let what = format!("`{name}` was read as `{old}`, and is read as `{new}`");
    draft(class, "branch_type", what)
}

/// What it means that there is so much more of something.
fn more(order: Ordering) -> Class {
    if order == Ordering::Less { Class::Narrowing } else { Class::Widening }
}

/// Whether the second waits longer than the first; without a limit, for as long as the whole does.
fn longer(a: Option<Duration>, b: Option<Duration>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => b.cmp(&a),
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

fn duration(time: Duration) -> String {
    Value::Duration(time).to_string()
}

/// Who is asked for what.
fn asked(ways: &Ways<'_>, side: usize, branch: &Branch) -> String {
    let (program, reader) =
        if side == 0 { (ways.both.a.program, ways.readers.0) } else { (ways.both.b.program, ways.readers.1) };
    let upstream = program.upstreams.get(branch.upstream).map_or("", |upstream| upstream.name.as_str());
    format!("{upstream} {} {}", branch.method.name(), routes::path(&branch.target, reader))
}

/// Where it is written.
fn said(ways: &Ways<'_>, side: usize, call: Call<'_, '_>) -> Vec<Said> {
    let place = call.way.reach.and_then(|reach| reach.branches.get(call.at)).map(|called| &called.place);
    let text = || format!("{} = {}", call.branch.name, asked(ways, side, call.branch));
    place.map(|place| Said::of(text(), place)).into_iter().collect()
}
