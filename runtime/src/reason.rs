//! Why the gateway itself answered, or gave up: one word each, the same in the answer, its `Proxy-Status` field and
//! the log.

/// One cause. [`Reason::word`] is its name everywhere outside this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The word.
    pub word: &'static str,
    /// The status of the answer, where one can still be sent.
    pub status: u16,
    /// The error type of RFC 9209 section 2.3.
    pub error: &'static str,
    /// One sentence for the client; nothing internal.
    pub detail: &'static str,
    /// Its place in [`Reason::ALL`].
    pub number: u16,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $word:literal $status:literal $error:literal $detail:literal;)*) => {
        #[repr(u16)]
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "the names of the constants")]
        enum Number {
            $($name),*
        }

        impl Reason {
            $($(#[$doc])* pub const $name: Self = Self {
                word: $word,
                status: $status,
                error: $error,
                detail: $detail,
                number: Number::$name as u16,
            };)*

            /// All reasons, in the order of an exchange.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

reasons! {
    /// RFC 9112 section 2.2: not a request line, or a field line that is none.
    MALFORMED_HEAD "malformed_head" 400 "http_request_error" "the head of the request is malformed";
    /// RFC 9112 section 2.2: a line must end with CR LF here.
    BARE_LINE_FEED "bare_line_feed" 400 "http_request_error" "a line of the head does not end with CR LF";
    /// RFC 9110 section 15.6.6.
    VERSION_UNSUPPORTED "version_unsupported" 505 "http_request_error" "only HTTP/1.0 and HTTP/1.1 are spoken here";
    /// RFC 6585 section 5.
    HEAD_TOO_LARGE "head_too_large" 431 "http_request_error" "the head of the request is too large";
    /// RFC 6585 section 5.
    TOO_MANY_FIELDS "too_many_fields" 431 "http_request_error" "the head of the request has too many fields";
    /// RFC 9110 section 15.5.15.
    TARGET_TOO_LONG "target_too_long" 414 "http_request_error" "the request target is too long";
    /// RFC 9110 section 15.5.9.
    HEAD_TIMEOUT "head_timeout" 408 "http_request_error" "the head of the request did not arrive in time";
    /// RFC 9112 section 3.2.
    HOST_MISSING "host_missing" 400 "http_request_error" "the request has no Host field";
    /// RFC 9112 section 3.2.
    HOST_REPEATED "host_repeated" 400 "http_request_error" "the request has more than one Host field";
    /// RFC 9112 section 3.2.
    HOST_INVALID "host_invalid" 400 "http_request_error" "the Host field is not a host and an optional port";
    /// RFC 9112 section 3.2.2: stricter than the RFC, which lets the target win.
    HOST_DISAGREES "host_disagrees" 400 "http_request_error" "the request target and the Host field name different hosts";
    /// Only a proxy that is trusted can say it.
    FORWARDING_INVALID "forwarding_invalid" 400 "http_request_error" "what a proxy says of the client cannot be read";
    /// RFC 9112 section 6.3.
    LENGTH_INVALID "length_invalid" 400 "http_request_error" "the Content-Length field is not one number";
    /// RFC 9112 section 6.1.
    LENGTH_AND_CODING "length_and_coding" 400 "http_request_error" "the request has both Content-Length and Transfer-Encoding";
    /// RFC 9112 section 6.1.
    CODING_UNSUPPORTED "coding_unsupported" 400 "http_request_error" "the Transfer-Encoding of the request is not exactly chunked";
    /// RFC 9112 section 3.2.
    TARGET_INVALID "target_invalid" 400 "http_request_error" "the request target is malformed";
    /// RFC 3986 section 2.1.
    ESCAPE_INVALID "escape_invalid" 400 "http_request_error" "the path has a malformed percent escape";
    /// A separator in disguise: `%2F`, a backslash or its escape, or NUL.
    ENCODED_SEPARATOR "encoded_separator" 400 "http_request_error" "the path has an encoded slash, a backslash or NUL";
    /// RFC 3986 section 3.3: servers disagree on `;`.
    PATH_PARAMETER "path_parameter" 400 "http_request_error" "the path has a semicolon";
    /// `//` inside a path.
    EMPTY_SEGMENT "empty_segment" 400 "http_request_error" "the path has an empty segment";
    /// RFC 3986 section 5.2.4.
    ABOVE_ROOT "above_root" 400 "http_request_error" "the path climbs above the root";
    /// The decoded path is not UTF-8.
    PATH_NOT_UTF8 "path_not_utf8" 400 "http_request_error" "the path is not UTF-8";
    /// RFC 9110 section 10.1.1.
    EXPECTATION_FAILED "expectation_failed" 417 "http_request_error" "the expectation of the request is not supported";
    /// RFC 9110 section 9.3.6.
    CONNECT_UNSUPPORTED "connect_unsupported" 501 "http_request_error" "CONNECT is not supported";
    /// No route matches the path.
    NOT_FOUND "not_found" 404 "http_request_error" "nothing is served at this path";
    /// RFC 9110 section 15.5.6.
    METHOD_NOT_ALLOWED "method_not_allowed" 405 "http_request_error" "the method is not allowed at this path";
    /// RFC 9110 section 15.5.2: `require`.
    CREDENTIAL_MISSING "credential_missing" 401 "http_request_denied" "the request does not say who it is from";
    /// RFC 9110 section 15.5.2: `require`, `identify`.
    CREDENTIAL_INVALID "credential_invalid" 401 "http_request_denied" "what the request says of whom it is from is not accepted";
    /// `require`, `identify`: nobody can be known now.
    IDENTITY_UNAVAILABLE "identity_unavailable" 503 "proxy_internal_response" "it cannot be found out whom the request is from";
    /// `auth … basic`: nobody more may wait until a password is verified.
    PASSWORDS_FULL "passwords_full" 503 "proxy_internal_response" "the gateway has as many passwords to verify as it may have";
    /// `auth … basic`: the wait was too long.
    PASSWORDS_TIMEOUT "passwords_timeout" 503 "proxy_internal_response" "the gateway has not verified the password in time";
    /// `auth … forward`: whoever is asked refuses.
    AUTH_REFUSED "auth_refused" 403 "http_request_denied" "the request is refused by whom the gateway asks";
    /// `auth … forward`: nobody answers, or with a failure.
    AUTH_UNAVAILABLE "auth_unavailable" 503 "destination_unavailable" "it cannot be found out now whether the request may come";
    /// `auth … forward`: the answer was too late.
    AUTH_TIMEOUT "auth_timeout" 503 "http_response_timeout" "it was not found out in time whether the request may come";
    /// `auth … forward`: what was answered is no answer to that.
    AUTH_UNREADABLE "auth_unreadable" 503 "http_protocol_error" "the gateway was told what it cannot read of whether the request may come";
    /// `only`.
    NOT_ALLOWED "not_allowed" 403 "http_request_denied" "the request is not allowed";
    /// `deny`.
    DENIED "denied" 403 "http_request_denied" "the request is denied";
    /// `let … else`.
    VALUE_MISSING "value_missing" 404 "http_request_denied" "nothing is known of what the request names";
    /// `query`, `header`, `cookie`.
    WRONG_FIELDS "wrong_fields" 400 "http_request_error" "fields of the request are missing or wrong";
    /// RFC 9110 section 5.5: part of the request stands in a field that a route sets.
    EDIT_INVALID "edit_invalid" 400 "http_request_error" "the request has a control character where none can be";
    /// RFC 3986 section 3.3: a value that is no part of one segment stands in a target.
    SEGMENT_INVALID "segment_invalid" 400 "http_request_error" "the request has a value that cannot stand in a path";
    /// RFC 6585 section 4.
    LIMITED "limited" 429 "http_request_denied" "there are too many requests";
    /// `limit … ban`.
    BANNED "banned" 429 "http_request_denied" "there were too many requests, and a time without them has to pass";
    /// RFC 9110 section 15.5.14.
    BODY_TOO_LARGE "body_too_large" 413 "http_request_error" "the body of the request is too large";
    /// RFC 9110 section 15.5.16: `body` with a type.
    WRONG_MEDIA_TYPE "wrong_media_type" 415 "http_request_error" "the body of the request is not said to be plain JSON";
    /// `body` with a type.
    WRONG_BODY "wrong_body" 400 "http_request_error" "the body of the request is not what is expected";
    /// The room of the process for whole bodies is taken.
    BODIES_FULL "bodies_full" 503 "connection_limit_reached" "the gateway has no room for the body now";
    /// `aggregate`: of a branch that is required.
    BRANCH_STATUS "branch_status" 502 "http_response_incomplete" "a server behind the gateway has not given its part of the answer";
    /// `aggregate`: of a branch that is required. RFC 9110 sections 15.3.5 and 15.3.6.
    BRANCH_EMPTY "branch_empty" 502 "http_response_incomplete" "a server behind the gateway said that there is nothing where its part of the answer should be";
    /// `aggregate`: of a branch that is required.
    BRANCH_UNREADABLE "branch_unreadable" 502 "http_protocol_error" "a server behind the gateway gave its part of the answer in another form";
    /// `aggregate`: of a branch that is required.
    BRANCH_TOO_LARGE "branch_too_large" 502 "http_response_body_size" "a server behind the gateway gave too large a part of the answer";
    /// `aggregate`: of a branch that is required.
    BRANCH_TOO_MANY "branch_too_many" 502 "http_protocol_error" "a part of the answer would take too many requests";
    /// `handler`: the function has given no answer that can be sent.
    HANDLER_FAILED "handler_failed" 500 "proxy_internal_error" "what answers here has failed";
    /// `handler`.
    HANDLER_TIMEOUT "handler_timeout" 504 "proxy_internal_response" "what answers here has not done so in time";
    /// RFC 9110 section 15.5.9.
    BODY_TIMEOUT "body_timeout" 408 "http_request_error" "the body of the request stopped arriving";
    /// RFC 9112 section 7.1.
    CHUNK_INVALID "chunk_invalid" 400 "http_request_error" "the chunked body of the request is malformed";
    /// RFC 9112 section 7.1.2.
    TRAILER_INVALID "trailer_invalid" 400 "http_request_error" "the trailers of the request are malformed or too large";
    /// The client went away before its request was complete; there is nobody to answer.
    CLIENT_CLOSED "client_closed" 400 "connection_terminated" "the client closed the connection";
    /// The client stopped reading its answer.
    CLIENT_STALLED "client_stalled" 408 "connection_write_timeout" "the client stopped reading";
    /// `balance`: no server is in.
    UPSTREAM_UNAVAILABLE "upstream_unavailable" 503 "destination_unavailable" "no server behind the gateway is available";
    /// RFC 8446 section 4.4.2.4: whoever answers there is not, or cannot be shown to be, the server that is meant.
    UPSTREAM_CERTIFICATE_INVALID "upstream_certificate_invalid" 502 "tls_certificate_error" "the certificate of the server behind the gateway is not accepted";
    /// RFC 8446 section 4.1: no handshake, for whatever other reason.
    UPSTREAM_TLS_FAILED "upstream_tls_failed" 502 "tls_protocol_error" "the server behind the gateway cannot be spoken to over TLS";
    /// No server has an address: their names were not found.
    UPSTREAM_UNRESOLVED "upstream_unresolved" 502 "dns_error" "the server behind the gateway cannot be found";
    /// `concurrency`: nobody more may wait.
    QUEUE_FULL "queue_full" 503 "connection_limit_reached" "the servers behind the gateway have as many requests as they may have";
    /// `concurrency`: the wait was too long.
    QUEUE_TIMEOUT "queue_timeout" 503 "connection_limit_reached" "the servers behind the gateway were busy for too long";
    /// `breaker`: too many requests have failed.
    BREAKER_OPEN "breaker_open" 503 "destination_unavailable" "the servers behind the gateway fail and are left alone for a while";
    /// Nothing listens at the server's address.
    UPSTREAM_REFUSED "upstream_refused" 502 "connection_refused" "the server behind the gateway refused the connection";
    /// No way to the server's address.
    UPSTREAM_UNREACHABLE "upstream_unreachable" 502 "destination_ip_unroutable" "the server behind the gateway cannot be reached";
    /// The connection was not made in time.
    UPSTREAM_CONNECT_TIMEOUT "upstream_connect_timeout" 504 "connection_timeout" "the server behind the gateway did not accept the connection in time";
    /// The server closed the connection before its answer's head was complete.
    UPSTREAM_CLOSED "upstream_closed" 502 "connection_terminated" "the server behind the gateway closed the connection";
    /// No head of an answer in time.
    UPSTREAM_TIMEOUT "upstream_timeout" 504 "http_response_timeout" "the server behind the gateway did not answer in time";
    /// The server took or sent no further byte of a body in time.
    UPSTREAM_STALLED "upstream_stalled" 504 "connection_read_timeout" "the server behind the gateway stalled";
    /// RFC 9112 section 4.
    UPSTREAM_MALFORMED "upstream_malformed" 502 "http_protocol_error" "the server behind the gateway sent a malformed answer";
    /// The head of the answer is over its bound.
    UPSTREAM_HEAD_TOO_LARGE "upstream_head_too_large" 502 "http_response_header_section_size" "the server behind the gateway sent too large a head";
    /// RFC 9112 section 6.3: the answer cannot be framed.
    UPSTREAM_FRAMING "upstream_framing" 502 "http_response_transfer_coding" "the server behind the gateway sent an answer that cannot be framed";
    /// The answer ended before its body did.
    UPSTREAM_TRUNCATED "upstream_truncated" 502 "http_response_incomplete" "the server behind the gateway sent an incomplete answer";
    /// RFC 9110 section 15.2.2: nobody asked for it.
    UPSTREAM_UPGRADED "upstream_upgraded" 502 "http_upgrade_failed" "the server behind the gateway changed the protocol unasked";
    /// A bug of the gateway; the connection's task was unwound.
    PANIC "panic" 500 "proxy_internal_error" "the gateway failed";
    /// The gateway stopped before the exchange was done.
    DRAINED "drained" 503 "proxy_internal_response" "the gateway is stopping";
    /// `capacity`: as many requests as may be under way are.
    OVERLOADED "overloaded" 503 "proxy_internal_response" "the gateway has as many requests as it may have";
}

/// The phrase of a status (RFC 9110 section 15).
#[must_use]
pub fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        418 => "I'm a Teapot",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        423 => "Locked",
        424 => "Failed Dependency",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        507 => "Insufficient Storage",
        508 => "Loop Detected",
        511 => "Network Authentication Required",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_word_is_said_once_and_every_status_has_a_phrase() {
        let words: HashSet<_> = Reason::ALL.iter().map(|reason| reason.word).collect();
        assert_eq!(words.len(), Reason::ALL.len());
        for (number, reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(usize::from(reason.number), number, "{}", reason.word);
            assert!(!phrase(reason.status).is_empty(), "{}", reason.word);
            assert!(!reason.detail.is_empty() && !reason.detail.contains('"'));
        }
    }
}
