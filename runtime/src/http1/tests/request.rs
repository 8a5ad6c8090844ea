//! What is accepted as a request is one request to a strict reader, and so is what is forwarded: the same one.

use super::path::reference;
use super::strict::{self, Message, Pair, is, pair};
use crate::bench::{AUTHORITY, CLIENT, Length, NAME, Request};
use crate::head::Head;
use crate::limits::FIELDS;

/// Holds the claim against any bytes.
pub fn check(input: &[u8]) {
    let Some((head, request, out)) = sent(input) else { return };
    let received = &input[..request.size()];
    for cut in (0..received.len()).step_by(received.len() / 16 + 1).chain([received.len() - 1]) {
        let early = Request::read(&received[..cut], &mut Head::default());
        assert_eq!(early, Ok(None), "whole after {cut} bytes of {}", received.escape_ascii());
    }

    let blank = received.chunks(2).take_while(|pair| pair == b"\r\n").count() * 2;
    let Some(asked) = strict::read(&received[blank..]) else {
        panic!("accepted: {}", received.escape_ascii());
    };
    assert_eq!(blank + asked.size, received.len());
    assert_eq!(strict::framing(&asked.fields), Some(request.length()), "{}", received.escape_ascii());

    let Some(sent) = strict::read(&out) else { panic!("sent: {}", out.escape_ascii()) };
    assert_eq!(sent.size, out.len(), "more than one message: {}", out.escape_ascii());
    assert_eq!(sent.first.escape_ascii().to_string(), first_line(&asked).escape_ascii().to_string());
    assert_eq!(strict::framing(&sent.fields), Some(request.length()), "{}", out.escape_ascii());
    assert_eq!(sent.fields, expected(&asked, &head, &request), "{}", out.escape_ascii());

    // The gateway behind this one reads the same, unless the added fields are too many for it.
    if sent.fields.len() <= FIELDS {
        let mut again = Head::default();
        let read = Request::read(&out, &mut again).unwrap().unwrap();
        assert_eq!((read.size(), read.length()), (out.len(), request.length()));
        assert_eq!((again.path(), again.query()), (head.path(), head.query()));
        assert_eq!(again.method_text(), head.method_text());
    }
}

/// What is forwarded of the request at the front of `input`, if there is one.
pub fn sent(input: &[u8]) -> Option<(Head, Request, Vec<u8>)> {
    let mut head = Head::default();
    let request = Request::read(input, &mut head).ok()??;
    let mut out = Vec::new();
    request.write(&head, &mut out);
    Some((head, request, out))
}

/// The request line that must be sent: its target has the canonical path.
fn first_line(asked: &Message<'_>) -> Vec<u8> {
    let parts: Vec<&[u8]> = asked.first.split(|byte| *byte == b' ').collect();
    let [method, target, version] = parts.as_slice() else {
        panic!("not three parts: {}", asked.first.escape_ascii())
    };
    assert!(!method.is_empty() && method.iter().all(|byte| strict::is_token(*byte)));
    assert!(matches!(*version, b"HTTP/1.1" | b"HTTP/1.0"));
    let local = match *target {
        b"*" => return [method, b"* HTTP/1.1".as_slice()].join(&b' '),
        [b'/', ..] => target,
        _ => {
            let rest = &target[b"http://".len()..];
            &rest[rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len())..]
        }
    };
    let (path, query) = local.split_at(local.iter().position(|byte| *byte == b'?').unwrap_or(local.len()));
    let path = if path.is_empty() { b"/" } else { path };
    let path = reference(path).unwrap_or_else(|| panic!("accepted: {}", target.escape_ascii()));
    [method, [path.as_slice(), query].concat().as_slice(), b"HTTP/1.1"].join(&b' ')
}

/// The fields that must be sent.
fn expected(asked: &Message<'_>, head: &Head, request: &Request) -> Vec<Pair> {
    let is_latest = asked.first.ends_with(b"1");
    let waits = is_latest && !matches!(request.length(), Length::None | Length::Fixed(0));
    let dropped: &[&str] = if waits { &["host"] } else { &["host", "expect"] };
    let mut fields = vec![pair("Host", AUTHORITY)];
    fields.extend(strict::end_to_end(&asked.fields, dropped));
    fields.retain(|(name, _)| !strict::is_of_gateways(name));
    fields.extend(strict::stated(request.length()));
    let codings = strict::values(&asked.fields, "te").flat_map(|value| value.split(|byte| *byte == b','));
    let trailers = codings.into_iter().any(|coding| is(coding.trim_ascii(), "trailers"));
    assert_eq!(trailers, request.takes_trailers());
    if trailers {
        fields.extend([pair("TE", "trailers"), pair("Connection", "TE")]);
    }
    fields.extend([pair("X-Forwarded-For", CLIENT), pair("X-Forwarded-Proto", "http")]);
    if !head.host().is_empty() {
        fields.push(pair("X-Forwarded-Host", head.host()));
    }
    fields.push(pair("Via", format!("1.{} {NAME}", u8::from(is_latest))));
    fields
}
