//! Path patterns: their captures by name, and the set of paths that they match.
//!
//! How a pattern may be spelled was checked by the parser; what the types of captures mean is said by the algebra.

use gatewright_dsl::ast::{self, Segment};
use gatewright_dsl::{Problem, Span};

use super::around::Around;
use super::{Check, path, problem};
use crate::algebra::{self, Refused, Set};
use crate::ty::Ty;

/// Captures that the runtime has room for.
const MOST_CAPTURES: usize = 16;

/// Segments that a pattern may have; the router's walk is as deep.
const MOST_SEGMENTS: usize = 64;

/// Bytes that a pattern may have as written.
const MOST_BYTES: usize = 2_000;

/// A pattern that is understood.
pub(super) struct Pattern<'a> {
    pub(super) set: algebra::Pattern,
    pub(super) captures: Vec<Capture<'a>>,
    /// One spelling of it, for logs: `/orders/{id: uuid}`.
    pub(super) label: String,
}

#[derive(Clone)]
pub(super) struct Capture<'a> {
    pub(super) name: &'a ast::Name,
    pub(super) ty: Ty,
    pub(super) takes: Takes,
    pub(super) is_rest: bool,
    /// Whether a block around the route captures it. Not every route there need use it.
    pub(super) is_outer: bool,
}

/// What a capture takes.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Takes {
    /// A text that is known already.
    Known(String),
    /// The n-th text that the router notes.
    Noted(u8),
}

/// Reads a pattern with what stands in front of it: the segments of the prefixes around. `None` where its set of paths is not
/// known.
pub(super) fn check<'a>(
    check: &mut Check<'_>,
    around: &Around<'a>,
    pattern: &'a ast::Pattern,
) -> Option<Pattern<'a>> {
    let before = &around.segments;
    let in_host = around.hosts.as_ref().map_or(0, |hosts| hosts.most);
    let segments: Vec<&Segment> = before.iter().copied().chain(&pattern.segments).collect();
    if let Some(problem) = beyond_limits(check, &segments, in_host, pattern.span) {
        check.problems.push(problem);
        return None;
    }
    let set = algebra::Pattern { segments: Vec::new(), rest: false };
    let mut read = Pattern { set, captures: Vec::new(), label: String::new() };
    let mut is_known = true;
    for segment in segments {
        read.label.push('/');
        match segment {
            Segment::Literal { text, .. } => {
                let spelled = path::spell(text);
                read.label.push_str(&spelled);
                read.set.segments.push(algebra::Set::Literal(spelled));
            }
            Segment::Capture(written) => {
                read.label.push_str(&label(check, written));
                is_known &= capture(check, &mut read, written);
            }
        }
    }
    let outer = before.iter().filter(|segment| matches!(segment, Segment::Capture(_))).count();
    for capture in read.captures.iter_mut().take(outer) {
        capture.is_outer = true;
    }
    is_known.then_some(read)
}

/// Adds a capture; whether the set of paths is still known.
fn capture<'a>(check: &mut Check<'_>, read: &mut Pattern<'a>, written: &'a ast::Capture) -> bool {
    let Some(ty) = resolve(check, written) else { return false };
    let noted = read.captures.iter().filter(|known| matches!(known.takes, Takes::Noted(_))).count();
    let noted = Takes::Noted(u8::try_from(noted).unwrap_or(u8::MAX));
    if ty == Ty::Path {
        read.set.rest = true;
        read.captures.push(Capture { name: &written.name, ty, takes: noted, is_rest: true, is_outer: false });
        return true;
    }
    let set = match check.languages.segment(&ty) {
        Ok(set) => set,
        Err(refused) => {
            refuse(check, written, &refused, "segment of a path");
            return false;
        }
    };
    let takes = match &set {
        // A set of one text is that text, and the router notes no literals.
        Set::Literal(text) => Takes::Known(text.clone()),
        _ => noted,
    };
    read.set.segments.push(set);
    read.captures.push(Capture { name: &written.name, ty, takes, is_rest: false, is_outer: false });
    true
}

