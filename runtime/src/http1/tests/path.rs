//! The canonical spelling of a path is the one that its decoded segments have, and its own canonical spelling.

use crate::bench::canonical;

/// Holds the claim against any bytes, with a slash before them where there is none.
pub fn check(input: &[u8]) {
    let slash = if input.starts_with(b"/") { "" } else { "/" };
    let target = [slash.as_bytes(), input].concat();
    let end = target.iter().position(|byte| *byte == b'?').unwrap_or(target.len());
    let mut out = Vec::new();
    let result = canonical(&target, &mut out);
    let expected = reference(&target[..end]);
    match (result, &expected) {
        (Ok(read), Some(expected)) => {
            assert_eq!(read, end);
            assert_eq!(out.escape_ascii().to_string(), expected.escape_ascii().to_string());
        }
        (Err(_), None) => return,
        (result, expected) => panic!("{}: {result:?}, not {expected:?}", target.escape_ascii()),
    }
    let mut again = Vec::new();
    assert_eq!(canonical(&out, &mut again), Ok(out.len()));
    assert_eq!(out, again);
}

/// The canonical spelling of a path that begins with a slash, segment by segment; `None` where servers could disagree.
pub fn reference(path: &[u8]) -> Option<Vec<u8>> {
    let mut resolved: Vec<Vec<u8>> = Vec::new();
    let segments: Vec<&[u8]> = path[1..].split(|byte| *byte == b'/').collect();
    let mut above_root = false;
    for (at, segment) in segments.iter().enumerate() {
        let is_last = at + 1 == segments.len();
        match decoded(segment)?.as_slice() {
            b"" if !is_last => return None,
            b"." if !is_last => {}
            b"." => resolved.push(Vec::new()),
            b".." => {
                above_root |= resolved.pop().is_none();
                if is_last {
                    resolved.push(Vec::new());
                }
            }
            text => resolved.push(text.to_vec()),
        }
    }
    let spelled = resolved.iter().flat_map(|segment| [b"/".to_vec(), encoded(segment)]);
    (!above_root).then(|| spelled.flatten().collect())
}

/// The bytes that a segment means: UTF-8 without separators.
fn decoded(segment: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = segment;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if *byte == b'%' {
            let digits =
                rest.split_at_checked(2).filter(|(digits, _)| digits.iter().all(u8::is_ascii_hexdigit));
            let (digits, tail) = digits?;
            rest = tail;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap());
        } else if matches!(byte, b'!'..=b'~') && *byte != b'#' {
            bytes.push(*byte);
        } else {
            return None;
        }
    }
    let is_plain = std::str::from_utf8(&bytes).is_ok() && !bytes.iter().any(|it| b"/\\\0;".contains(it));
    is_plain.then_some(bytes)
}

fn encoded(text: &[u8]) -> Vec<u8> {
    let spell = |byte: &u8| {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(byte);
        if is_plain { vec![*byte] } else { format!("%{byte:02X}").into_bytes() }
    };
    text.iter().flat_map(spell).collect()
}
