//! The row of `log`: what is recorded of an exchange. How lines are written is the runtime's.

use super::{Hook, Policy};
use crate::ast::{Percent, TextPart, ValueKind};
use crate::schema::{
    At, Default, Depends, Dynamic, Effect, Mismatch, Param, Phase, Place, Stage, Type, Value, Values, Want,
};

/// `log none`, `log sample 5% fields tenant, plan`, `log only time, status`, `log format "{client.ip} {exchange.status}"`
///
/// The runtime's type: `Config { none: false, sample: Some(50_000), only: None, fields: Some(&[("tenant", …), ("plan", …)]),
/// format: None, state: Slot(0) }`
pub const ROW: Policy = Policy {
    name: "log",
    summary: "which exchanges have a line in the access log, and what else stands in it",
    phase: Phase::Observe,
    params: &[
        Param::flag("none", "no exchange has a line"),
        Param {
            name: "sample",
            at: At::Label,
            ty: Type::Percent,
            default: Default::Absent,
            min: Some(Value::Percent(Percent(1))),
            max: Some(Value::Percent(Percent(1_000_000))),
            dynamic: Dynamic::Live,
            doc: "how many exchanges have a line; all where it is not written",
        },
        Param::optional(
            "only",
            At::Label,
            Type::List(&Type::Choice(MEMBERS)),
            "which of its members a line has; all where it is not written",
        ),
        Param::optional(
            "fields",
            At::Label,
            Type::List(&Type::Named(Stage::End)),
            "values that stand in the line under their own names",
        ),
        Param::optional(
            "format",
            At::Label,
            Type::Expr(Want::Line, Stage::End),
            "the line as text, in the place of JSON",
        ),
    ],
    places: &[Place::Gateway, Place::Group, Place::Host, Place::Policy, Place::Route],
    depends: &[Depends::open(
        "whoever takes the lines in time",
        "lines are dropped, `log_lines_dropped` in the log, and `gatewright_log_lines_dropped_total`",
    )],
    check: Some(says_something),
    hooks: &[Hook::Log],
    home: "policy::log",
    state: Some("policy::log::State"),
    silences: Some("none"),
    effect: Effect::NEITHER,
    ..Policy::BLANK
};

/// What a line has, in this order, where it is known.
const MEMBERS: &[&str] = &[
    "time",
    "request_id",
    "trace_id",
    "span_id",
    "client",
    "peer",
    "method",
    "host",
    "path",
    "route",
    "status",
    "reason",
    "dry_run",
    "evicted",
    "cause",
    "branch",
    "incomplete",
    "upstream",
    "server",
    "tries",
    "received",
    "sent",
    "queue_microseconds",
    "connect_microseconds",
    "first_byte_microseconds",
    "microseconds",
];

/// A member of a line has one name, and no two have the same.
fn is_taken(values: &Values) -> Option<Mismatch> {
    let names = |param| match values.written(param) {
        Some(Value::List(items)) => items.iter().map(ToString::to_string).collect::<Vec<String>>(),
        _ => Vec::new(),
    };
    let (fields, only) = (names("fields"), names("only"));
    let repeated = |names: &[String]| {
        let mut all = names.iter().enumerate();
        all.find_map(|(at, name)| names.iter().take(at).any(|other| other == name).then(|| name.clone()))
    };
    if let Some(name) = repeated(&only) {
        return Some(Mismatch {
            help: Some(format!("name `{name}` once")),
            ..Mismatch::conflict("only", format!("a line cannot have two members `{name}`"), "")
        });
    }
    let taken = fields.iter().find(|name| MEMBERS.contains(&name.as_str())).cloned();
    taken.or_else(|| repeated(&fields)).map(|name| Mismatch {
        help: Some(format!("give the value another name: `let {name}_of = {name}`")),
        ..Mismatch::conflict("fields", format!("a line cannot have two members `{name}`"), "")
    })
}

/// What a line of text is made of has no line breaks of its own.
fn breaks(values: &Values) -> Option<Mismatch> {
    let Some(Value::Expr(format)) = values.written("format") else { return None };
    let texts: Vec<&str> = match &format.kind {
        ValueKind::Text(text) => vec![text],
        ValueKind::Interpolated(parts) => {
            let texts = parts.iter().map(|part| if let TextPart::Literal(text) = part { text } else { "" });
            texts.collect()
        }
        _ => Vec::new(),
    };
    let is_one_line = |text: &&str| text.chars().all(|c| c == '\t' || !c.is_control());
    if texts.iter().all(is_one_line) {
        return None;
    }
    Some(Mismatch {
        help: Some("leave it out: each line is ended by itself".into()),
        ..Mismatch::conflict(
            "format",
            "a line of the log has no line break or other control character in it",
            "a tab may stand there",
        )
    })
}

fn says_something(values: &Values) -> Option<Mismatch> {
    let written = |name: &&str| values.written(name).is_some();
    let is_none = written(&"none");
    let other = ["sample", "only", "fields", "format"].into_iter().find(written);
    let is_json = ["only", "fields"].into_iter().find(written);
    match (is_none, other, is_json) {
        (true, Some(other), _) => Some(Mismatch {
            because: Some(("none", "there is no line".into())),
            help: Some(format!("leave `none` or `{other}` out")),
            ..Mismatch::conflict(other, format!("`none` and `{other}` do not go together"), "of what?")
        }),
        (false, None, _) => Some(Mismatch {
            help: Some("without the setting, every exchange has a line".into()),
            ..Mismatch::conflict(
                "none",
                "`log` says nothing",
                "expected `none`, `sample`, `only`, `fields` or `format`",
            )
        }),
        (false, _, Some(json)) if written(&"format") => Some(Mismatch {
            because: Some(("format", "the whole line stands here".into())),
            help: Some("write the value into the text: `{…}`".into()),
            ..Mismatch::conflict(json, format!("`format` and `{json}` do not go together"), "a part of JSON")
        }),
        _ => is_taken(values).or_else(|| breaks(values)),
    }
}
