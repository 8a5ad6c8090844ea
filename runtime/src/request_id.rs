//! A name for each exchange, which client, gateway and server can write into their logs.
//!
//! One that comes from outside is kept only where a trusted proxy sends it and it can harm nobody who writes it down.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

use crate::head::Head;

/// Bytes of an id that is kept.
const LONGEST: usize = 128;

/// Ids of one worker: no other has the same, and none can be told from another.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    /// With keys of the machine's randomness, and others for each worker.
    random: RandomState,
    count: Cell<u64>,
}

impl Ids {
    /// Appends a new id, in the form of a random UUID (RFC 9562 section 5.4).
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let number = self.count.get().wrapping_add(1);
        self.count.set(number);
        let half = |half: u8| u128::from(self.random.hash_one((number, half)));
        let bits = half(0) << 64 | half(1);
        // Version 4, and the variant of the RFC.
        let bits = bits & !(0xf << 76 | 0b11 << 62) | 0x4 << 76 | 0b10 << 62;
        for digit in 0..32_u32 {
            if matches!(digit, 8 | 12 | 16 | 20) {
                out.push(b'-');
            }
            let at = usize::try_from(bits >> (124 - 4 * digit) & 0xf).unwrap_or(0);
            out.push(DIGITS.get(at).copied().unwrap_or(b'0'));
        }
    }
}

/// The id that a head has, if it has one that can be kept.
pub(crate) fn received<'a>(head: &'a Head, name: &'a str) -> Option<&'a [u8]> {
    let mut all = head.field(name);
    let id = all.next().filter(|id| is_clean(id))?;
    all.next().is_none().then_some(id)
}

/// Letters, digits and what stands in ids without a meaning to shells, logs or fields.
fn is_clean(id: &[u8]) -> bool {
    let is_clean = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~:/+=@".contains(byte);
    !id.is_empty() && id.len() <= LONGEST && id.iter().all(is_clean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Exchange;
    use std::collections::HashSet;

    #[test]
    fn ids_have_the_form_of_random_uuids_and_none_comes_twice() {
        let workers = [Ids::default(), Ids::default()];
        let mut seen = HashSet::new();
        for ids in workers.iter().cycle().take(10_000) {
            let mut id = Vec::new();
            ids.write(&mut id);
            let id = String::from_utf8(id).unwrap();
            let parts: Vec<&str> = id.split('-').collect();
            assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id}");
            assert!(
                parts.iter().all(|part| part.bytes().all(|byte| b"0123456789abcdef".contains(&byte))),
                "{id}"
            );
            assert!(parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']), "{id}");
            assert!(seen.insert(id));
        }
    }

    #[test]
    fn an_id_that_could_harm_is_not_kept() {
        let kept = |lines: &str| {
            let x = Exchange::reading(&format!("GET / HTTP/1.1\nHost: a\n{lines}"));
            received(&x.head, "x-request-id").map(|id| String::from_utf8(id.to_vec()).unwrap())
        };
        let longest = "a".repeat(128);
        for id in ["a", "6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10", "Root=1/2:3+4@5.6_7~8", longest.as_str()] {
            assert_eq!(kept(&format!("X-Request-ID: {id}")).as_deref(), Some(id));
        }
        let longer = "a".repeat(129);
        for id in [
            "",
            "a b",
            "a,b",
            "a;b",
            "a\"b",
            "a\\b",
            "a'b",
            "<a>",
            "{a}",
            "$a",
            "a%0a",
            "\u{e9}",
            longer.as_str(),
        ] {
            assert_eq!(kept(&format!("X-Request-ID: {id}")), None, "{id}");
        }
        assert_eq!(kept("X-Request-ID: a\nx-request-id: a"), None, "two are none");
        assert_eq!(kept("X_Request_ID: a"), None);
    }
}
