//! A file of people or keys: one a line, `OWNER HASH [name=value …]`. Empty lines, and those that begin with `#`, say nothing.

use super::kept::Read;
use crate::auth::{Auth, Principal};

/// Bytes that a file may have.
const LARGEST: u64 = 16 << 20;

/// How a line begins.
pub(super) struct Form<T> {
    /// Its first two words.
    pub(super) words: &'static str,
    /// The two may be one word, with a colon between them, as `htpasswd` writes them.
    pub(super) has_colon: bool,
    /// Reads the second; else what was expected.
    pub(super) hash: fn(&str) -> Result<T, String>,
}

/// Takes what a line says: an owner, its hash, and what is known of it. `Err` where that cannot stand beside the lines above.
pub(super) type Take<'t, T> = &'t mut dyn FnMut(&str, T, Principal) -> Result<(), String>;

/// Reads a file.
///
/// # Errors
///
/// What is wrong with it, and in which line. No part of a line but its number is told.
pub(super) fn read<T>(
    auth: &'static Auth,
    (path, bytes): (&'static str, Read<'_>),
    form: &Form<T>,
    take: Take<'_, T>,
) -> Result<(), String> {
    let text = bytes(path, LARGEST)?;
    let text = String::from_utf8(text).map_err(|_| format!("{path} is not UTF-8"))?;
    for (number, line) in (1..).zip(text.lines()) {
        one(auth, line.trim(), form, take).map_err(|what| format!("{path}, line {number}: {what}"))?;
    }
    Ok(())
}

fn one<T>(auth: &'static Auth, line: &str, form: &Form<T>, take: Take<'_, T>) -> Result<(), String> {
    if line.is_empty() || line.starts_with('#') {
        return Ok(());
    }
    let mut words = words(line)?;
    if let Some((owner, hash)) = words.first().and_then(|word| word.split_once(':'))
        && form.has_colon
    {
        let both = [owner.to_owned(), hash.to_owned()];
        words.splice(..1, both);
    }
    let mut words = words.into_iter();
    let (Some(owner), Some(hash)) = (words.next(), words.next()) else {
        return Err(format!("expected `{}`, and perhaps `name=value`", form.words));
    };
    let hash = (form.hash)(&hash)?;
    let mut given: Vec<(String, String)> = Vec::new();
    for word in words {
        let (name, value) = word.split_once('=').ok_or("expected `name=value` behind the hash")?;
        let Some(claim) = auth.claims.iter().skip(1).find(|claim| claim.field.name == name) else {
            return Err(format!("nothing called `{}` is declared", name.escape_debug()));
        };
        if !claim.field.many && given.iter().any(|(known, _)| known == name) {
            return Err(format!("`{name}` stands twice"));
        }
        given.push((name.to_owned(), value.to_owned()));
    }
    let who = Principal::new(auth, |at, claim| {
        if at == 0 {
            return Some(vec![Box::from(owner.as_bytes())]);
        }
        let own = given.iter().filter(|(name, _)| name == claim.field.name);
        let texts: Vec<Box<[u8]>> = own.map(|(_, value)| Box::from(value.as_bytes())).collect();
        (!texts.is_empty()).then_some(texts)
    });
    let who = who.map_err(|(claim, how)| {
        format!("`{}` is {how}, expected a value of `{}`", claim.field.name, claim.field.expected)
    })?;
    take(&owner, hash, who)
}

/// The words of a line: blanks between them, and none in them but between quotes.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let (mut word, mut is_quoted, mut is_word) = (String::new(), false, false);
    let mut chars = line.chars();
    while let Some(next) = chars.next() {
        match next {
            '\\' if is_quoted => word.extend(chars.next()),
            '"' => {
                is_quoted = !is_quoted;
                is_word = true;
            }
            ' ' | '\t' if !is_quoted => {
                if std::mem::take(&mut is_word) {
                    words.push(std::mem::take(&mut word));
                }
            }
            other => {
                word.push(other);
                is_word = true;
            }
        }
    }
    if is_quoted {
        return Err("a quote is never closed".to_owned());
    }
    if is_word {
        words.push(word);
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Claim, Nobody};
    use crate::policy::query::Field;

    /// A hash is a number here.
    const FORM: Form<u32> = Form {
        words: "OWNER NUMBER",
        has_colon: true,
        hash: |text| text.parse().map_err(|_| "expected a number as the second word".to_owned()),
    };

    const fn claim(name: &'static str, required: bool, many: bool, check: fn(&str) -> bool) -> Claim {
        Claim { field: Field { name, required, many, check, expected: "int" }, inside: &[], default: None }
    }

    static PARTNER: Auth = Auth {
        name: "partner",
        claims: &[
            claim("name", true, false, |_| true),
            claim("seats", false, false, |text| text.parse::<u32>().is_ok()),
            claim("scope", false, true, |_| true),
        ],
        kind: &Nobody,
        calls: &[],
    };

    /// Owner, hash and claims of each of some lines, or what is wrong with the first line that is wrong.
    fn lines(lines: &str) -> Result<Vec<Vec<String>>, String> {
        let (mut seen, mut found) = (Vec::new(), Vec::new());
        for line in lines.lines() {
            one(&PARTNER, line, &FORM, &mut |owner, hash, who| {
                if seen.contains(&hash) {
                    return Err("this stands twice".to_owned());
                }
                seen.push(hash);
                let texts =
                    |at: usize| who.claim(at).iter().map(|text| String::from_utf8_lossy(text).into_owned());
                let claims = (1..3).map(|at| texts(at).collect::<Vec<_>>().join("|"));
                assert_eq!(who.claim(0), [Box::from(owner.as_bytes())]);
                found.push([owner.to_owned(), hash.to_string()].into_iter().chain(claims).collect());
                Ok(())
            })?;
        }
        Ok(found)
    }

    #[test]
    fn a_line_is_an_owner_a_hash_and_what_else_is_known() {
        let text =
            "# a comment\n\nacme 1 seats=5 scope=a scope=\"b c\"\n\"Bolt & \\\"Sons\\\"\"\t2\nada:3 seats=4";
        let expected = [["acme", "1", "5", "a|b c"], ["Bolt & \"Sons\"", "2", "", ""], ["ada", "3", "4", ""]];
        assert_eq!(lines(text).unwrap(), expected);
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said_without_its_hash() {
        for (line, part) in [
            ("acme", "expected `OWNER NUMBER`"),
            ("acme 77x", "expected a number"),
            ("acme: 77", "expected a number"),
            ("acme 77 seats", "`name=value`"),
            ("acme 77 seat=5", "`seat`"),
            ("acme 77 name=other", "`name`"),
            ("acme 77 seats=many", "`seats` is wrong"),
            ("acme 77 seats=1 seats=2", "`seats` stands twice"),
            ("\"acme 77", "never closed"),
            ("acme 77\nbolt 77", "stands twice"),
        ] {
            let error = lines(line).unwrap_err();
            assert!(error.contains(part) && !error.contains("77"), "{line}: {error}");
        }
    }
}
