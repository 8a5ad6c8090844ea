//! A file of keys: one a line, `OWNER SHA256 [name=value …]`. Empty lines, and those that begin with `#`, say nothing.

use std::io::Read;

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
    let mut text = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| format!("{path} cannot be opened: {error}"))?;
    let read = file.take(LARGEST + 1).read_to_end(&mut text);
    read.map_err(|error| format!("{path} cannot be read: {error}"))?;
    if text.len() as u64 > LARGEST {
        return Err(format!("{path} has more than {LARGEST} bytes"));
    }
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
