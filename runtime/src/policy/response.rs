//! `response { … }`: fields that are set, added or removed before an answer leaves, whoever gives it.

use crate::edit::{drop_lines, offer_line};
use crate::exchange::Exchange;
use crate::reason::Reason;
use crate::terminal::Offer;

/// All edits of one route.
#[derive(Debug)]
pub struct Config {
    /// At most one for each name.
    pub items: &'static [Item],
}

/// One edit. It reads the request and the answer as received.
#[derive(Debug)]
pub enum Item {
    /// In the place of all of that name.
    Set {
        /// In lower case.
        name: &'static str,
        /// What is sent, if anything is.
        value: Offer,
    },
    /// One more of that name.
    Add {
        /// In lower case.
        name: &'static str,
        /// What is sent, if anything is.
        value: Offer,
    },
    /// Only where the answer has none.
    Default {
        /// In lower case.
        name: &'static str,
        /// What is sent, if anything is.
        value: Offer,
    },
    /// None of that name.
    Remove {
        /// In lower case.
        name: &'static str,
    },
}

impl Config {
    /// Does all edits.
    pub fn response(&'static self, x: &mut Exchange) {
        for item in self.items {
            match *item {
                Item::Set { name, value } => {
                    remove(x, name);
                    add(x, name, value);
                }
                Item::Add { name, value } => add(x, name, value),
                Item::Default { name, value } => {
                    if x.answer_field(name).next().is_none() {
                        add(x, name, value);
                    }
                }
                Item::Remove { name } => remove(x, name),
            }
        }
    }
}

fn remove(x: &mut Exchange, name: &'static str) {
    x.unsaid.push(name);
    for field in &mut x.fields {
        field.dropped |= field.name.of(&x.answer.bytes).eq_ignore_ascii_case(name.as_bytes());
    }
    // What other steps add is a field of the answer like any other.
    drop_lines(name, &mut x.said);
}

/// What cannot be sent makes the whole answer one that cannot be given.
fn add(x: &mut Exchange, name: &str, value: Offer) {
    let mut said = std::mem::take(&mut x.said);
    let possible = offer_line(name, |out| value(x, out), &mut said);
    x.said = said;
    if !possible {
        x.fault = Some(Reason::EDIT_INVALID);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(out: &mut Vec<u8>, text: &[u8]) -> bool {
        out.extend_from_slice(text);
        true
    }
    use crate::head::write_fields;
    use crate::http1::response;

    /// The fields of an answer after its edits.
    fn edited(config: &'static Config, said: &str) -> (String, Option<Reason>) {
        let mut x = Exchange::reading("GET / HTTP/1.1\nHost: a");
        let answer = b"HTTP/1.1 200 OK\r\nServer: s\r\nX-Powered-By: p\r\nx-powered-by: q\r\nContent-Length: 0\r\n\r\n";
        response::read(answer, x.head.method, &mut x.fields).unwrap().unwrap();
        x.answer.bytes = answer.to_vec();
        x.answer.status = 200;
        x.said = said.replace('\n', "\r\n").into_bytes();
        config.response(&mut x);
        let mut out = Vec::new();
        write_fields(&x.answer.bytes, &x.fields, &mut out);
        out.extend_from_slice(&x.said);
        (String::from_utf8(out).unwrap().replace("\r\n", "\n"), x.fault)
    }

    #[test]
    fn edits_replace_add_and_remove_whatever_the_server_and_other_steps_say() {
        static EDITS: Config = Config {
            items: &[
                Item::Remove { name: "x-powered-by" },
                Item::Set { name: "server", value: |_, out| say(out, b"g") },
                Item::Add {
                    name: "x-more",
                    value: |x, out| say(out, &[b'0' + u8::try_from(x.answer_status() / 100).unwrap()]),
                },
                Item::Default { name: "server", value: |_, out| say(out, b"never") },
                Item::Default { name: "x-frame", value: |_, out| say(out, b"deny") },
                Item::Remove { name: "ratelimit" },
            ],
        };
        let (fields, fault) = edited(&EDITS, "RateLimit: 1\nRateLimit-Policy: 2\n");
        assert_eq!(fields, "RateLimit-Policy: 2\nserver: g\nx-more: 2\nx-frame: deny\n");
        assert_eq!(fault, None);
    }

    #[test]
    fn a_value_cannot_end_its_line() {
        static TORN: Config =
            Config { items: &[Item::Set { name: "x-a", value: |_, out| say(out, b"a\r\nSet-Cookie: b") }] };
        let (fields, fault) = edited(&TORN, "");
        assert!(!fields.contains("Set-Cookie"));
        assert_eq!(fault, Some(Reason::EDIT_INVALID));
    }
}
