//! What comes of a text, found out slowly and without the reader: `serde_json` says what is JSON and what a string says; the rest takes
//! texts apart that are JSON for certain, one value after the other, and copies what is wanted.

use serde_json::Value;

use crate::json::{Form, Member, Need, Shape};

/// Levels that are read.
const LEVELS: usize = 64;

/// What must come of a text.
#[derive(Debug)]
pub enum Known {
    /// It is no JSON.
    Malformed,
    /// It is, and nested too deeply.
    TooDeep,
    /// It is something else, or nobody says: neither can be told here.
    Unsure,
    /// It is JSON, and not of the shape.
    Wrong,
    /// This is written of it.
    Written(String),
}

/// Finds out.
pub fn of(input: &[u8], shape: &Shape) -> Known {
    let Ok(text) = std::str::from_utf8(input) else { return Known::Malformed };
    if let Err(error) = serde_json::from_str::<Value>(text) {
        let said = error.to_string();
        // It looks no further where a number is beyond a double, or where it has come too deep.
        let is_unsure = said.contains("number out of range") || said.contains("recursion limit");
        return if is_unsure { Known::Unsure } else { Known::Malformed };
    }
    if levels(text) > LEVELS {
        return Known::TooDeep;
    }
    let mut wanted = Wanted { is_unsure: false };
    match wanted.value(trimmed(text), shape) {
        _ if wanted.is_unsure => Known::Unsure,
        Some(written) => Known::Written(written.text),
        None => Known::Wrong,
    }
}

struct Wanted {
    is_unsure: bool,
}

impl Wanted {
    /// What is written of a value; `None` where it is not of the shape.
    fn value(&mut self, text: &str, shape: &Shape) -> Option<Out> {
        let is_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        let as_it_came = || Out { text: text.to_owned(), is_as_it_came: true };
        match &shape.form {
            Form::Bool => (text == "true" || text == "false").then(as_it_came),
            Form::Int { min, max } => {
                let is_whole = is_number && !text.contains(['.', 'e', 'E']);
                let number = text.parse::<i64>().ok().filter(|_| is_whole)?;
                (*min..=*max).contains(&number).then(as_it_came)
            }
            Form::Decimal { .. } => {
                let size = text.parse::<f64>().ok().filter(|_| is_number)?.abs();
                // The bounds of these shapes are those of what can be reckoned with, at some 1.7e29: a double tells far from near.
                self.is_unsure |= (1e29..1e30).contains(&size);
                (size < 1e30).then(as_it_came)
            }
            Form::Text(is_one) => {
                let said: String = serde_json::from_str(text).ok()?;
                is_one(&said).then(as_it_came)
            }
            Form::List { item, min, max } => {
                let items = parts(inside(text, '[', ']')?);
                let count = u32::try_from(items.len()).ok()?;
                let items: Option<Vec<Out>> = items.into_iter().map(|part| self.value(part, item)).collect();
                let items = items?;
                let is_as_it_came = items.iter().all(|item| item.is_as_it_came);
                let items = items.into_iter().map(|item| item.text);
                (*min..=*max)
                    .contains(&count)
                    .then(|| Out::of(text, is_as_it_came, ['[', ']'], &items.collect::<Vec<_>>()))
            }
            Form::Map(of) => {
                let mut is_as_it_came = true;
                let mut pairs = Vec::new();
                for (key, value) in parts(inside(text, '{', '}')?).into_iter().map(pair_of) {
                    let value = self.value(value, of)?;
                    is_as_it_came &= value.is_as_it_came;
                    pairs.push(format!("{key}:{}", value.text));
                }
                Some(Out::of(text, is_as_it_came, ['{', '}'], &pairs))
            }
            Form::Record { members, open } => self.record(text, members, *open),
        }
    }

