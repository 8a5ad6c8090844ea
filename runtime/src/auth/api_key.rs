//! `auth NAME api_key`: long random texts, of which the gateway has only the SHA-256.
//!
//! A hash that is made slow is for what people think up. A key has at least 128 bits that nobody can guess, so that a fast
//! hash hides it as well, and costs a request less than a microsecond.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};

use super::authorization::{self, Said};
use super::kept::{Held, Read};
use super::lines::{self, Form};
#[cfg(feature = "tested")]
use super::spoken::Spoken;
use super::{Auth, Given, Kind, Principal, Reads, Start, Upkeep, Verdict, Verifier};
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

/// The hash of a key, and whose it is.
type Owned = ([u8; 32], Arc<Principal>);

const FORM: Form<[u8; 32]> = Form {
    words: "OWNER SHA256",
    has_colon: false,
    hash: |text| hash(text).ok_or_else(|| "expected 64 digits from `0` to `f` as the second word".to_owned()),
};

/// How keys are asked for, and all of them.
#[derive(Debug)]
struct Asked {
    header: Option<&'static str>,
    /// Where one stands.
    fields: [&'static str; 1],
    keys: Held<Keys>,
    #[cfg(feature = "tested")]
    tested: Spoken,
}

/// All keys of one `auth`.
#[derive(Debug, Default)]
struct Keys {
    /// By the first bytes of the hash, which nobody can aim at.
    by_hash: HashMap<u64, Vec<Owned>>,
}

impl Kind for Config {
    fn start(&'static self, start: &Start) -> Result<Box<dyn Verifier>, String> {
        let (auth, mut header, mut paths) = (start.auth, None, Vec::new());
        for item in self.items {
            match *item {
                Item::Header { name } => header = name,
                // The machine of a test need not have them.
                Item::Keys { .. } if cfg!(feature = "tested") => {}
                Item::Keys { path } => paths.push(path),
                Item::Key { .. } => {}
            }
        }
        let keys = Held::new(start, ("keys", &paths), || (), move |read| Keys::of(auth, self.items, read))?;
        Ok(Box::new(Asked {
            header,
            fields: [header.unwrap_or(authorization::FIELD)],
            keys,
            #[cfg(feature = "tested")]
            tested: Spoken::new(auth),
        }))
    }
}

impl Keys {
    /// Those of a block, with what files say.
    fn of(auth: &'static Auth, items: &[Item], read: Read<'_>) -> Result<Self, String> {
        let mut keys = Self::default();
        for item in items {
            match *item {
                Item::Header { .. } => {}
                Item::Key { owner, sha256, given } => {
                    let hash = hash(sha256).ok_or_else(|| format!("`{sha256}` is no SHA-256"))?;
                    let who = Principal::of(auth, owner, given)?;
                    keys.add(hash, who).map_err(|()| format!("`{sha256}` stands twice"))?;
                }
                // The machine of a test need not have them.
                Item::Keys { .. } if cfg!(feature = "tested") => {}
                Item::Keys { path } => {
                    let mut take = |_: &str, hash: [u8; 32], who: Principal| {
                        keys.add(hash, who).map_err(|()| "this key stands twice".to_owned())
                    };
                    lines::read(auth, (path, &mut *read), &FORM, &mut take)?;
                }
            }
        }
        Ok(keys)
    }

    /// Adds a key; `Err` where it is there already.
    fn add(&mut self, hash: [u8; 32], who: Principal) -> Result<(), ()> {
        let alike = self.by_hash.entry(first(&hash)).or_default();
        if alike.iter().any(|(known, _)| *known == hash) {
            return Err(());
        }
        alike.push((hash, Arc::new(who)));
        Ok(())
    }

    fn find(&self, key: &[u8]) -> Option<Arc<Principal>> {
        if key.is_empty() || key.len() > LONGEST {
            return None;
        }
        let asked = digest(&SHA256, key);
        let mut alike = self.by_hash.get(&first(asked.as_ref()))?.iter();
        let found = alike.find(|(hash, _)| verify_slices_are_equal(hash, asked.as_ref()).is_ok());
        found.map(|(_, who)| Arc::clone(who))
    }
}

fn first(hash: &[u8]) -> u64 {
    hash.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

impl Verifier for Asked {
    fn identify(&self, x: &Exchange, _: bool) -> Verdict {
        let key = match self.header {
            None => match authorization::said(x.head(), "Bearer") {
                Said::Missing => return Verdict::MISSING,
                Said::Malformed => return Verdict::INVALID,
                Said::Token(token) => token,
            },
            Some(name) => {
                let mut fields = x.head().field(name);
                let Some(value) = fields.next() else { return Verdict::MISSING };
                if fields.next().is_some() {
                    return Verdict::INVALID;
                }
                value
            }
        };
        #[cfg(feature = "tested")]
        if let Some(who) = self.tested.find(key) {
            return Verdict::Known(who);
        }
        self.keys.with(|keys| keys.find(key)).map_or(Verdict::INVALID, Verdict::Known)
    }

    fn upkeep(&self) -> Vec<Arc<dyn Upkeep>> {
        self.keys.upkeep().into_iter().collect()
    }

    fn reads(&self) -> Option<Reads> {
        self.keys.reads()
    }

    fn fields(&self) -> &[&'static str] {
        &self.fields
    }

    #[cfg(feature = "tested")]
    fn tested(&self, said: &str) -> Result<String, String> {
        let (key, _) = self.tested.key(said)?;
        Ok(if self.header.is_none() { format!("Bearer {key}") } else { key })
    }

    fn challenge(&self, realm: &str, invalid: bool, out: &mut Vec<u8>) {
        let Some(name) = self.header else { return authorization::bearer_challenge(realm, invalid, out) };
        // No scheme is registered for a field of its own; a client that reads this one finds the field.
        for part in ["ApiKey realm=\"", realm, "\", header=\"", name, "\""] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

/// 64 hexadecimal digits as bytes.
fn hash(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Vec<u8> = text.bytes().map(|byte| digit(&byte)).collect::<Option<_>>()?;
    let bytes: Vec<u8> =
        digits.chunks(2).filter_map(|pair| Some(pair.first()? << 4 | pair.get(1)?)).collect();
    bytes.try_into().ok().filter(|_| text.len() == 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_has_sixty_four_digits_in_lower_case_or_not() {
        let digits = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        assert_eq!(hash(digits).map(|bytes| bytes[31]), Some(8));
        for wrong in [&digits[1..], &digits.replace('9', "x"), &format!("{digits}0"), ""] {
            assert_eq!(hash(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_stops_the_start() {
        static CONFIG: Config = Config { items: &[Item::Keys { path: "/nowhere/partners.keys" }] };
        static PARTNER: Auth = Auth { name: "partner", claims: &[], kind: &CONFIG, calls: &[] };
        let clock = crate::clock::Clock::manual();
        let params = Arc::default();
        let asked = &tokio::sync::watch::channel(0).1;
        #[cfg(feature = "jwt")]
        let ways = &crate::errand::Ways::nowhere(&params);
        let start = Start {
            auth: &PARTNER,
            params: &params,
            clock: &clock,
            memory: None,
            files: &[],
            asked,
            #[cfg(feature = "jwt")]
            ways,
        };
        let error = Kind::start(&CONFIG, &start).unwrap_err();
        assert!(error.starts_with("the keys of `partner`: /nowhere/partners.keys cannot be read"), "{error}");
    }
}
