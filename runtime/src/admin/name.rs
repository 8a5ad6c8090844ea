//! By which names a browser may ask: a page of somebody else's can have its name lead to this listener (DNS rebinding), and is then
//! let read what is answered to that name. It cannot have a name that the public DNS does not give away.

use std::net::IpAddr;

use crate::head::Head;

/// What is said to the others.
pub(super) const HELP: &str = "a browser may ask only by an address, by `localhost`, or by a name that is not public: \
    one without a dot, or below .localhost, .local, .internal or .home.arpa";

/// The last labels of names that nobody can have for a page of the world's: RFC 6761, RFC 6762, RFC 8375, and `internal`, which is
/// reserved for private use.
const PRIVATE: [&str; 4] = [".localhost", ".local", ".internal", ".home.arpa"];

/// Whether an answer may be given. Tools that are no browsers may call the gateway by whatever name it has: they do what their
/// owner says, and nobody else.
pub(super) fn is_welcome(head: &Head) -> bool {
    let is_tool = !is_page(head.path()) && !is_of_browser(head);
    is_tool || is_private(head.host())
}

/// What only a browser has a use for.
fn is_page(path: &[u8]) -> bool {
    path == b"/" || path == super::events::PATH
}

/// Browsers say this in every request, and no script can keep them from it; what collects metrics or probes does not say it.
fn is_of_browser(head: &Head) -> bool {
    head.field("accept-language").next().is_some()
}

/// Whether a host, with a port perhaps, is an address or a name that is not public. No name at all is none of somebody else's.
fn is_private(host: &[u8]) -> bool {
    let Ok(host) = std::str::from_utf8(host) else { return false };
    let name = if let Some(rest) = host.strip_prefix('[') {
        rest.split(']').next().unwrap_or_default()
    } else {
        host.split(':').next().unwrap_or_default()
    };
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name.parse::<IpAddr>().is_ok() || !name.contains('.') || PRIVATE.iter().any(|last| name.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::request;

    fn is_welcome(request: &str) -> bool {
        let mut head = Head::default();
        request::read(request.as_bytes(), &mut head).unwrap().unwrap();
        super::is_welcome(&head)
    }

    #[test]
    fn a_page_is_shown_by_addresses_and_names_that_are_not_public() {
        for (host, expected) in [
            ("127.0.0.1:9900", true),
            ("127.0.0.1", true),
            ("[::1]:9900", true),
            ("[::1]", true),
            ("192.0.2.7:9900", true),
            ("localhost:9900", true),
            ("LOCALHOST.:9900", true),
            ("shop.localhost", true),
            ("gateway:9900", true),
            ("shop.default.svc.cluster.local", true),
            ("gw1.Internal:9900", true),
            ("shop.example", false),
            ("localhost.example:9900", false),
            ("127.0.0.1.example", false),
            ("evillocal.example", false),
            ("local.example.", false),
        ] {
            assert_eq!(is_welcome(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")), expected, "{host}");
            assert_eq!(
                is_welcome(&format!("GET /events?q=a HTTP/1.1\r\nHost: {host}\r\n\r\n")),
                expected,
                "{host}"
            );
        }
    }

    #[test]
    fn tools_may_ask_by_any_name_and_browsers_may_not() {
        for path in ["/metrics", "/healthz", "/readyz", "/build"] {
            assert!(is_welcome(&format!("GET {path} HTTP/1.1\r\nHost: shop.example:9900\r\n\r\n")), "{path}");
            let asked = |host: &str| {
                is_welcome(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Language: de\r\n\r\n"))
            };
            assert!(!asked("shop.example:9900") && asked("10.0.0.7:9900"), "{path}");
        }
    }
}
