//! `auth NAME api_key`: long random texts, of which the gateway has only the SHA-256.
//!
//! A hash that is made slow is for what people think up. A key has at least 128 bits that nobody can guess, so that a fast
//! hash hides it as well, and costs a request less than a microsecond.

mod file;

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};

use super::bearer::{self, Bearer};
use super::{Claim, Kind, Principal, Start, Verdict, Verifier};
use crate::exchange::Exchange;

/// Bytes of a key; what is longer is none.
const LONGEST: usize = 512;

/// What the block says.
#[derive(Debug)]
pub struct Config {
    /// Its words.
    pub items: &'static [Item],
}

/// A word of the block.
#[derive(Debug)]
pub enum Item {
    /// The field that holds the key.
    Header {
        /// In lower case; `None`: `Authorization: Bearer KEY`.
        name: Option<&'static str>,
    },
    /// One key.
    Key {
        /// Whose it is.
        owner: &'static str,
        /// 64 hexadecimal digits in lower case.
        sha256: &'static str,
        /// What else is known of its owner: for each claim but the name, the texts of it.
        given: Option<Given>,
    },
    /// A file of keys.
    Keys {
        /// Where it is.
        path: &'static str,
    },
}

/// For each claim the texts of it, if anything is said of it.
pub type Given = &'static [Option<&'static [&'static str]>];

/// The hash of a key, and whose it is.
type Owned = ([u8; 32], Arc<Principal>);

/// All keys of one `auth`.
#[derive(Debug)]
struct Keys {
    header: Option<&'static str>,
    /// By the first bytes of the hash, which nobody can aim at.
    by_hash: HashMap<u64, Vec<Owned>>,
}

impl Kind for Config {
    fn start(&'static self, start: &Start) -> Result<Box<dyn Verifier>, String> {
        let auth = start.auth;
        let mut keys = Keys { header: None, by_hash: HashMap::new() };
        let within = |error: String| format!("the keys of `{}`: {error}", auth.name);
        for item in self.items {
            match *item {
                Item::Header { name } => keys.header = name,
                Item::Key { owner, sha256, given } => {
                    let hash =
                        file::hash(sha256).ok_or_else(|| within(format!("`{sha256}` is no SHA-256")))?;
                    let said = |at: usize, _: &'static Claim| match at.checked_sub(1) {
                        None => Some(vec![Box::from(owner.as_bytes())]),
                        Some(at) => {
                            let texts = (*given?.get(at)?)?;
                            Some(texts.iter().map(|text| Box::from(text.as_bytes())).collect())
                        }
                    };
                    let who = Principal::new(auth, said);
                    let who =
                        who.map_err(|(claim, how)| within(format!("`{}` is {how}", claim.field.name)))?;
                    keys.add(hash, who).map_err(|()| within(format!("`{sha256}` stands twice")))?;
                }
                Item::Keys { path } => {
                    file::read(auth, path, &mut |hash, who| keys.add(hash, who)).map_err(within)?;
                }
            }
        }
        Ok(Box::new(keys))
    }
}

impl Keys {
    /// Adds a key; `Err` where it is there already.
    fn add(&mut self, hash: [u8; 32], who: Principal) -> Result<(), ()> {
        let alike = self.by_hash.entry(first(&hash)).or_default();
        if alike.iter().any(|(known, _)| *known == hash) {
            return Err(());
        }
        alike.push((hash, Arc::new(who)));
        Ok(())
    }

    fn find(&self, key: &[u8]) -> Option<&Arc<Principal>> {
        if key.is_empty() || key.len() > LONGEST {
            return None;
        }
        let asked = digest(&SHA256, key);
        let mut alike = self.by_hash.get(&first(asked.as_ref()))?.iter();
        alike.find(|(hash, _)| verify_slices_are_equal(hash, asked.as_ref()).is_ok()).map(|(_, who)| who)
    }
}

fn first(hash: &[u8]) -> u64 {
    hash.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

impl Verifier for Keys {
    fn identify(&self, x: &Exchange) -> Verdict {
        let (key, by) = match self.header {
            None => match bearer::token(x.head()) {
                Bearer::Missing => return Verdict::Missing,
                Bearer::Malformed => return Verdict::Invalid,
                Bearer::Token(token) => (token, bearer::FIELD),
            },
            Some(name) => {
                let mut fields = x.head().field(name);
                let Some(value) = fields.next() else { return Verdict::Missing };
                if fields.next().is_some() {
                    return Verdict::Invalid;
                }
                (value, name)
            }
        };
        match self.find(key) {
            Some(who) => Verdict::Known { who: Arc::clone(who), by },
            None => Verdict::Invalid,
        }
    }

    fn challenge(&self, realm: &str, invalid: bool, out: &mut Vec<u8>) {
        let Some(name) = self.header else { return bearer::challenge(realm, invalid, out) };
        // No scheme is registered for a field of its own; a client that reads this one finds the field.
        for part in ["ApiKey realm=\"", realm, "\", header=\"", name, "\""] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}
