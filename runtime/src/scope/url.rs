//! Absolute URLs, read as strictly as the language reads them: what a browser would mend is refused.

use std::net::{IpAddr, Ipv6Addr};

/// An absolute URL, in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Url<'a> {
    /// `http` or `https`, in lower case.
    pub scheme: &'static str,
    /// A name, an IPv4 address, or an IPv6 address without its brackets, as written.
    pub host: &'a str,
    /// The port: as written, or the scheme's own.
    pub port: u16,
    /// Path and query as written; empty, or beginning with `/` or `?`.
    pub path: &'a str,
}

impl Url<'_> {
    /// Whether the port is the scheme's own, which need not be said.
    pub(crate) fn has_usual_port(&self) -> bool {
        self.port == if self.scheme == "https" { 443 } else { 80 }
    }
}

/// The parts of a URL.
#[must_use]
pub fn read(text: &str) -> Option<Url<'_>> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = ["http", "https"].into_iter().find(|known| known.eq_ignore_ascii_case(scheme))?;
    if text.bytes().any(|byte| !byte.is_ascii_graphic() || b"\\\"<>^`{|}#".contains(&byte)) {
        return None;
    }
    let (authority, path) = rest.split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len()))?;
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = match port {
        None if scheme == "https" => 443,
        None => 80,
        Some(port) => self::port(port)?,
    };
    is_host(host).then_some(Url { scheme, host, port, path })
}

/// A port from 1 to 65535, without sign or needless zeros.
pub(crate) fn port(text: &str) -> Option<u16> {
    let is_number =
        !text.is_empty() && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// An IP address, or labels of letters, digits, `-` and `_`. Digits and dots alone must be an address.
fn is_host(host: &str) -> bool {
    if host.parse::<IpAddr>().is_ok() {
        return true;
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.len() <= 253 && host.split('.').all(label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_language_reads() {
        let parts = |text| read(text).map(|url| (url.scheme, url.host, url.port, url.path));
        assert_eq!(parts("http://127.0.0.1:9000"), Some(("http", "127.0.0.1", 9000, "")));
        assert_eq!(parts("HTTPS://App.example/x?y"), Some(("https", "App.example", 443, "/x?y")));
        assert_eq!(parts("http://a/b@c"), Some(("http", "a", 80, "/b@c")));
        assert_eq!(parts("http://[::1]:8443/"), Some(("http", "::1", 8443, "/")));
        for text in [
            "127.0.0.1:9000",
            "ftp://a",
            "http://",
            "http://:80",
            "http://a:0",
            "http://a:65536",
            "http://a:+80",
            "http://u@a",
            "http://u:1@a",
            "http://a b",
            "http://a/#f",
            "http://1.2.3",
            "http://[::1",
            "http://[::1]80",
            "http://a..b",
            "http://a:",
            "http://-a",
            "http://a/é",
            "",
        ] {
            assert_eq!(parts(text), None, "{text}");
        }
    }
}
