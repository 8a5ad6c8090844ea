//! The row of `require`: who must be known for a request to be let in. How it is found out who asks is said by each `auth`.

use super::{Policy, Reason, Who};
use crate::schema::{Amount, At, Effect, Fact, Mismatch, Param, Phase, Type, Value, Values};

/// `require customer` or `require any customer, partner`
///
/// The runtime's type: `Config { any: true, names: &[0, 1] }`
pub const ROW: Policy = Policy {
    name: "require",
    summary: "who must be known; all others are refused",
    phase: Phase::Identify,
    reads: &[Fact::Head],
    gives: &[Fact::Principal],
    params: &[NAMES, ANY],
    answers: &[MISSING, INVALID, UNAVAILABLE],
    check: Some(says_whom),
    home: "policy::require",
    who: Some(Who::Somebody("any")),
    effect: Effect { amounts: &[Amount::wider("names"), Amount::wider("any")], ..Effect::GUARD },
    ..Policy::BLANK
};

const ANY: Param = Param::flag("any", "one of several is enough, and each of them may be absent");

pub(super) const NAMES: Param =
    Param::required("names", At::Position, Type::List(&Type::Principal), "the names of `auth`s");

const MISSING: Reason = Reason::new("credential_missing", 401, "the request does not say who asks");
pub(super) const INVALID: Reason =
    Reason::new("credential_invalid", 401, "what the request says of who asks is not so, or no longer");
pub(super) const UNAVAILABLE: Reason =
    Reason::new("identity_unavailable", 503, "what is needed to find out who asks is not there")
        .not_in_tests();

/// Whether `any` and the number of names go together.
fn says_whom(values: &Values) -> Option<Mismatch> {
    let Some(Value::List(names)) = values.value("names") else { return None };
    let is_any = values.written("any").is_some();
    match names.as_slice() {
        [only] if is_any => Some(Mismatch {
            help: Some(format!("write `{} {only}`", values.word)),
            ..Mismatch::conflict("any", "any of one is that one", "leave it out")
        }),
        all if all.iter().any(|name| name.to_string() == super::public::ROW.name) => {
            let public = super::public::ROW.name;
            let help =
                format!("write `{public}` alone, without `{}`, where nobody has to be known", values.word);
            Some(Mismatch {
                help: Some(help),
                ..Mismatch::conflict("names", format!("`{public}` is a setting, and no `auth`"), "")
            })
        }
        [_, _, ..] if !is_any => {
            let all = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Some(Mismatch {
                help: Some(format!("write `{} any {all}` where one of them is enough", values.word)),
                ..Mismatch::conflict("names", "one request is asked for several credentials", "more than one")
            })
        }
        _ => repeated(names),
    }
}

/// A name that stands twice.
pub(super) fn repeated(names: &[Value]) -> Option<Mismatch> {
    let text = |value: &Value| value.to_string();
    let twice = names.iter().enumerate().find(|(at, name)| {
        let mut before = names.iter().take(*at);
        before.any(|other| text(other) == text(name))
    });
    let (_, name) = twice?;
    Some(Mismatch {
        help: Some("leave it out once".into()),
        ..Mismatch::conflict("names", format!("`{name}` is named twice"), "")
    })
}
