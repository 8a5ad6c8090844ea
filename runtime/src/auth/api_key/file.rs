//! A file of keys: one a line, `OWNER SHA256 [name=value …]`. Empty lines, and those that begin with `#`, say nothing.

use crate::auth::{Auth, Principal};

/// Bytes that a file may have.
const LARGEST: u64 = 16 << 20;

/// Takes a key; `Err` where it is there already.
type Take<'t> = &'t mut dyn FnMut([u8; 32], Principal) -> Result<(), ()>;

/// Reads a file.
///
/// # Errors
///
/// What is wrong with it, and in which line. No part of a line but its number is told.
pub(super) fn read(auth: &'static Auth, path: &str, take: Take<'_>) -> Result<(), String> {
    let text = crate::auth::file(path, LARGEST)?;
    let text = String::from_utf8(text).map_err(|_| format!("{path} is not UTF-8"))?;
    for (number, line) in (1..).zip(text.lines()) {
        key(auth, line.trim(), take).map_err(|what| format!("{path}, line {number}: {what}"))?;
    }
    Ok(())
}

fn key(auth: &'static Auth, line: &str, take: Take<'_>) -> Result<(), String> {
    if line.is_empty() || line.starts_with('#') {
        return Ok(());
    }
    let mut words = words(line)?.into_iter();
    let (Some(owner), Some(sha256)) = (words.next(), words.next()) else {
        return Err("expected `OWNER SHA256`, and perhaps `name=value`".to_owned());
    };
    let hash = hash(&sha256).ok_or("expected 64 digits from `0` to `f` as the second word")?;
    let mut given: Vec<(String, String)> = Vec::new();
    for word in words {
        let (name, value) = word.split_once('=').ok_or("expected `name=value` behind the SHA-256")?;
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
    take(hash, who).map_err(|()| "this key stands twice".to_owned())
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

/// 64 hexadecimal digits as bytes.
pub(super) fn hash(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Vec<u8> = text.bytes().map(|byte| digit(&byte)).collect::<Option<_>>()?;
    let bytes: Vec<u8> =
        digits.chunks(2).filter_map(|pair| Some(pair.first()? << 4 | pair.get(1)?)).collect();
    bytes.try_into().ok().filter(|_| text.len() == 64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Claim;
    use crate::auth::api_key::{Config, Item};
    use crate::policy::query::Field;

    const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    const fn claim(name: &'static str, required: bool, many: bool, check: fn(&str) -> bool) -> Claim {
        Claim { field: Field { name, required, many, check, expected: "int" }, default: None }
    }

    static PARTNER: Auth = Auth {
        name: "partner",
        claims: &[
            claim("name", true, false, |_| true),
            claim("seats", false, false, |text| text.parse::<u32>().is_ok()),
            claim("scope", false, true, |_| true),
        ],
        kind: &Config { items: &[] },
    };

    /// The claims of each key of some lines, or what is wrong with the first line that is wrong.
    fn keys(lines: &str) -> Result<Vec<Vec<String>>, String> {
        let (mut seen, mut found) = (Vec::new(), Vec::new());
        for line in lines.lines() {
            key(&PARTNER, line, &mut |hash, who| {
                if seen.contains(&hash) {
                    return Err(());
                }
                seen.push(hash);
                let texts =
                    |at: usize| who.claim(at).iter().map(|text| String::from_utf8_lossy(text).into_owned());
                found.push((0..3).map(|at| texts(at).collect::<Vec<_>>().join("|")).collect());
                Ok(())
            })?;
        }
        Ok(found)
    }

    #[test]
    fn a_line_is_an_owner_a_hash_and_what_else_is_known() {
        let other = HASH.replace('9', "0");
        let lines = format!(
            "# a comment\n\nacme {HASH} seats=5 scope=a scope=\"b c\"\n\"Bolt & \\\"Sons\\\"\"\t{other}"
        );
        let expected = [["acme", "5", "a|b c"], ["Bolt & \"Sons\"", "", ""]];
        assert_eq!(keys(&lines).unwrap(), expected);
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said_without_its_hash() {
        for (line, part) in [
            ("acme".to_owned(), "expected `OWNER SHA256`"),
            (format!("acme {}", &HASH[1..]), "64 digits"),
            (format!("acme {}", HASH.replace('9', "x")), "64 digits"),
            (format!("acme {HASH} seats"), "`name=value`"),
            (format!("acme {HASH} seat=5"), "`seat`"),
            (format!("acme {HASH} name=other"), "`name`"),
            (format!("acme {HASH} seats=many"), "`seats` is wrong"),
            (format!("acme {HASH} seats=1 seats=2"), "`seats` stands twice"),
            (format!("\"acme {HASH}"), "never closed"),
            (format!("acme {HASH}\nbolt {HASH}"), "stands twice"),
        ] {
            let error = keys(&line).unwrap_err();
            assert!(error.contains(part) && !error.contains(&HASH[8..]), "{line}: {error}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_stops_the_start() {
        static CONFIG: Config = Config { items: &[Item::Keys { path: "/nowhere/partners.keys" }] };
        let clock = crate::clock::Clock::manual();
        let params = std::sync::Arc::default();
        let start = crate::auth::Start { auth: &PARTNER, params: &params, clock: &clock, servers: &[] };
        let error = crate::auth::Kind::start(&CONFIG, &start).unwrap_err();
        assert!(
            error.starts_with("the keys of `partner`: /nowhere/partners.keys cannot be opened"),
            "{error}"
        );
    }
}
