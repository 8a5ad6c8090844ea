//! The one spelling of path text, in which routes are compared and paths are sent.
//!
//! Unreserved characters, sub-delimiters, `:` and `@` are raw, every other byte is `%XX` with upper-case digits; the runtime
//! normalises requests in the same way. Text that no request can have was refused by the parser.

/// Spells decoded text.
pub(crate) fn spell(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    for byte in text.bytes() {
        push(byte, &mut spelled);
    }
    spelled
}

/// The bytes that a canonical spelling stands for.
pub(crate) fn bytes(spelled: &str) -> impl Iterator<Item = u8> {
    let mut rest = spelled.as_bytes();
    std::iter::from_fn(move || {
        let (byte, behind) = match rest {
            [b'%', high, low, behind @ ..] => (digit(*high) << 4 | digit(*low), behind),
            [byte, behind @ ..] => (*byte, behind),
            [] => return None,
        };
        rest = behind;
        Some(byte)
    })
}

/// Spells text with percent escapes and slashes as written; a `%` that begins no escape means itself.
pub(super) fn spell_written(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let [byte, rest @ ..] = bytes {
        bytes = match (byte, rest) {
            (b'%', [high, low, rest @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                push(digit(*high) << 4 | digit(*low), &mut spelled);
                rest
            }
            (b'/', rest) => {
                spelled.push('/');
                rest
            }
            (byte, rest) => {
                push(*byte, &mut spelled);
                rest
            }
        };
    }
    spelled
}

/// Spells what stands behind a `?` or `#`, which is left as written but for what must be escaped.
pub(super) fn spell_query(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    for byte in text.bytes() {
        if b"/?#;%[]".contains(&byte) {
            spelled.push(char::from(byte));
        } else {
            push(byte, &mut spelled);
        }
    }
    spelled
}

/// The path without dot segments and empty segments, if it has any. Captures stand in it as `{name}`.
pub(super) fn normal_form(path: &str) -> Option<String> {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let last = segments.len().saturating_sub(1);
    let mut normal: Vec<&str> = Vec::new();
    for (at, segment) in segments.iter().enumerate() {
        match *segment {
            "" if at != last => {}
            "." | ".." => {
                if *segment == ".." {
                    normal.pop();
                }
                if at == last {
                    normal.push("");
                }
            }
            other => normal.push(other),
        }
    }
    (normal != segments).then(|| format!("/{}", normal.join("/")))
}

fn push(byte: u8, spelled: &mut String) {
    if is_raw(byte) {
        spelled.push(char::from(byte));
    } else {
        spelled.extend(['%', upper_digit(byte >> 4), upper_digit(byte & 15)]);
    }
}

/// Unreserved, sub-delimiters but `;`, `:` and `@` (RFC 3986, 3.3).
fn is_raw(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(&byte)
}

fn digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        _ => byte.wrapping_sub(b'A').wrapping_add(10),
    }
}

fn upper_digit(value: u8) -> char {
    char::from(if value < 10 { b'0' + value } else { b'A' + value - 10 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_an_escape_has_one() {
        assert_eq!(spell("a-b._~!$&'()*+,=:@9"), "a-b._~!$&'()*+,=:@9");
        assert_eq!(spell("a b"), "a%20b");
        assert_eq!(spell("é"), "%C3%A9");
        assert_eq!(spell("100%"), "100%25");
    }

    #[test]
    fn a_spelling_stands_for_its_bytes() {
        for text in ["", "a b", "é/%", "100%"] {
            assert_eq!(bytes(&spell(text)).collect::<Vec<u8>>(), text.as_bytes());
        }
    }

    #[test]
    fn escapes_as_written_become_canonical() {
        assert_eq!(spell_written("/a/%41%3a"), "/a/A:");
        assert_eq!(spell_written("/%c3%a9/é"), "/%C3%A9/%C3%A9");
        assert_eq!(spell_written("/50%"), "/50%25");
        assert_eq!(spell_written("/a%2fb"), "/a%2Fb");
        assert_eq!(spell_query("?a=%20&b= #x"), "?a=%20&b=%20#x");
    }

    #[test]
    fn a_normal_path_has_no_dots_and_no_double_slash() {
        assert_eq!(normal_form("/a/{b}/"), None);
        assert_eq!(normal_form("/"), None);
        assert_eq!(normal_form("/a/../b"), Some("/b".to_owned()));
        assert_eq!(normal_form("//a/."), Some("/a/".to_owned()));
        assert_eq!(normal_form("/.."), Some("/".to_owned()));
    }
}
