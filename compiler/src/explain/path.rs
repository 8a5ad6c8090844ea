//! The one spelling of a request's path, by the words of the language: segments are compared by decoded value, and what two
//! servers might read differently is refused. It names the reason that the log names.

use crate::check::path::spell;

/// The canonical path, or the reason why there is none.
pub(super) fn canonical(target: &str) -> Result<String, &'static str> {
    let Some(rest) = target.strip_prefix('/') else { return Err("target_invalid") };
    let mut segments: Vec<String> = Vec::new();
    let written: Vec<&str> = rest.split('/').collect();
    let decoded: Vec<String> = written.iter().map(|segment| decoded(segment)).collect::<Result<_, _>>()?;
    let last = decoded.len().saturating_sub(1);
    for (at, segment) in decoded.into_iter().enumerate() {
        let is_last = at == last;
        match segment.as_str() {
            "" if !is_last => return Err("empty_segment"),
            "." | ".." => {
                if segment == ".." && segments.pop().is_none() {
                    return Err("above_root");
                }
                if is_last {
                    segments.push(String::new());
                }
            }
            _ => segments.push(segment),
        }
    }
    Ok(segments.iter().fold(String::new(), |path, segment| path + "/" + &spell(segment)))
}

/// The text of a segment without escapes.
fn decoded(segment: &str) -> Result<String, &'static str> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [byte, behind @ ..] = rest {
        rest = behind;
        let value = match byte {
            b'%' => {
                let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
                let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
                let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                rest = behind.get(2..).unwrap_or_default();
                value.ok_or("escape_invalid")?
            }
            byte if byte.is_ascii_graphic() && *byte != b'#' => *byte,
            _ => return Err("target_invalid"),
        };
        match value {
            b'/' | b'\\' | 0 => return Err("encoded_separator"),
            b';' => return Err("path_parameter"),
            value => bytes.push(value),
        }
    }
    String::from_utf8(bytes).map_err(|_| "path_not_utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        for (target, path) in [
            ("/", "/"),
            ("/a/./b/../%7eu", "/a/~u"),
            ("/a/..", "/"),
            ("/a/", "/a/"),
            ("/%c3%A4/{x}", "/%C3%A4/%7Bx%7D"),
            ("/a%3Ab", "/a:b"),
        ] {
            assert_eq!(canonical(target).as_deref(), Ok(path), "{target}");
        }
    }

    #[test]
    fn what_may_be_read_in_two_ways_is_refused() {
        for (target, reason) in [
            ("a", "target_invalid"),
            ("/ä", "target_invalid"),
            ("/a//b", "empty_segment"),
            ("/..", "above_root"),
            ("/a%2Fb", "encoded_separator"),
            ("/a\\b", "encoded_separator"),
            ("/a;b", "path_parameter"),
            ("/%3b", "path_parameter"),
            ("/%4", "escape_invalid"),
            ("/%FF", "path_not_utf8"),
        ] {
            assert_eq!(canonical(target), Err(reason), "{target}");
        }
    }
}
