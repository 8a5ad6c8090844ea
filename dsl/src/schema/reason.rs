//! Why a gateway answers by itself: the words, so that settings can name them. When each is given is the runtime's.

use super::{Value, Values};

/// An answer that a gateway may give in the upstream's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// The word in log, metric and header.
    pub name: &'static str,
    /// The status.
    pub status: u16,
    /// When.
    pub when: &'static str,
    /// The parameter of its setting that gives another status.
    pub status_of: Option<&'static str>,
    /// The parameter without which its setting never gives it.
    pub with: Option<&'static str>,
    /// The parameters with which its setting never gives it.
    pub without: &'static [&'static str],
    /// Whether the tests of a gateway are to bring it about.
    pub in_tests: InTests,
}

/// Whether the tests of a gateway are to bring an answer about where its setting is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InTests {
    /// They are.
    Yes,
    /// Where this parameter is written too.
    With(&'static str),
    /// They cannot, or need what most gateways do not have: many requests at once, a message that stops halfway, a value that is
    /// no text of a field.
    No,
}

impl Reason {
    /// One that its setting always may give, with one status.
    #[must_use]
    pub const fn new(name: &'static str, status: u16, when: &'static str) -> Self {
        Self { name, status, when, status_of: None, with: None, without: &[], in_tests: InTests::Yes }
    }

    /// The same, not expected of tests.
    #[must_use]
    pub const fn not_in_tests(self) -> Self {
        Self { in_tests: InTests::No, ..self }
    }

    /// The same, expected of tests where this parameter is written.
    #[must_use]
    pub const fn in_tests_with(self, name: &'static str) -> Self {
        Self { in_tests: InTests::With(name), ..self }
    }

    /// Whether tests are to bring it about where a setting of these values holds.
    #[must_use]
    pub fn is_tested(&self, values: &Values) -> bool {
        let is_asked = match self.in_tests {
            InTests::Yes => true,
            InTests::With(name) => values.written(name).is_some(),
            InTests::No => false,
        };
        is_asked && self.given(values).is_some()
    }

    /// The status with which a setting of these values gives it; `None` where it never does.
    #[must_use]
    pub fn given(&self, values: &Values) -> Option<u16> {
        let is_written = |name: &str| values.written(name).is_some();
        // A word in the place of a type stands for none.
        let is_given =
            |name: &str| values.written(name).is_some_and(|value| !matches!(value, Value::Word(_)));
        if self.with.is_some_and(|name| !is_given(name)) || self.without.iter().any(|name| is_written(name)) {
            return None;
        }
        match self.status_of.and_then(|name| values.value(name)) {
            Some(Value::Status(status)) => Some(*status),
            _ => Some(self.status),
        }
    }
}

/// Where the servers have names.
pub const UNRESOLVED: Reason =
    Reason::new("upstream_unresolved", 502, "no server has an address: their names were not found");

/// Where servers are spoken to over TLS.
pub const SECURED: &[Reason] = &[
    Reason::new("upstream_certificate_invalid", 502, "the certificate of the server is not accepted"),
    Reason::new("upstream_tls_failed", 502, "the server cannot be spoken to over TLS"),
];

/// Those of an answer that is made of several.
pub const AGGREGATED: &[Reason] = &[
    Reason::new(
        "branch_status",
        502,
        "a server that is required has answered with a status that is no success",
    ),
    Reason::new("branch_empty", 502, "a server that is required has answered without content"),
    Reason::new("branch_unreadable", 502, "the answer of a server that is required is not of its type"),
    Reason::new("branch_too_large", 502, "the answer of a server that is required is larger than `max`"),
    Reason::new("branch_too_many", 502, "there are more values than a `for` that is required may have calls"),
    Reason::new("bodies_full", 503, "the answers that are kept take all the room that there is for them"),
    Reason::new("upstream_timeout", 504, "a server that is required has not answered in time"),
    Reason::new("edit_invalid", 400, "a value for a field of a branch holds what no field may hold"),
];

/// Those of a function of the operator's that answers.
pub const HANDLED: &[Reason] = &[
    Reason::new("handler_failed", 500, "the function has failed, or its answer cannot be sent"),
    Reason::new("handler_timeout", 504, "the function has not answered in its time"),
    Reason::new("panic", 500, "the function has panicked"),
];

/// Those that belong to no setting, of exchanges that are forwarded and whose client can still be answered.
pub const CORE: &[Reason] = &[
    Reason::new("chunk_invalid", 400, "the chunked body of the request is malformed"),
    Reason::new("trailer_invalid", 400, "the trailers of the request are malformed or too large"),
    Reason::new("upstream_refused", 502, "no server accepted the connection"),
    Reason::new("upstream_unreachable", 502, "no server can be reached"),
    Reason::new(
        "upstream_closed",
        502,
        "the server closed the connection before the head of its answer was complete",
    ),
    Reason::new("upstream_malformed", 502, "the head of the answer is malformed"),
    Reason::new("upstream_head_too_large", 502, "the head of the answer is too large"),
    Reason::new("upstream_framing", 502, "the answer cannot be framed"),
    Reason::new("upstream_upgraded", 502, "the server changed the protocol unasked"),
    Reason::new("drained", 503, "the gateway stopped before the exchange was done"),
];

/// Those of requests that no route has, and of the gateway as a whole, as far as a request that can be read meets them.
pub const BEFORE: &[Reason] = &[
    Reason::new("host_invalid", 400, "the `Host` field is not a host and an optional port"),
    Reason::new("forwarding_invalid", 400, "what a proxy says of the client cannot be read"),
    Reason::new("target_invalid", 400, "the request target is malformed"),
    Reason::new("escape_invalid", 400, "the path has a malformed percent escape"),
    Reason::new("encoded_separator", 400, "the path has an encoded slash, a backslash or NUL"),
    Reason::new("path_parameter", 400, "the path has a semicolon"),
    Reason::new("empty_segment", 400, "the path has an empty segment"),
    Reason::new("above_root", 400, "the path climbs above the root"),
    Reason::new("path_not_utf8", 400, "the path is not UTF-8"),
    Reason::new("not_found", 404, "no route has the path"),
    Reason::new("method_not_allowed", 405, "routes have the path, and none of them the method"),
    Reason::new("target_too_long", 414, "the request target is too long"),
    Reason::new("expectation_failed", 417, "the expectation of the request is not supported"),
    Reason::new("head_too_large", 431, "the head of the request is too large"),
    Reason::new("too_many_fields", 431, "the head of the request has too many fields"),
    Reason::new("connect_unsupported", 501, "CONNECT is not supported"),
    Reason::new("overloaded", 503, "the gateway has as many requests as it may have"),
];
