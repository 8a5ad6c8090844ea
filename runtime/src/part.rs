//! The named parts of a request: fields of its query, cookies, members of lists. One reading, for the check of what a
//! route declares and for the expressions that use it, so that the two never disagree.
//!
//! It reads what was received; what is sent on stands in `edit`.

use std::borrow::Cow;
use std::ops::Range;

use crate::head::{Head, list};

/// The values of a field of the query, decoded, in order. `None` for one with a malformed escape.
pub fn query<'a>(head: &'a Head, name: &'a str) -> impl Iterator<Item = Option<Cow<'a, [u8]>>> {
    let text = head.query().unwrap_or_default();
    pairs(text).filter_map(move |(found, value)| {
        is_named(text.get(found)?, name).then(|| decode(text.get(value).unwrap_or_default()))
    })
}

/// The same, where a malformed escape is the text that it is written as.
pub fn query_as_text<'a>(head: &'a Head, name: &'a str) -> impl Iterator<Item = Cow<'a, [u8]>> {
    let text = head.query().unwrap_or_default();
    pairs(text).filter_map(move |(found, value)| {
        is_named(text.get(found)?, name).then(|| as_text(text.get(value).unwrap_or_default()))
    })
}

/// The values of a cookie, in order (RFC 6265 section 4.2.1); quotes around one belong to it.
pub fn cookie<'a>(head: &'a Head, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    head.field("cookie").flat_map(|line| line.split(|byte| *byte == b';')).filter_map(move |pair| {
        let pair = pair.trim_ascii();
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let (found, value) = (pair.get(..equals)?, pair.get(equals + 1..)?);
        (found == name.as_bytes()).then_some(value)
    })
}

/// The members of a list that is one field of the head, on one line or several (RFC 9110 section 5.6.1).
pub fn members<'a>(head: &'a Head, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    head.field(name).flat_map(list)
}

/// Where the pairs of a query stand: the name and the value of each, as received. One without `=` has an empty value;
/// an empty one is none.
pub(crate) fn pairs(query: &[u8]) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < query.len() {
            let rest = query.get(at..)?;
            let end = at + rest.iter().position(|byte| *byte == b'&').unwrap_or(rest.len());
            let start = std::mem::replace(&mut at, end + 1);
            if start < end {
                let pair = query.get(start..end)?;
                let equals = pair.iter().position(|byte| *byte == b'=');
                let middle = equals.map_or(end, |equals| start + equals);
                return Some((start..middle, (middle + 1).min(end)..end));
            }
        }
        None
    })
}

/// Whether the name of a pair, as received, is this one. A malformed escape is no name.
pub(crate) fn is_named(received: &[u8], name: &str) -> bool {
    received == name.as_bytes() && !received.iter().any(|byte| matches!(byte, b'%' | b'+'))
        || decode(received).is_some_and(|decoded| *decoded == *name.as_bytes())
}

/// The bytes that a part of a query stands for; `+` is a blank, as forms write it.
pub(crate) fn decode(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Some(Cow::Borrowed(text));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => digit(*bytes.next()?)? * 16 + digit(*bytes.next()?)?,
            other => *other,
        });
    }
    Some(Cow::Owned(out))
}

/// The same, where an escape that is none stands for itself.
fn as_text(text: &[u8]) -> Cow<'_, [u8]> {
    if let Some(decoded) = decode(text) {
        return decoded;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, behind @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, ..] => digit(*high).zip(digit(*low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        out.push(escaped.unwrap_or(if *first == b'+' { b' ' } else { *first }));
        rest = if escaped.is_some() { rest.get(3..).unwrap_or_default() } else { behind };
    }
    Cow::Owned(out)
}

fn digit(byte: u8) -> Option<u8> {
    // A digit of base 16 fits.
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Appends a part of a query in its one spelling: all but unreserved characters as escapes (RFC 3986 section 2.3).
pub(crate) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(*byte),
            _ => {
                let digit = |half: u8| DIGITS.get(usize::from(half)).copied().unwrap_or(b'0');
                out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::request;

    fn head(target: &str, fields: &str) -> Head {
        let mut head = Head::default();
        let text = format!("GET {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        request::read(text.as_bytes(), &mut head).unwrap().unwrap();
        head
    }

    fn found(target: &str, name: &str) -> Vec<Option<String>> {
        let text = |value: Cow<[u8]>| String::from_utf8(value.into_owned()).unwrap();
        query(&head(target, ""), name).map(|value| value.map(text)).collect()
    }

    #[test]
    fn a_field_of_the_query_is_found_however_it_is_spelt() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(found("/?a=1&b=2&a=3", "a"), [some("1"), some("3")]);
        assert_eq!(found("/?%61=x%20y+z", "a"), [some("x y z")]);
        assert_eq!(found("/?&&a&=&a=&a==b", "a"), [some(""), some(""), some("=b")]);
        assert_eq!(found("/?a=%zz&a=%4", "a"), [None, None]);
        assert_eq!(found("/?a%=1&%61%zz=2&A=3&aa=4", "a"), []);
        assert_eq!(found("/?a+b=1", "a b"), [some("1")]);
        assert_eq!(found("/?a%2Bb=1&a+b=2", "a+b"), [some("1")]);
        assert_eq!(found("/", "a"), []);
    }

    #[test]
    fn a_malformed_escape_is_read_as_it_is_written() {
        for (query, value) in
            [("a=%zz", "%zz"), ("a=%", "%"), ("a=%4&a=1", "%4"), ("a=%41%4g+%", "A%4g %"), ("a=%%41", "%A")]
        {
            let head = head(&format!("/?{query}"), "");
            assert_eq!(query_as_text(&head, "a").next().unwrap(), value.as_bytes(), "{query}");
        }
        assert_eq!(query_as_text(&head("/?b%zz=1", ""), "b").count(), 0);
    }

    #[test]
    fn cookies_are_found_on_all_lines_and_by_their_exact_name() {
        let head = head("/", "Cookie: a=1; b=\"2\";a=3\r\nCookie: A=4; a ; a=x=y\r\n");
        assert_eq!(cookie(&head, "a").collect::<Vec<_>>(), [&b"1"[..], b"3", b"x=y"]);
        assert_eq!(cookie(&head, "b").collect::<Vec<_>>(), [b"\"2\""]);
        assert_eq!(cookie(&head, "c").count(), 0);
    }

    #[test]
    fn what_is_encoded_reads_as_the_same() {
        let every: Vec<u8> = (0..=255).collect();
        let mut out = Vec::new();
        encode(&every, &mut out);
        assert_eq!(decode(&out).unwrap(), every);
        assert!(out.iter().all(u8::is_ascii_graphic) && !out.contains(&b'+') && !out.contains(&b'&'));
    }
}
