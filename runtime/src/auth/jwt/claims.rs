//! What a token says, held against what its `auth` asks: from whom, for whom, until when; and what is kept of it.

use crate::auth::{Auth, Principal};
use crate::json_tree::Json;

/// What a token must say.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Who may have made it.
    pub(super) issuers: &'static [&'static str],
    /// For whom it may be.
    pub(super) audiences: &'static [&'static str],
    /// Seconds by which clocks may differ.
    pub(super) leeway: i64,
}

/// Who a token is from, and the second until which that holds. `None` where it does not.
pub(super) fn read(
    auth: &'static Auth,
    asked: &Asked,
    payload: &Json<'_>,
    now: i64,
) -> Option<(Principal, i64)> {
    let issuer = payload.member("iss")?.text()?;
    if !asked.issuers.contains(&issuer) || !is_for(payload.member("aud")?, asked.audiences) {
        return None;
    }
    let until = seconds(payload.member("exp")?)?.saturating_add(asked.leeway);
    if now >= until {
        return None;
    }
    // What is there must be a time, even where it decides nothing.
    for (name, decides) in [("nbf", true), ("iat", false)] {
        if let Some(time) = payload.member(name) {
            let from = seconds(time)?.saturating_sub(asked.leeway);
            if decides && from > now {
                return None;
            }
        }
    }
    let who = Principal::new(auth, |_, claim| {
        let value = match found(payload.member(claim.field.name)?, claim.inside)? {
            Ok(value) => value,
            Err(NoObject) => return Some(vec![NO_TYPE.into()]),
        };
        let texts = match value {
            Json::Null => return None,
            // RFC 8693 section 4.2: scopes are one text with blanks between them.
            Json::Text(text)
                if claim.field.many && claim.field.name == "scope" && claim.inside.is_empty() =>
            {
                text.split(' ')
                    .filter(|scope| !scope.is_empty())
                    .map(|scope| Box::from(scope.as_bytes()))
                    .collect()
            }
            Json::List(items) if claim.field.many => {
                // A member that is no text of its own is of no type that a claim can have.
                items.iter().map(|item| text(item).unwrap_or_else(|| NO_TYPE.into())).collect()
            }
            one => vec![text(one).unwrap_or_else(|| NO_TYPE.into())],
        };
        Some(texts)
    });
    who.ok().map(|who| (who, until))
}

/// A text that is of no type.
const NO_TYPE: &[u8] = b"\xff";

/// A claim is said to be inside of what is no object.
struct NoObject;

/// What stands under these names inside of a value, if anything does.
fn found<'j, 't>(value: &'j Json<'t>, inside: &[&str]) -> Option<Result<&'j Json<'t>, NoObject>> {
    let mut value = value;
    for name in inside {
        value = match value {
            Json::Object(_) => value.member(name)?,
            Json::Null => return None,
            // A token whose members are of other types is not one that this gateway was made for.
            _ => return Some(Err(NoObject)),
        };
    }
    Some(Ok(value))
}

/// The text of a value, if it has one of its own.
fn text(value: &Json<'_>) -> Option<Box<[u8]>> {
    match value {
        Json::Text(text) => Some(Box::from(text.as_bytes())),
        Json::Number(text) => Some(Box::from(text.as_bytes())),
        Json::Bool(value) => Some(Box::from(if *value { &b"true"[..] } else { b"false" })),
        Json::Null | Json::List(_) | Json::Object(_) => None,
    }
}

/// RFC 7519 section 4.1.3: one audience, or a list of them.
fn is_for(audience: &Json<'_>, wanted: &[&str]) -> bool {
    let is_wanted = |one: &Json<'_>| one.text().is_some_and(|one| wanted.contains(&one));
    match audience {
        // A list of something else is not an audience.
        Json::List(all) => all.iter().all(|one| one.text().is_some()) && all.iter().any(is_wanted),
        one => is_wanted(one),
    }
}

/// RFC 7519 section 2, `NumericDate`: seconds, perhaps with decimals, which are cut off.
fn seconds(time: &Json<'_>) -> Option<i64> {
    let Json::Number(text) = time else { return None };
    let whole = text.split('.').next()?;
    // With an exponent it is a number that nobody writes for a time.
    whole.parse().ok().filter(|seconds: &i64| *seconds >= 0 && !text.contains(['e', 'E']))
}
