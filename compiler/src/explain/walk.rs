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

/// Where a request may end in the tables.
#[derive(Debug)]
pub(super) struct End {
    /// The number of its condition.
    pub(super) when: Option<usize>,
    /// Whether it holds; not known before it is asked.
    pub(super) holds: bool,
    pub(super) methods: u16,
    /// None at the 404 in which a host or a group ends.
    pub(super) route: Option<usize>,
    /// Labels of the host from the right, where the end is one of a host.
    pub(super) host: Vec<Hop>,
    pub(super) path: Vec<Hop>,
}

impl End {
    /// Whether it takes the method of this bit.
    pub(super) fn takes(&self, bit: u16) -> bool {
        self.route.is_none() || self.methods & bit != 0
    }
}

/// The ends of a canonical path on a host, those of a host before those of every host.
pub(super) fn ends(program: &Program, host: Option<&str>, path: &str) -> Vec<End> {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let mut walk =
        Walk { program, segments: &segments, host: Vec::new(), hops: Vec::new(), ends: Vec::new() };
    let labels = host.map(labels).unwrap_or_default();
    if let (Some(root), false) = (program.router.hosts, labels.is_empty()) {
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        walk.node(root, &labels, Tree::Hosts);
    }
    walk.node(0, &segments, Tree::Paths);
    walk.ends
}

/// The labels of a host from the right, in lower case, without port and final dot; none of an address of IPv6.
fn labels(host: &str) -> Vec<String> {
    if host.starts_with('[') {
        return Vec::new();
    }
    let name = host.split(':').next().unwrap_or_default();
    let name = name.strip_suffix('.').unwrap_or(name);
    name.rsplit('.').map(str::to_ascii_lowercase).collect()
}

/// What is walked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tree {
    Hosts,
    Paths,
}

struct Walk<'a> {
    program: &'a Program,
    /// Of the path.
    segments: &'a [&'a str],
    host: Vec<Hop>,
    hops: Vec<Hop>,
    ends: Vec<End>,
}

impl Walk<'_> {
    fn node(&mut self, number: usize, segments: &[&str], tree: Tree) {
        let router = &self.program.router;
        let Some(node) = router.nodes.get(number) else { return };
        let Some((first, others)) = segments.split_first() else {
            return self.leaves(node.leaves, node.here_count);
        };
        let slots = node.edge_bits.map_or(0, |bits| 1_usize << bits);
        let edges = router.edges.get(node.edges..node.edges + slots).unwrap_or_default().iter().flatten();
        let literal = edges
            .into_iter()
            .find(|edge| self::literal(self.program, edge.key, edge.len).as_deref() == Some(*first));
        let mut next: Vec<(usize, By)> = literal.map(|edge| (edge.node, By::Literal)).into_iter().collect();
        let params = router.params.get(node.params..node.params + node.param_count).unwrap_or_default();
        for param in params {
            let kind = router.kinds.get(param.kind);
            if let Some(kind) = kind.filter(|kind| accepts(kind, first)) {
                next.push((param.node, By::Parameter(shown(kind))));
            }
        }
        for (node, by) in next {
            self.hops.push(Hop { text: (*first).to_owned(), by });
            self.node(node, others, tree);
            self.hops.pop();
        }
        if tree == Tree::Paths {
            self.hops.push(Hop { text: segments.join("/"), by: By::Rest });
            self.leaves(node.leaves + node.here_count, node.rest_count);
            self.hops.pop();
        }
    }

    fn leaves(&mut self, first: usize, count: usize) {
        let leaves = self.program.router.leaves.get(first..first + count).unwrap_or_default();
        for leaf in leaves {
            let route = match leaf.to {
                To::Route(route) => Some(route),
                To::Floor => None,
                To::Paths(root) => {
                    let labels = std::mem::take(&mut self.hops);
                    self.host.clone_from(&labels);
                    self.node(root, self.segments, Tree::Paths);
                    self.host.clear();
                    self.hops = labels;
                    continue;
                }
            };
            self.ends.push(End {
                when: leaf.when,
                holds: true,
                methods: leaf.methods,
                route,
                host: self.host.clone(),
                path: self.hops.clone(),
            });
        }
    }
}

/// The text of a literal's key.
pub(crate) fn literal(program: &Program, [low, high]: [u32; 2], len: usize) -> Option<String> {
    if len <= 8 {
        let bytes = [low.to_le_bytes(), high.to_le_bytes()].concat();
        return String::from_utf8(bytes.get(..len)?.to_vec()).ok();
    }
    let start = usize::try_from(high).ok()?;
    program.text.as_str().get(start..start + len).map(str::to_owned)
}

/// Whether a parameter takes a segment in canonical spelling.
pub(crate) fn accepts(kind: &Kind, text: &str) -> bool {
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

/// A type as it would be written.
pub(crate) fn shown(kind: &Kind) -> String {
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
