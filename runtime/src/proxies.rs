//! Who the client is, where proxies in front of the gateway say so: the list of addresses is read from the right, through
//! those that are declared as trusted. What stands left of the first that is not was written by whoever liked to.
//!
//! What a trusted proxy says and cannot be read is refused, and never guessed: the proxy's own address in the place of the
//! client's might be one that is let in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::head::{Field, Head, Known};
use crate::network::Networks;
use crate::params::Params;
use crate::program::{SaidBy, TrustedProxies};
use crate::reason::Reason;

/// Proxies that a request may have come through.
const HOPS: usize = 32;

/// The proxies that are trusted.
#[derive(Debug)]
pub(crate) struct Proxies {
    networks: Networks,
    by: SaidBy,
}

/// What is known of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) client: IpAddr,
    /// It came over TLS to the proxy that it was connected to.
    pub(crate) secure: bool,
}

/// An element of a `Forwarded` field: the values as they are written, without quotes.
#[derive(Clone, Copy, Default)]
struct Element<'a> {
    node: Option<&'a [u8]>,
    proto: Option<&'a [u8]>,
}

impl Proxies {
    pub(crate) fn new(declared: &TrustedProxies, params: &Params) -> Self {
        Self { networks: Networks::new(declared.proxies.at(params)), by: declared.by }
    }

    /// Whether what a peer says is believed. Its address is no IPv4 one in the form of an IPv6 one.
    pub(crate) fn trust(&self, peer: IpAddr) -> bool {
        self.networks.contains(peer)
    }

    /// What a trusted peer says of the client. One that says nothing is the client itself.
    pub(crate) fn read(&self, head: &Head, peer: IpAddr) -> Result<Said, Reason> {
        let said = match self.by {
            SaidBy::XForwardedFor => self.x_forwarded(head, peer),
            SaidBy::Forwarded => self.forwarded(head, peer),
        };
        said.ok_or(Reason::FORWARDING_INVALID)
    }

    fn x_forwarded(&self, head: &Head, peer: IpAddr) -> Option<Said> {
        let mut protos = lines(head, b"x-forwarded-proto");
        let secure = match (protos.next(), protos.next()) {
            (None, _) => false,
            (Some(proto), None) => is_secure(proto)?,
            (Some(_), Some(_)) => return None,
        };
        let mut client = peer;
        let members = lines(head, b"x-forwarded-for").flat_map(|line| line.rsplit(|byte| *byte == b','));
        for (passed, member) in members.enumerate() {
            client = (passed < HOPS).then(|| address(trim(member), Written::Plain)).flatten()?;
            if !self.trust(client) {
                break;
            }
        }
        Some(Said { client, secure })
    }

    fn forwarded(&self, head: &Head, peer: IpAddr) -> Option<Said> {
        let mut said = Said { client: peer, secure: false };
        let mut passed = 0;
        for line in lines(head, b"forwarded") {
            let mut last = [Element::default(); HOPS];
            let count = read_elements(line, &mut last)?;
            for number in (0..count).rev() {
                if passed == HOPS {
                    return None;
                }
                passed += 1;
                let Element { node, proto } = *last.get(number % HOPS)?;
                said.client = address(node?, Written::InBrackets)?;
                said.secure = proto.map_or(Some(false), is_secure)?;
                if !self.trust(said.client) {
                    return Some(said);
                }
            }
        }
        Some(said)
    }
}

/// The values of all lines of a name, which is in lower case, the last first. What `Connection` names is read all the same: it
/// is the proxy's word, not the client's.
fn lines<'a>(head: &'a Head, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let is_named = |field: &&Field| {
        field.known == Known::Forwarding && field.name.of(&head.bytes).eq_ignore_ascii_case(name)
    };
    head.fields.iter().rev().filter(is_named).map(|field| field.value.of(&head.bytes))
}

fn trim(text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().position(|byte| !is_blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_blank(byte)).map_or(start, |end| end + 1);
    text.get(start..end).unwrap_or_default()
}

