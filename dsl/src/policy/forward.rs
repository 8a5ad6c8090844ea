//! The row of `forward`: what of a request goes on to the upstream. How it is written there is the runtime's.

use super::Policy;
use crate::schema::{Amount, Around, At, Effect, Fact, Join, Mismatch, Param, Phase, Type, Value, Values};

/// `forward header accept, accept-language`, `forward query page`, `forward none`
///
/// The runtime's type: `Config { items: &[Item::Forward { part: Part::Header, names: Some(&["accept", …]) },
/// Item::Forward { part: Part::None, names: None }] }`
pub const ROW: Policy = Policy {
    name: "forward",
    summary: "which header and query fields of the client are sent on",
    phase: Phase::Send,
    reads: &[Fact::Head],
    params: &[
        Param::required(
            "part",
            At::Position,
            Type::Choice(&["header", "query", "credential", "none"]),
            "fields of the head, or of the query; `credential` sends on by what the client has said who it is; `none` sends neither fields but what else is named",
        ),
        Param::optional("names", At::Position, Type::List(&Type::Name), "their names; no others are sent"),
    ],
    join: Join::Name,
    key: &["part"],
    check: Some(names_what_it_sends),
    accord: Some(has_a_credential),
    home: "policy::forward",
    merges: true,
    passes: Some(("part", "credential")),
    // Without it all goes on but the credential.
    effect: Effect {
        amounts: &[Amount::wider("names")],
        opposite: Some(("part", "credential")),
        ..Effect::GUARD
    },
    ..Policy::BLANK
};

/// A route that asks nobody has no credential to send on. A block around it may say so for others.
fn has_a_credential(values: &Values, around: &Around<'_>) -> Option<Mismatch> {
    let Some(Value::Word(part)) = values.value("part") else { return None };
    let asks = ["require", "identify"].iter().any(|word| (around.find)(word).is_some());
    (part == "credential" && !asks && around.methods.is_some()).then(|| Mismatch {
        help: Some("leave it out: a field that nobody reads here is sent on anyway".into()),
        ..Mismatch::settings(
            "part",
            "`forward credential` sends what this route does not read",
            "nobody is asked",
        )
    })
}

/// `none` names nothing, all else names something, and of header fields in lower case.
fn names_what_it_sends(values: &Values) -> Option<Mismatch> {
    let Some(Value::Word(part)) = values.value("part") else { return None };
    let names = match values.written("names") {
        Some(Value::List(names)) => names.as_slice(),
        _ => &[],
    };
    match &**part {
        "credential" if !names.is_empty() => Some(Mismatch {
            help: Some("write `forward credential` alone".into()),
            ..Mismatch::conflict(
                "names",
                "`forward credential` sends what `require` has read, and so has no names",
                "",
            )
        }),
        "none" if !names.is_empty() => Some(Mismatch {
            help: Some("write `forward none` and, beside it, `forward header …`".into()),
            ..Mismatch::conflict("names", "`forward none` sends nothing, and so has no names", "not sent")
        }),
        "header" | "query" if names.is_empty() => Some(Mismatch {
            help: Some("`forward none` sends nothing".into()),
            ..Mismatch::conflict(
                "part",
                format!("`forward {part}` does not say which"),
                "expected names after this",
            )
        }),
        "header" => names.iter().find_map(|name| match name {
            Value::Text(name) => Mismatch::of_field("names", name),
            _ => None,
        }),
        _ => None,
    }
}
