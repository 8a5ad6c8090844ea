//! `Authorization: SCHEME TOKEN` (RFC 9110 section 11.4), and the challenge that asks for a bearer's.

use crate::head::Head;

/// The field that holds it.
pub(crate) const FIELD: &str = "authorization";

/// What a head says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// Nothing of this scheme.
    Missing,
    /// This token.
    Token(&'a [u8]),
    /// More than one thing, or no token.
    Malformed,
}

/// The token of a head that is said by a scheme. Of several `Authorization` fields none is believed.
pub(crate) fn said<'a>(head: &'a Head, scheme: &str) -> Said<'a> {
    let mut fields = head.field(FIELD);
    let Some(value) = fields.next() else { return Said::Missing };
    if fields.next().is_some() {
        return Said::Malformed;
    }
    // RFC 9110 section 11.1: the scheme is of any case.
    let Some((own, rest)) = value.split_at_checked(scheme.len()) else { return Said::Missing };
    if !own.eq_ignore_ascii_case(scheme.as_bytes()) || rest.first().is_some_and(|byte| *byte != b' ') {
        return Said::Missing;
    }
    let token = rest.trim_ascii();
    // RFC 9110 section 11.2: token68.
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    let text = token.get(..token.len() - padding).unwrap_or_default();
    // All of them, whatever is found: so the compiler looks at many together.
    let is_token = text.iter().fold(true, |all, byte| all & is_token_letter(*byte));
    if text.is_empty() || !is_token { Said::Malformed } else { Said::Token(token) }
}

fn is_token_letter(byte: u8) -> bool {
    let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    is_letter | matches!(byte, b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
}

/// RFC 6750 section 3.
#[cfg(any(feature = "api_key", feature = "jwt"))]
pub(crate) fn bearer_challenge(realm: &str, invalid: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(b"Bearer realm=\"");
    out.extend_from_slice(realm.as_bytes());
    out.extend_from_slice(if invalid { b"\", error=\"invalid_token\"" } else { b"\"" });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Exchange;

    fn read(lines: &str) -> String {
        let x = Exchange::reading(&format!("GET / HTTP/1.1\nHost: a\n{lines}"));
        match said(x.head(), "Bearer") {
            Said::Token(token) => String::from_utf8(token.to_vec()).unwrap(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn reads_one_token_and_nothing_else() {
        assert_eq!(read("Authorization: Bearer a.b-c_d~e+f/g=="), "a.b-c_d~e+f/g==");
        assert_eq!(read("authorization: bEARER   x"), "x");
        for missing in
            ["Accept: x", "Authorization: Basic YQ==", "Authorization: Bearerx", "Authorization: B"]
        {
            assert_eq!(read(missing), "Missing", "{missing}");
        }
        for malformed in [
            "Authorization: Bearer",
            "Authorization: Bearer a b",
            "Authorization: Bearer a,b",
            "Authorization: Bearer ==",
            "Authorization: Bearer a=b",
            "Authorization: Bearer a\nAuthorization: Bearer a",
        ] {
            assert_eq!(read(malformed), "Malformed", "{malformed}");
        }
    }
}
