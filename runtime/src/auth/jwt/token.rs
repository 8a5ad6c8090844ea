//! A token: three parts (RFC 7515 section 7.1), of which the first says by what it was signed, and the second what it says.

use crate::auth::base64::{Alphabet, decode};
use crate::json_tree::{self, Json};

/// Levels of objects and lists in tokens and sets of keys.
pub(super) const DEEPEST: usize = 16;

/// Bytes that the name of a key may have.
const LONGEST_ID: usize = 256;

/// A token whose parts are read and whose signature is not verified.
#[derive(Debug)]
pub(super) struct Token<'t> {
    pub(super) algorithm: String,
    /// Which key, if it says so.
    pub(super) key: Option<String>,
    /// What is signed.
    pub(super) message: &'t [u8],
    pub(super) signature: Vec<u8>,
    /// The second part. It is read once the signature is verified.
    payload: &'t [u8],
}

impl<'t> Token<'t> {
    /// Reads a token. `None` where it is none, or asks for something that is not done here.
    pub(super) fn read(token: &'t [u8]) -> Option<Self> {
        let dot = |from: usize| Some(from + token.get(from..)?.iter().position(|byte| *byte == b'.')?);
        let first = dot(0)?;
        // A third one is no letter of the signature.
        let second = dot(first + 1)?;
        let header = json_tree::read(&decode(token.get(..first)?, Alphabet::Url)?, DEEPEST).ok()?;
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
        let signature = decode(token.get(second + 1..)?, Alphabet::Url)?;
        let (message, payload) = (token.get(..second)?, token.get(first + 1..second)?);
        (is_jwt && !signature.is_empty()).then_some(Self { algorithm, key, message, signature, payload })
    }

    /// What it says. Only of a token whose signature is verified.
    pub(super) fn payload(&self) -> Option<Json> {
        let json = json_tree::read(&decode(self.payload, Alphabet::Url)?, DEEPEST).ok()?;
        matches!(json, Json::Object(_)).then_some(json)
    }
}
