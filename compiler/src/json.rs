//! JSON that is known when a gateway is compiled.

use std::fmt::Write;

/// Writes a string (RFC 8259 section 7).
pub(crate) fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                // Writing into a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_json_demands() {
        let mut out = String::new();
        string("a\"b\\c\n\u{1}\u{e9}", &mut out);
        assert_eq!(out, "\"a\\\"b\\\\c\\n\\u0001\u{e9}\"");
    }
}
