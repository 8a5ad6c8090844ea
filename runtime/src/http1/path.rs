//! The canonical spelling of a path: one for each sequence of decoded bytes, so that what is matched is what is sent.
//!
//! A byte that RFC 3986 allows in a segment is written as it is, every other as `%XX` in capitals. Dot segments are
//! resolved. What servers are known to read in two ways is refused.

use crate::reason::Reason;

/// What a byte may do in a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Stands for itself: `pchar` of RFC 3986 but `%` and `;`.
    Plain,
    Slash,
    /// Ends the path.
    Question,
    Percent,
    /// Printable, but not allowed in a path: written as an escape.
    Escaped,
    Refused,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Refused; 256];
    let mut byte = 0_u8;
    loop {
        // The index is a byte, the table has 256 entries.
        #[allow(clippy::indexing_slicing, reason = "evaluated at compile time")]
        {
            classes[byte as usize] = match byte {
                b'/' => Class::Slash,
                b'?' => Class::Question,
                b'%' => Class::Percent,
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => Class::Plain,
                b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=' | b':' | b'@' => {
                    Class::Plain
                }
                b'"' | b'<' | b'>' | b'[' | b']' | b'^' | b'`' | b'{' | b'|' | b'}' => Class::Escaped,
                _ => Class::Refused,
            };
        }
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    classes
};

fn class(byte: u8) -> Class {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(Class::Refused)
}

/// Appends the canonical spelling of the path that `target` begins with, and answers how long it is there: up to the
/// question mark. One pass over a path that is spelled so already, which nearly all are.
pub(crate) fn canonical(target: &[u8], out: &mut Vec<u8>) -> Result<usize, Reason> {
    let mut at = plain_blocks(target);
    let mut behind_slash = false;
    let mut clean = true;
    for byte in target.get(at..).unwrap_or_default() {
        let slash = match class(*byte) {
            Class::Plain => {
                clean &= !(behind_slash && *byte == b'.');
                false
            }
            Class::Slash => {
                clean &= !behind_slash;
                true
            }
            Class::Question => break,
            _ => {
                clean = false;
                false
            }
        };
        behind_slash = slash;
        at += 1;
    }
    let path = target.get(..at).unwrap_or_default();
    if clean {
        out.extend_from_slice(path);
    } else {
        decode(path, out)?;
        resolve(out)?;
    }
    Ok(at)
}

/// Bytes that are looked at in one step.
const BLOCK: usize = 16;

/// How many bytes from the front are letters, digits or one of `-._/:`, with no slash before a slash or a dot; it may
/// answer too few. Such bytes are canonical as they are.
fn plain_blocks(target: &[u8]) -> usize {
    let mut at = 0;
    while let Some(block) = target.get(at..).and_then(<[u8]>::first_chunk::<{ BLOCK + 1 }>) {
        if !plain(block) {
            return at;
        }
        at += BLOCK;
    }
    // What is left is less than a step: the last step looks at some bytes again.
    let mut last = [b'a'; BLOCK + 1];
    let (Some(end), Some(place)) = (target.last_chunk::<BLOCK>(), last.first_chunk_mut::<BLOCK>()) else {
        return at;
    };
    *place = *end;
    if plain(&last) { target.len() } else { at }
}

/// Whether all bytes but the last are plain; the last is only what stands behind them. Without a branch, so that the
/// compiler compares all bytes at once.
#[allow(clippy::needless_bitwise_bool, reason = "a lazy operator is a branch")]
fn plain(block: &[u8; BLOCK + 1]) -> bool {
    let [first @ .., _] = block;
    let [_, second @ ..] = block;
    first.iter().zip(second).fold(true, |good, (byte, next)| {
        let letter = (*byte | 0x20).wrapping_sub(b'a') < 26;
        // `-`, `.`, `/`, the digits and `:` are neighbours.
        let neighbour = byte.wrapping_sub(b'-') < 14;
        let twice = (*byte == b'/') & ((*next == b'/') | (*next == b'.'));
        good & (letter | neighbour | (*byte == b'_')) & !twice
    })
}

