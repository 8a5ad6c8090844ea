//! `Authorization: Bearer TOKEN` (RFC 6750 section 2.1), and the challenge that asks for it.

use crate::head::Head;

/// The field that holds it.
pub(crate) const FIELD: &str = "authorization";

/// What a head says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Bearer<'a> {
    /// Nothing of this kind.
    Missing,
    /// This token.
    Token(&'a [u8]),
    /// More than one thing, or no token.
    Malformed,
}

/// The token of a head. Of several `Authorization` fields none is believed.
pub(crate) fn token(head: &Head) -> Bearer<'_> {
    let mut fields = head.field(FIELD);
    let Some(value) = fields.next() else { return Bearer::Missing };
    if fields.next().is_some() {
        return Bearer::Malformed;
    }
    // RFC 9110 section 11.1: the scheme is of any case.
    let Some((scheme, rest)) = value.split_at_checked(6) else { return Bearer::Missing };
    if !scheme.eq_ignore_ascii_case(b"bearer") || rest.first().is_some_and(|byte| *byte != b' ') {
        return Bearer::Missing;
    }
    let token = rest.trim_ascii();
    // RFC 9110 section 11.2: token68.
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    let text = token.get(..token.len() - padding).unwrap_or_default();
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte);
    if text.is_empty() || !text.iter().all(is_token) { Bearer::Malformed } else { Bearer::Token(token) }
}

/// RFC 6750 section 3.
pub(crate) fn challenge(realm: &str, invalid: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(b"Bearer realm=\"");
    out.extend_from_slice(realm.as_bytes());
    out.extend_from_slice(if invalid { b"\", error=\"invalid_token\"" } else { b"\"" });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Exchange;

    fn said(lines: &str) -> String {
        let x = Exchange::reading(&format!("GET / HTTP/1.1\nHost: a\n{lines}"));
        match token(x.head()) {
            Bearer::Token(token) => String::from_utf8(token.to_vec()).unwrap(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn reads_one_token_and_nothing_else() {
        assert_eq!(said("Authorization: Bearer a.b-c_d~e+f/g=="), "a.b-c_d~e+f/g==");
        assert_eq!(said("authorization: bEARER   x"), "x");
        for missing in
            ["Accept: x", "Authorization: Basic YQ==", "Authorization: Bearerx", "Authorization: B"]
        {
            assert_eq!(said(missing), "Missing", "{missing}");
        }
        for malformed in [
            "Authorization: Bearer",
            "Authorization: Bearer a b",
            "Authorization: Bearer a,b",
            "Authorization: Bearer ==",
            "Authorization: Bearer a=b",
            "Authorization: Bearer a\nAuthorization: Bearer a",
        ] {
            assert_eq!(said(malformed), "Malformed", "{malformed}");
        }
    }
}
