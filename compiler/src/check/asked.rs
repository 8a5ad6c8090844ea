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
}
