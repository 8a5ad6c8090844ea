//! The row of `body`: what a request may carry. How bodies are framed and read is the runtime's.

use super::{Policy, Reading, Reason};
use crate::schema::depends;
use crate::schema::{
    Amount, At, Default, Dynamic, Effect, Fact, Mismatch, Param, Phase, Type, Value, Values,
};

/// The largest body that is kept as a whole.
const MOST_KEPT: u64 = 64 << 20;

/// `body any max 5GiB`, `body NewOrder max 64KiB`
pub const ROW: Policy = Policy {
    name: "body",
    summary: "what a request's body may be, and how large",
    phase: Phase::Receive,
    reads: &[Fact::Head],
    gives: &[Fact::Body],
    params: &[
        Param {
            name: "kind",
            at: At::Position,
            ty: Type::Shape(&["any"]),
            default: Default::Is(Value::Word(std::borrow::Cow::Borrowed("any"))),
            min: None,
            max: None,
            dynamic: Dynamic::No,
            doc: "`any` takes every body and streams it; a type takes JSON of that type, and its fields are known as `body.…`",
        },
        Param {
            name: "max",
            at: At::Label,
            ty: Type::Size,
            default: Default::Is(Value::Size(10 << 20)),
            min: Some(Value::Size(0)),
            max: Some(Value::Size(1 << 50)),
            dynamic: Dynamic::Live,
            doc: "the largest body, in bytes as sent; of one with a type at most `64MiB`",
        },
    ],
    always: true,
    answers: &[
        Reason::new("body_too_large", 413, "the body is larger than `max`").in_tests_with("max"),
        Reason {
            with: Some("kind"),
            ..Reason::new("wrong_media_type", 415, "the body is not said to be plain JSON")
        },
        Reason { with: Some("kind"), ..Reason::new("wrong_body", 400, "the body is not of its type") },
        Reason {
            with: Some("kind"),
            ..Reason::new(
                "bodies_full",
                503,
                "the bodies that are kept take all the room that there is for them",
            )
            .not_in_tests()
        },
    ],
    depends: &[depends::ROOM],
    check: Some(is_kept),
    home: "policy::body",
    reading: Some(Reading { param: "kind", home: "json::body", feature: "json" }),
    effect: Effect { amounts: &[Amount::wider("max")], ..Effect::GUARD },
    ..Policy::BLANK
};

/// What is read as a whole is kept as a whole.
fn is_kept(values: &Values) -> Option<Mismatch> {
    let Some(Value::Type(_)) = values.value("kind") else { return None };
    let Some(Value::Size(max)) = values.value("max") else { return None };
    (*max > MOST_KEPT).then(|| Mismatch {
        because: Some(("kind", "is read as a whole".into())),
        help: Some("write `64MiB` or less, or take `any` body".into()),
        ..Mismatch::conflict(
            "max",
            "a body of a type is kept as a whole, and that large is none",
            "more than `64MiB`",
        )
    })
}
