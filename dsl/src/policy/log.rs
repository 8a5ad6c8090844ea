//! The row of `log`: what is recorded of an exchange. How lines are written is the runtime's.

use super::{Hook, Policy};
use crate::ast::Percent;
use crate::schema::{At, Default, Mismatch, Param, Phase, Place, Stage, Type, Value, Values};

/// `log none`, `log sample 5% fields tenant, plan`
///
/// The runtime's type: `Config { none: false, sample: Some(50_000), fields: Some(&[("tenant", …), ("plan", …)]), state: Slot(0) }`
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
            dynamic: true,
            doc: "how many exchanges have a line; all where it is not written",
        },
        Param::optional(
            "fields",
            At::Label,
            Type::List(&Type::Named(Stage::Response)),
            "values that stand in the line under their own names",
        ),
    ],
    places: &[Place::Gateway, Place::Group, Place::Host, Place::Policy, Place::Route],
    check: Some(says_something),
    hooks: &[Hook::Log],
    home: "policy::log",
    state: Some("policy::log::State"),
    silences: Some("none"),
    ..Policy::BLANK
};

/// What stands in every line.
const TAKEN: &[&str] = &[
    "time",
    "request_id",
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
    "upstream",
    "server",
    "tries",
    "received",
    "sent",
    "connect_microseconds",
    "first_byte_microseconds",
    "microseconds",
];

/// A member of a line has one name, and no two have the same.
fn is_taken(values: &Values) -> Option<Mismatch> {
    let Some(Value::List(fields)) = values.written("fields") else { return None };
    let names: Vec<String> = fields.iter().map(ToString::to_string).collect();
    let taken = names.iter().enumerate().find(|(at, name)| {
        TAKEN.contains(&name.as_str()) || names.iter().take(*at).any(|other| other == *name)
    });
    taken.map(|(_, name)| Mismatch {
        help: Some(format!("give the value another name: `let {name}_of = {name}`")),
        ..Mismatch::conflict("fields", format!("a line cannot have two members `{name}`"), "")
    })
}

fn says_something(values: &Values) -> Option<Mismatch> {
    let is_none = values.written("none").is_some();
    let other = ["sample", "fields"].into_iter().find(|name| values.written(name).is_some());
    match (is_none, other) {
        (true, Some(other)) => Some(Mismatch {
            because: Some(("none", "there is no line".into())),
            ..Mismatch::conflict(other, format!("`none` and `{other}` do not go together"), "of what?")
        }),
        (false, None) => Some(Mismatch {
            help: Some("without the setting, every exchange has a line".into()),
            ..Mismatch::conflict("none", "`log` says nothing", "expected `none`, `sample` or `fields`")
        }),
        _ => is_taken(values),
    }
}
