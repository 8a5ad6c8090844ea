//! Where strings and bare paths end. The splitter must know, since braces and slashes mean something else in them.

/// The most brackets that may be open at once.
pub const MAX_DEPTH: usize = 64;

/// Why a token has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endless {
    /// It reaches the end of its line.
    Line,
    /// A brace in it is not closed on its line.
    Brace(usize),
    /// Too many brackets are open.
    Depth(usize),
}

/// The end of a string whose opening quote is at `at`, closing quote included.
pub fn string_end(bytes: &[u8], at: usize, depth: usize) -> Result<usize, Endless> {
    let mut at = at + 1;
    loop {
        match bytes.get(at) {
            None | Some(b'\n') => return Err(Endless::Line),
            Some(b'\\') if bytes.get(at + 1).is_some_and(|next| *next != b'\n') => at += 2,
            Some(b'"') => return Ok(at + 1),
            Some(b'{') => at = brace_end(bytes, at, depth + 1)?,
            Some(_) => at += 1,
        }
    }
}

/// The end of a string in which braces are text.
pub fn plain_string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        match bytes.get(at)? {
            b'\n' => return None,
            b'\\' if bytes.get(at + 1).is_some_and(|next| *next != b'\n') => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// Whether the quote at `at` begins a `re"…"`. What stands in front of the `re` does not matter.
pub fn is_raw(bytes: &[u8], at: usize) -> bool {
    bytes.get(..at).is_some_and(|before| before.ends_with(b"re"))
}

/// The end of `re"…"`, whose quote is at `at`: nothing is escaped in it.
pub fn raw_string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at + 1..)?;
    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\n'))?;
    (rest.get(end) == Some(&b'"')).then_some(at + end + 2)
}

/// The end of a bare path that begins at `at`. A bracket that is not closed in it is not part of it.
pub fn path_end(bytes: &[u8], at: usize, depth: usize) -> Result<usize, Endless> {
    let mut at = at;
    let mut open: Vec<(u8, usize)> = Vec::new();
    while let Some(byte) = bytes.get(at).copied() {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b';' | b'"' | b'}' => break,
            b',' if bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace) => break,
            b'{' => {
                at = brace_end(bytes, at, depth + open.len() + 1)?;
                continue;
            }
            b'(' | b'[' if depth + open.len() >= MAX_DEPTH => return Err(Endless::Depth(at)),
            b'(' => open.push((b')', at)),
            b'[' => open.push((b']', at)),
            b')' | b']' => {
                if open.last().map(|(closing, _)| *closing) != Some(byte) {
                    break;
                }
                open.pop();
            }
            _ => {}
        }
        at += 1;
    }
    Ok(open.first().map_or(at, |(_, first)| *first))
}

/// The end of a capture or an interpolation whose brace is at `at`.
pub fn brace_end(bytes: &[u8], start: usize, depth: usize) -> Result<usize, Endless> {
    if depth > MAX_DEPTH {
        return Err(Endless::Depth(start));
    }
    let mut at = start + 1;
    loop {
        at = match bytes.get(at) {
            None | Some(b'\n') => return Err(Endless::Brace(start)),
            Some(b'}') => return Ok(at + 1),
            Some(b'{') => brace_end(bytes, at, depth + 1)?,
            Some(b'"') if is_raw(bytes, at) => raw_string_end(bytes, at).ok_or(Endless::Brace(start))?,
            Some(b'"') => match string_end(bytes, at, depth + 1) {
                Err(Endless::Line) => return Err(Endless::Brace(start)),
                other => other?,
            },
            Some(_) => at + 1,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_may_hold_braces_that_hold_strings() {
        assert_eq!(string_end(br#""a {b["c"]} d" e"#, 0, 0), Ok(14));
        assert_eq!(string_end(br#""a \{ \" b" c"#, 0, 0), Ok(11));
        assert_eq!(string_end(b"\"a {b\" c\n", 0, 0), Err(Endless::Brace(3)));
        assert_eq!(string_end(b"\"abc\n\"", 0, 0), Err(Endless::Line));
        assert_eq!(raw_string_end(br#"re"a\{b" c"#, 2), Some(8));
        assert_eq!(string_end(br#""a {b.matches(re"}\")} d" e"#, 0, 0), Ok(25));
        assert_eq!(path_end(br#"/{id: string(re"}\")}/d e"#, 0, 0), Ok(23));
    }

    #[test]
    fn a_path_ends_at_a_bracket_that_it_did_not_open() {
        assert_eq!(path_end(b"/a/{id: int(1..5)}/b) c", 0, 0), Ok(20));
        assert_eq!(path_end(b"/a(b)c] d", 0, 0), Ok(6));
        assert_eq!(path_end(b"/a,b, c", 0, 0), Ok(4));
        assert_eq!(path_end(b"/a//b c", 0, 0), Ok(5));
        assert_eq!(path_end(b"/{id -> app\n", 0, 0), Err(Endless::Brace(1)));
    }

    #[test]
    fn deep_nesting_is_refused_without_recursion_beyond_the_bound() {
        let text = format!("\"{}", "{\"".repeat(10_000));
        assert!(matches!(string_end(text.as_bytes(), 0, 0), Err(Endless::Depth(_) | Endless::Brace(_))));
    }
}
