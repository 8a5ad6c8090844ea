//! What can go wrong with a request, as settings name it: a status, a class of them, or a word.

use crate::reason::Reason;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// This status.
    Status(u16),
    /// A status of this class: 500 stands for 500 to 599.
    Class(u16),
    /// This reason; `connect_failure` stands for all in which no connection was made.
    Reason(&'static str),
}

impl Cause {
    /// How closely it names a reason: its class 0, its status 1, itself 2.
    pub(crate) fn closeness(self, reason: Reason) -> Option<u8> {
        match self {
            Self::Class(class) => (reason.status / 100 == class / 100).then_some(0),
            Self::Status(wanted) => (reason.status == wanted).then_some(1),
            Self::Reason(word) => (reason.word == word).then_some(2),
        }
    }

    /// Whether it names the status of a server's answer.
    pub(crate) fn is_status(self, status: u16) -> bool {
        match self {
            Self::Class(class) => status / 100 == class / 100,
            Self::Status(wanted) => status == wanted,
            Self::Reason(_) => false,
        }
    }

    /// Whether it names a reason for which there is no answer of a server.
    pub(crate) fn is_failure(self, reason: Reason) -> bool {
        match self {
            Self::Reason("connect_failure") => is_connect_failure(reason),
            Self::Reason(word) => reason.word == word,
            Self::Class(_) | Self::Status(_) => false,
        }
    }
}

/// Whether an answer of this status is among the failures that are named; where none are, those of 500 to 599 are.
pub(crate) fn names_status(on: Option<&[Cause]>, status: u16) -> bool {
    on.map_or(status >= 500, |on| on.iter().any(|cause| cause.is_status(status)))
}

/// Whether it is one that there is no answer, for this reason; where none are named, it is.
pub(crate) fn names_failure(on: Option<&[Cause]>, reason: Reason) -> bool {
    on.is_none_or(|on| on.iter().any(|cause| cause.is_failure(reason)))
}

/// Whether no connection was made, so that no server has seen the request.
pub(crate) fn is_connect_failure(reason: Reason) -> bool {
    let all = [
        Reason::UPSTREAM_REFUSED,
        Reason::UPSTREAM_UNREACHABLE,
        Reason::UPSTREAM_CONNECT_TIMEOUT,
        Reason::UPSTREAM_CERTIFICATE_INVALID,
        Reason::UPSTREAM_TLS_FAILED,
    ];
    all.contains(&reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_names_a_failure_and_a_number_an_answer() {
        assert!(Cause::Reason("connect_failure").is_failure(Reason::UPSTREAM_UNREACHABLE));
        assert!(!Cause::Reason("connect_failure").is_failure(Reason::UPSTREAM_CLOSED));
        assert!(Cause::Reason("upstream_closed").is_failure(Reason::UPSTREAM_CLOSED));
        // 502 is what a server says, not what the gateway would say in its place.
        assert!(!Cause::Status(502).is_failure(Reason::UPSTREAM_CLOSED));
        assert!(Cause::Status(502).is_status(502) && Cause::Class(500).is_status(502));
        assert!(!Cause::Class(400).is_status(502) && !Cause::Reason("upstream_closed").is_status(502));
    }
}
