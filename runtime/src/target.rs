//! Targets: the path that is sent to a server, and where a redirect leads.
//!
//! Literals are spelled by the compiler, and captures by whoever read the path. Any other value is spelled here, before anything
//! is sent: it becomes a part of one segment, and never ends it, begins another one, or makes it one that a server would
//! resolve. What could is refused. Behind a `?` any value can stand, since nothing but letters, digits and `-._~` is left as it is.

use crate::exchange::Exchange;
use crate::http1::path::spell_part;
use crate::limits::PATH_BYTES;
use crate::part::encode;
use crate::reason::Reason;
use crate::terminal::{Piece, Target};

/// Appends a target. One with values in it has been made before.
pub(crate) fn write(target: &Target, x: &Exchange, out: &mut Vec<u8>) {
    match target {
        Target::Same => out.extend_from_slice(x.head.path()),
        Target::Made(_) => out.extend_from_slice(&x.made),
        Target::Template(pieces) => {
            for piece in *pieces {
                match piece {
                    Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                    Piece::Capture(index) => out.extend_from_slice(x.capture(*index)),
                    // The compiler gives such a target to be made.
                    Piece::Value(_) | Piece::Query(_) => {}
                    Piece::Asked => asked(x, out),
                }
            }
        }
    }
}

/// The query of a request has no byte that could end it: a head with another one has been refused.
fn asked(x: &Exchange, out: &mut Vec<u8>) {
    if let Some(query) = x.head.query() {
        out.push(b'?');
        out.extend_from_slice(query);
    }
}

/// Makes a target of its pieces, and keeps it in the exchange.
pub(crate) fn make(pieces: &[Piece], x: &mut Exchange) -> Result<(), Reason> {
    let mut making = Making { out: std::mem::take(&mut x.made), start: 0, has_value: false };
    making.out.clear();
    let made = making.all(pieces, x);
    x.made = making.out;
    made
}

/// A target being made.
struct Making {
    out: Vec<u8>,
    /// Where the segment at hand begins.
    start: usize,
    /// Whether a value stands in it.
    has_value: bool,
}

