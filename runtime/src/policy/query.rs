//! `query`, `header`, `cookie`: the fields that a route declares. What is missing, wrong or repeated is refused, all of it
//! at once; where fields of the query are declared, no other is sent on.

use std::borrow::Cow;

use crate::exchange::{Exchange, Flow};
use crate::head::Head;
use crate::part;
use crate::reason::Reason;

/// All fields that one route declares.
#[derive(Debug)]
pub struct Config {
    /// Each of them.
    pub items: &'static [Item],
}

/// A declared field, and where it stands.
#[derive(Debug)]
pub enum Item {
    /// In the query.
    Query {
        /// The field.
        field: Field,
    },
    /// In the head.
    Header {
        /// The field.
        field: Field,
    },
    /// In a `Cookie` field.
    Cookie {
        /// The field.
        field: Field,
    },
}

/// A declared field.
#[derive(Debug)]
pub struct Field {
    /// As a request has it; of the head, in lower case.
    pub name: &'static str,
    /// A request without it is refused.
    pub required: bool,
    /// It is a list, so that it may be repeated; each element is checked.
    pub many: bool,
    /// Whether a text is one of its type.
    pub check: fn(&str) -> bool,
    /// Its type in words.
    pub expected: &'static str,
}

/// A field that is not as it was declared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Violation {
    /// `query`, `header` or `cookie`.
    pub(crate) place: &'static str,
    pub(crate) field: &'static Field,
    /// `missing`, `wrong` or `repeated`.
    pub(crate) problem: &'static str,
}

impl Config {
    /// Checks all fields.
    pub fn request(&'static self, x: &mut Exchange) -> Flow {
        for item in self.items {
            let (place, field) = item.parts();
            let problem = match item {
                Item::Query { .. } => field.problem(part::query(&x.head, field.name)),
                Item::Header { .. } if field.many => {
                    field.problem(part::members(&x.head, field.name).map(plain))
                }
                Item::Header { .. } => field.problem(x.head.field(field.name).map(plain)),
                Item::Cookie { .. } => field.problem(part::cookie(&x.head, field.name).map(plain)),
            };
            x.violations.extend(problem.map(|problem| Violation { place, field, problem }));
        }
        if !x.violations.is_empty() {
            return Flow::Refuse(Reason::WRONG_FIELDS);
        }
        self.narrow(x);
        Flow::Next
    }

    /// Sends only what is declared, if anything is.
    fn narrow(&self, x: &mut Exchange) {
        let mut declared = self.items.iter().filter_map(Item::in_query).peekable();
        if declared.peek().is_some() {
            let head: &Head = &x.head;
            x.edits.keep_pairs(head, |received| declared.clone().any(|name| part::is_named(received, name)));
        }
    }
}

impl Item {
    fn parts(&self) -> (&'static str, &Field) {
        match self {
            Self::Query { field } => ("query", field),
            Self::Header { field } => ("header", field),
            Self::Cookie { field } => ("cookie", field),
        }
    }

    fn in_query(&self) -> Option<&'static str> {
        if let Self::Query { field } = self { Some(field.name) } else { None }
    }
}

impl Field {
    /// What is wrong with the values that a request has of it.
    fn problem<'a>(&self, mut values: impl Iterator<Item = Option<Cow<'a, [u8]>>>) -> Option<&'static str> {
        let Some(first) = values.next() else { return self.required.then_some("missing") };
        if !self.accepts(first) {
            return Some("wrong");
        }
        if self.many {
            values.any(|value| !self.accepts(value)).then_some("wrong")
        } else {
            values.next().map(|_| "repeated")
        }
    }

    fn accepts(&self, value: Option<Cow<[u8]>>) -> bool {
        value.is_some_and(|value| str::from_utf8(&value).is_ok_and(self.check))
    }
}

#[allow(clippy::unnecessary_wraps, reason = "a field of the query may be malformed, and all are read alike")]
fn plain(value: &[u8]) -> Option<Cow<'_, [u8]>> {
    Some(Cow::Borrowed(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn field(name: &'static str, required: bool, many: bool) -> Field {
        Field {
            name,
            required,
            many,
            check: |text| text.parse::<u8>().is_ok(),
            expected: "a small \"number\"",
        }
    }

    static ALL: Config = Config {
        items: &[
            Item::Query { field: field("page", true, false) },
            Item::Query { field: field("id", false, true) },
            Item::Header { field: field("x-depth", false, false) },
            Item::Header { field: field("x-sizes", false, true) },
            Item::Cookie { field: field("seen", false, false) },
        ],
    };

    /// What is wrong with a request.
    fn wrong(request: &str) -> Vec<(&'static str, &'static str, &'static str)> {
        let mut x = Exchange::reading(request);
        let flow = ALL.request(&mut x);
        assert_eq!(matches!(flow, Flow::Refuse(Reason::WRONG_FIELDS)), !x.violations.is_empty());
        x.violations.iter().map(|wrong| (wrong.place, wrong.field.name, wrong.problem)).collect()
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        assert_eq!(wrong("GET /?page=1 HTTP/1.1\nHost: a"), []);
        assert_eq!(
            wrong(
                "GET /?page=1&id=1&id=x HTTP/1.1\nHost: a\nX-Depth: 1\nX-Depth: 2\nX-Sizes: 1, 2,z\nCookie: seen=a"
            ),
            [
                ("query", "id", "wrong"),
                ("header", "x-depth", "repeated"),
                ("header", "x-sizes", "wrong"),
                ("cookie", "seen", "wrong"),
            ]
        );
        assert_eq!(wrong("GET / HTTP/1.1\nHost: a"), [("query", "page", "missing")]);
    }

    #[test]
    fn no_spelling_of_a_name_or_a_value_is_a_way_around() {
        for (query, problem) in [
            ("page=1&page=2", "repeated"),
            ("page=1&%70age=2", "repeated"),
            ("page=1&page", "repeated"),
            ("page", "wrong"),
            ("page=", "wrong"),
            ("page=%31%", "wrong"),
            ("page=%ff", "wrong"),
            ("page=1%00", "wrong"),
            ("page=+1+", "wrong"),
            ("Page=1", "missing"),
            ("page[]=1", "missing"),
            ("%70age%=1", "missing"),
        ] {
            let found = wrong(&format!("GET /?{query} HTTP/1.1\nHost: a"));
            assert_eq!(found, [("query", "page", problem)], "{query}");
        }
        assert_eq!(wrong("GET /?%70ag%65=%31&id=1&other=x HTTP/1.1\nHost: a"), []);
    }

    #[test]
    fn only_declared_fields_are_sent_on_in_one_spelling() {
        let mut x = Exchange::reading("GET /?debug=1&%70age=%31&id=2&x&id=3&page%00=1 HTTP/1.1\nHost: a");
        assert!(matches!(ALL.request(&mut x), Flow::Next));
        assert_eq!(x.sent(), "/?page=1&id=2&id=3\n");
    }

    #[test]
    fn a_route_that_declares_only_fields_of_the_head_sends_the_query_as_it_came() {
        static HEAD: Config = Config { items: &[Item::Header { field: field("x-depth", false, false) }] };
        let mut x = Exchange::reading("GET /?a=%zz&&b HTTP/1.1\nHost: a");
        assert!(matches!(HEAD.request(&mut x), Flow::Next));
        assert_eq!(x.sent(), "/?a=%zz&&b\n");
    }
}
