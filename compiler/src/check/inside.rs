//! Claims that stand inside of other values: of a kind that has such, not too deep, and in nothing that is itself a claim. What a test says
//! of them is put together here too.

use gatewright_dsl::ast::Field;
use gatewright_dsl::auth::Kind;
use gatewright_dsl::source::Span;

use super::{Check, problem};
use crate::checked::Claim;
use crate::json;

/// Names behind `from`. A token has more levels than this, and no issuer so many.
const DEEPEST: usize = 8;

/// Reports the fields of a record that cannot be claims of a kind for where they stand. Whether there are none.
pub(super) fn hold(check: &mut Check<'_>, kind: &Kind, fields: &[Field], claims: Span) -> bool {
    let before = check.problems.len();
    for field in fields {
        let (Some(wire), Some(first), Some(last)) = (&field.wire, field.inside.first(), field.inside.last())
        else {
            continue;
        };
        if !kind.nests {
            let nesting = check.catalogue.auths().filter(|kind| kind.nests).map(|kind| kind.name);
            let nesting: Vec<&str> = nesting.collect();
            check.problems.push(problem::not_nested(kind.name, &nesting, first.span, claims));
            continue;
        }
        let names = field.inside.len() + 1;
        if names > DEEPEST {
            check.problems.push(problem::too_deep(names, DEEPEST, Span { end: last.span.end, ..wire.span }));
        }
        let path = path(field);
        let outer = fields.iter().find(|other| {
            let outer = self::path(other);
            outer.len() < path.len() && path.starts_with(&outer)
        });
        if let Some(outer) = outer {
            let names = (field.name.text.as_str(), outer.name.text.as_str());
            check.problems.push(problem::inside_of_claim(names, wire.span, outer.name.span));
        }
    }
    check.problems.len() == before
}

fn path(field: &Field) -> Vec<&str> {
    let wire = field.wire.as_ref().map_or(&field.name.text, |wire| &wire.value);
    std::iter::once(wire).chain(field.inside.iter().map(|name| &name.value)).map(String::as_str).collect()
}

fn names(claim: &Claim) -> Vec<&str> {
    std::iter::once(&claim.wire).chain(&claim.inside).map(String::as_str).collect()
}

/// The object in which all of these claims stand, each with its JSON.
pub(super) fn object(said: &[(&Claim, String)]) -> String {
    let all: Vec<(Vec<&str>, &str)> =
        said.iter().map(|(claim, text)| (names(claim), text.as_str())).collect();
    let all: Vec<Said<'_>> = all.iter().map(|(path, text)| (path.as_slice(), *text)).collect();
    nested(&all)
}

/// The names of a claim, the outermost first, and its JSON.
type Said<'s> = (&'s [&'s str], &'s str);

/// The object of these paths, whose members stand in the order in which they are first named.
fn nested(said: &[Said<'_>]) -> String {
    let mut members: Vec<(&str, Vec<Said<'_>>)> = Vec::new();
    for (path, text) in said {
        let Some((first, rest)) = path.split_first() else { continue };
        match members.iter_mut().find(|(name, _)| name == first) {
            Some((_, inner)) => inner.push((rest, text)),
            None => members.push((first, vec![(rest, text)])),
        }
    }
    let member = |(name, inner): &(&str, Vec<Said<'_>>)| {
        let mut written = String::new();
        json::string(name, &mut written);
        written.push(':');
        match inner.as_slice() {
            [([], text)] => written.push_str(text),
            inner => written.push_str(&nested(inner)),
        }
        written
    };
    format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_one_object_is_written_into_one() {
        let said: [Said<'_>; 5] = [
            (&["sub"], "\"ada\""),
            (&["access", "roles"], "[1]"),
            (&["https://a.example/b"], "2"),
            (&["access", "shop", "plan"], "\"pro\""),
            (&["access", "shop", "a\"b"], "3"),
        ];
        assert_eq!(
            nested(&said),
            r#"{"sub":"ada","access":{"roles":[1],"shop":{"plan":"pro","a\"b":3}},"https://a.example/b":2}"#
        );
        assert_eq!(nested(&[]), "{}");
    }
}
