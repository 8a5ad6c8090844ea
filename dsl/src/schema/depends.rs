//! What something needs while the gateway runs that may not be there, and what becomes of requests then. No row leaves that open.

use std::fmt;

/// Something that may not be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Depends {
    /// What is needed.
    pub on: &'static str,
    /// What becomes of requests without it.
    pub fails: Fails,
}

/// What becomes of requests where something is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fails {
    /// They are refused, for one of these reasons.
    Closed(&'static [&'static str]),
    /// They go on without it, and this says so.
    Open(&'static str),
    /// What was known last goes on to hold, and this says so, or until when.
    Kept(&'static str),
}

impl Depends {
    /// Requests are refused without it.
    #[must_use]
    pub const fn closed(on: &'static str, reasons: &'static [&'static str]) -> Self {
        Self { on, fails: Fails::Closed(reasons) }
    }

    /// Requests go on without it.
    #[must_use]
    pub const fn open(on: &'static str, said: &'static str) -> Self {
        Self { on, fails: Fails::Open(said) }
    }

    /// What was known last goes on to hold.
    #[must_use]
    pub const fn kept(on: &'static str, said: &'static str) -> Self {
        Self { on, fails: Fails::Kept(said) }
    }

    /// The reasons for which requests are refused without it.
    #[must_use]
    pub const fn reasons(&self) -> &'static [&'static str] {
        match self.fails {
            Fails::Closed(reasons) => reasons,
            Fails::Open(_) | Fails::Kept(_) => &[],
        }
    }
}

impl fmt::Display for Depends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fails {
            Fails::Closed(reasons) => write!(f, "needs {}, else refuses: {}", self.on, reasons.join(", ")),
            Fails::Open(said) => write!(f, "needs {}, else goes on without: {said}", self.on),
            Fails::Kept(said) => write!(f, "needs {}, else goes on with the last: {said}", self.on),
        }
    }
}

/// Room for what is read as a whole. Every row that reads so has this one.
pub const ROOM: Depends =
    Depends::closed("room for what is read as a whole, which the process has once", &["bodies_full"]);

/// A server that answers in time. What waits for one has this one.
pub const IN_TIME: Depends = Depends::closed(
    "a server that answers in time",
    &["upstream_connect_timeout", "upstream_timeout", "upstream_stalled"],
);

/// A server that is whom it should be. What speaks TLS to servers has this one.
pub const CERTIFIED: Depends = Depends::closed(
    "a server whose certificate is accepted",
    &["upstream_certificate_invalid", "upstream_tls_failed"],
);

/// Files of who may come. Each kind of `auth` that has such files has this one.
pub const FILES: Depends = Depends::kept(
    "its files, where it has any, as they were read last",
    "standard error, and `gatewright_auth_file_refused` is 1 until they are right",
);

/// What each way of a route to end needs, and the gateway itself, beside what rows say: by the words for them.
pub const OWN: &[(&str, Depends)] = &[
    (
        "`->`",
        Depends::closed(
            "a server that takes connections, and whose answers can be read",
            &[
                "upstream_refused",
                "upstream_unreachable",
                "upstream_closed",
                "upstream_malformed",
                "upstream_head_too_large",
                "upstream_framing",
                "upstream_truncated",
                "upstream_upgraded",
            ],
        ),
    ),
    (
        "`dns`",
        Depends::closed(
            "an address for the name of a server, which is used for as long as `stale` says where none is found",
            &["upstream_unresolved"],
        ),
    ),
    ("`https` towards servers", CERTIFIED),
    (
        "`aggregate`",
        Depends::closed(
            "an answer of each branch that is `required`; what is said with `else` stands in the place of others, and the answer names them",
            &["branch_status", "branch_empty", "branch_unreadable", "branch_too_large", "branch_too_many"],
        ),
    ),
    ("`aggregate`", ROOM),
    ("`aggregate`", IN_TIME),
    ("`handler`", Depends::closed("a function that answers in time", &["handler_failed", "handler_timeout"])),
    ("the gateway", Depends::closed("a gateway without a bug, and functions that do not panic", &["panic"])),
    ("the gateway", Depends::closed("a gateway that goes on to run", &["drained"])),
    ("`capacity`", Depends::closed("room for one more request", &["overloaded"])),
    (
        "`live … from`",
        Depends::kept(
            "its file, whole and of the type",
            "standard error, and `gatewright_live_file_refused` is 1 until it is right",
        ),
    ),
    ("`trace`", Depends::open("the collector", "`gatewright_trace_spans_dropped_total`")),
];