/// A capture of a host; `noted` is its number if the router notes it.
pub(super) fn label_capture<'a>(
    check: &mut Check<'_>,
    written: &'a ast::Capture,
    noted: u8,
) -> Option<(Set, Capture<'a>)> {
    let ty = resolve(check, written)?;
    let set = match check.languages.label(&ty) {
        Ok(set) => set,
        Err(refused) => {
            refuse(check, written, &refused, "label of a host");
            return None;
        }
    };
    let takes = match &set {
        Set::Literal(text) => Takes::Known(text.clone()),
        _ => Takes::Noted(noted),
    };
    Some((set, Capture { name: &written.name, ty, takes, is_rest: false, is_outer: true }))
}

/// The set of paths that begin with some segments, as one without a rest. `None` where it is not known.
pub(super) fn prefix(check: &mut Check<'_>, segments: &[&Segment]) -> Option<algebra::Pattern> {
    let set = algebra::Pattern { segments: Vec::new(), rest: false };
    let mut read = Pattern { set, captures: Vec::new(), label: String::new() };
    let mut is_known = true;
    for segment in segments {
        match segment {
            Segment::Literal { text, .. } => read.set.segments.push(Set::Literal(path::spell(text))),
            Segment::Capture(written) => is_known &= capture(check, &mut read, written),
        }
    }
    is_known.then_some(read.set)
}

impl Capture<'_> {
    /// Whether both have the same name, type and number.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.name.text == other.name.text && self.ty == other.ty && self.takes == other.takes
    }
}

fn refuse(check: &mut Check<'_>, written: &ast::Capture, refused: &Refused, place: &str) {
    let span = written.ty.as_ref().map_or(written.name.span, |ty| ty.span);
    check.problems.push(match refused {
        Refused::Regex(refusal) => problem::regex(refusal, span),
        Refused::Empty | Refused::Unsupported => problem::impossible_capture(&written.name.text, place, span),
    });
}

/// The type of a capture, where it is known.
fn resolve(check: &mut Check<'_>, capture: &ast::Capture) -> Option<Ty> {
    let Some(written) = &capture.ty else { return Some(Ty::STRING) };
    match check.types.find(written) {
        Ok(ty) => ty,
        Err(problem) => {
            check.problems.push(*problem);
            None
        }
    }
}

fn label(check: &Check<'_>, capture: &ast::Capture) -> String {
    match &capture.ty {
        Some(ty) => format!("{{{}: {}}}", capture.name.text, check.slice(ty.span)),
        None => format!("{{{}}}", capture.name.text),
    }
}

/// What is too much about the other form of a path, which may have a segment more than the one that is written.
pub(super) fn too_long(other: &algebra::Pattern, span: Span) -> Option<Problem> {
    let segments = other.segments.len();
    (segments > MOST_SEGMENTS)
        .then(|| problem::pattern_too_long(&format!("{MOST_SEGMENTS} segments"), segments, span))
}

/// What is too much about a pattern. Beyond the limits it is not looked at further, for depth is stack.
fn beyond_limits(check: &Check<'_>, pattern: &[&Segment], in_host: usize, span: Span) -> Option<Problem> {
    let captures = pattern.iter().filter(|segment| matches!(segment, Segment::Capture(_))).count() + in_host;
    let segments = pattern.len();
    let length = |segment: &&Segment| match segment {
        Segment::Literal { text, .. } => text.len() + 1,
        Segment::Capture(capture) => check.slice(capture.span).len() + 1,
    };
    let bytes: usize = pattern.iter().map(length).sum();
    if captures > MOST_CAPTURES {
        Some(problem::too_many_captures(MOST_CAPTURES, captures, span))
    } else if segments > MOST_SEGMENTS {
        Some(problem::pattern_too_long(&format!("{MOST_SEGMENTS} segments"), segments, span))
    } else if bytes > MOST_BYTES {
        Some(problem::pattern_too_long(&format!("{MOST_BYTES} bytes"), bytes, span))
    } else {
        None
    }
}
