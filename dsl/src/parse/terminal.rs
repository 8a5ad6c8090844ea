//! What a route does: `->`, `respond`, `redirect`, `handler`.

use super::reader::Reader;
use super::{Pair, Rule};
use crate::ast::{
    AnswerBody, Handler, Status, Target, Template, TemplatePart, Terminal, TerminalKind, Text, Value,
    ValueKind,
};
use crate::problem::{path, setting, syntax};
use crate::schema::{Source, url};
use crate::source::Span;

const REDIRECTS: &[u16] = &[301, 302, 303, 307, 308];
const JSON: &str = "a JSON value: a record, a list, a string, a number, `true` or `false`";

impl Reader<'_> {
    /// A terminal; `None` if something is missing or wrong, which is then reported.
    pub(super) fn terminal(&mut self, pair: Pair<'_>) -> Option<Terminal> {
        let inner = pair.into_inner().next()?;
        let span = self.span(&inner);
        let kind = match inner.as_rule() {
            Rule::forward => self.forward(inner),
            Rule::respond => self.respond(inner),
            Rule::redirect => self.redirect(inner),
            Rule::handler => self.handler(inner),
            _ => None,
        }?;
        Some(Terminal { span, kind })
    }

    fn forward(&mut self, pair: Pair<'_>) -> Option<TerminalKind> {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let Some(name) = parts.next() else {
            return self.lacks(span, "the name of an upstream", "->");
        };
        if name.as_rule() == Rule::misfit {
            let (at, found) = (self.span(&name), name.as_str());
            self.report(syntax::no_upstream(at, found));
            return None;
        }
        let upstream = self.name(&name);
        let Some(path) = parts.next() else { return Some(TerminalKind::Forward { upstream, path: None }) };
        let (path, _) = self.template(path)?;
        if self.has_query(&path) {
            return None;
        }
        Some(TerminalKind::Forward { upstream, path: Some(path) })
    }

    /// Whether the path that is sent holds a query; reports it if so.
    fn has_query(&mut self, template: &Template) -> bool {
        let found = template.parts.iter().find_map(|part| {
            let TemplatePart::Literal { span, text } = part else { return None };
            let at = text.find(['?', '#'])?;
            Some(Span { start: (span.start + at).min(span.end), ..*span })
        });
        if let Some(at) = found {
            let whole = Span { end: template.span.end, ..at };
            self.report(path::query_in_target(at, self.slice(whole).trim_end_matches('"')));
        }
        found.is_some()
    }

    fn respond(&mut self, pair: Pair<'_>) -> Option<TerminalKind> {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let Some(status) = parts.next() else { return self.lacks(span, "a status", "respond") };
        if status.as_rule() == Rule::no_status {
            let is_text = status.clone().into_inner().next().is_some_and(|it| it.as_rule() == Rule::misfit);
            self.report(syntax::no_status(self.span(&status), status.as_str(), is_text));
            return None;
        }
        let status = self.status(&status, |code| (200..=599).contains(&code), "a status from 200 to 599")?;
        let Some(body) = parts.next() else { return Some(TerminalKind::Respond { status, body: None }) };
        if matches!(status.code, 204 | 205 | 304) {
            let expected = "a status whose answer has a body";
            self.report(syntax::wrong_status(status.span, &status.code.to_string(), expected));
            return None;
        }
        let at = self.span(&body);
        let kind = body.as_rule();
        if kind == Rule::misfit {
            self.report(syntax::no_body(at, body.as_str()));
            return None;
        }
        let Some(value) = body.into_inner().next() else {
            let (expected, word) = match kind {
                Rule::json => ("a value", "json"),
                Rule::text => ("a string", "text"),
                _ => ("a file in quotes", "file"),
            };
            return self.lacks(at, expected, word);
        };
        let body = match kind {
            Rule::json => {
                let value = self.value(value)?;
                if !self.is_json(&value) {
                    return None;
                }
                AnswerBody::Json(value)
            }
            Rule::text => AnswerBody::Text(self.value(value)?),
            _ => AnswerBody::File(self.quoted(&value)),
        };
        Some(TerminalKind::Respond { status, body: Some(body) })
    }

    /// Reports every literal in a value that JSON does not have. What names and operators give is not known here.
    pub(super) fn is_json(&mut self, value: &Value) -> bool {
        let mut whole = true;
        match &value.kind {
            ValueKind::List(items) => {
                for item in items {
                    whole &= self.is_json(item);
                }
            }
            ValueKind::Record(entries) => {
                for entry in entries {
                    whole &= self.is_json(&entry.value);
                }
            }
            ValueKind::Duration(_)
            | ValueKind::Size(_)
            | ValueKind::Rate(_)
            | ValueKind::Percent(_)
            | ValueKind::StatusClass(_)
            | ValueKind::Range(..)
            | ValueKind::Address(_)
            | ValueKind::Regex(_)
            | ValueKind::Path(_) => whole = false,
            ValueKind::Word(word) => whole = word != "null" && !word.contains("::"),
            _ => {}
        }
        if !whole && !matches!(value.kind, ValueKind::List(_) | ValueKind::Record(_)) {
            let found = format!("`{}`", self.slice(value.span));
            let problem = setting::wrong_type(value.span, JSON, &found);
            self.report(if found == "`null`" {
                problem.help("there is no null: leave the field out")
            } else {
                problem
            });
        }
        whole
    }

    fn redirect(&mut self, pair: Pair<'_>) -> Option<TerminalKind> {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let Some(status) = parts.next() else { return self.lacks(span, "a status", "redirect") };
        if status.as_rule() == Rule::misfit {
            self.report(syntax::no_redirect_status(self.span(&status), status.as_str()));
            return None;
        }
        let expected = "one of the statuses 301, 302, 303, 307 and 308";
        let status = self.status(&status, |code| REDIRECTS.contains(&code), expected)?;
        let Some(target) = parts.next() else {
            return self.lacks(span, "a path or a URL in quotes", self.slice(status.span));
        };
        let query = parts.next().map(|word| self.span(&word));
        if let Some(word) = query.filter(|word| self.slice(*word) != Source::Query.word()) {
            self.report(syntax::unexpected_text(word, self.slice(word), "the end of the line"));
            return None;
        }
        let target = match target.as_rule() {
            Rule::template => Target::Path(self.template(target)?.0),
            Rule::quoted_url => self.elsewhere(target)?,
            _ => Target::Url(self.url(&target)?),
        };
        Some(TerminalKind::Redirect { status, target, query })
    }

    /// A URL with values in its path: its scheme and host stand there as they are.
    fn elsewhere(&mut self, pair: Pair<'_>) -> Option<Target> {
        let span = self.span(&pair);
        let first = pair.clone().into_inner().next()?;
        let (origin, begin) = (first.as_str().to_owned(), self.span(&first).end);
        if let Err(found) = url::parse(&origin, &["http", "https"]) {
            self.report(setting::wrong_type(span, "a path or an absolute URL", &found));
            return None;
        }
        let (mut path, _) = self.template(pair)?;
        path.span = Span { start: begin, end: span.end.saturating_sub(1), ..span };
        Some(Target::Elsewhere { span, origin, path })
    }

    fn handler(&mut self, pair: Pair<'_>) -> Option<TerminalKind> {
        let span = self.span(&pair);
        let word = Span { end: span.start + "handler".len(), ..span };
        let (mut path, mut call, mut arguments, mut within) = (None, word, Some(Vec::new()), None);
        for part in pair.into_inner() {
            let at = self.span(&part);
            match part.as_rule() {
                Rule::rust_path => {
                    call = at;
                    path = Some(Text { span: at, value: part.as_str().to_owned() });
                }
                Rule::dotted => {
                    call = call.to(at);
                    self.report(syntax::dotted_path(call, self.slice(call)));
                }
                Rule::within => within = Some(self.time(part)?),
                _ => {
                    call = call.to(at);
                    let read = self.arguments(part);
                    arguments = read.map(|read| read.into_iter().map(|built| built.value).collect());
                }
            }
        }
        let Some(path) = path else {
            return self.lacks(word, "the path of a function such as `fraud::score`", "handler");
        };
        let (arguments, Some(within)) = (arguments?, within) else {
            return self.lacks(call, "`within` and a duration", self.slice(call));
        };
        Some(TerminalKind::Handler(Box::new(Handler { path, call, arguments, within })))
    }

    fn url(&mut self, pair: &Pair<'_>) -> Option<Text> {
        let span = self.span(pair);
        let raw = self.slice(span);
        if raw.contains('{') && ["\"http://", "\"https://"].iter().any(|scheme| raw.starts_with(scheme)) {
            let expected = "a URL whose scheme and host are written out";
            let problem = setting::wrong_type(span, expected, "a value outside of its path");
            self.report(problem.help("values stand in its path: `\"https://shop.example/{rest}\"`"));
            return None;
        }
        let before = self.problems.len();
        let value = self.plain_string(span);
        if self.problems.len() > before {
            return None;
        }
        if let Err(found) = url::parse(&value, &["http", "https"]) {
            self.report(setting::wrong_type(span, "a path or an absolute URL", &found));
            return None;
        }
        if let Some((at, length)) = path::foreign_variable(&value) {
            let start = span.start + 1 + at;
            let here = Span { start, end: start + length, ..span };
            let here = if self.slice(span).get(1..) == Some(&*format!("{value}\"")) { here } else { span };
            let written = value.get(at..at + length).unwrap_or_default();
            self.report(path::foreign_value_in_url(here, written));
            return None;
        }
        Some(Text { span, value })
    }

    pub(super) fn status(
        &mut self,
        pair: &Pair<'_>,
        fits: impl Fn(u16) -> bool,
        expected: &str,
    ) -> Option<Status> {
        let span = self.span(pair);
        let code = pair.as_str().parse().ok().filter(|code| fits(*code) && pair.as_str().len() == 3);
        if code.is_none() {
            self.report(syntax::wrong_status(span, pair.as_str(), expected));
        }
        Some(Status { span, code: code? })
    }

    fn lacks(&mut self, after: Span, expected: &str, word: &str) -> Option<TerminalKind> {
        self.report(syntax::missing_value(self.trimmed(after).after(), expected, word));
        None
    }
}
