//! The requests that a newcomer is shown. They fit the repository's `gateway.gw`, and `try --once` sends each of them.

/// Where the repository's gateway listens.
pub(crate) const GATEWAY_PORT: u16 = 8080;
/// Where the services listen that it stands in front of.
pub(crate) const SERVICE_PORTS: [u16; 2] = [9001, 9002];

/// A request by curl, and what comes back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown {
    /// What it shows, in a few words.
    pub(crate) what: &'static str,
    /// Words between `curl` and the URL.
    pub(crate) words: &'static [&'static str],
    /// The path of the URL.
    pub(crate) path: &'static str,
    /// The status that it is answered with.
    pub(crate) status: u16,
}

/// THE list.
pub(crate) const REQUESTS: &[Shown] = &[
    Shown { what: "a path of its own for each service", words: &[], path: "/orders/7", status: 200 },
    Shown { what: "what the service saw", words: &[], path: "/users/1", status: 200 },
    Shown { what: "a body goes through", words: &["-d", "{\"sku\":\"tea\"}"], path: "/orders", status: 201 },
    Shown { what: "an answer as it comes", words: &["-N"], path: "/stream", status: 200 },
    Shown { what: "a service that takes too long", words: &["-i"], path: "/slow", status: 504 },
    Shown { what: "a parameter outside its type", words: &["-i"], path: "/orders/x", status: 404 },
    Shown {
        what: "a method that no route has",
        words: &["-i", "-X", "DELETE"],
        path: "/orders/7",
        status: 405,
    },
    Shown { what: "an answer without a service", words: &[], path: "/status", status: 200 },
];

impl Shown {
    /// The line to type.
    pub(crate) fn line(&self) -> String {
        let quote = |word: &&str| if word.contains('"') { format!("'{word}'") } else { (*word).to_owned() };
        let words: Vec<String> = self.words.iter().map(quote).collect();
        ["curl".to_owned()].into_iter().chain(words).chain([self.url()]).collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{GATEWAY_PORT}{}", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_can_be_typed_as_it_is() {
        let shown = Shown { what: "", words: &["-d", "{\"a\":1}"], path: "/b", status: 200 };
        assert_eq!(shown.line(), "curl -d '{\"a\":1}' http://127.0.0.1:8080/b");
    }
}
