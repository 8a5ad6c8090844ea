//! A pattern as a set of paths, or of hosts: a host is a sequence of labels from the right as a path is one of segments.
//!
//! It holds no names of captures; two patterns that match the same paths are equal.

use super::{Relation, Set};

/// The paths that a route accepts: the segments after the first slash, and perhaps a rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// One set for each segment; only the last may be the empty literal.
    pub(crate) segments: Vec<Set>,
    /// Whether one or more further segments follow, of which the only one may be empty.
    pub(crate) rest: bool,
}

impl Pattern {
    /// What has no pattern: all hosts.
    pub(crate) fn every() -> Self {
        Self { segments: Vec::new(), rest: true }
    }

    /// The paths that differ from its own by the slash at their end. None for the root, which is one path, and for a rest,
    /// which takes both forms.
    pub(crate) fn other_slash(&self) -> Option<Self> {
        let slash = Set::Literal(String::new());
        let mut other = self.clone();
        match other.segments.as_slice() {
            _ if self.rest => return None,
            [] | [_] if other.segments.first().is_none_or(|only| *only == slash) => return None,
            [.., last] if *last == slash => drop(other.segments.pop()),
            _ => other.segments.push(slash),
        }
        Some(other)
    }

    /// How the paths of two patterns lie to each other, judged at the first segment in which they differ.
    pub(crate) fn relation(&self, other: &Self) -> Relation {
        let mut first_difference = Relation::Equal;
        for (a, b) in self.segments.iter().zip(&other.segments) {
            match a.relation(b) {
                Relation::Disjoint => return Relation::Disjoint,
                relation if first_difference == Relation::Equal => first_difference = relation,
                _ => {}
            }
        }
        let (own, others) = (self.segments.len(), other.segments.len());
        let ending = match (self.rest, other.rest) {
            (rest, other) if rest == other && own == others => Relation::Equal,
            // A rest is above every segment at its place, and wants at least one.
            (true, _) if own < others => Relation::Around,
            (_, true) if others < own => Relation::Inside,
            _ => return Relation::Disjoint,
        };
        if first_difference == Relation::Equal { ending } else { first_difference }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        let mut segments = Vec::new();
        let mut rest = false;
        for segment in text.split('/').skip(1) {
            match segment {
                "*" => segments.push(Set::Any),
                "#" => segments.push(Set::int(0, 99)),
                "##" => segments.push(Set::int(50, 199)),
                "**" => rest = true,
                literal => segments.push(Set::Literal(literal.to_owned())),
            }
        }
        Pattern { segments, rest }
    }

    fn check(a: &str, b: &str, expected: Relation) {
        assert_eq!(pattern(a).relation(&pattern(b)), expected, "{a} {b}");
        assert_eq!(pattern(b).relation(&pattern(a)), expected.flipped(), "{b} {a}");
    }

    #[test]
    fn a_path_has_another_form_but_for_the_root_and_a_rest() {
        for (own, other) in [("/a", "/a/"), ("/a/#", "/a/#/"), ("/*/", "/*")] {
            assert_eq!(pattern(own).other_slash(), Some(pattern(other)), "{own}");
            assert_eq!(pattern(other).other_slash(), Some(pattern(own)), "{other}");
        }
        for own in ["/", "/**", "/a/**"] {
            assert_eq!(pattern(own).other_slash(), None, "{own}");
        }
    }

    #[test]
    fn the_first_difference_from_the_left_decides() {
        check("/a/*", "/*/b", Relation::Inside);
        check("/a/*/c", "/a/b/*", Relation::Around);
        check("/#/b", "/##/*", Relation::Crossing);
        check("/a/#", "/a/##", Relation::Crossing);
        check("/x/#", "/*/##", Relation::Inside);
    }

    #[test]
    fn paths_without_a_common_sequence_are_disjoint() {
        check("/#/b", "/##/c", Relation::Disjoint);
        check("/a", "/a/", Relation::Disjoint);
        check("/a", "/a/**", Relation::Disjoint);
        check("/*", "/", Relation::Disjoint);
    }

    #[test]
    fn a_rest_is_above_every_segment_at_its_place() {
        check("/f/", "/f/**", Relation::Inside);
        check("/f/*", "/f/**", Relation::Inside);
        check("/f/**", "/**", Relation::Inside);
        check("/f/**", "/*/**", Relation::Inside);
        check("/**", "/**", Relation::Equal);
        check("/#/**", "/##/x", Relation::Crossing);
        check("/**", "/a/b", Relation::Around);
    }
}
