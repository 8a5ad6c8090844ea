//! An aggregation as it would be written, and its plan: which calls begin when, and what all of it comes to at most.

use gatewright_dsl::schema::Value;

use super::expr::Reader;
use super::path;
use crate::checked::Failure;
use crate::ir::{Aggregate, Branch, Content, Program};

/// What a document takes beside its text at most: eight bytes for each of as many values as it has bytes, for half as many arrays and
/// objects, and for some more.
const OF_A_BYTE: u64 = 1 + 8 + 4;
const ASIDE: u64 = 8 * 1024 + 1024;

/// All of it on one line.
pub(super) fn shown(program: &Program, of: &Aggregate, reader: &Reader<'_>) -> String {
    let within = Value::Duration(of.within);
    let branches: Vec<String> =
        of.branches.iter().map(|branch| self::branch(program, branch, reader)).collect();
    let answer = reader.function(of.answer);
    format!("aggregate within {within} {{ {}; respond {answer} }}", branches.join("; "))
}

/// What becomes of the whole where one call fails, as it is written.
pub(crate) fn failure(failure: &Failure) -> String {
    match failure {
        Failure::Required(passed) if passed.is_empty() => "required".to_owned(),
        Failure::Required(passed) => {
            let passed: Vec<String> = passed.iter().map(u16::to_string).collect();
            format!("required pass {}", passed.join(", "))
        }
        Failure::Value(text) => format!("else {text}"),
        Failure::Skip => "else skip".to_owned(),
    }
}

pub(crate) fn branch(program: &Program, branch: &Branch, reader: &Reader<'_>) -> String {
    let upstream = program.upstreams.get(branch.upstream).map_or("", |upstream| upstream.name.as_str());
    let ty = branch.ty(&program.functions).map(|ty| ty.to_string()).unwrap_or_default();
    let path = path(&branch.target, reader);
    let within =
        branch.within.map(|within| format!(" within {}", Value::Duration(within))).unwrap_or_default();
    let max = Value::Size(branch.max);
    let failure = self::failure(&branch.failure);
    let (name, method, sent) = (&branch.name, branch.method.name(), sent(branch, reader));
    let each = branch.each.as_ref().map_or_else(String::new, |each| {
        format!("for {} in {} max {} ", each.name, reader.function(each.list), each.most)
    });
    format!("{name}: {ty} = {each}{upstream} {method} {path}{within} max {max} {failure}{sent}")
}

pub(crate) fn sent(branch: &Branch, reader: &Reader<'_>) -> String {
    let headers = branch.headers.iter();
    let headers = headers.map(|(name, value)| format!("header {name:?} = {}", reader.function(*value)));
    let body = branch.body.map(|body| format!("body {}", reader.function(body)));
    let all: Vec<String> = headers.chain(body).collect();
    if all.is_empty() { String::new() } else { format!(" {{ {} }}", all.join("; ")) }
}

/// A line for each call, in the order in which they can begin, and one for all of them.
pub(super) fn plan(program: &Program, of: &Aggregate) -> Vec<String> {
    let mut order: Vec<(usize, &Branch)> =
        of.branches.iter().enumerate().map(|(at, branch)| (depth(of, at), branch)).collect();
    order.sort_by_key(|(depth, _)| *depth);
    let mut lines: Vec<String> = order
        .into_iter()
        .map(|(_, branch)| {
            let after: Vec<&str> =
                branch.needs.iter().filter_map(|at| Some(of.branches.get(*at)?.name.as_str())).collect();
            let each = match &branch.each {
                Some(each) => format!(", up to {} times,", each.most),
                None => String::new(),
            };
            match after.as_slice() {
                [] => format!("{}{each} at once", branch.name),
                after => format!("{}{each} after {}", branch.name, after.join(" and ")),
            }
        })
        .collect();
    let memory = of.branches.iter().fold(0_u64, |sum, branch| sum.saturating_add(self::memory(branch)));
    let calls: u64 = of.branches.iter().map(self::calls).sum();
    let tries: u64 =
        of.branches.iter().map(|branch| self::calls(branch) * self::tries(program, branch)).sum();
    let call = if calls == 1 { "call" } else { "calls" };
    let tries = if tries == calls { String::new() } else { format!(" in {tries} tries") };
    lines.push(format!(
        "at most {calls} {call}{tries}, {} at once, {}, {}KiB of answers",
        at_once(of),
        Value::Duration(of.within),
        memory.div_ceil(1024)
    ));
    lines
}

