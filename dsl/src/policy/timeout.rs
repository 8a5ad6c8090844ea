//! The row of `timeout`: how long an exchange may take. How it is measured is the runtime's.

use super::{Fit, Meet, Policy, Reason, request};
use crate::schema::depends;
use crate::schema::{
    Amount, At, Default, Dynamic, Effect, Mismatch, Param, Phase, Place, Type, Value, Values,
};
use std::time::Duration;

/// `timeout 2s each 500ms connect 250ms idle 30s forward "x-request-timeout-ms"`
pub const ROW: Policy = Policy {
    name: "timeout",
    summary: "how long the upstream may take",
    phase: Phase::Call,
    params: &[
        duration("total", At::Position, Some(30), "from the end of the request to the head of the answer"),
        duration("each", At::Label, None, "of that, for each try, its connection included"),
        duration("connect", At::Label, Some(1), "until the connection stands"),
        duration("idle", At::Label, Some(30), "while nothing of a body moves, in either direction"),
        Param::optional(
            "forward",
            At::Label,
            Type::Name,
            "the field in which a server is told how many milliseconds it has for the head of its answer",
        ),
    ],
    places: &[Place::Upstream, Place::Group, Place::Host, Place::Policy, Place::Route],
    always: true,
    meet: Meet::Smaller,
    answers: &[
        Reason::new("upstream_connect_timeout", 504, "no connection to a server stood within `connect`")
            .not_in_tests(),
        Reason::new("upstream_timeout", 504, "no head of an answer came within `total`")
            .in_tests_with("total"),
        Reason::new("body_timeout", 408, "the client sent nothing of its body for `idle`").not_in_tests(),
        Reason::new("upstream_stalled", 504, "the server took or sent nothing for `idle`").not_in_tests(),
    ],
    depends: &[depends::IN_TIME],
    check: Some(adds_up),
    fits: &[Fit { times: None, of: "timeout", part: "each", whole: "total" }],
    home: "policy::timeout",
    effect: Effect {
        amounts: &[
            Amount::wider("total"),
            Amount::wider("each").or_most(),
            Amount::wider("connect"),
            Amount::wider("idle"),
        ],
        ..Effect::GUARD
    },
    ..Policy::BLANK
};

const fn duration(name: &'static str, at: At, default: Option<u64>, doc: &'static str) -> Param {
    Param {
        name,
        at,
        ty: Type::Duration,
        default: match default {
            Some(seconds) => Default::Is(Value::Duration(Duration::from_secs(seconds))),
            None => Default::Absent,
        },
        min: Some(Value::Duration(Duration::from_millis(1))),
        max: Some(Value::Duration(Duration::from_hours(24))),
        dynamic: Dynamic::Live,
        doc,
    }
}

/// A `connect` that outlasts the total can never be reached. Defaults are not held against what is written.
fn adds_up(values: &Values) -> Option<Mismatch> {
    if let Some(Value::Text(name)) = values.written("forward")
        && let Some(mismatch) = request::may_be_carried("forward", name)
    {
        let help = mismatch.help.map(|help| help.replace("x-request-id", "x-request-timeout-ms"));
        return Some(Mismatch { help, ..mismatch });
    }
    let Some(Value::Duration(total)) = values.written("total") else { return None };
    if let Some(Value::Duration(each)) = values.written("each")
        && each > total
    {
        return Some(Mismatch {
            because: Some(("total", "everything ends here".into())),
            help: Some("make `each` shorter, or the total longer".into()),
            ..Mismatch::conflict(
                "each",
                "one try has longer than the whole `timeout`",
                "this can never be reached",
            )
        });
    }
    let Some(Value::Duration(connect)) = values.written("connect") else { return None };
    (connect > total).then(|| Mismatch {
        because: Some(("total", "everything ends here".into())),
        help: Some("make `connect` shorter, or the total longer".into()),
        ..Mismatch::conflict(
            "connect",
            "`connect` is longer than the whole `timeout`",
            "this can never be reached",
        )
    })
}