/// Appends `rest` with every byte in its one spelling.
fn decode(rest: &[u8], out: &mut Vec<u8>) -> Result<(), Reason> {
    let mut bytes = rest.iter().copied();
    let mut pending = Utf8::default();
    while let Some(byte) = bytes.next() {
        let decoded = match class(byte) {
            Class::Percent => {
                let digits = (bytes.next().and_then(hex), bytes.next().and_then(hex));
                let (Some(high), Some(low)) = digits else { return Err(Reason::ESCAPE_INVALID) };
                let byte = high << 4 | low;
                if matches!(byte, b'/' | b'\\' | 0) {
                    return Err(Reason::ENCODED_SEPARATOR);
                }
                byte
            }
            _ => byte,
        };
        match decoded {
            b';' => return Err(Reason::PATH_PARAMETER),
            b'\\' => return Err(Reason::ENCODED_SEPARATOR),
            _ if byte != b'%' && class(byte) == Class::Refused => return Err(Reason::TARGET_INVALID),
            _ => {}
        }
        pending.push(decoded)?;
        push(decoded, out);
    }
    pending.end()
}

/// Brings the text that `out` has from `start` on, which is not encoded, into the spelling of a part of one segment. `false`
/// where no segment has such a text: what would be refused in a request's own path, and control characters.
pub(crate) fn spell_part(out: &mut Vec<u8>, start: usize) -> bool {
    let is_plain = |byte: &u8| class(*byte) == Class::Plain;
    if out.get(start..).unwrap_or_default().iter().all(is_plain) {
        return true;
    }
    let text = out.split_off(start.min(out.len()));
    let is_refused = |byte: &u8| matches!(byte, b'/' | b'\\' | b';') || byte.is_ascii_control();
    if text.iter().any(is_refused) || std::str::from_utf8(&text).is_err() {
        return false;
    }
    for byte in text {
        push(byte, out);
    }
    true
}

/// Appends a decoded byte in its one spelling.
fn push(byte: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    if matches!(class(byte), Class::Plain | Class::Slash) {
        out.push(byte);
    } else {
        let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
        out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
    }
}

/// Resolves dot segments in place and refuses empty segments but the last.
fn resolve(out: &mut Vec<u8>) -> Result<(), Reason> {
    let whole = std::mem::take(out);
    let mut segments = whole.get(1..).unwrap_or_default().split(|byte| *byte == b'/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            b"" if !last => return Err(Reason::EMPTY_SEGMENT),
            b"." => {}
            b".." => {
                let parent = out.iter().rposition(|byte| *byte == b'/').ok_or(Reason::ABOVE_ROOT)?;
                out.truncate(parent);
            }
            _ => {
                out.push(b'/');
                out.extend_from_slice(segment);
            }
        }
        if last && matches!(segment, b"." | b"..") {
            out.push(b'/');
        }
    }
    Ok(())
}

fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Checks a stream of bytes for UTF-8 (RFC 3629), one sequence at a time.
#[derive(Default)]
struct Utf8 {
    sequence: [u8; 4],
    have: usize,
    want: usize,
}

impl Utf8 {
    fn push(&mut self, byte: u8) -> Result<(), Reason> {
        if self.want == 0 {
            self.want = match byte {
                0..=0x7f => return Ok(()),
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => return Err(Reason::PATH_NOT_UTF8),
            };
        }
        if let Some(place) = self.sequence.get_mut(self.have) {
            *place = byte;
        }
        self.have += 1;
        if self.have == self.want {
            let whole = self.sequence.get(..self.have).unwrap_or_default();
            std::str::from_utf8(whole).map_err(|_| Reason::PATH_NOT_UTF8)?;
            *self = Self::default();
        }
        Ok(())
    }

