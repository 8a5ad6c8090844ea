//! What expressions read of an exchange, how texts become values, and how values are written.
//!
//! It is called by emitted functions, through the door. Everything here is total: what is no value of the type asked for is
//! `None`, and no text makes it panic. A text is bytes, for that is what a client sends; it is borrowed wherever it stands
//! somewhere as it is.

pub mod decimal;
pub mod fact;
pub mod read;
#[cfg(test)]
mod tests;
pub mod url;
pub mod write;

use std::borrow::Cow;
use std::net::IpAddr;

pub use decimal::Decimal;
pub use read::{Cidr, Date, Rate, Time};
pub use write::{Value, interpolated, logged};

use crate::exchange::Exchange;
use crate::part;

/// A text: as it stands in the head, or made.
pub type Text<'a> = Cow<'a, [u8]>;

/// The method, as sent.
#[must_use]
pub fn method(x: &Exchange) -> Text<'_> {
    Cow::Borrowed(x.head().method_text())
}

/// The path in canonical spelling: what is matched and sent.
#[must_use]
pub fn path(x: &Exchange) -> Text<'_> {
    Cow::Borrowed(x.head().path())
}

/// The host in lower case, without its port and without a final dot.
#[must_use]
pub fn host(x: &Exchange) -> Text<'_> {
    let whole = x.head().host();
    let port = whole.iter().rposition(|byte| *byte == b':').filter(|at| {
        // The colons of an IPv6 address stand in brackets.
        whole.get(*at..).is_some_and(|port| !port.contains(&b']'))
    });
    let name = port.and_then(|at| whole.get(..at)).unwrap_or(whole);
    let name = name.strip_suffix(b".").unwrap_or(name);
    lower(Cow::Borrowed(name))
}

/// The client's address.
#[must_use]
pub fn client_ip(x: &Exchange) -> IpAddr {
    x.client_ip()
}

/// The status of the answer.
#[must_use]
pub fn status(x: &Exchange) -> i64 {
    i64::from(x.answer_status())
}

/// The id of the request.
#[must_use]
pub fn request_id(x: &Exchange) -> Text<'_> {
    Cow::Borrowed(&x.id)
}

/// Whether somebody is known to the n-th `auth`.
#[must_use]
pub fn known_to(x: &Exchange, number: u16) -> Option<()> {
    x.principals.iter().any(|(known, _)| *known == number).then_some(())
}

/// What the n-th `auth` knows of who asks: the one text of a claim.
#[must_use]
pub fn claim(x: &Exchange, number: u16, at: usize) -> Option<Text<'_>> {
    texts(x, number, at).first().map(|text| Cow::Borrowed(&**text))
}

/// All texts of a claim that is a list.
#[must_use]
pub fn claims(x: &Exchange, number: u16, at: usize) -> Vec<Text<'_>> {
    texts(x, number, at).iter().map(|text| Cow::Borrowed(&**text)).collect()
}

fn texts(x: &Exchange, number: u16, at: usize) -> &[Box<[u8]>] {
    let known = x.principals.iter().find(|(known, _)| *known == number);
    known.map_or(&[], |(_, who)| who.claim(at))
}

/// What the n-th capture of the pattern took, decoded.
#[must_use]
pub fn capture(x: &Exchange, number: u8) -> Text<'_> {
    let spelled = x.capture(number);
    if !spelled.contains(&b'%') {
        return Cow::Borrowed(spelled);
    }
    let mut text = Vec::with_capacity(spelled.len());
    let mut rest = spelled;
    loop {
        rest = match rest {
            [b'%', high, low, rest @ ..] => {
                text.push(digit(*high) << 4 | digit(*low));
                rest
            }
            [byte, rest @ ..] => {
                text.push(*byte);
                rest
            }
            [] => return Cow::Owned(text),
        };
    }
}

/// The value of a digit that canonical spelling writes.
fn digit(byte: u8) -> u8 {
    if byte.is_ascii_digit() { byte - b'0' } else { byte.wrapping_sub(b'A' - 10) & 0x0f }
}

/// A field of the query: the first of its name, decoded. A malformed escape is the text that it is written as, so that a field
/// which a server may see is never taken for an absent one.
#[must_use]
pub fn query<'a>(x: &'a Exchange, name: &'a str) -> Option<Text<'a>> {
    part::query_as_text(x.head(), name).next()
}

