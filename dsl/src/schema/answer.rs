//! Answers as settings say them: a status, and perhaps a body.

use super::value::Answer;
use super::{Param, Type, convert};
use crate::ast::{AnswerBody, Argument, Text, Value as Written, ValueKind};
use crate::problem::{Problem, setting as wrong, syntax};
use std::iter::Peekable;
use std::slice::Iter;

/// The words of bodies.
const BODIES: &[&str] = &["json", "text", "file"];

/// The answer whose status is this; its body is taken from what follows.
pub(super) fn read(
    param: &Param,
    status: &Written,
    arguments: &mut Peekable<Iter<'_, Argument>>,
) -> Result<Answer, Box<Problem>> {
    let status = convert::status(status, 200, 599).ok_or_else(|| {
        wrong::wrong_type(status.span, &Type::Status(200, 599).to_string(), &convert::found(&status.kind))
    })?;
    let is_body = |argument: &&Argument| matches!(argument, Argument::Value(value) if BODIES.iter().any(|word| value.is_word(word)));
    let Some(Argument::Value(word)) = arguments.next_if(is_body) else {
        return Ok(Answer { status, body: None });
    };
    let missing = |what: &str| Box::new(syntax::missing_value(word.span.after(), what, param.name));
    let Some(Argument::Value(value)) = arguments.next() else { return Err(missing("a body")) };
    let body = if word.is_word("json") {
        AnswerBody::Json(value.clone())
    } else if word.is_word("text") {
        AnswerBody::Text(value.clone())
    } else {
        match &value.kind {
            ValueKind::Text(path) => AnswerBody::File(Text { span: value.span, value: path.clone() }),
            kind => {
                return Err(Box::new(wrong::wrong_type(
                    value.span,
                    "the name of a file",
                    &convert::found(kind),
                )));
            }
        }
    };
    Ok(Answer { status, body: Some(body) })
}
