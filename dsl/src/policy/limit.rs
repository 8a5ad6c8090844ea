//! The row of `limit`: how often. How it is counted is the runtime's.

use super::{Policy, Reason};
use crate::ast::Rate;
use crate::schema::{
    Amount, At, Default, Depends, Dynamic, Effect, Join, Mismatch, Param, Sense, Stage, Type, Value, Values,
    Want, ty::Bounds,
};
use std::time::Duration;

/// `limit 20/10s burst 40 per client.ip counting response.status in 400..499 ban 5m`
///
/// The runtime's type: `Config { rate: Setting::Is((20, …)), burst: Some(40), per: Some(…), counting: Some(…), ban: Some(…),
/// dry_run: false, keys: 65536, state: Slot(0) }`
pub const ROW: Policy = Policy {
    name: "limit",
    summary: "how often requests may come",
    params: &[
        Param {
            name: "rate",
            at: At::Position,
            ty: Type::Rate,
            default: Default::Required,
            min: Some(Value::Rate(Rate { count: 1, per: YEAR })),
            max: Some(Value::Rate(Rate { count: 1_000_000, per: Duration::from_secs(1) })),
            dynamic: Dynamic::Live,
            doc: "how many in how long, for ever",
        },
        Param {
            name: "burst",
            at: At::Label,
            ty: Type::Int(Bounds::NONE),
            default: Default::Absent,
            min: Some(Value::Int(1)),
            max: Some(Value::Int(1_000_000)),
            dynamic: Dynamic::Live,
            doc: "how many at once; as many as the rate says where it is not written",
        },
        Param::optional(
            "per",
            At::Label,
            Type::Expr(Want::Key, Stage::Request),
            "each value of it has a budget of its own; without it all requests share one",
        ),
        Param::optional(
            "counting",
            At::Label,
            Type::Expr(Want::Bool, Stage::Response),
            "what costs: requests whose answer this holds for; all where it is not written",
        ),
        Param {
            name: "ban",
            at: At::Label,
            ty: Type::Duration,
            default: Default::Absent,
            min: Some(Value::Duration(Duration::from_secs(1))),
            max: Some(Value::Duration(YEAR)),
            dynamic: Dynamic::Live,
            doc: "how long nothing more is let in once the budget is exceeded",
        },
        Param {
            name: "keys",
            at: At::Label,
            ty: Type::Int(Bounds::NONE),
            default: Default::Is(Value::Int(65_536)),
            min: Some(Value::Int(64)),
            max: Some(Value::Int(1 << 22)),
            dynamic: Dynamic::Start,
            doc: "of how many values at most a budget is kept",
        },
        Param::optional(
            "each",
            At::Label,
            Type::Word(&["route"]),
            "`each route` gives every route a budget of its own",
        ),
        Param::flag("dry_run", "everything is counted and told, and nothing is refused"),
    ],
    join: Join::All,
    answers: &[
        Reason {
            // With a ban, whoever finds the budget used up is banned at once.
            without: &["ban", "dry_run"],
            ..Reason::new("limited", 429, "the budget is used up")
        },
        Reason {
            with: Some("ban"),
            without: &["dry_run"],
            ..Reason::new("banned", 429, "the budget was exceeded, and `ban` is not over")
        },
    ],
    depends: &[Depends::open(
        "room for one more budget",
        "one that is unknown begins with as much used as the oldest had, `evicted` in the log, and `gatewright_limit_evictions_total`",
    )],
    check: Some(holds_together),
    feature: Some("limit"),
    home: "policy::limit",
    hooks: &[super::Hook::Request, super::Hook::Response],
    state: Some("policy::limit::State"),
    split: Some("each"),
    watches: Some("dry_run"),
    effect: Effect {
        shared: Sense::Narrower,
        amounts: &[
            Amount::wider("rate"),
            Amount::wider("burst"),
            Amount::narrower("ban").or_least(),
            Amount::wider("dry_run"),
            Amount::narrower("keys"),
        ],
        ..Effect::GUARD
    },
    ..Policy::BLANK
};

const YEAR: Duration = Duration::from_hours(365 * 24);

/// A ban needs somebody to be banned, and a burst that takes years to come back is none.
fn holds_together(values: &Values) -> Option<Mismatch> {
    if values.written("ban").is_some() && values.written("per").is_none() {
        return Some(Mismatch {
            help: Some("say whom it bans: `per client.ip`".into()),
            ..Mismatch::conflict(
                "ban",
                "`ban` without `per` would lock everybody out",
                "expected `per` beside it",
            )
        });
    }
    let (Some(Value::Rate(rate)), Some(Value::Int(burst))) = (values.value("rate"), values.value("burst"))
    else {
        return None;
    };
    // In nanoseconds; a count of zero is out of bounds, which has been said.
    let whole =
        rate.per.as_nanos().checked_div(u128::from(rate.count))?.saturating_mul(burst.unsigned_abs().into());
    (whole > YEAR.as_nanos()).then(|| Mismatch {
        because: Some(("rate", "at this rate".into())),
        help: Some("make `burst` smaller, or the rate higher".into()),
        ..Mismatch::conflict("burst", "a used burst would take over a year to come back", "so many at once")
    })
}