fn is_secure(proto: &[u8]) -> Option<bool> {
    if proto.eq_ignore_ascii_case(b"https") {
        return Some(true);
    }
    proto.eq_ignore_ascii_case(b"http").then_some(false)
}

/// How an IPv6 address is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    /// As it is, or in brackets.
    Plain,
    /// In brackets (RFC 7239 section 6.1).
    InBrackets,
}

/// An address, perhaps with a port, which does not matter. No name, no zone, no `unknown`.
fn address(text: &[u8], written: Written) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    if let Some(inside) = text.strip_prefix('[') {
        let (address, behind) = inside.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        return (behind.is_empty() || is_port(behind.strip_prefix(':')?))
            .then(|| IpAddr::V6(address).to_canonical());
    }
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return (written == Written::Plain).then(|| IpAddr::V6(address).to_canonical());
    }
    let address = match text.split_once(':') {
        None => text,
        Some((address, port)) => is_port(port).then_some(address)?,
    };
    address.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// Reads a whole `Forwarded` line (RFC 7239 section 4) and keeps its last elements, each at its number modulo [`HOPS`]. How
/// many there are; `None` where the line is not what the grammar says, since a quote that a client left open might otherwise
/// swallow what a proxy has added.
fn read_elements<'a>(line: &'a [u8], last: &mut [Element<'a>; HOPS]) -> Option<usize> {
    let mut rest = trim(line);
    let mut count = 0;
    loop {
        let mut element = Element::default();
        loop {
            let (name, behind) = token(rest)?;
            let (value, behind) = value(behind.strip_prefix(b"=")?)?;
            let place = match name {
                name if name.eq_ignore_ascii_case(b"for") => Some(&mut element.node),
                name if name.eq_ignore_ascii_case(b"proto") => Some(&mut element.proto),
                _ => None,
            };
            if place.is_some_and(|place| place.replace(value).is_some()) {
                return None;
            }
            let Some(more) = behind.strip_prefix(b";") else {
                rest = trim(behind);
                break;
            };
            rest = more;
        }
        *last.get_mut(count % HOPS)? = element;
        count += 1;
        if rest.is_empty() {
            return Some(count);
        }
        rest = trim(rest.strip_prefix(b",")?);
    }
}

/// A token (RFC 9110 section 5.6.2), and what is behind it.
fn token(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let end = text.iter().position(|byte| !is_token(byte)).unwrap_or(text.len());
    text.split_at_checked(end).filter(|(token, _)| !token.is_empty())
}

