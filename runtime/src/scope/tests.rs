//! What expressions read of a request.

use super::*;
use crate::http1::request;

/// An exchange with this head.
fn exchange(head: &str) -> Exchange {
    let mut x = Exchange::default();
    let bytes = head.replace('\n', "\r\n") + "\r\n";
    request::read(bytes.as_bytes(), &mut x.head).unwrap().unwrap();
    x
}

fn said(text: Option<Text<'_>>) -> Option<String> {
    text.map(|text| String::from_utf8(text.into_owned()).unwrap())
}

#[test]
fn a_request_says_what_was_sent() {
    let x = exchange(
        "GET /a%7eb?q=1+2 HTTP/1.1\nHost: App.Example.:8080\nX-A: 1\nx-a: 2\nCookie: a=1; b=\"2\"\nCookie: c=3=4\n",
    );
    assert_eq!(*method(&x), *b"GET");
    assert_eq!(*path(&x), *b"/a~b");
    assert_eq!(*host(&x), *b"app.example");
    assert_eq!(said(query(&x, "q")).as_deref(), Some("1 2"));
    assert_eq!(said(header(&x, "x-a")).as_deref(), Some("1, 2"));
    assert_eq!(said(header(&x, "x-b")), None);
    assert_eq!(said(cookie(&x, "a")).as_deref(), Some("1"));
    assert_eq!(said(cookie(&x, "b")).as_deref(), Some("\"2\""));
    assert_eq!(said(cookie(&x, "c")).as_deref(), Some("3=4"));
    assert_eq!(said(cookie(&x, "d")), None);
    assert_eq!((status(&x), said(answer_header(&x, "x-a"))), (0, None));
}

#[test]
fn hosts_lose_their_port_and_no_part_of_their_name() {
    for (sent, expected) in
        [("a", "a"), ("a:80", "a"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("A.B.", "a.b")]
    {
        let x = exchange(&format!("GET / HTTP/1.1\nHost: {sent}\n"));
        assert_eq!(said(Some(host(&x))).as_deref(), Some(expected), "{sent}");
    }
}

#[test]
fn networks_hold_their_addresses() {
    let check = |ip: &str, network: &str, expected| {
        let network = read::cidr(network.as_bytes()).unwrap();
        assert_eq!(in_network(ip.parse().unwrap(), network), expected, "{ip} {network:?}");
    };
    check("10.1.2.3", "10.0.0.0/8", true);
    check("11.1.2.3", "10.0.0.0/8", false);
    check("1.2.3.4", "0.0.0.0/0", true);
    check("1.2.3.4", "1.2.3.4/32", true);
    check("1.2.3.5", "1.2.3.4/32", false);
    check("2001:db8::1", "2001:db8::/32", true);
    check("2001:db9::1", "2001:db8::/32", false);
    check("::1", "::/0", true);
    check("1.2.3.4", "::/0", false);
    check("1.2.3.4", "::ffff:1.2.0.0/112", true);
    check("1.3.3.4", "::ffff:1.2.0.0/112", false);
    check("1.3.3.4", "::ffff:0.0.0.0/96", true);
}

#[test]
fn texts_are_asked_by_bytes() {
    assert!(
        contains(b"abc", b"bc") && contains(b"abc", b"") && !contains(b"abc", b"cb") && !contains(b"", b"a")
    );
    assert_eq!(*lower(Cow::Borrowed("ÄB".as_bytes())), *"Äb".as_bytes());
    assert_eq!(*upper(Cow::Borrowed("äb".as_bytes())), *"äB".as_bytes());
}
