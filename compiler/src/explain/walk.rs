//! Every end that the router's tables hold for a path, in the order in which the first that fits wins.

use std::fmt;

use crate::check::path;
use crate::ir::{Kind, Program, To};

/// A segment of a path, and what it was matched by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// In canonical spelling; of a rest all that is left of the path.
    pub text: String,
    /// What has it.
    pub by: By,
}

/// What a segment can be matched by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Its own text.
    Literal,
    /// A parameter of this type.
    Parameter(String),
    /// A parameter that takes all segments that are left.
    Rest,
}

/// Where a path ends in the tables.
#[derive(Debug)]
pub(super) struct End {
    pub(super) methods: u16,
    pub(super) route: usize,
    pub(super) hops: Vec<Hop>,
}

/// The ends of a canonical path.
pub(super) fn ends(program: &Program, path: &str) -> Vec<End> {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let mut walk = Walk { program, hops: Vec::new(), ends: Vec::new(), is_over: false };
    walk.node(0, &segments);
    walk.ends
}

struct Walk<'a> {
    program: &'a Program,
    hops: Vec<Hop>,
    ends: Vec<End>,
    is_over: bool,
}

impl Walk<'_> {
    fn node(&mut self, number: usize, segments: &[&str]) {
        let router = &self.program.router;
        let Some(node) = router.nodes.get(number) else { return };
        let Some((first, others)) = segments.split_first() else {
            return self.leaves(node.leaves, node.here_count);
        };
        let slots = node.edge_bits.map_or(0, |bits| 1_usize << bits);
        let edges = router.edges.get(node.edges..node.edges + slots).unwrap_or_default().iter().flatten();
        let literal = edges.into_iter().find(|edge| self.text(edge.key, edge.len).as_deref() == Some(*first));
        if let Some(edge) = literal {
            self.enter(edge.node, others, Hop { text: (*first).to_owned(), by: By::Literal });
        }
        let params = router.params.get(node.params..node.params + node.param_count).unwrap_or_default();
        for param in params {
            let kind = router.kinds.get(param.kind);
            if let Some(kind) = kind.filter(|kind| accepts(kind, first)) {
                let by = By::Parameter(shown(kind));
                self.enter(param.node, others, Hop { text: (*first).to_owned(), by });
            }
        }
        self.hops.push(Hop { text: segments.join("/"), by: By::Rest });
        self.leaves(node.leaves + node.here_count, node.rest_count);
        self.hops.pop();
    }

    fn enter(&mut self, node: usize, others: &[&str], hop: Hop) {
        self.hops.push(hop);
        self.node(node, others);
        self.hops.pop();
    }

    fn leaves(&mut self, first: usize, count: usize) {
        let leaves = self.program.router.leaves.get(first..first + count).unwrap_or_default();
        for leaf in leaves {
            match leaf.to {
                _ if self.is_over => {}
                To::Route(route) => {
                    self.ends.push(End { methods: leaf.methods, route, hops: self.hops.clone() });
                }
                // Nothing behind a floor is looked at.
                To::Floor => self.is_over = leaf.when.is_none(),
                To::Paths(_) => {}
            }
        }
    }

    /// The text of a literal's key.
    fn text(&self, [low, high]: [u32; 2], len: usize) -> Option<String> {
        if len <= 8 {
            let bytes = [low.to_le_bytes(), high.to_le_bytes()].concat();
            return String::from_utf8(bytes.get(..len)?.to_vec()).ok();
        }
        let start = usize::try_from(high).ok()?;
        self.program.text.as_str().get(start..start + len).map(str::to_owned)
    }
}

/// Whether a parameter takes a segment in canonical spelling.
fn accepts(kind: &Kind, text: &str) -> bool {
    match kind {
        Kind::Any => !text.is_empty(),
        // One spelling for each number: the one in which it is printed.
        Kind::Int { min, max } => {
            text.parse().is_ok_and(|value: i64| value.to_string() == text && (min..=max).contains(&&value))
        }
        Kind::Uuid => {
            let groups: Vec<&str> = text.split('-').collect();
            groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
                && groups.iter().all(|group| group.bytes().all(|digit| digit.is_ascii_hexdigit()))
        }
        Kind::Date => is_day(text),
        Kind::OneOf(texts) => texts.iter().any(|own| own == text),
        Kind::Length { min, max } => {
            let count = String::from_utf8_lossy(&decoded(text)).chars().count();
            u32::try_from(count).is_ok_and(|count| (min..=max).contains(&&count))
        }
        Kind::Regular(automaton) => !text.is_empty() && automaton.contains(&decoded(text)),
    }
}

fn decoded(text: &str) -> Vec<u8> {
    path::bytes(text).collect()
}

fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let number = |part: &str, len: usize| {
        let is_number = part.len() == len && part.bytes().all(|digit| digit.is_ascii_digit());
        part.parse::<u32>().ok().filter(|_| is_number)
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

fn shown(kind: &Kind) -> String {
    match kind {
        Kind::Any => "string".to_owned(),
        Kind::Int { min: i64::MIN, max: i64::MAX } => "int".to_owned(),
        Kind::Int { min, max } => format!("int({min}..{max})"),
        Kind::Uuid => "uuid".to_owned(),
        Kind::Date => "date".to_owned(),
        Kind::OneOf(texts) => texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(" | "),
        Kind::Length { min, max: u32::MAX } => format!("string({min}..)"),
        Kind::Length { min, max } => format!("string({min}..{max})"),
        Kind::Regular(_) => "string(re)".to_owned(),
    }
}

impl Hop {
    /// Whether its text may be used further on.
    #[must_use]
    pub fn is_capture(&self) -> bool {
        self.by != By::Literal
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal => f.write_str("literal"),
            Self::Parameter(ty) => f.write_str(ty),
            Self::Rest => f.write_str("path"),
        }
    }
}