impl Making {
    fn all(&mut self, pieces: &[Piece], x: &Exchange) -> Result<(), Reason> {
        let mut pieces = pieces.iter();
        for piece in pieces.by_ref() {
            match piece {
                Piece::Capture(index) => self.path(x.capture(*index))?,
                Piece::Value(write) => {
                    let start = self.out.len();
                    write(x, &mut self.out);
                    self.has_value = true;
                    if !spell_part(&mut self.out, start) {
                        return Err(Reason::SEGMENT_INVALID);
                    }
                }
                // It stands behind a text that has the `?`.
                Piece::Query(_) => {}
                Piece::Asked => {
                    self.close()?;
                    self.start = self.out.len();
                    if self.out.len() > PATH_BYTES {
                        return Err(Reason::TARGET_TOO_LONG);
                    }
                    asked(x, &mut self.out);
                    return Ok(());
                }
                Piece::Text(text) => {
                    let end = text.find(['?', '#']).unwrap_or(text.len());
                    let (path, query) = text.split_at_checked(end).unwrap_or((text, ""));
                    self.path(path.as_bytes())?;
                    if !query.is_empty() {
                        self.close()?;
                        self.out.extend_from_slice(query.as_bytes());
                        break;
                    }
                }
            }
            if self.out.len() > PATH_BYTES {
                return Err(Reason::TARGET_TOO_LONG);
            }
        }
        self.close()?;
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.out.extend_from_slice(text.as_bytes()),
                Piece::Query(write) => {
                    let mut value = Vec::new();
                    write(x, &mut value);
                    encode(&value, &mut self.out);
                }
                Piece::Capture(_) | Piece::Value(_) | Piece::Asked => {}
            }
            if self.out.len() > PATH_BYTES {
                return Err(Reason::TARGET_TOO_LONG);
            }
        }
        Ok(())
    }

    /// Appends a part of a path that is spelled already.
    fn path(&mut self, spelled: &[u8]) -> Result<(), Reason> {
        for (at, segment) in spelled.split(|byte| *byte == b'/').enumerate() {
            if at > 0 {
                self.close()?;
                self.out.push(b'/');
                self.start = self.out.len();
            }
            self.out.extend_from_slice(segment);
        }
        Ok(())
    }

    /// Ends the segment at hand. Where a value stands in it, it may be one that a server would drop or resolve.
    fn close(&mut self) -> Result<(), Reason> {
        let segment = self.out.get(self.start..).unwrap_or_default();
        if self.has_value && matches!(segment, b"" | b"." | b"..") {
            return Err(Reason::SEGMENT_INVALID);
        }
        self.has_value = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(x: &Exchange, out: &mut Vec<u8>) {
        out.extend_from_slice(&x.scratch_value());
    }

    fn other(x: &Exchange, out: &mut Vec<u8>) {
        let first = x.scratch_value().first().copied();
        out.extend(first.filter(|byte| *byte == b'.'));
    }

    impl Exchange {
        /// What the values of these tests are: the body of a request that has none.
        fn scratch_value(&self) -> Vec<u8> {
            self.onward.clone()
        }
    }

    fn made(pieces: &[Piece], value: &[u8]) -> Result<String, Reason> {
        let mut x = Exchange::reading("GET / HTTP/1.1\nHost: a");
        x.onward = value.to_vec();
        make(pieces, &mut x).map(|()| String::from_utf8(x.made).unwrap())
    }

    const ONE: &[Piece] = &[Piece::Text("/for/"), Piece::Value(value), Piece::Text("/all?x=/../y")];
    const QUERY: &[Piece] =
        &[Piece::Text("/for?a="), Piece::Query(value), Piece::Text("&b=1#"), Piece::Query(value)];
    const LAST: &[Piece] = &[Piece::Text("/for/"), Piece::Value(value)];
    const BEFORE_QUERY: &[Piece] = &[Piece::Text("/for/"), Piece::Value(value), Piece::Text("?x=1")];
    const INSIDE: &[Piece] = &[Piece::Text("/v."), Piece::Value(value), Piece::Text(".json")];
    const TWO: &[Piece] = &[Piece::Text("/"), Piece::Value(value), Piece::Value(other), Piece::Text("/x")];
    const BEHIND_DOT: &[Piece] = &[Piece::Text("/."), Piece::Value(value), Piece::Text("/x")];

    #[test]
    fn a_value_is_spelled_as_a_path_is() {
        assert_eq!(made(ONE, b"ada").unwrap(), "/for/ada/all?x=/../y");
        assert_eq!(
            made(ONE, b"a b?c=d&e#f%2e+\"<{").unwrap(),
            "/for/a%20b%3Fc=d&e%23f%252e+%22%3C%7B/all?x=/../y"
        );
        assert_eq!(made(ONE, "é".as_bytes()).unwrap(), "/for/%C3%A9/all?x=/../y");
        assert_eq!(made(ONE, b"...").unwrap(), "/for/.../all?x=/../y");
        assert_eq!(made(INSIDE, b"").unwrap(), "/v..json");
        assert_eq!(made(BEHIND_DOT, b"well-known").unwrap(), "/.well-known/x");
    }

    #[test]
    fn a_value_in_the_query_stays_one() {
        const QUERY: &[Piece] =
            &[Piece::Text("/x?a="), Piece::Query(value), Piece::Text("&b="), Piece::Query(other)];
        assert_eq!(made(QUERY, b".&c=d#e/?%+ ").unwrap(), "/x?a=.%26c%3Dd%23e%2F%3F%25%2B%20&b=.");
        assert_eq!(made(QUERY, b"").unwrap(), "/x?a=&b=");
        assert_eq!(made(QUERY, &vec![b'a'; PATH_BYTES]), Err(Reason::TARGET_TOO_LONG));
    }

    #[test]
    fn no_value_leads_to_another_host_or_ends_the_line_and_the_query_follows_as_it_came() {
        const ELSEWHERE: &[Piece] = &[Piece::Text("https://a.example/"), Piece::Value(value), Piece::Asked];
        const REST: Target =
            Target::Template(&[Piece::Text("https://a.example/"), Piece::Capture(0), Piece::Asked]);
        for byte in 0..=u8::MAX {
            for value in [&[byte][..], &[b'a', byte, b'b'], &[byte, byte, b'@', b':']] {
                let Ok(made) = made(ELSEWHERE, value) else { continue };
                let segment = made.strip_prefix("https://a.example/").unwrap();
                assert!(!segment.is_empty() && !segment.contains(['/', '?', '#', '\\']), "{made}");
                assert!(segment.bytes().all(|byte| byte.is_ascii_graphic()), "{made:?}");
            }
        }
        for (target, expected) in [
            ("/?b=%2F//c&%zz", "https://a.example/%2E?b=%2F//c&%zz"),
            ("/?", "https://a.example/%2E?"),
            ("/", "https://a.example/%2E"),
        ] {
            let mut x = Exchange::reading(&format!("GET {target} HTTP/1.1\nHost: a"));
            x.onward = b"%2E".to_vec();
            make(ELSEWHERE, &mut x).unwrap();
            assert_eq!(String::from_utf8_lossy(&x.made), expected.replace("%2E", "%252E"));
            let mut out = Vec::new();
            write(&REST, &x, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected.replace("%2E", ""));
        }
    }

    #[test]
    fn what_would_change_the_path_is_refused() {
        for refused in [&b"/"[..], b"a/b", b"\\", b"a;b", b"\0", b"\r\n", b"\x7f", b"\xff", b"a\xc3"] {
            for pieces in [ONE, LAST, INSIDE] {
                assert_eq!(made(pieces, refused), Err(Reason::SEGMENT_INVALID), "{refused:?}");
            }
        }
        for refused in [&b""[..], b".", b".."] {
            for pieces in [ONE, LAST, BEFORE_QUERY] {
                assert_eq!(made(pieces, refused), Err(Reason::SEGMENT_INVALID), "{refused:?}");
            }
        }
        assert_eq!(made(TWO, b"."), Err(Reason::SEGMENT_INVALID), "two dots, of two values");
        assert_eq!(made(BEHIND_DOT, b"."), Err(Reason::SEGMENT_INVALID));
        assert_eq!(made(BEHIND_DOT, b""), Err(Reason::SEGMENT_INVALID));
        assert_eq!(made(LAST, &vec![b'a'; PATH_BYTES]), Err(Reason::TARGET_TOO_LONG));
    }

    #[test]
    fn behind_the_question_mark_a_value_is_a_value_whatever_it_holds() {
        assert_eq!(made(QUERY, b"az09-._~").unwrap(), "/for?a=az09-._~&b=1#az09-._~");
        for byte in 0..=u8::MAX {
            let target = made(QUERY, &[byte]).unwrap();
            let spelled = target.strip_prefix("/for?a=").unwrap().split('&').next().unwrap();
            let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            assert_eq!(spelled, if plain { char::from(byte).to_string() } else { format!("%{byte:02X}") });
            assert!(target.ends_with(&format!("&b=1#{spelled}")), "{target}");
        }
        assert_eq!(made(QUERY, &vec![b'a'; PATH_BYTES]), Err(Reason::TARGET_TOO_LONG));
    }

    proptest! {
        #[test]
        fn every_target_is_canonical_and_has_the_segments_of_its_template(
            value in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..6),
                "[a./%;?# é-]{0,6}".prop_map(String::into_bytes),
            ]
        ) {
            for (pieces, slashes) in [(ONE, 3), (LAST, 2), (BEFORE_QUERY, 2), (INSIDE, 1), (TWO, 2), (BEHIND_DOT, 2)] {
                let Ok(made) = made(pieces, &value) else { continue };
                let path = made.split('?').next().unwrap();
                let mut canonical = Vec::new();
                let read = crate::http1::path::canonical(made.as_bytes(), &mut canonical);
                prop_assert_eq!(read, Ok(path.len()));
                prop_assert_eq!(String::from_utf8(canonical).unwrap(), path);
                prop_assert_eq!(path.matches('/').count(), slashes);
            }
        }
    }
}
