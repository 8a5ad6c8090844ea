//! A document of YAML or JSON as a tree whose parts know their lines. JSON is read as the YAML that it is.
//!
//! It is bounded: no alias makes a part stand twice, and neither the depth nor the number of parts goes beyond what a contract needs.

use std::collections::BTreeSet;

use saphyr_parser::{Event, Parser, ScalarStyle};

/// How deep parts may lie in each other.
const DEPTH: usize = 100;

/// How many there may be.
const PARTS: usize = 1_000_000;

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    /// From 1.
    pub(crate) line: usize,
    pub(crate) is: Is,
}

/// What a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Is {
    /// A value that is neither a list nor a map, as it is written, and whether in quotes.
    Text(String, bool),
    List(Vec<Node>),
    /// In the order of the text; no key stands twice.
    Map(Vec<(String, Node)>),
}

/// Why a document is not read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) line: usize,
    pub(crate) why: String,
}

impl Refused {
    pub(crate) fn new(line: usize, why: impl Into<String>) -> Self {
        Self { line, why: why.into() }
    }
}

/// Reads a document.
pub(crate) fn read(text: &str) -> Result<Node, Refused> {
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    let mut parts = 0_usize;
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|error| Refused::new(error.marker().line(), error.info().to_owned()))?;
        let line = span.start.line();
        parts += 1;
        if parts > PARTS {
            return Err(Refused::new(line, format!("it has more than {PARTS} parts")));
        }
        let node = match event {
            Event::Scalar(text, style, _, _) => {
                Node { line, is: Is::Text(text.into_owned(), style != ScalarStyle::Plain) }
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                if open.len() >= DEPTH {
                    return Err(Refused::new(line, format!("its parts lie more than {DEPTH} deep")));
                }
                let is = if matches!(event, Event::SequenceStart(..)) {
                    Is::List(Vec::new())
                } else {
                    Is::Map(Vec::new())
                };
                open.push(Open { node: Node { line, is }, key: None, keys: BTreeSet::new() });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open { node, .. }) => node,
                None => continue,
            },
            Event::Alias(_) => {
                return Err(Refused::new(line, "aliases are not read: write the part out, or use `$ref`"));
            }
            Event::DocumentStart(_) if root.is_some() => {
                return Err(Refused::new(line, "a second document begins"));
            }
            _ => continue,
        };
        match open.last_mut() {
            None => root = Some(node),
            Some(around) => around.take(node)?,
        }
    }
    root.ok_or_else(|| Refused::new(1, "it is empty"))
}

/// A list or a map that has not ended, and the key whose value comes next.
struct Open {
    node: Node,
    key: Option<String>,
    /// Of a map, the keys so far.
    keys: BTreeSet<String>,
}

impl Open {
    fn take(&mut self, part: Node) -> Result<(), Refused> {
        match &mut self.node.is {
            Is::List(items) => items.push(part),
            Is::Map(members) => {
                if let Some(key) = self.key.take() {
                    members.push((key, part));
                    return Ok(());
                }
                let Is::Text(key, _) = part.is else {
                    return Err(Refused::new(part.line, "a key is no text"));
                };
                if key == "<<" {
                    return Err(Refused::new(part.line, "merge keys are not read"));
                }
                if !self.keys.insert(key.clone()) {
                    return Err(Refused::new(part.line, format!("the key `{key}` stands twice")));
                }
                self.key = Some(key);
            }
            // INVARIANT: a text has no parts.
            Is::Text(..) => {}
        }
        Ok(())
    }
}

impl Node {
    /// The value of a key, if this is a map that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.members().iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// The keys and values of a map.
    pub(crate) fn members(&self) -> &[(String, Self)] {
        if let Is::Map(members) = &self.is { members } else { &[] }
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> &[Self] {
        if let Is::List(items) = &self.is { items } else { &[] }
    }

    /// The text.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Is::Text(text, _) = &self.is { Some(text) } else { None }
    }

    /// Whether it is the word `true`.
    pub(crate) fn is_true(&self) -> bool {
        matches!(&self.is, Is::Text(text, false) if text == "true")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_yaml_are_one_tree_with_lines() {
        let yaml = read("a:\n  - 1\n  - 'x'\nb: true\n").unwrap();
        let json = read("{\n\t\"a\": [1, \"\\u0078\"],\n\t\"b\": true\n}\n").unwrap();
        for node in [&yaml, &json] {
            assert_eq!(node.get("a").unwrap().items()[1].text(), Some("x"));
            assert!(node.get("b").unwrap().is_true());
        }
        assert_eq!(yaml.get("a").unwrap().items()[1].line, 3);
        assert_eq!(json.get("b").unwrap().line, 3);
    }

    #[test]
    fn what_grows_or_is_ambiguous_is_refused() {
        let why = |text: &str| read(text).unwrap_err().why;
        assert!(why("a: &x [1]\nb: *x\n").contains("aliases"));
        assert!(why("a: 1\na: 2\n").contains("stands twice"));
        assert!(why("a: 1\n---\nb: 2\n").contains("second document"));
        assert!(why("<<: {a: 1}\n").contains("merge keys"));
        assert!(why("? [a]\n: 1\n").contains("no text"));
        assert!(why(&"[".repeat(200)).contains("deep"));
        assert!(why("").contains("empty"));
        assert_eq!(read("a: 1\nb: [\n").unwrap_err().line, 3);
    }
}
