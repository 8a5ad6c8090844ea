//! What a function may answer: nothing, a text, a response of the `http` crate, or a failure instead of these.

use std::fmt::{self, Display, Write as _};

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};

/// Bytes of the fields of an answer, names and values.
const FIELDS: usize = 32 * 1024;

/// Characters of a failure that are logged.
const TOLD: usize = 500;

/// Fields that say how a message is sent, or when: those are the gateway's to write (RFC 9112 section 6, RFC 9110 section 7.6.1).
const OWN: &[&str] = &[
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// An answer that can be sent.
#[derive(Debug)]
pub struct Answer(pub(super) Response<Vec<u8>>);

/// Why there is none, in words for the log.
#[derive(Debug)]
pub struct Failed(pub(super) String);

/// What a handler may give.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing that a handler can answer",
    note = "a handler answers with `()`, `String`, `&'static str`, `http::Response<…>` of bytes or text, or a `Result` of these \
            whose error can be displayed"
)]
pub trait IntoAnswer {
    /// The answer, or why there is none.
    ///
    /// # Errors
    ///
    /// What the function says of its failure, or why its answer cannot be sent.
    fn into_answer(self) -> Result<Answer, Failed>;
}

/// 204.
impl IntoAnswer for () {
    fn into_answer(self) -> Result<Answer, Failed> {
        let mut response = Response::new(Vec::new());
        *response.status_mut() = http::StatusCode::NO_CONTENT;
        Ok(Answer(response))
    }
}

/// 200, and plain text.
impl IntoAnswer for String {
    fn into_answer(self) -> Result<Answer, Failed> {
        Ok(text(self.into_bytes()))
    }
}

/// 200, and plain text.
impl IntoAnswer for &'static str {
    fn into_answer(self) -> Result<Answer, Failed> {
        Ok(text(self.as_bytes().to_vec()))
    }
}

impl<B: Into<Vec<u8>>> IntoAnswer for Response<B> {
    fn into_answer(self) -> Result<Answer, Failed> {
        let response = self.map(Into::into);
        let status = response.status().as_u16();
        if !(200..=599).contains(&status) {
            return Err(failed(&format_args!(
                "it answers with the status {status}, which is none of an answer"
            )));
        }
        if let Some(name) = OWN.iter().find(|name| response.headers().contains_key(**name)) {
            return Err(failed(&format_args!(
                "it answers with the field `{name}`, which is the gateway's to write"
            )));
        }
        let size: usize =
            response.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if size > FIELDS {
            return Err(failed(&format_args!("it answers with {size} bytes of fields, of at most {FIELDS}")));
        }
        Ok(Answer(response))
    }
}

impl<T: IntoAnswer, E: Display> IntoAnswer for Result<T, E> {
    fn into_answer(self) -> Result<Answer, Failed> {
        self.map_err(|error| failed(&error))?.into_answer()
    }
}

fn text(body: Vec<u8>) -> Answer {
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Answer(response)
}

/// What is said of a failure, and no more of it than a line of the log is good for.
fn failed(why: &dyn Display) -> Failed {
    struct Bounded {
        text: String,
        left: usize,
    }
    impl fmt::Write for Bounded {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            for character in text.chars() {
                self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
                self.text.push(character);
            }
            Ok(())
        }
    }
    let mut said = Bounded { text: String::new(), left: TOLD };
    // What does not fit is left out.
    let _ = write!(said, "{why}");
    Failed(said.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(of: impl IntoAnswer) -> String {
        of.into_answer().unwrap_err().0
    }

    #[test]
    fn what_says_how_it_is_sent_is_no_answer() {
        for name in OWN {
            let response = Response::builder().header(*name, "1").body("x").unwrap();
            assert!(why(response).contains(name), "{name}");
        }
        let response = Response::builder().status(100).body("").unwrap();
        assert_eq!(why(response), "it answers with the status 100, which is none of an answer");
    }

    #[test]
    fn fields_are_bounded() {
        let response = |size| Response::builder().header("x-a", vec![b'a'; size]).body("").unwrap();
        assert!(response(FIELDS - 3).into_answer().is_ok());
        assert_eq!(why(response(FIELDS)), "it answers with 32771 bytes of fields, of at most 32768");
    }

    #[test]
    fn a_failure_is_said_in_bounded_words() {
        assert_eq!(why(Err::<(), _>("no model")), "no model");
        assert_eq!(why(Err::<(), _>("ä".repeat(10_000))), "ä".repeat(TOLD));
    }

    #[test]
    fn texts_and_nothing_are_answers() {
        let Answer(response) = "x".into_answer().unwrap();
        assert_eq!(response.headers().get("content-type").unwrap(), "text/plain; charset=utf-8");
        assert_eq!(().into_answer().unwrap().0.status(), 204);
    }
}
