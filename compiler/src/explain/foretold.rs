//! The answer of the gateway's own that a request will have, as far as the request alone says it. It names no policy: what
//! answers in the place of another is known by what it holds, causes and an answer.

use gatewright_dsl::policy::Hook;
use gatewright_dsl::schema::{Cause, Source, Value as Written};

use super::Verdict;
use super::scene::Scene;
use super::value::Open;
use crate::ir::{Chain, Content, EndKind, Field, Piece, StepTable};

/// What the gateway will answer by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foretold {
    /// The status of the answer.
    pub status: u16,
    /// The reason, as the log names it.
    pub reason: &'static str,
    /// No step before it may refuse the request for what a request does not say.
    pub is_sure: bool,
    /// The status of the answer that a setting gives in its place.
    pub instead: Option<u16>,
}

/// What is refused in a path: 400.
const SEGMENT_INVALID: &str = "segment_invalid";
/// What is refused among the values of fields.
const EDIT_INVALID: &str = "edit_invalid";

impl Scene<'_> {
    /// The first refusal of a route's steps and its end.
    pub(super) fn foretold(&self, chain: &Chain, record: &[usize], verdicts: &[Verdict]) -> Option<Foretold> {
        let is_refusal = |verdict: &&Verdict| matches!(verdict, Verdict::Refuses { .. });
        let end = record.last().map_or(Verdict::Passes, |end| self.end(chain, *end));
        let (at, verdict) = verdicts.iter().chain([&end]).enumerate().find(|(_, it)| is_refusal(it))?;
        let Verdict::Refuses { status, reason, .. } = verdict else { return None };
        let is_sure = !verdicts.iter().take(at).any(|verdict| *verdict == Verdict::Open);
        let steps = chain.steps.iter().zip(record);
        let items = steps.filter_map(|(table, config)| self.program.steps.get(*table)?.configs.get(*config));
        // Of two that name it equally closely, none is the first: no block says one cause twice.
        let instead = items.flatten().flat_map(instead).filter_map(|(causes, answer)| {
            let closest = causes.iter().filter_map(|cause| closeness(cause, *status, reason)).max()?;
            Some((closest, answer))
        });
        let instead = instead.max_by_key(|(closest, _)| *closest).map(|(_, answer)| answer);
        Some(Foretold { status: *status, reason, is_sure, instead })
    }

    /// What the end of a chain does: no value that begins another segment, or is one that servers resolve, is sent.
    fn end(&self, chain: &Chain, end: usize) -> Verdict {
        let ends = &self.program.ends;
        let pieces = match chain.end {
            Some(EndKind::Forward) => ends.forwards.get(end).and_then(|(_, target)| target.as_deref()),
            Some(EndKind::Redirect) => ends.redirects.get(end).map(|(_, target)| target.as_slice()),
            _ => None,
        };
        match pieces.map_or(Ok(true), |pieces| self.is_path(pieces)) {
            Ok(true) => Verdict::Passes,
            Ok(false) => Verdict::Refuses { status: 400, reason: SEGMENT_INVALID, wrong: Vec::new() },
            Err(_) => Verdict::Open,
        }
    }

    /// Whether the values of a target can stand in its path.
    fn is_path(&self, pieces: &[Piece]) -> Result<bool, Open> {
        let mut segment: Vec<u8> = Vec::new();
        let mut has_value = false;
        let is_whole = |segment: &[u8], has_value: bool| !has_value || !matches!(segment, b"" | b"." | b"..");
        for piece in pieces {
            let spelled = match piece {
                Piece::Value(number) => {
                    let text = self.text(*number)?;
                    let is_refused = |byte: &u8| b"/\\;".contains(byte) || byte.is_ascii_control();
                    if text.iter().any(is_refused) || std::str::from_utf8(&text).is_err() {
                        return Ok(false);
                    }
                    segment.extend(text);
                    has_value = true;
                    continue;
                }
                Piece::Capture(number) => self.given.text(*number).unwrap_or_default(),
                Piece::Text(text) => text,
                Piece::Query(_) | Piece::Asked => "",
            };
            let path = spelled.split(['?', '#']).next().unwrap_or_default();
            for (at, part) in path.split('/').enumerate() {
                if at > 0 {
                    if !is_whole(&segment, has_value) {
                        return Ok(false);
                    }
                    segment.clear();
                    has_value = false;
                }
                segment.extend(part.bytes());
            }
            if path.len() < spelled.len() {
                break;
            }
        }
        Ok(is_whole(&segment, has_value))
    }

    /// What a step that edits does: no value with a control character becomes a field of the head.
    pub(super) fn edits(&self, table: &StepTable, config: &[Field]) -> Option<Verdict> {
        let reason = table.answers.iter().find(|reason| reason.name == EDIT_INVALID)?;
        let [Field { content: Content::Items(items), .. }] = config else { return None };
        let mut verdict = Verdict::Passes;
        for (word, fields) in items {
            let in_query = |field: &Field| matches!(&field.content, Content::Choice(_, part) if part == Source::Query.word());
            let values = fields.iter().filter_map(|field| match field.content {
                Content::Expr(number) => Some(self.text(number)),
                _ => None,
            });
            for value in values {
                let is_control = |byte: &u8| *byte < b' ' && *byte != b'\t' || *byte == 0x7f;
                match value {
                    Ok(text) if !text.iter().any(is_control) => {}
                    // A pair of the query is spelled, whatever it is.
                    Ok(_) if fields.iter().any(in_query) => {}
                    // A default is written only where there is nothing yet; and answers are edited behind all else.
                    Ok(_) if *word != "default" && table.hooks.contains(&Hook::Request) => {
                        return Some(Verdict::Refuses {
                            status: reason.status,
                            reason: reason.name,
                            wrong: Vec::new(),
                        });
                    }
                    _ => verdict = Verdict::Open,
                }
            }
        }
        Some(verdict)
    }

    fn text(&self, number: usize) -> Result<Vec<u8>, Open> {
        let function = self.program.functions.exprs.get(number).ok_or(Open::Hidden)?;
        self.written(&function.expr)
    }
}

/// The answers that a step gives in the place of others: for which causes, and their status.
fn instead(config: &Field) -> impl Iterator<Item = (Vec<&Cause>, u16)> {
    let items = if let Content::Items(items) = &config.content { items.as_slice() } else { &[] };
    items.iter().filter_map(|(_, fields)| {
        let causes = fields.iter().find_map(|field| match &field.content {
            Content::List(causes) => causes.iter().map(cause).collect::<Option<Vec<_>>>(),
            _ => None,
        })?;
        let answer = fields.iter().find_map(|field| match &field.content {
            Content::Respond(answer) => Some(answer.status),
            _ => None,
        })?;
        Some((causes, answer))
    })
}

fn cause(content: &Content) -> Option<&Cause> {
    if let Content::Value(Written::Cause(cause)) = content { Some(cause) } else { None }
}

/// How closely a cause names a refusal: its class 0, its status 1, itself 2.
fn closeness(cause: &Cause, status: u16, reason: &str) -> Option<u8> {
    match cause {
        Cause::Class(class) => (status / 100 == class / 100).then_some(0),
        Cause::Status(wanted) => (status == *wanted).then_some(1),
        Cause::Reason(word) => (reason == word).then_some(2),
    }
}
