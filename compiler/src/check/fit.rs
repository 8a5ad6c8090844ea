//! Times that must fit into others, where parameters or live values say one of them: what their bounds rule out whatever they
//! are. What only some of their values rule out is found when the gateway starts.

use std::time::Duration;

use gatewright_dsl::policy::Fit;
use gatewright_dsl::schema::{Mismatch, Value, Values};

use super::{Check, bounds};
use crate::checked::Step;

/// The shortest and the longest that a time can be.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Span {
    least: Duration,
    most: Duration,
}

/// Reports what never fits. Where all is written, the rows have looked at it.
pub(super) fn check(check: &mut Check<'_>, steps: &[Step]) {
    for step in steps {
        for fit in step.policy.fits {
            let of = steps.iter().find(|other| other.policy.name == fit.of).map(|other| &other.values);
            let mismatch = of.and_then(|of| never(check, fit, &step.values, of));
            check.problems.extend(mismatch.and_then(|mismatch| mismatch.problem(&step.values)));
        }
    }
}

fn never(check: &Check<'_>, fit: &Fit, own: &Values, of: &Values) -> Option<Mismatch> {
    let (part, whole) = (of.written(fit.part)?, of.value(fit.whole)?);
    if [part, whole].iter().all(|time| matches!(time, Value::Duration(_))) {
        return None;
    }
    let times = match fit.times.and_then(|times| own.value(times)) {
        Some(Value::Int(more)) => u32::try_from(*more).ok()?.checked_add(1)?,
        _ => 1,
    };
    let (part, whole) = (span(check, part)?, span(check, whole)?);
    // What is too long to be counted does not fit.
    let needed = part.least.checked_mul(times).unwrap_or(Duration::MAX);
    if needed <= whole.most {
        return None;
    }
    let least = if part.least == part.most { "" } else { "at least " };
    let most = if whole.least == whole.most { "" } else { "at most " };
    let (each, all) = (Value::Duration(part.least), Value::Duration(whole.most));
    let message = if times == 1 {
        format!("`{}` is {least}{each}, and the whole `{}` {most}{all}", fit.part, fit.of)
    } else {
        format!("{times} tries of {least}{each} each do not fit into a `{}` of {most}{all}", fit.of)
    };
    Some(Mismatch {
        help: Some("other bounds of the parameter, or another time beside it".into()),
        ..Mismatch::settings(fit.times.unwrap_or(fit.part), message, "no value within the bounds can be used")
    })
}

/// How short and how long it can be. A parameter without bounds of its own has those of what takes it.
fn span(check: &Check<'_>, value: &Value) -> Option<Span> {
    match value {
        Value::Duration(time) => Some(Span { least: *time, most: *time }),
        Value::Name(name) => {
            let param = check.params.all.iter().find(|param| param.name == name.text)?;
            let (least, most) = bounds::of_time(&param.ty)?;
            Some(Span { least: least.unwrap_or_default(), most: most.unwrap_or(Duration::MAX) })
        }
        Value::Least(two) => {
            let (one, other) = (span(check, &two.0)?, span(check, &two.1)?);
            Some(Span { least: one.least.min(other.least), most: one.most.min(other.most) })
        }
        _ => None,
    }
}
