//! Whether something holds for one route: a question to the steps of its chain, and to the parts of the upstreams that it asks.

use std::cmp::Ordering;
use std::rc::Rc;

use gatewright_dsl::Span;
use gatewright_dsl::ast::Operator;
use gatewright_dsl::policy::{Policy, Who};
use gatewright_dsl::schema::Value;

use super::{Has, Says, asked, inner, upstreams};
use crate::checked::Trail;
use crate::ir::{Content, EndKind, Field, Program, Route, StepTable};

/// Why it does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// What is so in its place.
    pub(super) text: String,
    /// Where that is written, and what is to be seen there.
    pub(super) from: Option<(Span, String)>,
    /// What to do.
    pub(super) help: String,
}

/// Whether it holds.
pub(super) fn holds(program: &Program, route: &Route, says: &Says) -> Result<(), Broken> {
    let steps = Steps::of(program, route);
    match says {
        Says::Requires(names, word) => requires(&steps, names, word),
        Says::Open(is_open, word) => open(&steps, *is_open, word),
        Says::Has(has) => self::has(program, route, &steps, has),
    }
}

/// The steps of a chain with what they run with.
struct Steps<'a>(Vec<Step<'a>>);

struct Step<'a> {
    table: &'a StepTable,
    fields: &'a [Field],
    trails: &'a [Rc<Trail>],
}

impl<'a> Steps<'a> {
    fn of(program: &'a Program, route: &'a Route) -> Self {
        Self::at(program, route.chain, route.record, &route.trails)
    }

    fn at(program: &'a Program, chain: usize, record: usize, trails: &'a [Vec<Rc<Trail>>]) -> Self {
        let chain = program.chains.get(chain);
        let Some((chain, record)) = chain.and_then(|chain| Some((chain, chain.records.get(record)?))) else {
            return Self(Vec::new());
        };
        let steps = chain.steps.iter().zip(record).enumerate().filter_map(|(at, (table, config))| {
            let table = program.steps.get(*table)?;
            let trails = trails.get(at).map(Vec::as_slice).unwrap_or_default();
            Some(Step { table, fields: table.configs.get(*config)?, trails })
        });
        Self(steps.collect())
    }
}

impl Step<'_> {
    /// Whose names are asked for, where it refuses all others; and whether one of them is enough.
    fn wants(&self) -> Option<(bool, Vec<&str>)> {
        let Some(Who::Somebody(flag)) = self.table.who else { return None };
        let is_any = is_set(self.fields, flag);
        let names = self.fields.iter().flat_map(|field| match &field.content {
            Content::List(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        });
        let names =
            names.filter_map(|it| if let Content::Auth(_, name) = it { Some(name.as_str()) } else { None });
        Some((is_any, names.collect()))
    }

    fn from(&self) -> Option<(Span, String)> {
        self.trails.first().map(|trail| (trail.span, "says this".to_owned()))
    }
}

fn is_set(fields: &[Field], flag: &str) -> bool {
    fields.iter().any(|field| field.name == flag && field.content == Content::Value(Value::Bool(true)))
}

fn requires(steps: &Steps<'_>, wanted: &[String], word: &str) -> Result<(), Broken> {
    let is_wanted = |name: &&str| wanted.iter().any(|wanted| wanted == *name);
    let mut others = None;
    for step in &steps.0 {
        let Some((is_any, names)) = step.wants() else { continue };
        let is_enough = if is_any {
            !names.is_empty() && names.iter().all(is_wanted)
        } else {
            names.iter().any(is_wanted)
        };
        if is_enough {
            return Ok(());
        }
        others.get_or_insert((step, names));
    }
    let help = match wanted {
        [one] => format!("write `{word} {one}` in the route or in a block around it"),
        several => format!("write `{word} any {}` in the route or in a block around it", several.join(", ")),
    };
    Err(match others {
        Some((step, names)) => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            let text = format!("it lets in whoever is known to {}", names.join(" or "));
            Broken { text, from: step.from(), help }
        }
        None => Broken { text: "it asks nobody who they are".to_owned(), from: None, help },
    })
}

fn open(steps: &Steps<'_>, is_open: bool, word: &str) -> Result<(), Broken> {
    let asks = steps.0.iter().find_map(|step| Some((step, step.wants()?)));
    match (asks, is_open) {
        (None, true) | (Some(_), false) => Ok(()),
        (None, false) => Err(Broken {
            text: "it asks nobody who they are".to_owned(),
            from: None,
            help: "say in the route, or in a block around it, who may come".to_owned(),
        }),
        (Some((step, (_, names))), true) => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            Err(Broken {
                text: format!("it is not {word}: it asks for {}", names.join(" or ")),
                from: step.from(),
                help: "leave the route out here".to_owned(),
            })
        }
    }
}

