//! Fields of a query, as HTML forms write them: `name=value` with `&` between, `+` for a blank, and percent escapes.

use std::borrow::Cow;

use super::Text;

/// The first field of a name, decoded. A field without `=` has an empty value. One that cannot be decoded is none.
#[must_use]
pub fn find<'a>(query: &'a [u8], name: &str) -> Option<Text<'a>> {
    all(query, name).next().map(|value| decoded(value, true))
}

/// The values of all fields of a name, as they stand in the query.
pub fn all<'a, 'n>(query: &'a [u8], name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
    let pairs = query.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs.filter_map(move |pair| {
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let (own, value) = (pair.get(..at)?, pair.get(at + 1..).unwrap_or_default());
        is(own, name.as_bytes()).then_some(value)
    })
}

/// A text with its escapes resolved; what is no escape stays as it is.
#[must_use]
pub fn decoded(text: &[u8], plus_is_blank: bool) -> Text<'_> {
    let is_plain = |byte: &u8| *byte != b'%' && !(plus_is_blank && *byte == b'+');
    if text.iter().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(Bytes { rest: text, plus_is_blank }.collect())
}

/// Whether an encoded text says `plain`.
fn is(encoded: &[u8], plain: &[u8]) -> bool {
    Bytes { rest: encoded, plus_is_blank: true }.eq(plain.iter().copied())
}

/// The bytes that an encoded text says.
struct Bytes<'a> {
    rest: &'a [u8],
    plus_is_blank: bool,
}

impl Iterator for Bytes<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        if let [b'%', high, low, rest @ ..] = self.rest
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            self.rest = rest;
            return Some(high << 4 | low);
        }
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(if self.plus_is_blank && *first == b'+' { b' ' } else { *first })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_and_decoded() {
        let check = |query: &str, name: &str, expected: Option<&str>| {
            let found = find(query.as_bytes(), name);
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{query} {name}");
        };
        check("a=1&b=2", "b", Some("2"));
        check("a=1&a=2", "a", Some("1"));
        check("a", "a", Some(""));
        check("&&a=&b", "a", Some(""));
        check("a=x+y%20z", "a", Some("x y z"));
        check("%61%2b=1", "a+", Some("1"));
        check("x+y=1", "x y", Some("1"));
        check("a=b=c", "a", Some("b=c"));
        check("a=%C3%A9", "a", Some("é"));
        check("a=50%&b=%zz", "a", Some("50%"));
        check("a=50%&b=%zz", "b", Some("%zz"));
        check("A=1", "a", None);
        check("", "", None);
        check("aa=1", "a", None);
    }
}
