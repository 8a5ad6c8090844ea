//! The row of `body`: what a request may carry. How bodies are framed is the runtime's.

use super::{Policy, Reason};
use crate::schema::{At, Default, Fact, Param, Phase, Type, Value};

/// `body any max 5GiB`
pub const ROW: Policy = Policy {
    name: "body",
    summary: "what a request's body may be, and how large",
    phase: Phase::Receive,
    reads: &[Fact::Head],
    params: &[
        Param {
            name: "kind",
            at: At::Position,
            ty: Type::Word(&["any"]),
            default: Default::Is(Value::Word(std::borrow::Cow::Borrowed("any"))),
            min: None,
            max: None,
            dynamic: false,
            doc: "`any` takes every body and streams it",
        },
        Param {
            name: "max",
            at: At::Label,
            ty: Type::Size,
            default: Default::Is(Value::Size(10 << 20)),
            min: Some(Value::Size(0)),
            max: Some(Value::Size(1 << 50)),
            dynamic: true,
            doc: "the largest body, in bytes as sent",
        },
    ],
    always: true,
    answers: &[Reason::new("body_too_large", 413, "the body is larger than `max`")],
    home: "policy::body",
    ..Policy::BLANK
};