/// All fields of the query of a name.
#[must_use]
pub fn query_all<'a>(x: &'a Exchange, name: &'a str) -> Vec<Text<'a>> {
    part::query(x.head(), name).flatten().collect()
}

/// A field of the request's head. Several lines of one name are one list (RFC 9110 section 5.3).
#[must_use]
pub fn header<'a>(x: &'a Exchange, name: &'a str) -> Option<Text<'a>> {
    joined(x.head().field(name))
}

/// The members of a field of the request's head that is a list.
#[must_use]
pub fn header_all<'a>(x: &'a Exchange, name: &'a str) -> Vec<Text<'a>> {
    part::members(x.head(), name).map(Cow::Borrowed).collect()
}

/// A cookie: the first of its name.
#[must_use]
pub fn cookie<'a>(x: &'a Exchange, name: &'a str) -> Option<Text<'a>> {
    part::cookie(x.head(), name).next().map(Cow::Borrowed)
}

/// All cookies of a name.
#[must_use]
pub fn cookie_all<'a>(x: &'a Exchange, name: &'a str) -> Vec<Text<'a>> {
    part::cookie(x.head(), name).map(Cow::Borrowed).collect()
}

/// A field of the answer's head.
#[must_use]
pub fn answer_header<'a>(x: &'a Exchange, name: &'a str) -> Option<Text<'a>> {
    joined(x.answer_field(name))
}

/// The text of a secret.
#[must_use]
pub fn secret(x: &Exchange, number: u16) -> Text<'_> {
    Cow::Borrowed(x.params.secret(number).as_bytes())
}

/// The value of a parameter.
#[must_use]
pub fn param<T: crate::params::Given>(x: &Exchange, number: u16) -> T::Lent<'_> {
    x.params.value::<T>(number)
}

/// The text of a parameter.
#[must_use]
pub fn text_param(x: &Exchange, number: u16) -> Text<'_> {
    Cow::Borrowed(x.params.text(number).as_bytes())
}

/// The texts of a parameter.
#[must_use]
pub fn texts_param(x: &Exchange, number: u16) -> &[Box<str>] {
    x.params.texts(number)
}

/// The text in lower case; only the letters of ASCII have one.
#[must_use]
pub fn lower(text: Text<'_>) -> Text<'_> {
    if text.iter().any(u8::is_ascii_uppercase) { Cow::Owned(text.to_ascii_lowercase()) } else { text }
}

/// The text in upper case; only the letters of ASCII have one.
#[must_use]
pub fn upper(text: Text<'_>) -> Text<'_> {
    if text.iter().any(u8::is_ascii_lowercase) { Cow::Owned(text.to_ascii_uppercase()) } else { text }
}

/// Whether a text stands in another. The empty text stands in every one.
#[must_use]
pub fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

/// Whether an address lies in a network.
#[must_use]
pub fn in_network(ip: IpAddr, (first, bits): Cidr) -> bool {
    match (ip, first) {
        (IpAddr::V4(ip), IpAddr::V4(first)) => {
            let differ = u32::from(ip) ^ u32::from(first);
            differ.checked_shr(32_u32.saturating_sub(u32::from(bits))).unwrap_or(0) == 0
        }
        (IpAddr::V6(ip), IpAddr::V6(first)) => {
            let differ = u128::from(ip) ^ u128::from(first);
            differ.checked_shr(128_u32.saturating_sub(u32::from(bits))).unwrap_or(0) == 0
        }
        _ => false,
    }
}

/// What is there, of what might not be.
#[must_use]
pub fn known<T: crate::params::One>(value: Option<T>) -> T {
    // INVARIANT: the router or a row has found it to be there, and to be of the type.
    value.unwrap_or(T::NONE)
}

/// A whole number of things.
#[must_use]
pub fn count(things: usize) -> i64 {
    i64::try_from(things).unwrap_or(i64::MAX)
}

/// The values of several lines as one.
fn joined<'a>(mut lines: impl Iterator<Item = &'a [u8]>) -> Option<Text<'a>> {
    let first = lines.next()?;
    let Some(second) = lines.next() else { return Some(Cow::Borrowed(first)) };
    let mut whole = first.to_vec();
    for line in std::iter::once(second).chain(lines) {
        whole.extend_from_slice(b", ");
        whole.extend_from_slice(line);
    }
    Some(Cow::Owned(whole))
}
