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
    let values = if alphabet == Alphabet::Url { &URL } else { &STANDARD };
    let value = |letter: u8| values.get(usize::from(letter)).copied().unwrap_or(NONE);
    let (groups, left) = text.as_chunks::<4>();
    let mut bytes = vec![0; groups.len() * 3];
    let mut all = 0;
    for (group, bytes) in groups.iter().zip(bytes.as_chunks_mut::<3>().0) {
        let [a, b, c, d] = group.map(value);
        all |= a | b | c | d;
        *bytes = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
    }
    // What is left over of the last letter is zero, or another text would say the same.
    match *left {
        [] => {}
        [a, b] => {
            let [a, b] = [a, b].map(value);
            all |= a | b | if b.trailing_zeros() >= 4 { 0 } else { NONE };
            bytes.push(a << 2 | b >> 4);
        }
        [a, b, c] => {
            let [a, b, c] = [a, b, c].map(value);
            all |= a | b | c | if c.trailing_zeros() >= 2 { 0 } else { NONE };
            bytes.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2]);
        }
        _ => return None,
    }
    (all < 64).then_some(bytes)
}

/// What is not in the alphabet; all else is less than 64.
const NONE: u8 = 0xff;

static URL: [u8; 256] = values(b'-', b'_');
static STANDARD: [u8; 256] = values(b'+', b'/');

/// What each letter stands for.
const fn values(last_but_one: u8, last: u8) -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut letter = 0;
    while letter < 256 {
        #[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "it is less than 256")]
        {
            values[letter] = match letter as u8 {
                capital @ b'A'..=b'Z' => capital - b'A',
                small @ b'a'..=b'z' => small - b'a' + 26,
                digit @ b'0'..=b'9' => digit - b'0' + 52,
                it if it == last_but_one => 62,
                it if it == last => 63,
                _ => NONE,
            };
        }
        letter += 1;
    }
    values
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
        // Every byte in every place of a group and of what is left.
        for at in 0..7 {
            for byte in 0..=u8::MAX {
                let mut text = *b"AAAAAAA";
                text[at] = byte;
                let is_letter = byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
                let is_one = is_letter && (at < 6 || b"AEIMQUYcgkosw048".contains(&byte));
                assert_eq!(decode(&text, Alphabet::Url).is_some(), is_one, "{byte} at {at}");
            }
        }
        let standard = |text: &str| decode(text.as_bytes(), Alphabet::Standard);
        assert_eq!(standard("Zg=="), Some(b"f".to_vec()));
        assert_eq!(standard("+/+/"), Some(vec![0xfb, 0xff, 0xbf]));
        for wrong in ["Zg", "Zg=", "Z===", "====", "-_-_", "Zh=="] {
            assert_eq!(standard(wrong), None, "{wrong}");
        }
    }
}
