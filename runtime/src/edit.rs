//! What steps change of a request before it is sent on: fields and query. What was received stays as it was, so that no
//! step sees what another has changed, and their order does not matter.

use crate::head::{Head, Known, is_field_value};
use crate::part;

/// The changes of one exchange.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    /// Field lines more, each ended by CR LF.
    pub(crate) lines: Vec<u8>,
    /// So many bytes of these are of no step: they are there before the chain runs.
    given: usize,
    /// The pairs of the query, once a step has changed it.
    pairs: Option<Vec<Pair>>,
    /// Pairs more, each with `&` before it.
    added: Vec<u8>,
    /// Names of fields of which none of the client's is sent.
    taken: Vec<&'static str>,
    /// So many of these are of no step.
    given_taken: usize,
    /// Of the client's fields, only these are sent.
    only: Option<Vec<&'static str>>,
}

/// A pair of the query as received: offsets into it.
#[derive(Debug)]
struct Pair {
    name: std::ops::Range<usize>,
    value: std::ops::Range<usize>,
    dropped: bool,
}

impl Edits {
    pub(crate) fn clear(&mut self) {
        self.lines.clear();
        self.given = 0;
        self.lines.shrink_to(4096);
        self.pairs = None;
        self.added.clear();
        self.added.shrink_to(4096);
        self.taken.clear();
        self.given_taken = 0;
        self.only = None;
    }

    /// What is there by now is of no step.
    pub(crate) fn begin(&mut self) {
        self.given = self.lines.len();
        self.given_taken = self.taken.len();
    }

    /// Forgets what steps have changed, for a chain that runs once more.
    pub(crate) fn again(&mut self) {
        self.lines.truncate(self.given);
        self.pairs = None;
        self.added.clear();
        self.taken.truncate(self.given_taken);
        self.only = None;
    }

    /// No field of the client's of this name, which is in lower case, is sent, nor one that a server may take for it.
    pub(crate) fn take(&mut self, head: &mut Head, name: &'static str) {
        drop_alike(head, name);
        self.taken.push(name);
    }

    /// Of the client's fields only those of these names are sent, and those that a body cannot do without.
    pub(crate) fn keep_only(&mut self, head: &mut Head, names: Vec<&'static str>) {
        keep_fields(head, &names);
        self.only = Some(names);
    }

    /// Takes field lines behind a body out that were not sent in front of it: a server may read them as if they stood there.
    pub(crate) fn drop_trailers(&self, trailers: &mut Vec<u8>) {
        drop_trailers(&self.lines, trailers, |name| {
            self.taken.iter().any(|taken| is_alike(name, taken.as_bytes()))
                || self
                    .only
                    .as_ref()
                    .is_some_and(|only| !only.iter().any(|kept| name.eq_ignore_ascii_case(kept.as_bytes())))
        });
    }

    /// Of the query only the pairs are sent that `keeps` holds for, which is given their names as received.
    pub(crate) fn keep_pairs(&mut self, head: &Head, keeps: impl Fn(&[u8]) -> bool) {
        let query = head.query().unwrap_or_default();
        let parse = || part::pairs(query).map(|(name, value)| Pair { name, value, dropped: false }).collect();
        for pair in self.pairs.get_or_insert_with(parse) {
            pair.dropped |= !keeps(query.get(pair.name.clone()).unwrap_or_default());
        }
    }

    /// Adds a pair to the query.
    pub(crate) fn add_pair(&mut self, head: &Head, name: &str, value: &[u8]) {
        self.keep_pairs(head, |_| true);
        self.added.push(b'&');
        part::encode(name.as_bytes(), &mut self.added);
        self.added.push(b'=');
        part::encode(value, &mut self.added);
    }

    /// Adds a field, whose value `write` appends. `false`, and nothing is added, where that cannot be the value of one.
    pub(crate) fn add_line(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        write_line(name, write, &mut self.lines)
    }

    /// The same with a value that may be absent; then there is no line.
    pub(crate) fn offer_line(&mut self, name: &str, offer: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
        offer_line(name, offer, &mut self.lines)
    }

    /// The field lines of this name, which is in lower case, are not sent.
    pub(crate) fn drop_lines(&mut self, name: &str) {
        if !self.has_line(name) {
            return;
        }
        // What a step has taken of these, it takes once more when its chain does.
        let mut of_steps = self.lines.split_off(self.given);
        drop_lines(name, &mut self.lines);
        self.given = self.lines.len();
        drop_lines(name, &mut of_steps);
        self.lines.append(&mut of_steps);
    }

    /// Adds the field lines of a name that another request has.
    #[cfg(all(feature = "call", feature = "trace"))]
    pub(crate) fn copy_lines(&mut self, other: &Self, name: &str) {
        for line in other.lines.split_inclusive(|byte| *byte == b'\n').filter(|line| is_line(line, name)) {
            self.lines.extend_from_slice(line);
        }
    }

