//! A token: three parts (RFC 7515 section 7.1), of which the first says by what it was signed, and the second what it says.

use std::sync::{Arc, Mutex};

use crate::auth::base64::{Alphabet, decode};
use crate::json_tree::{self, Json};

/// Levels of objects and lists in tokens and sets of keys.
pub(super) const DEEPEST: usize = 16;

/// Bytes that the name of a key may have.
const LONGEST_ID: usize = 256;

/// The first part of a token.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// As it is written.
    raw: Box<[u8]>,
    pub(super) algorithm: String,
    /// Which key, if it says so.
    pub(super) key: Option<String>,
}

impl Header {
    fn read(raw: &[u8]) -> Option<Self> {
        let text = decode(raw, Alphabet::Url)?;
        let header = json_tree::read(&text, DEEPEST).ok()?;
        // RFC 7515 section 4.1.11: who does not understand all that is critical refuses; nothing is understood here.
        if header.member("crit").is_some() {
            return None;
        }
        // RFC 8725 section 3.11: where a token says what it is, it is a token of this kind.
        let is_jwt = header.member("typ").is_none_or(|typ| {
            let typ = typ.text().unwrap_or_default().to_ascii_lowercase();
            matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
        });
        let algorithm = header.member("alg")?.text()?.to_owned();
        let key = match header.member("kid") {
            None => None,
            Some(id) => Some(id.text().filter(|id| id.len() <= LONGEST_ID)?.to_owned()),
        };
        is_jwt.then_some(Self { raw: Box::from(raw), algorithm, key })
    }
}

/// The header of the last token that was verified: whoever signs writes the same one time and again. It says nothing of anybody.
#[derive(Debug, Default)]
pub(super) struct LastHeader(Mutex<Option<Arc<Header>>>);

impl LastHeader {
    /// Whoever would have to wait goes without.
    fn find(&self, raw: &[u8]) -> Option<Arc<Header>> {
        let last = self.0.try_lock().ok()?;
        last.as_ref().filter(|last| *last.raw == *raw).map(Arc::clone)
    }

    /// Keeps the header of a token whose signature is verified, so that nobody else's takes its place.
    pub(super) fn keep(&self, header: &Arc<Header>) {
        if let Ok(mut last) = self.0.try_lock()
            && last.as_ref().is_none_or(|last| !Arc::ptr_eq(last, header))
        {
            *last = Some(Arc::clone(header));
        }
    }
}

/// A token whose parts are read and whose signature is not verified.
#[derive(Debug)]
pub(super) struct Token<'t> {
    pub(super) header: Arc<Header>,
    /// What is signed.
    pub(super) message: &'t [u8],
    pub(super) signature: Vec<u8>,
    /// The second part. It is read once the signature is verified.
    payload: &'t [u8],
}

impl<'t> Token<'t> {
    /// Reads a token. `None` where it is none, or asks for something that is not done here.
    pub(super) fn read(token: &'t [u8], last: &LastHeader) -> Option<Self> {
        let dot = |from: usize| Some(from + token.get(from..)?.iter().position(|byte| *byte == b'.')?);
        let first = dot(0)?;
        // A third one is no letter of the signature.
        let second = dot(first + 1)?;
        let raw = token.get(..first)?;
        let header = match last.find(raw) {
            Some(header) => header,
            None => Arc::new(Header::read(raw)?),
        };
        let signature = decode(token.get(second + 1..)?, Alphabet::Url)?;
        let (message, payload) = (token.get(..second)?, token.get(first + 1..second)?);
        (!signature.is_empty()).then_some(Self { header, message, signature, payload })
    }

    /// What it says. Only of a token whose signature is verified.
    pub(super) fn payload<T>(&self, read: impl FnOnce(&Json<'_>) -> Option<T>) -> Option<T> {
        let text = decode(self.payload, Alphabet::Url)?;
        let json = json_tree::read(&text, DEEPEST).ok()?;
        matches!(json, Json::Object(_)).then(|| read(&json)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{"alg":"RS256"}` and `{"alg":"none"}`.
    const TOKENS: [&str; 2] = ["eyJhbGciOiJSUzI1NiJ9.e30.AA", "eyJhbGciOiJub25lIn0.e30.AA"];

    #[test]
    fn a_header_that_was_kept_is_read_as_it_is_and_no_other() {
        let last = LastHeader::default();
        let read = |text: &'static str| Token::read(text.as_bytes(), &last);
        let [signed, other] = TOKENS.map(|text| read(text).unwrap());
        last.keep(&signed.header);
        assert!(Arc::ptr_eq(&read(TOKENS[0]).unwrap().header, &signed.header));
        let again = read(TOKENS[1]).unwrap();
        assert_eq!((again.header.algorithm.as_str(), &again.header), ("none", &other.header));
        assert!(!Arc::ptr_eq(&again.header, &other.header), "only what was kept is found");
        // One that begins or ends as it does is another.
        for wrong in [
            "eyJhbGciOiJSUzI1NiJ.e30.AA",
            "yJhbGciOiJSUzI1NiJ9.e30.AA",
            ".e30.AA",
            "eyJhbGciOiJSUzI1NiJ9",
            "",
        ] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
    }
}
