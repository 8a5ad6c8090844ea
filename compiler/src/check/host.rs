//! Host patterns: their labels from the right, as the sets of hosts that they match.
//!
//! How a pattern may be spelled was checked by the parser. A name that not all patterns of a block capture, at the same number and
//! with the same type, has no value inside.

use gatewright_dsl::ast::{self, Host, HostLabel, HostPattern};

use super::Check;
use super::pattern::{self, Capture, Takes};
use crate::algebra::{self, Set};

/// The captures of a host are numbered from here, those of a path from 0.
const FIRST: u8 = 128;

/// The patterns of one block.
pub(super) struct Hosts<'a> {
    pub(super) patterns: Vec<algebra::Pattern>,
    /// What has a value whichever pattern matched.
    pub(super) captures: Vec<Capture<'a>>,
    /// As many captures as the pattern with the most of them has.
    pub(super) most: usize,
}

/// The captures of all patterns.
pub(super) fn captures(host: &Host) -> impl Iterator<Item = &ast::Capture> {
    host.patterns.iter().flat_map(|pattern| &pattern.labels).filter_map(|label| match label {
        HostLabel::Capture(capture) => Some(capture),
        HostLabel::Literal { .. } => None,
    })
}

/// Reads the patterns of a block. `None` where their set of hosts is not known.
pub(super) fn check<'a>(check: &mut Check<'_>, host: &'a Host) -> Option<Hosts<'a>> {
    let mut patterns = Vec::new();
    let mut common: Option<Vec<Capture<'a>>> = None;
    let (mut most, mut is_known) = (0, true);
    for written in &host.patterns {
        let Some((pattern, captures)) = read(check, written) else {
            is_known = false;
            continue;
        };
        patterns.push(pattern);
        most = most.max(captures.len());
        match &mut common {
            Some(common) => common.retain(|own| captures.iter().any(|other| own.is_like(other))),
            None => common = Some(captures),
        }
    }
    is_known.then_some(Hosts { patterns, captures: common.unwrap_or_default(), most })
}

/// The hosts that one pattern matches, where they are known.
pub(super) fn one(check: &mut Check<'_>, written: &HostPattern) -> Option<algebra::Pattern> {
    read(check, written).map(|(pattern, _)| pattern)
}

fn read<'a>(check: &mut Check<'_>, written: &'a HostPattern) -> Option<(algebra::Pattern, Vec<Capture<'a>>)> {
    let mut pattern = algebra::Pattern { segments: Vec::new(), rest: false };
    let mut captures: Vec<Capture<'a>> = Vec::new();
    let mut is_known = true;
    for label in written.labels.iter().rev() {
        match label {
            HostLabel::Literal { text, .. } => pattern.segments.push(Set::Literal(text.clone())),
            HostLabel::Capture(capture) => {
                let noted = captures.iter().filter(|known| matches!(known.takes, Takes::Noted(_))).count();
                let noted = FIRST.saturating_add(u8::try_from(noted).unwrap_or(u8::MAX));
                match pattern::label_capture(check, capture, noted) {
                    Some((set, capture)) => {
                        pattern.segments.push(set);
                        captures.push(capture);
                    }
                    None => is_known = false,
                }
            }
        }
    }
    is_known.then_some((pattern, captures))
}
