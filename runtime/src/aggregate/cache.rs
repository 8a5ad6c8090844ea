//! How long an answer may be kept that is made of several (RFC 9111 section 5.2.2): no longer than the strictest of them says.

use crate::head::{list, read_number, write_number};

/// What is said of one answer, or of all so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cache {
    /// Only for the client that has asked.
    is_private: bool,
    keep: Keep,
}

/// The stricter is the smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Keep {
    /// Not at all.
    Nowhere,
    /// To be asked for again, before it is used.
    Checked,
    /// For so many seconds.
    For(u64),
}

impl Cache {
    /// What nothing is made of could be kept for ever.
    pub(super) const ANY: Self = Self { is_private: false, keep: Keep::For(u64::MAX) };

    /// Of an answer that lacks something: it is for now only.
    pub(super) const NEVER: Self = Self { is_private: false, keep: Keep::Nowhere };

    /// What the fields of an answer say. Where nothing is said, nobody has allowed anything.
    pub(super) fn read<'a>(cache_control: impl Iterator<Item = &'a [u8]>, age: Option<&[u8]>) -> Self {
        let mut found = Self { is_private: false, keep: Keep::Checked };
        let mut lasts = None;
        let mut is_checked = false;
        for member in cache_control.flat_map(list) {
            let (name, value) = match member.iter().position(|byte| *byte == b'=') {
                Some(at) => (member.get(..at).unwrap_or_default(), member.get(at + 1..)),
                None => (member, None),
            };
            match name.to_ascii_lowercase().as_slice() {
                b"no-store" => return Self { keep: Keep::Nowhere, ..found },
                b"private" => found.is_private = true,
                b"no-cache" => is_checked = true,
                // Of several, the shortest; what is no number is none.
                b"max-age" => lasts = Some(seconds(value).unwrap_or(0).min(lasts.unwrap_or(u64::MAX))),
                _ => {}
            }
        }
        if let (Some(lasts), false) = (lasts, is_checked) {
            let age = age.map_or(0, |age| seconds(Some(age)).unwrap_or(u64::MAX));
            found.keep = Keep::For(lasts.saturating_sub(age));
        }
        found
    }

    /// The stricter of two.
    pub(super) fn and(self, other: Self) -> Self {
        Self { is_private: self.is_private || other.is_private, keep: self.keep.min(other.keep) }
    }

    /// The same, only for the client that has asked.
    pub(super) fn private(self) -> Self {
        Self { is_private: true, ..self }
    }

    /// Appends the value of `Cache-Control`.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        if self.is_private && self.keep != Keep::Nowhere {
            out.extend_from_slice(b"private, ");
        }
        match self.keep {
            Keep::Nowhere => out.extend_from_slice(b"no-store"),
            Keep::Checked => out.extend_from_slice(b"no-cache"),
            Keep::For(seconds) => {
                out.extend_from_slice(b"max-age=");
                // RFC 9111 section 1.2.2: so much is for ever.
                write_number(seconds.min(1 << 31), out);
            }
        }
    }
}

/// A number of seconds, perhaps in quotes.
fn seconds(value: Option<&[u8]>) -> Option<u64> {
    let value = value?.trim_ascii();
    let value = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value);
    read_number(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[&str], age: Option<&str>) -> String {
        let cache = Cache::read(fields.iter().map(|field| field.as_bytes()), age.map(str::as_bytes));
        shown(cache)
    }

    fn shown(cache: Cache) -> String {
        let mut out = Vec::new();
        cache.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_a_server_says_is_read_and_what_it_does_not_say_is_not_made_up() {
        assert_eq!(read(&[], None), "no-cache");
        assert_eq!(read(&["public"], None), "no-cache");
        assert_eq!(read(&["max-age=60"], None), "max-age=60");
        assert_eq!(read(&["Max-Age=\"60\", Private"], Some("20")), "private, max-age=40");
        assert_eq!(read(&["max-age=60"], Some("90")), "max-age=0");
        assert_eq!(read(&["max-age=60", "max-age=5"], None), "max-age=5");
        assert_eq!(read(&["max-age=99999999999999999999999"], None), "max-age=2147483648");
        assert_eq!(read(&["max-age=-1"], None), "max-age=0");
        assert_eq!(read(&["max-age=60, no-cache"], None), "no-cache");
        assert_eq!(read(&["private, max-age=60", "no-store"], None), "no-store");
    }

    #[test]
    fn the_strictest_wins() {
        let of = |field: &str| Cache::read(std::iter::once(field.as_bytes()), None);
        let all = |fields: &[&str]| shown(fields.iter().fold(Cache::ANY, |all, field| all.and(of(field))));
        assert_eq!(all(&["max-age=60", "max-age=10", "max-age=30"]), "max-age=10");
        assert_eq!(all(&["max-age=60", "private, max-age=90"]), "private, max-age=60");
        assert_eq!(all(&["max-age=60", "public"]), "no-cache");
        assert_eq!(all(&["no-cache", "no-store", "max-age=1"]), "no-store");
        assert_eq!(shown(of("max-age=60").and(Cache::NEVER)), "no-store");
        assert_eq!(shown(of("max-age=60").private()), "private, max-age=60");
        assert_eq!(shown(of("public").private()), "private, no-cache");
        assert_eq!(shown(Cache::NEVER.private()), "no-store");
    }
}