    fn record(&mut self, text: &str, members: &[Member], open: bool) -> Option<Out> {
        let mut is_as_it_came = true;
        // Of each member: whether it was there, and what is written of it.
        let mut found: Vec<Option<Option<Out>>> = members.iter().map(|_| None).collect();
        for (key, value) in parts(inside(text, '{', '}')?).into_iter().map(pair_of) {
            let name: String = serde_json::from_str(key).ok()?;
            let Some(at) = members.iter().position(|member| member.name == name) else {
                is_as_it_came = false;
                if open {
                    continue;
                }
                return None;
            };
            let (member, place) = (members.get(at)?, found.get_mut(at)?);
            is_as_it_came &= member.is_read && !member.is_renamed && !key.contains('\\');
            if !member.is_read {
                continue;
            }
            if place.is_some() {
                return None;
            }
            let is_absent = member.need == Need::Optional && value == "null";
            is_as_it_came &= !is_absent;
            *place = Some(if is_absent { None } else { Some(self.value(value, member.shape)?) });
        }
        let mut written = Vec::new();
        for (member, found) in members.iter().zip(found) {
            let value = match (found, member.need) {
                (Some(found), _) => found,
                (None, _) if !member.is_read => None,
                (None, Need::Optional) => None,
                (None, Need::Required) => return None,
                (None, Need::Default(text)) => {
                    is_as_it_came = false;
                    Some(self.value(text, member.shape)?)
                }
            };
            is_as_it_came &= value.as_ref().is_none_or(|value| value.is_as_it_came);
            written.extend(value.map(|value| format!("{}{}", member.key, value.text)));
        }
        Some(Out::of(text, is_as_it_came, ['{', '}'], &written))
    }
}

/// What is written of a value.
struct Out {
    text: String,
    /// Nothing of it is left out, renamed, added or spelled otherwise.
    is_as_it_came: bool,
}

impl Out {
    fn of(text: &str, is_as_it_came: bool, [open, close]: [char; 2], parts: &[String]) -> Self {
        let text = if is_as_it_came { text.to_owned() } else { format!("{open}{}{close}", parts.join(",")) };
        Self { text, is_as_it_came }
    }
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

/// What stands between the brackets.
fn inside(text: &str, open: char, close: char) -> Option<&str> {
    text.strip_prefix(open)?.strip_suffix(close).map(trimmed)
}

/// What stands between the commas that are not within something.
fn parts(text: &str) -> Vec<&str> {
    if text.is_empty() {
        return Vec::new();
    }
    let mut ends = vec![];
    walk(text, |at, byte, level| {
        if byte == b',' && level == 0 {
            ends.push(at);
        }
    });
    let starts = std::iter::once(0).chain(ends.iter().map(|end| end + 1));
    let ends = ends.iter().copied().chain([text.len()]);
    starts.zip(ends).map(|(start, end)| trimmed(text.get(start..end).unwrap_or_default())).collect()
}

/// A key, quotes and all, and its value.
fn pair_of(text: &str) -> (&str, &str) {
    let mut colon = None;
    walk(text, |at, byte, level| {
        if byte == b':' && level == 0 && colon.is_none() {
            colon = Some(at);
        }
    });
    let (key, value) = text.split_at(colon.unwrap_or(0));
    (trimmed(key), trimmed(value.strip_prefix(':').unwrap_or(value)))
}

/// How deeply arrays and objects are nested.
fn levels(text: &str) -> usize {
    let mut most = 0;
    walk(text, |_, byte, level| most = most.max(level + usize::from(matches!(byte, b'[' | b'{'))));
    most
}

/// Shows all bytes that are in no string, each with its place and with how many brackets are open in front of it.
fn walk(text: &str, mut show: impl FnMut(usize, u8, usize)) {
    let (mut level, mut is_quoted, mut is_escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        if is_quoted {
            is_quoted = is_escaped || byte != b'"';
            is_escaped = byte == b'\\' && !is_escaped;
            continue;
        }
        match byte {
            b'"' => is_quoted = true,
            b']' | b'}' => level = level.saturating_sub(1),
            _ => {}
        }
        show(at, byte, level);
        level += usize::from(matches!(byte, b'[' | b'{'));
    }
}
