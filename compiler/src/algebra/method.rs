//! The methods that a route can name, as sets of request methods.
//!
//! It does not read source text beyond one word.

use super::Relation;

/// A method as a route names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Method {
    Head,
    /// GET and HEAD.
    Get,
    Post,
    Put,
    Delete,
    Patch,
    Options,
    /// Every method but CONNECT and TRACE.
    Any,
    /// Every method. No route can name it; floors take it.
    Every,
}

impl Method {
    /// All that have a name, in the order in which messages list them.
    pub(crate) const NAMED: [Self; 7] =
        [Self::Get, Self::Head, Self::Post, Self::Put, Self::Delete, Self::Patch, Self::Options];

    /// The method of a word of the source.
    pub(crate) fn named(word: &str) -> Option<Self> {
        if word == "*" {
            return Some(Self::Any);
        }
        Self::NAMED.into_iter().find(|method| method.name() == word)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Head => "HEAD",
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Patch => "PATCH",
            Self::Options => "OPTIONS",
            Self::Any | Self::Every => "*",
        }
    }

    /// The request methods that it accepts, as the runtime's bits; the eighth stands for all methods that have none of their
    /// own but CONNECT and TRACE, the ninth for these two. Emitted code asserts that both sides agree.
    pub(crate) fn bits(self) -> u16 {
        match self {
            Self::Get => 0b11,
            Self::Head => 1 << 1,
            Self::Post => 1 << 2,
            Self::Put => 1 << 3,
            Self::Delete => 1 << 4,
            Self::Patch => 1 << 5,
            Self::Options => 1 << 6,
            Self::Any => 0xff,
            Self::Every => 0x1ff,
        }
    }

    /// The bit of the request method of this name.
    pub(crate) fn own_bit(self) -> u16 {
        match self {
            Self::Get => 1,
            Self::Any => 1 << 7,
            other => other.bits(),
        }
    }

    pub(crate) fn relation(self, other: Self) -> Relation {
        let (a, b) = (self.bits(), other.bits());
        match a & b {
            0 => Relation::Disjoint,
            _ if a == b => Relation::Equal,
            both if both == a => Relation::Inside,
            both if both == b => Relation::Around,
            _ => Relation::Crossing,
        }
    }

    /// A request method that two routes accept.
    pub(crate) fn common(self, other: Self) -> Option<Self> {
        Self::NAMED.into_iter().find(|named| self.bits() & other.bits() & named.own_bit() != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_that_may_be_written_is_known() {
        for word in gatewright_dsl::METHODS {
            assert!(Method::named(word).is_some(), "{word}");
        }
        assert_eq!(gatewright_dsl::METHODS.len(), Method::NAMED.len());
    }

    #[test]
    fn head_lies_inside_get_and_both_inside_any() {
        assert_eq!(Method::Head.relation(Method::Get), Relation::Inside);
        assert_eq!(Method::Get.relation(Method::Any), Relation::Inside);
        assert_eq!(Method::Any.relation(Method::Head), Relation::Around);
        assert_eq!(Method::Get.relation(Method::Post), Relation::Disjoint);
        assert_eq!(Method::Any.relation(Method::Any), Relation::Equal);
        assert_eq!(Method::Any.relation(Method::Every), Relation::Inside);
    }

    #[test]
    fn the_smaller_set_stands_first() {
        for a in Method::NAMED.into_iter().chain([Method::Any]) {
            for b in Method::NAMED.into_iter().chain([Method::Any]) {
                if a.relation(b) == Relation::Inside {
                    assert!(a < b);
                }
            }
        }
    }

    #[test]
    fn a_common_method_is_a_request_method() {
        assert_eq!(Method::Get.common(Method::Head), Some(Method::Head));
        assert_eq!(Method::Any.common(Method::Get), Some(Method::Get));
        assert_eq!(Method::Put.common(Method::Get), None);
    }
}
