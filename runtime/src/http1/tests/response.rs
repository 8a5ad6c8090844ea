//! What is accepted as an answer is one answer to a strict reader, and so is what the client gets: the same one.
//!
//! The first byte says who asked: `G` and `H` for GET and HEAD, a small letter for HTTP/1.0.

use super::strict::{self, Message, Pair, is, pair};
use crate::bench::{DATE, Fields, Length, Response};
use crate::head::Method;

/// Holds the claim against any bytes.
pub fn check(input: &[u8]) {
    let Some((response, length, out)) = answered(input) else { return };
    let (asked, input) = input.split_first().unwrap();
    let method = method(*asked);
    let received = &input[..response.size()];
    for cut in (0..received.len()).step_by(received.len() / 16 + 1).chain([received.len() - 1]) {
        let early = Response::read(&received[..cut], method, &mut Fields::default());
        assert_eq!(early, Ok(None), "whole after {cut} bytes of {}", received.escape_ascii());
    }

    let Some(answer) = strict::read(received) else { panic!("accepted: {}", received.escape_ascii()) };
    assert_eq!(answer.size, received.len());
    let stated = strict::framing(&answer.fields).expect("accepted, though it can be read in two ways");
    let status = response.status();
    let bodiless = method == Method::Head || matches!(status, 100..=199 | 204 | 304);
    assert_eq!(
        response.length(),
        match stated {
            _ if bodiless => Length::None,
            Length::None => Length::UntilClose,
            known => known,
        }
    );

    let Some(sent) = strict::read(&out) else { panic!("sent: {}", out.escape_ascii()) };
    assert_eq!(sent.size, out.len(), "more than one message: {}", out.escape_ascii());
    assert_line(&answer, &sent, status);
    assert_eq!(sent.fields, expected(&answer, status, stated, length), "{}", out.escape_ascii());
    if matches!(status, 100..=199 | 204) {
        assert_eq!(strict::framing(&sent.fields), Some(Length::None), "{}", out.escape_ascii());
    } else if !bodiless {
        let framed = if length == Length::UntilClose { Length::None } else { length };
        assert_eq!(strict::framing(&sent.fields), Some(framed), "{}", out.escape_ascii());
    }
}

/// What a client gets of the answer at the front of `input`, and how its body is framed there.
pub fn answered(input: &[u8]) -> Option<(Response, Length, Vec<u8>)> {
    let (asked, input) = input.split_first()?;
    let mut fields = Fields::default();
    let response = Response::read(input, method(*asked), &mut fields).ok()??;
    // As the relay decides it.
    let length = match response.length() {
        Length::Chunked | Length::UntilClose if asked.is_ascii_uppercase() => Length::Chunked,
        Length::Chunked | Length::UntilClose => Length::UntilClose,
        known => known,
    };
    let mut out = Vec::new();
    response.write(input, &fields, length, &mut out);
    Some((response, length, out))
}

fn method(asked: u8) -> Method {
    if asked.eq_ignore_ascii_case(&b'H') { Method::Head } else { Method::Get }
}

/// The status and the phrase are those of the server; a phrase beyond ASCII may be left out.
fn assert_line(answer: &Message<'_>, sent: &Message<'_>, status: u16) {
    let phrase = sent.first.strip_prefix(format!("HTTP/1.1 {status} ").as_bytes()).unwrap();
    let own = answer.first.strip_prefix(b"HTTP/1.").unwrap();
    let own = own[1..].strip_prefix(format!(" {status}").as_bytes()).unwrap();
    let own = own.strip_prefix(b" ").unwrap_or(own);
    assert!(phrase == own || phrase.is_empty() && !own.is_ascii(), "{}", answer.first.escape_ascii());
}

/// The fields that the client must get.
fn expected(answer: &Message<'_>, status: u16, stated: Length, length: Length) -> Vec<Pair> {
    let mut fields = strict::end_to_end(&answer.fields, &[]);
    if status >= 200 && !fields.iter().any(|(name, _)| is(name, "date")) {
        fields.push(pair("Date", DATE));
    }
    let stays =
        length == Length::None && status >= 200 && status != 204 && matches!(stated, Length::Fixed(_));
    fields.extend(strict::stated(if stays { stated } else { length }));
    if length == Length::UntilClose {
        fields.push(pair("Connection", "close"));
    }
    fields
}
