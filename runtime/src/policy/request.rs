//! `request { … }`: fields and parts of the query that are set, added or removed before a request is sent on.

use crate::exchange::{Exchange, Flow};
use crate::part;
use crate::reason::Reason;
use crate::terminal::Offer;

/// All edits of one route.
#[derive(Debug)]
pub struct Config {
    /// At most one for each part and name.
    pub items: &'static [Item],
}

/// One edit. It reads the request as received.
#[derive(Debug)]
pub enum Item {
    /// In the place of all of that name.
    Set {
        /// Of what.
        part: Part,
        /// In lower case.
        name: &'static str,
        /// What is sent, if anything is.
        value: Offer,
    },
    /// One more of that name.
    Add {
        /// Of what.
        part: Part,
        /// In lower case.
        name: &'static str,
        /// What is sent, if anything is.
        value: Offer,
    },
    /// Only where the client sent none.
    Default {
        /// Of what.
        part: Part,
        /// In lower case.
        name: &'static str,
        /// What is sent, if anything is.
        value: Offer,
    },
    /// None of that name.
    Remove {
        /// Of what.
        part: Part,
        /// In lower case.
        name: &'static str,
    },
}

/// What an edit is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The head.
    Header,
    /// The query.
    Query,
}

impl Config {
    /// Notes all edits; they are done when the head is written.
    pub fn request(&'static self, x: &mut Exchange) -> Flow {
        let done = self.items.iter().all(|item| match *item {
            Item::Set { part, name, value } => {
                remove(x, part, name);
                add(x, part, name, value)
            }
            Item::Add { part, name, value } => add(x, part, name, value),
            Item::Default { part, name, value } => has(x, part, name) || add(x, part, name, value),
            Item::Remove { part, name } => {
                remove(x, part, name);
                true
            }
        });
        if done { Flow::Next } else { Flow::Refuse(Reason::EDIT_INVALID) }
    }
}

fn has(x: &Exchange, part: Part, name: &str) -> bool {
    match part {
        Part::Header => x.head.field(name).next().is_some() || x.edits.has_line(name),
        Part::Query => part::query(&x.head, name).next().is_some(),
    }
}

fn remove(x: &mut Exchange, part: Part, name: &'static str) {
    match part {
        Part::Header => {
            x.edits.take(&mut x.head, name);
            // The gateway's own line, such as the id of the request, is a field like any other.
            x.edits.drop_lines(name);
        }
        Part::Query => x.edits.keep_pairs(&x.head, |received| !part::is_named(received, name)),
    }
}

/// `false` where the value cannot be sent.
fn add(x: &mut Exchange, part: Part, name: &str, value: Offer) -> bool {
    let mut edits = std::mem::take(&mut x.edits);
    let possible = match part {
        Part::Header => edits.offer_line(name, |out| value(x, out)),
        Part::Query => {
            let mut text = Vec::new();
            if value(x, &mut text) {
                edits.add_pair(&x.head, name, &text);
            }
            true
        }
    };
    x.edits = edits;
    possible
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(out: &mut Vec<u8>, text: &[u8]) -> bool {
        out.extend_from_slice(text);
        true
    }

    static EDITS: Config = Config {
        items: &[
            Item::Set { part: Part::Header, name: "x-path", value: |x, out| say(out, x.head().path()) },
            Item::Add { part: Part::Header, name: "x-more", value: |_, out| say(out, b"2") },
            Item::Default { part: Part::Header, name: "accept", value: |_, out| say(out, b"*/*") },
            Item::Remove { part: Part::Header, name: "x-debug" },
            Item::Set { part: Part::Query, name: "a b", value: |_, out| say(out, b"1&2=\xff") },
            Item::Remove { part: Part::Query, name: "debug" },
        ],
    };

    #[test]
    fn edits_replace_add_and_remove_whatever_the_client_sent() {
        let mut x = Exchange::reading(
            "GET /p?debug=1&a+b=old&c=%7e&a%20b=old&%64ebug HTTP/1.1\nHost: a\nX-PATH: forged\nX-Debug: 1\nx-more: 1\nx-path: forged",
        );
        assert!(matches!(EDITS.request(&mut x), Flow::Next));
        assert_eq!(x.sent(), "/p?c=~&a%20b=1%262%3D%FF\nx-more: 1\nx-path: /p\nx-more: 2\naccept: */*\n");
        assert_eq!(x.head().field("x-debug").count(), 1, "what was received stays");
    }

    #[test]
    fn a_value_that_is_absent_is_no_field_and_no_part_of_the_query() {
        let absent: Offer = |_, _| false;
        let items = vec![
            Item::Set { part: Part::Header, name: "x-path", value: absent },
            Item::Add { part: Part::Header, name: "x-more", value: absent },
            Item::Default { part: Part::Header, name: "accept", value: absent },
            Item::Set { part: Part::Query, name: "debug", value: absent },
            Item::Add { part: Part::Query, name: "more", value: absent },
        ];
        let config: &'static Config = Box::leak(Box::new(Config { items: items.leak() }));
        let mut x = Exchange::reading("GET /p?debug=1&more=1 HTTP/1.1\nHost: a\nX-Path: forged\nx-more: 1");
        assert!(matches!(config.request(&mut x), Flow::Next));
        assert_eq!(x.sent(), "/p?more=1\nx-more: 1\n");
    }

    #[test]
    fn a_default_gives_way_to_the_client() {
        let mut x = Exchange::reading("GET / HTTP/1.1\nHost: a\nAccept: text/html");
        assert!(matches!(EDITS.request(&mut x), Flow::Next));
        assert!(x.sent().contains("Accept: text/html\n") && !x.sent().contains("*/*"));
    }

    #[test]
    fn a_value_cannot_end_its_line() {
        for value in [
            |_: &Exchange, out: &mut Vec<u8>| say(out, b"a\r\nX-Admin: yes"),
            |_: &Exchange, out: &mut Vec<u8>| say(out, b"a\nb"),
            |_: &Exchange, out: &mut Vec<u8>| say(out, b"\0"),
            |_: &Exchange, out: &mut Vec<u8>| say(out, b"\x7f"),
        ] {
            let items = vec![Item::Set { part: Part::Header, name: "x-a", value }];
            let config: &'static Config = Box::leak(Box::new(Config { items: items.leak() }));
            let mut x = Exchange::reading("GET / HTTP/1.1\nHost: a");
            assert!(matches!(config.request(&mut x), Flow::Refuse(Reason::EDIT_INVALID)));
            assert_eq!(x.sent(), "/\n");
        }
    }
}
