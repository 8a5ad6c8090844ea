//! The row of `on`: what is answered where the gateway would answer by itself. When it does is the runtime's.

use super::{Hook, Policy};
use crate::schema::{At, Join, Param, Phase, Stage, Type};

/// `on 502, 5xx, limited respond 503 json { slow: true }`
///
/// The runtime's type: `Config { items: &[Item::On { causes: &[Cause::Status(502), Cause::Class(500),
/// Cause::Reason("limited")], respond: Respond { … } }] }`
pub const ROW: Policy = Policy {
    name: "on",
    summary: "what is answered in the place of the gateway's own answers",
    phase: Phase::Answer,
    params: &[
        Param::required(
            "causes",
            At::Position,
            Type::List(&Type::Cause),
            "which: a reason comes before its status, and a status before its class",
        ),
        Param::required("respond", At::Label, Type::Answer(Stage::Request), "the answer"),
    ],
    join: Join::Name,
    key: &["causes"],
    hooks: &[Hook::Own],
    home: "policy::on",
    merges: true,
    ..Policy::BLANK
};
