//! Why a gateway answers by itself: the words, so that settings can name them. When each is given is the runtime's.

/// An answer that a gateway may give in the upstream's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// The word in log, metric and header.
    pub name: &'static str,
    /// The status.
    pub status: u16,
    /// When.
    pub when: &'static str,
}

/// Those that belong to no setting, of exchanges whose route is known and whose client can still be answered.
pub const CORE: &[Reason] = &[
    reason("expectation_failed", 417, "the request expects something else than `100-continue`"),
    reason("chunk_invalid", 400, "the chunked body of the request is malformed"),
    reason("trailer_invalid", 400, "the trailers of the request are malformed or too large"),
    reason("upstream_refused", 502, "no server accepted the connection"),
    reason("upstream_unreachable", 502, "no server can be reached"),
    reason(
        "upstream_closed",
        502,
        "the server closed the connection before the head of its answer was complete",
    ),
    reason("upstream_malformed", 502, "the head of the answer is malformed"),
    reason("upstream_head_too_large", 502, "the head of the answer is too large"),
    reason("upstream_framing", 502, "the answer cannot be framed"),
    reason("upstream_upgraded", 502, "the server changed the protocol unasked"),
    reason("drained", 503, "the gateway stopped before the exchange was done"),
];

const fn reason(name: &'static str, status: u16, when: &'static str) -> Reason {
    Reason { name, status, when }
}