/// What its answers take: their text, and places for the values in it. Of several the texts are kept until all are there.
fn memory(branch: &Branch) -> u64 {
    let (calls, twice) = (calls(branch), u64::from(branch.each.is_some()));
    branch.max.saturating_mul(OF_A_BYTE + twice).saturating_add(ASIDE).saturating_mul(calls)
}

fn calls(branch: &Branch) -> u64 {
    branch.each.as_ref().map_or(1, |each| u64::from(each.most))
}

/// How often a server may be asked for one of its calls. A kept connection that has died is no try.
fn tries(program: &Program, branch: &Branch) -> u64 {
    let record = || program.chains.get(branch.chain)?.records.get(branch.record);
    let steps = program.chains.get(branch.chain).into_iter().flat_map(|chain| &chain.steps);
    let more = steps.zip(record().into_iter().flatten()).filter_map(|(table, config)| {
        let table = program.steps.get(*table)?;
        let times = table.fits.iter().find_map(|fit| fit.times)?;
        let field = table.configs.get(*config)?.iter().find(|field| field.name == times)?;
        match &field.content {
            Content::Value(Value::Int(more)) => Some(more.unsigned_abs()),
            _ => None,
        }
    });
    more.fold(1, u64::saturating_add)
}

/// How many calls must be over before this one begins, one after the other.
fn depth(of: &Aggregate, at: usize) -> usize {
    let needs = of.branches.get(at).map(|branch| branch.needs.as_slice()).unwrap_or_default();
    // INVARIANT: no branch waits for itself.
    needs.iter().map(|need| depth(of, *need) + 1).max().unwrap_or(0)
}

/// Of one branch so many calls are under way at once: what the runtime holds to.
const AT_ONCE: u64 = 16;

/// The most calls of which none waits for another.
fn at_once(of: &Aggregate) -> u64 {
    let all: Vec<u32> = (0..of.branches.len()).map(|at| waits(of, at)).collect();
    let sets = 0..1_u32.checked_shl(u32::try_from(all.len()).unwrap_or(0)).unwrap_or(1);
    let is_free = |set: &u32| {
        let mut members = all.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
        members.all(|(_, waits)| waits & set == 0)
    };
    let calls = |set: u32| {
        let members = of.branches.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
        members.map(|(_, branch)| calls(branch).min(AT_ONCE)).sum::<u64>()
    };
    sets.filter(is_free).map(calls).max().unwrap_or(0)
}

/// All that must be over before one begins, a bit for each.
fn waits(of: &Aggregate, at: usize) -> u32 {
    let needs = of.branches.get(at).map(|branch| branch.needs.as_slice()).unwrap_or_default();
    needs.iter().fold(0, |all, need| all | 1 << need | waits(of, *need))
}

#[cfg(test)]
mod tests {
    use gatewright_dsl::{Catalogue, Source};

    #[test]
    fn a_plan_says_who_waits_for_whom_and_what_it_comes_to() {
        let text = "gateway shop { listen http :8080 }
upstream app { server \"http://127.0.0.1:9001\" }
type T { id: string }
route GET /x {
  aggregate within 400ms {
    d: T = app GET /d/{b.id}/{c.id} max 1KiB required
    a: T = app GET /a max 1KiB required
    b: T = app GET /b/{a.id} max 1KiB required
    c: T = app GET /c/{a.id} max 1KiB else { id: \"x\" }
    e: T = app GET /e max 1KiB else skip
    respond { d: d.id, e: e.id }
  }
}
";
        let plan = crate::plan(&[Source::new("gateway.gw", text)], &Catalogue::standard()).unwrap();
        let routes = plan.routes();
        let route = routes.first().unwrap();
        assert_eq!(
            route.plan,
            [
                "a at once",
                "e at once",
                "b after a",
                "c after a",
                "d after b and c",
                "at most 5 calls, 3 at once, 400ms, 110KiB of answers",
            ]
        );
        assert_eq!(
            route.terminal,
            "aggregate within 400ms { d: T = app GET /d/{b.id}/{c.id} max 1KiB required; a: T = app GET /a max 1KiB required; \
             b: T = app GET /b/{a.id} max 1KiB required; c: T = app GET /c/{a.id} max 1KiB else {\"id\":\"x\"}; \
             e: T = app GET /e max 1KiB else skip; respond { d: d.id, e: e.id } }"
        );
    }
}
