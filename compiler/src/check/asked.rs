//! The URLs that the gateway itself asks because a setting says so, and what they need. Which settings those are, their rows say.

use std::net::IpAddr;

use gatewright_dsl::auth::Kind;
use gatewright_dsl::schema::{Checked, Url};
use gatewright_dsl::source::Span;

use super::{Check, problem};
use crate::checked::{Auth, Word};

/// The URLs that the gateway asks because of an `auth`, each with its place.
pub(super) fn urls(auth: &Auth) -> Vec<(Url, Span)> {
    let of = |word: &Word| {
        let (param, url) = word.row.asks.and_then(|asks| asks(&word.values))?;
        let at = word.values.find(param).and_then(|given| given.span);
        Some((url, at.or(word.values.span).unwrap_or(auth.span)))
    };
    auth.words.iter().filter_map(of).collect()
}

/// Whether a name has to be looked up.
pub(super) fn is_named(url: &Url) -> bool {
    url.host.parse::<IpAddr>().is_err()
}

/// Reports the URLs that no name server knows the host of. Whether there is none.
pub(super) fn hold(check: &mut Check<'_>, kind: &Kind, settings: &[Checked]) -> bool {
    let mut is_found = true;
    for setting in settings {
        let row = kind.words.iter().find(|row| row.name == setting.values.word);
        let Some((param, url)) = row.and_then(|row| row.asks?(&setting.values)) else { continue };
        // RFC 6761 section 6.3.
        if url.host == "localhost" || url.host.ends_with(".localhost") {
            let at = setting.values.find(param).and_then(|given| given.span).unwrap_or(setting.span);
            let fix = (url.host == "localhost")
                .then(|| format!("\"{}://127.0.0.1:{}{}\"", url.scheme, url.port, url.path));
            check.problems.push(problem::server_needs_address(&url.host, at, fix));
            is_found = false;
        }
    }
    is_found
}

#[cfg(test)]
mod tests {
    use gatewright_dsl::{Catalogue, Source};

    /// The features of the runtime that a gateway with these keys needs.
    fn features(keys: &str) -> Vec<&'static str> {
        let text = format!(
            "gateway g {{ listen http :8080 plaintext \"why\" }}\nauth c jwt {{ issuer \"a\"; audience \"b\"; accept ES256; keys {keys} }}\nroute GET / require c respond 200\n"
        );
        let output = crate::compile(&[Source::new("gateway.gw", text)], &Catalogue::standard()).unwrap();
        assert_eq!(output.rust.contains("dns: Some"), output.features.iter().any(|it| it.name == "dns"));
        output.features.iter().map(|feature| feature.name).collect()
    }

    #[test]
    fn what_a_url_needs_is_compiled_in_and_nothing_more() {
        assert_eq!(features("\"keys.json\""), ["jwt"]);
        assert_eq!(features("\"http://10.0.0.5/keys\""), ["jwt"]);
        assert_eq!(features("\"https://10.0.0.5/keys\""), ["jwt", "tls"]);
        assert_eq!(features("\"http://login.internal/keys\""), ["dns", "jwt"]);
        assert_eq!(features("\"https://login.internal/keys\" roots \"r.pem\""), ["dns", "jwt", "tls"]);
    }

    /// The features that a gateway with this collector needs, each with the text that asks for it.
    fn traced(to: &str, more: &str) -> Vec<(&'static str, String)> {
        let text = format!(
            "gateway g {{ listen http :8080; trace to {to} sample 1% }}\n{more}\nroute GET / respond 200\n"
        );
        let source = Source::new("gateway.gw", text);
        let output = crate::compile(std::slice::from_ref(&source), &Catalogue::standard()).unwrap();
        let asked = |span: Option<_>| span.map_or("", |span| source.slice(span)).to_owned();
        output.features.iter().map(|feature| (feature.name, asked(feature.span))).collect()
    }

    #[test]
    fn what_a_collector_needs_is_compiled_in_and_nothing_more() {
        let whole = |to: &str| ("trace", format!("trace to {to} sample 1%"));
        let (plain, named) = ("\"http://10.0.0.5:4318\"", "\"http://collector.internal:4318\"");
        assert_eq!(traced(plain, ""), [whole(plain)]);
        assert_eq!(traced(named, ""), [("dns", named.to_owned()), whole(named)]);
        let secure = "\"https://10.0.0.5\"";
        assert_eq!(traced(secure, ""), [("tls", secure.to_owned()), whole(secure)]);
        assert_eq!(traced("at", &format!("param at: url = {plain}")), [whole("at")]);
        let (both, param) =
            ("\"https://collector.internal\"", "param at: url = \"https://collector.internal\"");
        assert_eq!(traced("at", param), [("dns", both.to_owned()), ("tls", both.to_owned()), whole("at")]);
        // Whoever says whom to believe, or who they are, asks for it.
        let roots = "at roots \"ca.pem\"";
        assert_eq!(traced(roots, "param at: url"), [("tls", "\"ca.pem\"".to_owned()), whole(roots)]);
        let shown = "at certificate \"own.pem\" key \"own.key\"";
        assert_eq!(traced(shown, "param at: url"), [("tls", "\"own.pem\"".to_owned()), whole(shown)]);
    }
}
