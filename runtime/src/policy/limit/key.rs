//! What a limit counts by, in room of a fixed size, so that a store is bounded in bytes by its number of cells.
//!
//! Keys of up to 47 bytes are compared whole. Of a longer one two independent hashes under secrets of the process stand
//! for it: 128 bits that nobody outside can aim at.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

/// Bytes of a key that is kept as it is.
pub(super) const WHOLE: usize = 47;

/// The length that marks a key of which only hashes are kept.
const HASHED: u8 = u8::MAX;

/// A key; with the atomic cell beside it, one line of a processor's cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    hash: u64,
    len: u8,
    bytes: [u8; WHOLE],
}

/// The secrets under which keys are hashed: one store's.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    first: RandomState,
    second: RandomState,
}

/// Hands on a hash that a key has already.
#[derive(Debug, Default)]
pub(super) struct Hashed(u64);

impl Secrets {
    pub(super) fn key(&self, text: &[u8]) -> Key {
        let hash = hash(&self.first, text);
        let mut bytes = [0; WHOLE];
        let len = if let Some(room) = bytes.get_mut(..text.len()) {
            room.copy_from_slice(text);
            u8::try_from(text.len()).unwrap_or(HASHED)
        } else {
            let second = hash_again(&self.second, text);
            for (to, from) in bytes.iter_mut().zip(hash.to_le_bytes().into_iter().chain(second)) {
                *to = from;
            }
            HASHED
        };
        Key { hash, len, bytes }
    }
}

fn hash(with: &RandomState, text: &[u8]) -> u64 {
    let mut hasher = with.build_hasher();
    hasher.write(text);
    hasher.finish()
}

fn hash_again(with: &RandomState, text: &[u8]) -> [u8; 8] {
    hash(with, text).to_le_bytes()
}

impl Key {
    /// Bits of the hash that the map inside a shard uses least.
    pub(super) fn shard(&self, shards: usize) -> usize {
        let middle = usize::try_from(self.hash >> 32 & 0xffff).unwrap_or(0);
        middle & shards.saturating_sub(1)
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Only `write_u64` is ever called for a key.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_same_only_if_their_texts_are() {
        let secrets = Secrets::default();
        let long = [b'x'; 200];
        let texts: [&[u8]; 7] = [b"", b"\0", b"a", b"a\0", &long[..WHOLE], &long[..=WHOLE], &long];
        for (at, one) in texts.iter().enumerate() {
            for (other_at, other) in texts.iter().enumerate() {
                assert_eq!(secrets.key(one) == secrets.key(other), at == other_at, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn nobody_can_know_where_a_key_goes() {
        let [one, other] = [Secrets::default(), Secrets::default()];
        assert_ne!(one.key(b"a").hash, other.key(b"a").hash);
        assert_ne!(one.key(&[b'x'; 99]).bytes, other.key(&[b'x'; 99]).bytes);
    }

    #[test]
    fn a_cell_and_its_key_are_one_line_of_a_cache() {
        assert_eq!(size_of::<(Key, u64)>(), 64);
    }
}