/// A token or a quoted string, without its quotes, and what is behind it. Escapes stay as they are: no address has one.
fn value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let Some(inside) = text.strip_prefix(b"\"") else { return token(text) };
    let mut bytes = inside.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some((inside.get(..at)?, inside.get(at + 1..)?)),
            b'\\' => _ = bytes.next(),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Exchange;
    use crate::params::Setting;

    const TRUSTED: &[(IpAddr, u8)] = &[
        (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
        (IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0)), 8),
    ];

    /// The client, or the word of the refusal, for these lines behind the proxy 10.0.0.1.
    fn read(by: SaidBy, lines: &[&str]) -> String {
        let proxies = Proxies::new(&TrustedProxies { proxies: Setting::Is(TRUSTED), by }, &Params::default());
        let x = Exchange::reading(&format!("GET / HTTP/1.1\nHost: a\n{}", lines.join("\n")));
        match proxies.read(&x.head, "10.0.0.1".parse().unwrap()) {
            Ok(Said { client, secure }) => format!("{client}{}", if secure { " secure" } else { "" }),
            Err(reason) => reason.word.to_owned(),
        }
    }

    fn x_for(value: &str) -> String {
        read(SaidBy::XForwardedFor, &[&format!("X-Forwarded-For: {value}")])
    }

    fn forwarded(value: &str) -> String {
        read(SaidBy::Forwarded, &[&format!("Forwarded: {value}")])
    }

    const INVALID: &str = "forwarding_invalid";

    #[test]
    fn reads_from_the_right_through_trusted_proxies() {
        for (value, client) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7, 10.0.0.2", "192.0.2.7"),
            ("192.0.2.7,10.0.0.2,10.0.0.3", "192.0.2.7"),
            ("192.0.2.9, 192.0.2.7", "192.0.2.7"),
            ("10.0.0.9, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
            // All are trusted: the request began with the first.
            ("10.0.0.4, 10.0.0.3", "10.0.0.4"),
            ("\t 192.0.2.7 \t,\t10.0.0.2 ", "192.0.2.7"),
            ("192.0.2.7, fd00::2", "192.0.2.7"),
        ] {
            assert_eq!(x_for(value), client, "{value}");
        }
    }

    #[test]
    fn what_is_left_of_the_client_is_not_even_read() {
        for left in ["garbage", "", "1.2.3.4.5", "\"", "unknown", "10.0.0.1", "a".repeat(8_000).as_str()] {
            assert_eq!(x_for(&format!("{left}, 192.0.2.7")), "192.0.2.7", "{left}");
            let lines = [format!("X-Forwarded-For: {left}"), "X-Forwarded-For: 192.0.2.7".to_owned()];
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            assert_eq!(read(SaidBy::XForwardedFor, &lines), "192.0.2.7", "{left}");
        }
    }

    #[test]
    fn several_lines_are_one_list_and_the_last_is_its_end() {
        let lines = [
            "X-Forwarded-For: 192.0.2.9",
            "x-forwarded-for: 192.0.2.7, 10.0.0.3",
            "X-FORWARDED-FOR: 10.0.0.2",
        ];
        assert_eq!(read(SaidBy::XForwardedFor, &lines), "192.0.2.7");
        let lines =
            ["Forwarded: for=192.0.2.9", "forwarded: for=192.0.2.7, for=10.0.0.3", "FORWARDED: for=10.0.0.2"];
        assert_eq!(read(SaidBy::Forwarded, &lines), "192.0.2.7");
    }

    #[test]
    fn a_port_does_not_matter_and_an_ipv4_address_is_one_in_any_form() {
        for (value, client) in [
            ("192.0.2.7:443", "192.0.2.7"),
            ("192.0.2.7:0", "192.0.2.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:65535", "2001:db8::7"),
            ("2001:DB8:0:0::7", "2001:db8::7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("[::ffff:192.0.2.7]:1", "192.0.2.7"),
            ("192.0.2.7, ::ffff:10.0.0.2", "192.0.2.7"),
        ] {
            assert_eq!(x_for(value), client, "{value}");
        }
    }

    #[test]
    fn what_a_trusted_proxy_says_and_cannot_be_read_is_refused() {
        for value in [
            "",
            ",",
            "192.0.2.7,",
            "192.0.2.7, ,10.0.0.2",
            "garbage",
            "unknown",
            "_hidden",
            "192.0.2",
            "192.0.2.7.1",
            "192.0.2.007",
            "192.0.2.256",
            "0x7f.0.0.1",
            "2130706433",
            "192.0.2.7:",
            "192.0.2.7:65536",
            "192.0.2.7:+1",
            "192.0.2.7:http",
            "[2001:db8::7",
            "2001:db8::7]",
            "[2001:db8::7]443",
            "[2001:db8::7]:",
            "[192.0.2.7]",
            "fe80::1%eth0",
            "[fe80::1%25eth0]",
            "\"192.0.2.7\"",
            "for=192.0.2.7",
            "192.0.2.7 10.0.0.2",
            "192.0.2.7;10.0.0.2",
            "localhost",
            "\u{661}92.0.2.7",
            "http://192.0.2.7",
        ] {
            assert_eq!(x_for(value), INVALID, "{value}");
            assert_eq!(x_for(&format!("{value}, 10.0.0.2")), INVALID, "{value}");
        }
    }

    #[test]
    fn a_proxy_that_says_nothing_is_the_client() {
        assert_eq!(read(SaidBy::XForwardedFor, &[]), "10.0.0.1");
        assert_eq!(read(SaidBy::Forwarded, &[]), "10.0.0.1");
        // Nor is anything else than the declared field read, or a name that only looks alike.
        for line in [
            "Forwarded: for=192.0.2.7",
            "X-Real-IP: 192.0.2.7",
            "X_Forwarded_For: 192.0.2.7",
            "X-Forwarded_For: 192.0.2.7",
        ] {
            assert_eq!(read(SaidBy::XForwardedFor, &[line]), "10.0.0.1", "{line}");
        }
        assert_eq!(
            read(SaidBy::Forwarded, &["X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https"]),
            "10.0.0.1"
        );
    }

    #[test]
    fn more_proxies_than_anybody_has_are_refused() {
        let through = |trusted: usize| format!("192.0.2.7{}", ", 10.0.0.2".repeat(trusted));
        assert_eq!(x_for(&through(31)), "192.0.2.7");
        assert_eq!(x_for(&through(32)), INVALID);
        let through = |trusted: usize| format!("for=192.0.2.7{}", ", for=10.0.0.2".repeat(trusted));
        assert_eq!(forwarded(&through(31)), "192.0.2.7");
        assert_eq!(forwarded(&through(32)), INVALID);
        // Of what is left of the client any number is passed over.
        assert_eq!(forwarded(&format!("{}for=192.0.2.7", "for=10.0.0.2, ".repeat(100))), "192.0.2.7");
    }

    #[test]
    fn forwarded_is_read_as_its_grammar_says() {
        for (value, client) in [
            ("for=192.0.2.7", "192.0.2.7"),
            ("For=\"192.0.2.7:443\"", "192.0.2.7"),
            ("for=\"[2001:db8::7]:443\";proto=https", "2001:db8::7 secure"),
            ("for=\"[2001:db8::7]\" , for=10.0.0.2;by=\"_x,y;z\\\"\"", "2001:db8::7"),
            ("proto=HTTPS;for=192.0.2.7;host=\"a, for=1.2.3.4\",for=10.0.0.2;proto=http", "192.0.2.7 secure"),
            ("for=_hidden, for=192.0.2.7", "192.0.2.7"),
            ("for=192.0.2.9;proto=https, for=192.0.2.7", "192.0.2.7"),
        ] {
            assert_eq!(forwarded(value), client, "{value}");
        }
        for value in [
            "",
            "for",
            "for=",
            "for=,",
            "=192.0.2.7",
            "for=192.0.2.7:443",
            "for=2001:db8::7",
            "for=\"2001:db8::7\"",
            "for=[2001:db8::7]",
            "for=unknown",
            "for=_hidden",
            "by=10.0.0.9",
            "for=192.0.2.7;for=192.0.2.8",
            "for=192.0.2.7;proto=ftp",
            "for=192.0.2.7;proto=https;Proto=http",
            "for=192.0.2.7; proto=https",
            "for = 192.0.2.7",
            "for=\"192.0.2.7",
            "for=192.0.2.7,",
            ",for=192.0.2.7",
            "for=\"192.0.2.\\7\"",
            // A quote that a client leaves open swallows what the proxy adds, and is no list any more.
            "for=\"x, for=192.0.2.7",
            "for=\"x, for=\"[2001:db8::7]\"",
            "for=192.0.2.7;;proto=https",
            "for=192.0.2.7 for=192.0.2.8",
        ] {
            assert_eq!(forwarded(value), INVALID, "{value}");
        }
    }

    #[test]
    fn the_protocol_is_said_once_or_not_at_all() {
        let read = |lines: &[&str]| read(SaidBy::XForwardedFor, lines);
        assert_eq!(read(&["X-Forwarded-Proto: https", "X-Forwarded-For: 192.0.2.7"]), "192.0.2.7 secure");
        assert_eq!(read(&["X-Forwarded-Proto: HTTPS"]), "10.0.0.1 secure");
        assert_eq!(read(&["X-Forwarded-Proto: http"]), "10.0.0.1");
        for wrong in ["wss", "", "https, http", "https "] {
            let expected = if wrong == "https " { "10.0.0.1 secure" } else { INVALID };
            assert_eq!(read(&[&format!("X-Forwarded-Proto: {wrong}")]), expected, "{wrong:?}");
        }
        assert_eq!(read(&["X-Forwarded-Proto: https", "X-Forwarded-Proto: https"]), INVALID);
    }
}
