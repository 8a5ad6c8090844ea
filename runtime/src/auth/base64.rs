//! Base64 (RFC 4648), strictly: one spelling for each text, so that no two tokens are one.

/// Which letters stand for 62 and 63, and whether `=` fills up the end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alphabet {
    #[cfg_attr(not(feature = "jwt"), allow(dead_code, reason = "tokens are written in it"))]
    /// Section 5, without padding, as RFC 7515 has it.
    Url,
    /// Section 4, with padding, as PEM has it.
    Standard,
    /// Section 4, without padding, as hashes of passwords have it.
    #[cfg(feature = "basic")]
    Bare,
}

/// The bytes. `None` where the text is not what encoding them gives.
pub(crate) fn decode(text: &[u8], alphabet: Alphabet) -> Option<Vec<u8>> {
    let text = match alphabet {
        Alphabet::Url => text,
        #[cfg(feature = "basic")]
        Alphabet::Bare => text,
        Alphabet::Standard if text.len().is_multiple_of(4) => {
            let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
            text.get(..text.len() - padding).filter(|_| padding <= 2)?
        }
        Alphabet::Standard => return None,
    };
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.chunks(4) {
        let mut bits = 0_u32;
        for byte in group {
            bits = bits << 6 | u32::from(value(*byte, alphabet)?);
        }
        // What is left over of the last letter is zero, or another text would say the same.
        let (bits, count, rest) = match group.len() {
            4 => (bits, 3, 0),
            3 => (bits << 6, 2, bits & 0x3),
            2 => (bits << 12, 1, bits & 0xf),
            _ => return None,
        };
        if rest != 0 {
            return None;
        }
        bytes.extend(bits.to_be_bytes().iter().skip(1).take(count));
    }
    Some(bytes)
}

/// The text of bytes.
#[cfg(feature = "tested")]
pub(crate) fn encode(bytes: &[u8], alphabet: Alphabet) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let last = if alphabet == Alphabet::Url { b"-_" } else { b"+/" };
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
        for letter in 0..=group.len() {
            let value = (bits >> (18 - 6 * letter) & 0x3f) as usize;
            let letter = LETTERS.get(value).or_else(|| last.get(value.checked_sub(62)?));
            text.push(char::from(letter.copied().unwrap_or(b'A')));
        }
        if alphabet == Alphabet::Standard {
            text.push_str("==".get(..3 - group.len()).unwrap_or_default());
        }
    }
    text
}

fn value(byte: u8, alphabet: Alphabet) -> Option<u8> {
    let (last_but_one, last) = if alphabet == Alphabet::Url { (b'-', b'_') } else { (b'+', b'/') };
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        _ if byte == last_but_one => 62,
        _ if byte == last => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "tested")]
    #[test]
    fn what_is_written_is_read() {
        for bytes in [&b""[..], b"f", b"fo", b"foo", &[0xfb, 0xff, 0xbf, 0]] {
            for alphabet in [Alphabet::Url, Alphabet::Standard] {
                assert_eq!(decode(encode(bytes, alphabet).as_bytes(), alphabet).as_deref(), Some(bytes));
            }
        }
    }

    #[test]
    fn one_text_for_each_bytes() {
        let url = |text: &str| decode(text.as_bytes(), Alphabet::Url);
        assert_eq!(url(""), Some(vec![]));
        assert_eq!(url("Zg"), Some(b"f".to_vec()));
        assert_eq!(url("Zm8"), Some(b"fo".to_vec()));
        assert_eq!(url("Zm9v"), Some(b"foo".to_vec()));
        assert_eq!(url("-_-_"), Some(vec![0xfb, 0xff, 0xbf]));
        for wrong in ["Z", "Zh", "Zm9", "Zg==", "Zm 8", "Zm8\n", "+/+/", "Zm9vZ", "Zé"] {
            assert_eq!(url(wrong), None, "{wrong}");
        }
        let standard = |text: &str| decode(text.as_bytes(), Alphabet::Standard);
        assert_eq!(standard("Zg=="), Some(b"f".to_vec()));
        assert_eq!(standard("+/+/"), Some(vec![0xfb, 0xff, 0xbf]));
        for wrong in ["Zg", "Zg=", "Z===", "====", "-_-_", "Zh=="] {
            assert_eq!(standard(wrong), None, "{wrong}");
        }
    }
}