    /// Whether there is a field line of this name, which is in lower case.
    pub(crate) fn has_line(&self, name: &str) -> bool {
        has_line(name, &self.lines)
    }

    /// Appends the query that is sent, with its question mark: as it came, unless a step has changed it, and then each pair
    /// in its one spelling. One that is malformed is not sent then.
    pub(crate) fn write_query(&self, head: &Head, out: &mut Vec<u8>) {
        let query = head.query().unwrap_or_default();
        let Some(pairs) = &self.pairs else {
            if head.query().is_some() {
                out.push(b'?');
                out.extend_from_slice(query);
            }
            return;
        };
        let start = out.len();
        for Pair { name, value, .. } in pairs.iter().filter(|pair| !pair.dropped) {
            let part = |range: &std::ops::Range<usize>| part::decode(query.get(range.clone())?);
            if let (Some(name), Some(text)) = (part(name), part(value)) {
                out.push(b'&');
                part::encode(&name, out);
                out.push(b'=');
                part::encode(&text, out);
            }
        }
        out.extend_from_slice(&self.added);
        if let Some(first) = out.get_mut(start) {
            *first = b'?';
        }
    }
}

/// Of the fields only those are sent that are named, and those that a body cannot do without: what it is, and whether it
/// is waited for.
fn keep_fields(head: &mut Head, names: &[&str]) {
    let has_body =
        head.fields.iter().any(|field| matches!(field.known, Known::ContentLength | Known::TransferEncoding));
    for field in &mut head.fields {
        let name = field.name.of(&head.bytes);
        let about_body =
            has_body && name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-"));
        let is_listed = names.iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()));
        field.dropped |= !is_listed && !about_body && field.known != Known::Expect;
    }
}

/// The fields of this name, which is in lower case, are not sent, nor those that a server may take for it: many do not tell `_`
/// from `-`.
pub(crate) fn drop_alike(head: &mut Head, name: &str) {
    for field in &mut head.fields {
        field.dropped |= is_alike(field.name.of(&head.bytes), name.as_bytes());
    }
}

/// The same of field lines behind a body, where a server may read them as if they stood before it.
pub(crate) fn drop_lines_alike(name: &str, lines: &mut Vec<u8>) {
    drop_trailers(b"", lines, |own| is_alike(own, name.as_bytes()));
}

/// Takes field lines behind a body out: those of which the name is one of the gateway's own lines, and those of which it is taken.
pub(crate) fn drop_trailers(own: &[u8], trailers: &mut Vec<u8>, is_taken: impl Fn(&[u8]) -> bool) {
    let is_end = |byte: &u8| *byte == b'\n';
    for line in std::mem::take(trailers).split_inclusive(is_end) {
        let is_own = |name| own.split_inclusive(is_end).filter_map(name_of).any(|own| is_alike(name, own));
        let is_dropped = name_of(line).is_some_and(|name| is_taken(name) || is_own(name));
        if !is_dropped {
            trailers.extend_from_slice(line);
        }
    }
}

/// The name of a field line.
fn name_of(line: &[u8]) -> Option<&[u8]> {
    line.get(..line.iter().position(|byte| *byte == b':')?)
}

/// Whether a server may take one name for the other.
pub(crate) fn is_alike(own: &[u8], name: &[u8]) -> bool {
    let folded = |byte: &u8| if *byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    own.len() == name.len() && own.iter().map(folded).eq(name.iter().map(folded))
}

/// Takes the lines of a field out of many.
pub(crate) fn drop_lines(name: &str, lines: &mut Vec<u8>) {
    if !has_line(name, lines) {
        return;
    }
    for line in std::mem::take(lines).split_inclusive(|byte| *byte == b'\n') {
        if !is_line(line, name) {
            lines.extend_from_slice(line);
        }
    }
}

pub(crate) fn has_line(name: &str, lines: &[u8]) -> bool {
    lines.split_inclusive(|byte| *byte == b'\n').any(|line| is_line(line, name))
}

fn is_line(line: &[u8], name: &str) -> bool {
    line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
        && line.get(name.len()) == Some(&b':')
}

/// Appends a field line, whose value `write` appends. `false`, and nothing is appended, where that cannot be the value
/// of a field: it holds a control character.
pub(crate) fn write_line(name: &str, write: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) -> bool {
    let write = |out: &mut Vec<u8>| {
        write(out);
        true
    };
    offer_line(name, write, out)
}

/// The same with a value that may be absent; then nothing is written, and that is possible.
pub(crate) fn offer_line(name: &str, offer: impl FnOnce(&mut Vec<u8>) -> bool, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    let value = out.len();
    if !offer(out) {
        out.truncate(start);
        return true;
    }
    let possible = out.get(value..).is_some_and(is_field_value);
    if possible {
        out.extend_from_slice(b"\r\n");
    } else {
        out.truncate(start);
    }
    possible
}