fn has(program: &Program, route: &Route, steps: &Steps<'_>, has: &Has) -> Result<(), Broken> {
    if has.policy.part {
        return in_upstreams(program, route, has);
    }
    let chain = program.chains.get(route.chain);
    let end = chain.and_then(|chain| chain.end);
    if has.policy.runs_alone() || end == Some(EndKind::Forward) || !found(steps, has.policy).is_empty() {
        return in_steps(program, steps, has);
    }
    // What is about calls is asked of every call.
    let number = chain.and_then(|chain| chain.records.get(route.record)?.last());
    let arms =
        number.filter(|_| end == Some(EndKind::Match)).and_then(|number| program.ends.matches.get(*number));
    for arm in arms.into_iter().flat_map(|it| &it.arms) {
        let chain = program.chains.get(arm.chain);
        if chain.and_then(|chain| chain.end) != Some(EndKind::Forward) {
            continue;
        }
        if has.policy.phase != gatewright_dsl::schema::Phase::Call {
            return in_steps(program, steps, has);
        }
        let steps = Steps::at(program, arm.chain, arm.record, &[]);
        in_steps(program, &steps, has).map_err(|broken| {
            let values = if arm.values.is_empty() { "else".to_owned() } else { arm.values.join(", ") };
            Broken { text: format!("of its arm `{values}`: {}", broken.text), ..broken }
        })?;
    }
    let aggregate = number.filter(|_| end == Some(EndKind::Aggregate));
    let aggregate = aggregate.and_then(|number| program.ends.aggregates.get(*number));
    for branch in aggregate.into_iter().flat_map(|aggregate| &aggregate.branches) {
        if has.policy.phase == gatewright_dsl::schema::Phase::Call {
            let steps = Steps::at(program, branch.chain, branch.record, &[]);
            in_steps(program, &steps, has).map_err(|broken| Broken {
                text: format!("of its branch `{}`: {}", branch.name, broken.text),
                ..broken
            })?;
        }
    }
    Ok(())
}

/// The settings of a policy among steps, those left out that only look on.
fn found<'a>(steps: &Steps<'a>, policy: &Policy) -> Vec<(&'a [Field], Option<Span>)> {
    let mut all = Vec::new();
    let homes = [Some(policy.home), policy.reading.map(|reading| reading.home)];
    for step in steps.0.iter().filter(|step| homes.contains(&Some(step.table.home))) {
        let span = step.trails.first().map(|trail| trail.span);
        let items = step.fields.iter().find_map(|field| match &field.content {
            Content::Items(items) => Some(items),
            _ => None,
        });
        match items {
            // One step may hold settings of several policies, which have the names of these, or of what stands in their block.
            Some(items) => {
                let own = items.iter().filter(|(name, _)| !policy.block.is_empty() || *name == policy.name);
                all.extend(own.map(|(_, fields)| (fields.as_slice(), None)));
            }
            None => all.push((step.fields, span)),
        }
    }
    all
}

fn in_steps(program: &Program, steps: &Steps<'_>, has: &Has) -> Result<(), Broken> {
    one_of(program, &found(steps, has.policy), has, None)
}

/// Every upstream that is asked must have it.
fn in_upstreams(program: &Program, route: &Route, has: &Has) -> Result<(), Broken> {
    let name = has.policy.name;
    if asked(program, route).is_empty() {
        return Ok(());
    }
    for number in upstreams(program, route) {
        let Some(upstream) = program.upstreams.get(number) else { continue };
        // Those that have the servers are asked in its place.
        if upstream.split.is_some() {
            continue;
        }
        let part = upstream.parts.iter().find(|part| part.name == name);
        let config = part.and_then(|part| Some((part.config.as_deref()?, part.trails.first())));
        let all: Vec<_> =
            config.into_iter().map(|(fields, trail)| (fields, trail.map(|it| it.span))).collect();
        one_of(program, &all, has, Some(&upstream.name))?;
    }
    Ok(())
}

/// Whether one of several settings is what is said.
fn one_of(
    program: &Program,
    all: &[(&[Field], Option<Span>)],
    has: &Has,
    upstream: Option<&str>,
) -> Result<(), Broken> {
    let word = has.policy.name;
    let whose = upstream.map_or_else(|| "it".to_owned(), |name| format!("the upstream `{name}`"));
    let place = upstream.map_or("the route, or a block around it,", |_| "the upstream");
    let idle = [has.policy.watches, has.policy.silences];
    let mut nearest: Option<Broken> = None;
    for (fields, span) in all {
        let flag = idle.into_iter().flatten().find(|flag| is_set(fields, flag));
        let broken = match flag {
            Some(flag) => format!("its `{word}` does nothing: `{flag}`"),
            None => match unlike(program, fields, has) {
                None => return Ok(()),
                Some(text) => text,
            },
        };
        let from = span.map(|span| (span, "says this".to_owned()));
        let help = "change it, or what is asserted".to_owned();
        nearest.get_or_insert(Broken { text: broken, from, help });
    }
    Err(nearest.unwrap_or_else(|| Broken {
        text: format!("{whose} has no `{word}`"),
        from: None,
        help: format!("write `{word} …` in {place}", place = place.trim_end_matches(',')),
    }))
}

