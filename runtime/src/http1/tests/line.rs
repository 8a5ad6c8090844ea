//! Lines are read as a parser of wide use reads them, and never more of them are accepted.

use httparse::{EMPTY_HEADER, Request, Response, Status};

use crate::head::Field;
use crate::http1::line::{Fault, Lines};
use crate::limits::FIELDS;

/// A first line and fields, as texts, and the size of all.
#[derive(Debug, PartialEq, Eq)]
struct Lead {
    first: Vec<Vec<u8>>,
    latest: bool,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    size: usize,
}

/// Holds the claim against any bytes.
pub fn check(input: &[u8]) {
    compare(input, request(input), oracle_request(input));
    compare(input, response(input), oracle_response(input));
}

fn compare(input: &[u8], ours: Result<Option<Lead>, Fault>, theirs: Result<Option<Lead>, httparse::Error>) {
    let shown = input.escape_ascii();
    match (ours, theirs) {
        (Ok(Some(ours)), Ok(Some(theirs))) => assert_eq!(ours, theirs, "{shown}"),
        (Ok(Some(lead)), theirs) => panic!("accepts {lead:?} where {theirs:?} was expected: {shown}"),
        // What ends with bare line feeds, or is out of the ranges that are spoken, is whole for the other.
        (Ok(None), Ok(Some(theirs))) => panic!("waits for more than {theirs:?}: {shown}"),
        (Ok(None) | Err(_), _) => {}
    }
}

fn request(input: &[u8]) -> Result<Option<Lead>, Fault> {
    let mut lines = Lines::new(input);
    let mut read = || {
        let Some(()) = lines.blank()? else { return Ok(None) };
        let Some(method) = lines.method()? else { return Ok(None) };
        let Some(target) = lines.target()? else { return Ok(None) };
        let Some(latest) = lines.version()? else { return Ok(None) };
        let Some(()) = lines.end()? else { return Ok(None) };
        let mut fields = Vec::new();
        let Some(_) = lines.fields(&mut fields)? else { return Ok(None) };
        // Beyond ASCII it is refused when the path is read; the other refuses what is no UTF-8 here.
        if std::str::from_utf8(target).is_err() {
            return Err(Fault::Malformed);
        }
        Ok(Some(lead(input, [method, target], latest, &fields, lines.at)))
    };
    read()
}

fn response(input: &[u8]) -> Result<Option<Lead>, Fault> {
    let mut lines = Lines::new(input);
    let mut read = || {
        let Some(latest) = lines.version()? else { return Ok(None) };
        let Some(()) = lines.space()? else { return Ok(None) };
        let Some(status) = lines.status()? else { return Ok(None) };
        let Some(phrase) = lines.phrase()? else { return Ok(None) };
        let mut fields = Vec::new();
        let Some(_) = lines.fields(&mut fields)? else { return Ok(None) };
        let phrase = phrase.of(input);
        let phrase = if phrase.is_ascii() { phrase } else { b"" };
        Ok(Some(lead(input, [status.to_string().as_bytes(), phrase], latest, &fields, lines.at)))
    };
    read()
}

fn lead(input: &[u8], first: [&[u8]; 2], latest: bool, fields: &[Field], size: usize) -> Lead {
    let pair = |field: &Field| (field.name.of(input).to_vec(), field.value.of(input).to_vec());
    Lead {
        first: first.map(<[u8]>::to_vec).to_vec(),
        latest,
        fields: fields.iter().map(pair).collect(),
        size,
    }
}

fn pairs(headers: &[httparse::Header]) -> Vec<(Vec<u8>, Vec<u8>)> {
    headers.iter().map(|header| (header.name.as_bytes().to_vec(), header.value.to_vec())).collect()
}

fn oracle_request(input: &[u8]) -> Result<Option<Lead>, httparse::Error> {
    let mut headers = [EMPTY_HEADER; FIELDS];
    let mut parsed = Request::new(&mut headers);
    let Status::Complete(size) = parsed.parse(input)? else { return Ok(None) };
    let first = [parsed.method, parsed.path].map(|text| text.unwrap().as_bytes().to_vec()).to_vec();
    Ok(Some(Lead { first, latest: parsed.version == Some(1), fields: pairs(parsed.headers), size }))
}

fn oracle_response(input: &[u8]) -> Result<Option<Lead>, httparse::Error> {
    let mut headers = [EMPTY_HEADER; FIELDS];
    let mut parsed = Response::new(&mut headers);
    let Status::Complete(size) = parsed.parse(input)? else { return Ok(None) };
    let first =
        vec![parsed.code.unwrap().to_string().into_bytes(), parsed.reason.unwrap().as_bytes().to_vec()];
    Ok(Some(Lead { first, latest: parsed.version == Some(1), fields: pairs(parsed.headers), size }))
}

#[test]
fn finds_the_first_control_at_every_place_of_a_value() {
    for byte in 0..=255_u8 {
        for place in 0..20 {
            let mut head = b"GET / HTTP/1.1\r\nName: a value of some length \r\n\r\n".to_vec();
            head[22 + place] = byte;
            let good = byte == b'\t' || !byte.is_ascii_control();
            assert_eq!(request(&head).is_ok_and(|lead| lead.is_some()), good, "{byte:#x} at {place}");
            check(&head);
        }
    }
}

#[test]
fn every_byte_of_a_name_is_of_a_token() {
    for byte in 0..=255_u8 {
        let head = [b"GET / HTTP/1.1\r\nNa", &[byte][..], b"me: x\r\n\r\n"].concat();
        let token = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:".contains(&byte);
        assert_eq!(request(&head).is_ok_and(|lead| lead.is_some()), token, "{byte:#x}");
        check(&head);
    }
}

#[test]
fn waits_at_every_place_of_a_good_head() {
    let heads = [
        &b"\r\nPUT /a?b HTTP/1.1\r\nHost: a\r\nEmpty:\r\nX:  y\t\r\n\r\n"[..],
        b"HTTP/1.0 404 Not Found\r\nA: b\r\n\r\n",
        b"HTTP/1.1 200\r\n\r\n",
    ];
    for head in heads {
        for end in 0..head.len() {
            let read = if head.starts_with(b"HTTP") { response(&head[..end]) } else { request(&head[..end]) };
            assert_eq!(read, Ok(None), "{}", head[..end].escape_ascii());
        }
        check(head);
    }
}
