//! Absolute URLs, read strictly: what a browser would mend is refused.

use super::Url;
use std::net::{IpAddr, Ipv6Addr};

/// The parts of a URL with one of these schemes.
///
/// # Errors
///
/// What was found instead, in the words of a message.
pub fn parse(text: &str, schemes: &[&str]) -> Result<Url, String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(format!(
            "`{text}`, which has no scheme such as `{}://`",
            schemes.first().unwrap_or(&"http")
        ));
    };
    let scheme = scheme.to_ascii_lowercase();
    if !schemes.contains(&scheme.as_str()) {
        return Err(format!("the scheme `{scheme}`"));
    }
    if let Some(bad) = text.chars().find(|c| !c.is_ascii_graphic() || "\\\"<>^`{|}#".contains(*c)) {
        return Err(format!("a URL with `{}` in it", bad.escape_debug()));
    }
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err("a URL with a user name".into());
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or("a host whose `[` is not closed")?;
            let host: Ipv6Addr = host.parse().map_err(|_| format!("`{host}`, which is no IPv6 address"))?;
            (
                host.to_string(),
                if after.is_empty() { None } else { Some(after.strip_prefix(':').unwrap_or("")) },
            )
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host.to_ascii_lowercase(), Some(port)),
            None => (authority.to_ascii_lowercase(), None),
        },
    };
    if !is_host(&host) {
        return Err(if host.is_empty() {
            "a URL without a host".into()
        } else {
            format!("the host `{host}`")
        });
    }
    let is_service = scheme.ends_with("+srv");
    if is_service && host.parse::<IpAddr>().is_ok() {
        return Err(format!("the address `{host}` in the place of a name with SRV records"));
    }
    let port = match port {
        None if is_service => 0,
        Some(_) if is_service => return Err("a port, which SRV records say".into()),
        None if scheme == "https" => 443,
        None => 80,
        Some(port) => self::port(port).ok_or_else(|| format!("the port `{port}`"))?,
    };
    Ok(Url { scheme, host, port, path: path.to_owned() })
}

/// A port from 1 to 65535, without sign or leading zeros.
#[must_use]
pub fn port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| digits)
}

/// An IP address, or labels of letters, digits, `-` and `_`. Digits and dots alone must be an address.
#[must_use]
pub fn is_host(host: &str) -> bool {
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

    fn read(text: &str) -> Option<(String, u16, String)> {
        parse(text, &["http", "https"]).ok().map(|url| (url.host, url.port, url.path))
    }

    #[test]
    fn reads_hosts_ports_and_paths() {
        let url = |host: &str, port, path: &str| Some((host.to_owned(), port, path.to_owned()));
        assert_eq!(read("http://127.0.0.1:9000"), url("127.0.0.1", 9000, ""));
        assert_eq!(read("HTTP://App.Example/x?y"), url("app.example", 80, "/x?y"));
        assert_eq!(read("https://[::1]:8443/"), url("::1", 8443, "/"));
        assert_eq!(read("https://a?b"), url("a", 443, "?b"));
    }

    #[test]
    fn srv_records_say_the_port() {
        let read = |text: &str| parse(text, &["http", "http+srv"]).map(|url| (url.host, url.port));
        assert_eq!(read("http+srv://_Orders._tcp.internal"), Ok(("_orders._tcp.internal".to_owned(), 0)));
        assert_eq!(read("http+srv://a:80"), Err("a port, which SRV records say".to_owned()));
        assert!(read("http+srv://10.0.0.1").is_err());
    }

    #[test]
    fn refuses_what_would_need_mending() {
        for text in [
            "127.0.0.1:9000",
            "ftp://a",
            "http://",
            "http://:80",
            "http://a:0",
            "http://a:65536",
            "http://a:+80",
            "http://u@a",
            "http://a b",
            "http://a/#f",
            "http://1.2.3",
            "http://[::1",
            "http://[::1]80",
            "http://a..b",
            "http://a:",
            "http://-a",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
