//! `forward`: what of the client's head and query is sent on, where that is not all of it.

use crate::exchange::{Exchange, Flow};
use crate::part;

/// What one route sends on.
#[derive(Debug)]
pub struct Config {
    /// At most one for each part.
    pub items: &'static [Item],
}

/// What is sent of one part.
#[derive(Debug)]
pub enum Item {
    /// `forward PART names`
    Forward {
        /// Of what.
        part: Part,
        /// What is sent; `None` with [`Part::None`] and [`Part::Credential`].
        names: Option<&'static [&'static str]>,
    },
}

/// A part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The fields of its head.
    Header,
    /// Its query.
    Query,
    /// That by which the client has said who it is.
    Credential,
    /// Nothing is sent but what another item names.
    None,
}

impl Config {
    /// Marks what is not sent.
    pub fn request(&'static self, x: &mut Exchange) -> Flow {
        let names_of = |wanted: Part| {
            self.items.iter().find_map(|Item::Forward { part, names }| (*part == wanted).then_some((*names)?))
        };
        let none = self.items.iter().any(|Item::Forward { part, .. }| *part == Part::None);
        let nothing: Option<&[&'static str]> = none.then_some(&[]);
        x.sends_credentials = self.items.iter().any(|Item::Forward { part, .. }| *part == Part::Credential);
        if let Some(names) = names_of(Part::Header).or(nothing) {
            let credentials: &[&'static str] = if x.sends_credentials { &x.credentials } else { &[] };
            let names = [names, credentials].concat();
            x.edits.keep_only(&mut x.head, names);
        }
        if let Some(names) = names_of(Part::Query).or(nothing) {
            x.edits.keep_pairs(&x.head, |received| names.iter().any(|name| part::is_named(received, name)));
        }
        Flow::Next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str =
        "POST /?a=1&b=2&%61=3 HTTP/1.1\nHost: a\nAccept: x\nContent-Length: 2\nContent-Type: t\nX-Own: 1";

    fn sent(items: &'static [Item], request: &str) -> String {
        let mut x = Exchange::reading(request);
        let config: &'static Config = Box::leak(Box::new(Config { items }));
        assert!(matches!(config.request(&mut x), Flow::Next));
        x.sent()
    }

    #[test]
    fn only_what_is_named_goes_on() {
        const HEADER: Item = Item::Forward { part: Part::Header, names: Some(&["x-own"]) };
        const QUERY: Item = Item::Forward { part: Part::Query, names: Some(&["a"]) };
        const NONE: Item = Item::Forward { part: Part::None, names: None };
        let all = "Accept: x\nContent-Type: t\nX-Own: 1\n";
        assert_eq!(sent(&[HEADER], REQUEST), "/?a=1&b=2&%61=3\nContent-Type: t\nX-Own: 1\n");
        assert_eq!(sent(&[QUERY], REQUEST), format!("/?a=1&a=3\n{all}"));
        assert_eq!(sent(&[NONE], REQUEST), "/\nContent-Type: t\n");
        assert_eq!(sent(&[QUERY, NONE], REQUEST), "/?a=1&a=3\nContent-Type: t\n");
    }

    #[test]
    fn a_field_about_a_body_goes_only_with_one() {
        const NONE: Item = Item::Forward { part: Part::None, names: None };
        assert_eq!(sent(&[NONE], "GET / HTTP/1.1\nHost: a\nContent-Type: t"), "/\n");
    }
}
