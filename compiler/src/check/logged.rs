//! What of who asks may stand in the log: nothing by which they say it, and of what is known of them what their `auth` names.

use gatewright_dsl::auth::LOGGED;
use gatewright_dsl::policy::Hook;
use gatewright_dsl::schema::{Checked, Value};

use super::{Check, problem};
use crate::checked::{Claim, Resolved, Step};

/// The claims that may stand in the log. `None` where there are none of such a name.
pub(super) fn allowed(check: &mut Check<'_>, settings: &[Checked], claims: &[Claim]) -> Option<Vec<String>> {
    let setting = settings.iter().find(|setting| setting.values.word == LOGGED.name);
    let given = setting.and_then(|setting| Some((setting, setting.values.find("names")?)));
    let Some((setting, given)) = given else { return Some(Vec::new()) };
    let names = if let Value::List(items) = &given.value { items.as_slice() } else { &[] };
    let mut found = Vec::new();
    let mut is_whole = true;
    for name in names.iter().filter_map(|name| if let Value::Text(name) = name { Some(name) } else { None }) {
        if claims.iter().any(|claim| claim.name == **name) {
            found.push(name.to_string());
        } else {
            let known: Vec<&str> = claims.iter().map(|claim| claim.name.as_str()).collect();
            let span = given.span.unwrap_or(setting.span);
            check.problems.push(problem::unknown_claim(name, span, &known));
            is_whole = false;
        }
    }
    is_whole.then_some(found)
}

/// Refuses what would write a credential into a log: whoever reads the log could be whom it belongs to. What is known of who asks
/// stands there only where the `auth` says that it may.
pub(super) fn hold(check: &mut Check<'_>, steps: &[Step]) {
    let logs = |step: &&Step| step.policy.hooks.contains(&Hook::Log);
    for step in steps.iter().filter(logs) {
        let row = step.policy.row();
        for (wanted, resolved) in row.wanted(&step.values).iter().zip(&step.resolved) {
            if let Resolved::Expr(function) = resolved
                && let Some(name) = function.expr.header_of(&check.auths.fields)
            {
                check.problems.push(problem::logged_credential(name, wanted.span));
            }
            if let Resolved::Expr(function) = resolved
                && let Some((auth, claim)) =
                    function.expr.claim(&|auth, claim| !may_stand(check, auth, claim))
            {
                let at = check.auths.find(auth).map(|(auth, _)| auth.span);
                check.problems.push(problem::logged_claim((auth, claim), wanted.span, at));
            }
        }
    }
}

/// Whether a claim may stand in the log.
fn may_stand(check: &Check<'_>, auth: &str, claim: &str) -> bool {
    check.auths.find(auth).is_some_and(|(auth, _)| auth.logged.iter().any(|name| name == claim))
}