    fn end(&self) -> Result<(), Reason> {
        if self.want == 0 { Ok(()) } else { Err(Reason::PATH_NOT_UTF8) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(path: &str, expected: Result<&str, Reason>) {
        let mut out = Vec::new();
        let found = canonical(path.as_bytes(), &mut out).map(|_| String::from_utf8(out).unwrap());
        assert_eq!(found, expected.map(str::to_owned), "{path}");
    }

    #[test]
    fn spells_every_byte_in_one_way() {
        check("/", Ok("/"));
        check("/a/b.c/~x", Ok("/a/b.c/~x"));
        check("/%61%2d%7E", Ok("/a-~"));
        check("/a%3ab", Ok("/a:b"));
        check("/a%20b", Ok("/a%20b"));
        check("/%c3%a4", Ok("/%C3%A4"));
        check("/{x}|", Ok("/%7Bx%7D%7C"));
        check("/%25", Ok("/%25"));
        check("/%2561", Ok("/%2561"));
        check("/a?b//c;%2F", Ok("/a"));
        check("/a%3Fb?c", Ok("/a%3Fb"));
    }

    #[test]
    fn resolves_dot_segments_as_the_rfc_does() {
        check("/a/./b", Ok("/a/b"));
        check("/a/../b", Ok("/b"));
        check("/a/%2e%2E/b", Ok("/b"));
        check("/a/.", Ok("/a/"));
        check("/a/b/..", Ok("/a/"));
        check("/.well-known/x", Ok("/.well-known/x"));
        check("/...", Ok("/..."));
        check("/a/..", Ok("/"));
        check("/..", Err(Reason::ABOVE_ROOT));
        check("/a/../../b", Err(Reason::ABOVE_ROOT));
        check("/%2e%2e/a", Err(Reason::ABOVE_ROOT));
    }

    #[test]
    fn refuses_what_servers_read_in_two_ways() {
        check("/a%2Fb", Err(Reason::ENCODED_SEPARATOR));
        check("/a%2fb", Err(Reason::ENCODED_SEPARATOR));
        check("/a%5Cb", Err(Reason::ENCODED_SEPARATOR));
        check("/a\\b", Err(Reason::ENCODED_SEPARATOR));
        check("/a%00", Err(Reason::ENCODED_SEPARATOR));
        check("/a;b", Err(Reason::PATH_PARAMETER));
        check("/a%3Bb", Err(Reason::PATH_PARAMETER));
        check("//", Err(Reason::EMPTY_SEGMENT));
        check("/a//b", Err(Reason::EMPTY_SEGMENT));
        check("/a%", Err(Reason::ESCAPE_INVALID));
        check("/a%4", Err(Reason::ESCAPE_INVALID));
        check("/a%zz", Err(Reason::ESCAPE_INVALID));
        check("/%ff", Err(Reason::PATH_NOT_UTF8));
        check("/%c3", Err(Reason::PATH_NOT_UTF8));
        check("/%c3/%a4", Err(Reason::PATH_NOT_UTF8));
        check("/%ed%a0%80", Err(Reason::PATH_NOT_UTF8));
        check("/a#b", Err(Reason::TARGET_INVALID));
        check("/ä", Err(Reason::TARGET_INVALID));
    }

    #[test]
    fn sees_every_byte_at_every_place_of_a_block() {
        for byte in 0..=255_u8 {
            for place in 0..30 {
                let mut path = *b"/a-bc/de_f1/2:3x/and/another/one";
                path[place + 1] = byte;
                let plain = byte.is_ascii_alphanumeric() || b"-_~!$&'()*+,=:@".contains(&byte);
                let dot = byte == b'.' && !(path[place] == b'/' && path[place + 2] == b'/');
                let slash = byte == b'/' && path[place] != b'/' && path[place + 2] != b'/';
                let mut out = Vec::new();
                let result = canonical(&path, &mut out);
                if byte == b'?' {
                    assert_eq!(result, Ok(place + 1));
                } else {
                    assert_eq!(result.is_ok() && out == path, plain || dot || slash, "{byte:#x} at {place}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_canonical_path_is_its_own_canonical_spelling(path in "/[a-z%.0-9A-F/:~ {}|-]{0,24}") {
            let mut once = Vec::new();
            if canonical(path.as_bytes(), &mut once).is_ok() {
                let mut twice = Vec::new();
                prop_assert_eq!(canonical(&once, &mut twice), Ok(once.len()));
                prop_assert_eq!(once, twice);
            }
        }
    }
}
