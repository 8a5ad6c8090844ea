//! What a request says, as far as it is known: its fields, and what start-up gives the parameters.

use super::value::{Open, Value};
use super::{Asked, read};
use crate::check::path;
use crate::ir::Program;
use crate::ir::expr::Lookup;
use crate::routes::Given;

/// A request in front of a program.
pub(super) struct Scene<'a> {
    pub(super) program: &'a Program,
    pub(super) asked: &'a Asked,
    /// In canonical spelling.
    pub(super) path: &'a str,
    /// What its route has captured; nothing before a route is known.
    pub(super) given: &'a Given,
}

impl Scene<'_> {
    /// The value of a field, as one text. In the query, an escape that is none is read as it is written.
    pub(super) fn field(&self, lookup: Lookup, name: &str) -> Option<Vec<u8>> {
        match lookup {
            Lookup::Header => {
                let lines = self.lines(name);
                (!lines.is_empty()).then(|| lines.join(", ").into_bytes())
            }
            Lookup::Query => self.pairs(name).next().map(|(_, value)| as_text(value)),
            _ => self.values(lookup, name).into_iter().next()?,
        }
    }

    /// Each value of a field by itself; of the query, none for one that cannot be decoded.
    pub(super) fn values(&self, lookup: Lookup, name: &str) -> Vec<Option<Vec<u8>>> {
        match lookup {
            Lookup::Query => self.query(name),
            Lookup::Header => self.lines(name).iter().map(|line| Some(line.as_bytes().to_vec())).collect(),
            Lookup::Cookie => {
                let lines = self.lines("Cookie");
                let pairs = lines.iter().flat_map(|line| line.split(';'));
                let pairs = pairs.filter_map(|pair| pair.trim_ascii().split_once('='));
                pairs
                    .filter(|(own, _)| *own == name)
                    .map(|(_, value)| Some(value.as_bytes().to_vec()))
                    .collect()
            }
            Lookup::Answer => Vec::new(),
        }
    }

    /// The same of a field that is a list: of the head, its members.
    pub(super) fn members(&self, lookup: Lookup, name: &str) -> Vec<Option<Vec<u8>>> {
        if lookup != Lookup::Header {
            return self.values(lookup, name);
        }
        let lines = self.lines(name);
        let members = lines.iter().flat_map(|line| line.split(',')).map(str::trim_ascii);
        members.filter(|member| !member.is_empty()).map(|member| Some(member.as_bytes().to_vec())).collect()
    }

    /// The lines of a field of the head. The host may be named by the URL alone.
    fn lines(&self, name: &str) -> Vec<&str> {
        if name.eq_ignore_ascii_case("host") {
            return self.asked.host.iter().map(String::as_str).collect();
        }
        let own = self.asked.headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        own.map(|(_, value)| value.as_str()).collect()
    }

    fn query(&self, name: &str) -> Vec<Option<Vec<u8>>> {
        self.pairs(name).map(|(_, value)| decoded(value)).collect()
    }

    /// The pairs of the query of a name, as they are written.
    fn pairs<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let query = self.asked.target.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.filter(move |(own, _)| decoded(own).is_some_and(|own| own == name.as_bytes()))
    }

    /// What a parameter or a live value is: as given, else its default.
    pub(super) fn param(&self, name: &str) -> Result<Value, Open> {
        let open = || Open::Param(name.to_owned());
        let param = self.program.params.iter().find(|param| param.name == name).ok_or_else(open)?;
        let given = self.asked.params.iter().chain(&self.asked.lives).rev().find(|(own, _)| own == name);
        let value = match (given, &param.default) {
            (Some((_, text)), _) => read::given(&param.ty, text),
            (None, Some(default)) => Some(Value::of(default)),
            (None, None) => None,
        };
        value.ok_or_else(open)
    }

    /// The text of a capture, decoded.
    pub(super) fn capture(&self, number: u8) -> Option<Vec<u8>> {
        let text = self.given.text(number)?;
        Some(path::bytes(text).collect())
    }
}

/// A part of a query, where an escape that is none stands for itself.
fn as_text(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let first = parts.next().unwrap_or_default();
    let mut bytes = first.replace('+', " ").into_bytes();
    for part in parts {
        let escaped = part.get(..2).and_then(|digits| decoded(&format!("%{digits}")));
        let rest = if escaped.is_some() { part.get(2..).unwrap_or_default() } else { part };
        bytes.extend(escaped.unwrap_or_else(|| b"%".to_vec()));
        bytes.extend(rest.replace('+', " ").bytes());
    }
    bytes
}

/// A part of a query; `+` is a blank, as forms write it. None where an escape is malformed.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, behind @ ..] = rest {
        rest = behind;
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let [high, low, behind @ ..] = rest else { return None };
                rest = behind;
                let digit = |byte: u8| char::from(byte).to_digit(16);
                u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?
            }
            byte => *byte,
        });
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_escape_is_read_as_it_is_written() {
        for (written, text) in [
            ("%zz", "%zz"),
            ("%", "%"),
            ("%4", "%4"),
            ("%41%4g+%", "A%4g %"),
            ("%%41+%2B", "%A +"),
            ("a%c3%A9", "a\u{e9}"),
        ] {
            assert_eq!(as_text(written), text.as_bytes(), "{written}");
        }
        assert_eq!(decoded("%zz"), None);
    }
}
