//! What may be written: `agents refuse "curl/", "python-requests/"`.

use gatewright_compiler::dsl::policy::Policy;
use gatewright_compiler::dsl::schema::ty::Bounds;
use gatewright_compiler::dsl::schema::{At, Param, Reason, Type};

/// Which programs are turned away.
pub static AGENTS: Policy = Policy {
    name: "agents",
    summary: "which programs are turned away, by what they call themselves",
    params: &[Param::required(
        "refuse",
        At::Label,
        Type::List(&Type::String(Bounds { min: Some(1), max: Some(80) })),
        "how the `User-Agent` of such a program begins",
    )],
    answers: &[Reason::new("denied", 403, "the request comes from such a program")],
    home: "crate::agents",
    ..Policy::BLANK
};
