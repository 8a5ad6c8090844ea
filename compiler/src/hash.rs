//! One number for the texts that a gateway was compiled from, so that a binary can say which they were.
//!
//! It tells versions apart; it is no protection against anyone who wants two texts to look alike.

use gatewright_dsl::Source;

/// The hash of all sources, in hexadecimal: 128-bit FNV-1a over names, lengths and texts.
pub(crate) fn of<'a>(sources: impl IntoIterator<Item = &'a Source>) -> String {
    let mut hash = Fnv(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
    for source in sources {
        for part in [&source.name, &source.text] {
            hash.write(&part.len().to_le_bytes());
            hash.write(part.as_bytes());
        }
    }
    format!("{:032x}", hash.0)
}

struct Fnv(u128);

impl Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_names_and_texts() {
        let of_one = |name: &str, text: &str| of(&[Source::new(name, text)]);
        assert_eq!(of_one("a.gw", "x"), of_one("a.gw", "x"));
        assert_ne!(of_one("a.gw", "x"), of_one("a.gw", "y"));
        assert_ne!(of_one("a.gw", "x"), of_one("a.gwx", ""));
    }
}