/// What is not as it is said.
fn unlike(program: &Program, fields: &[Field], has: &Has) -> Option<String> {
    let param = has.param?;
    let name = format!("{} {}", has.policy.name, param.name);
    let field = fields.iter().find(|field| field.name == param.name);
    let Some(content) = field.and_then(|field| inner(&field.content)) else {
        return Some(format!("it says nothing of `{name}`"));
    };
    let (operator, value) = has.against.as_ref()?;
    let range = Range::of(program, content);
    let holds = match operator {
        Operator::LessEqual => range.is_below(value, Ordering::is_le),
        Operator::Less => range.is_below(value, Ordering::is_lt),
        Operator::GreaterEqual => range.is_above(value, Ordering::is_ge),
        Operator::Greater => range.is_above(value, Ordering::is_gt),
        Operator::Equal => range.is(value),
        _ => range.is_not(value),
    };
    (!holds).then(|| format!("its `{name}` is {}", range.shown()))
}

/// What a value may be when the gateway runs: it is known, or start-up gives one between these.
struct Range {
    /// Who gives it.
    by: Option<String>,
    least: Option<Value>,
    most: Option<Value>,
}

impl Range {
    fn of(program: &Program, content: &Content) -> Self {
        match content {
            Content::Value(value) => Self::exactly(value.clone()),
            Content::Choice(_, word) => Self::exactly(Value::Word(word.clone().into())),
            Content::Option(Some(inner)) | Content::Is(inner) => Self::of(program, inner),
            Content::Param(number) => match program.params.get(usize::from(*number)) {
                Some(param) => {
                    let (least, most) = (param.least.clone(), param.most.clone());
                    Self { by: Some(param.name.clone()), least, most }
                }
                None => Self { by: None, least: None, most: None },
            },
            Content::Least(two) => {
                let (a, b) = (Self::of(program, &two.0), Self::of(program, &two.1));
                // The smaller of two is no larger than either; it is no smaller than both.
                let most = match (a.most, b.most) {
                    (Some(a), Some(b)) => {
                        Some(if a.compare(&b).is_some_and(Ordering::is_le) { a } else { b })
                    }
                    (a, b) => a.or(b),
                };
                let least = match (a.least, b.least) {
                    (Some(a), Some(b)) => {
                        Some(if a.compare(&b).is_some_and(Ordering::is_le) { a } else { b })
                    }
                    _ => None,
                };
                Self { by: a.by.or(b.by), least, most }
            }
            _ => Self { by: None, least: None, most: None },
        }
    }

    fn exactly(value: Value) -> Self {
        Self { by: None, least: Some(value.clone()), most: Some(value) }
    }

    fn is_below(&self, bound: &Value, holds: fn(Ordering) -> bool) -> bool {
        self.most.as_ref().is_some_and(|most| order(most, bound).is_some_and(holds))
    }

    fn is_above(&self, bound: &Value, holds: fn(Ordering) -> bool) -> bool {
        self.least.as_ref().is_some_and(|least| order(least, bound).is_some_and(holds))
    }

    fn is(&self, value: &Value) -> bool {
        let both = [&self.least, &self.most];
        both.into_iter().all(|end| end.as_ref().is_some_and(|end| is_same(end, value)))
    }

    fn is_not(&self, value: &Value) -> bool {
        if self.by.is_none() && self.least.as_ref().is_some_and(|own| order(own, value).is_none()) {
            return !self.is(value);
        }
        self.is_below(value, Ordering::is_lt) || self.is_above(value, Ordering::is_gt)
    }

    fn shown(&self) -> String {
        match (&self.by, &self.least, &self.most) {
            (None, Some(least), _) => format!("`{least}`"),
            (Some(by), Some(least), Some(most)) => {
                format!("given by `{by}`, from `{least}` to `{most}`")
            }
            (Some(by), None, Some(most)) => format!("given by `{by}`, and at most `{most}`"),
            (Some(by), Some(least), None) => format!("given by `{by}`, and at least `{least}`"),
            (Some(by), None, None) => format!("given by `{by}`, which nothing bounds"),
            (None, None, _) => "not known here".to_owned(),
        }
    }
}

/// Which of two is larger, where they have an order.
fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Status(a), Value::Status(b)) => Some(a.cmp(b)),
        _ => a.compare(b),
    }
}

/// Whether two are the same: `1000ms` is `1s`.
fn is_same(a: &Value, b: &Value) -> bool {
    order(a, b).map_or_else(|| a == b, Ordering::is_eq)
}
