//! Declarations: which words begin one, and the heads of `gateway`, `upstream` and `route`.

use super::reader::{Indentation, Reader};
use super::strict::{END, TERMINALS};
use super::{Grammar, Pair, Rule};
use crate::ast::{Comment, Declaration, Gateway, Methods, Name, Route, Statement, Terminal, Upstream};
use crate::problem::nearest::nearest;
use crate::problem::syntax;
use crate::source::Span;
use crate::split::Piece;
use pest::Parser;
use std::borrow::Cow;

/// The declarations that this version has.
const KNOWN: &[&str] = &["gateway", "upstream", "route"];

/// The language's words that stand only at the top of a file. At column 0 they close every block that is still open.
pub(crate) const TOP: &[&str] = &[
    "import", "gateway", "param", "secret", "live", "store", "type", "upstream", "auth", "policy", "assert",
    "test",
];

/// The language's words that stand at the top and in a `group` or `host`.
pub(crate) const NESTING: &[&str] = &["route", "group", "host"];

/// Whether a word begins a declaration of the language, of this version or a later one.
pub(crate) fn is_declaration(word: &str) -> bool {
    TOP.contains(&word) || NESTING.contains(&word)
}

/// The methods that a route may name; every other is taken by `*` only.
pub const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Whether a word begins a route, or was probably meant to.
pub(crate) fn is_route(word: &str) -> bool {
    meant(word) == Some("route")
}

/// The declaration that a word begins, or was probably meant to begin.
fn meant(word: &str) -> Option<&'static str> {
    match KNOWN.iter().find(|known| **known == word) {
        Some(known) => Some(known),
        // A word of a later version is no misspelling.
        None if is_declaration(word) => None,
        None => nearest(word, KNOWN.iter().copied()),
    }
}

/// The parts of a declaration as they are found.
#[derive(Default)]
struct Parts<'a> {
    docs: Vec<Comment>,
    name: Option<Name>,
    methods: Option<Pair<'a>>,
    pattern: Option<Pair<'a>>,
    terminals: Vec<Pair<'a>>,
    junk_head: Option<Pair<'a>>,
    junk_tail: Option<Pair<'a>>,
    lone_brace: Option<Pair<'a>>,
    block: Option<Pair<'a>>,
}

impl Reader<'_> {
    pub(super) fn pieces(&mut self, pieces: &[Piece]) -> Vec<Declaration> {
        let mut declarations = Vec::new();
        let mut indentation = Indentation::default();
        for piece in pieces {
            if piece.too_deep {
                self.forget_docs(piece);
                continue;
            }
            let whole = self.clean.get(piece.start..piece.end).unwrap_or_default();
            let length = whole.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')));
            let word = whole.get(..length.unwrap_or(whole.len())).unwrap_or_default();
            let all = self.trimmed(self.span_of(piece));
            if all.start == all.end {
                continue;
            }
            let at = Span { end: piece.start + word.len(), ..all };
            let first = super::strict::token(self.slice(all));
            let first = Span { end: all.start + first.len(), ..all };
            if indentation.misleads(self, all, first) {
                self.forget_docs(piece);
                continue;
            }
            if !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
                let found = super::strict::token(self.slice(all));
                let at = Span { end: all.start + found.len(), ..all };
                self.report(syntax::unexpected_text(at, found, "a declaration"));
                self.forget_docs(piece);
                continue;
            }
            let known = KNOWN.contains(&word);
            if !known {
                self.report(syntax::unknown_word(at, "declaration", word, KNOWN.iter().copied()));
            }
            let before = self.problems.len();
            match meant(word) {
                Some(kind) => declarations.extend(self.declaration(piece, kind, at)),
                None => self.forget_docs(piece),
            }
            if !known {
                // The head was only guessed: what does not fit there is no news.
                let line = all.start + self.slice(all).find('\n').unwrap_or(all.end - all.start);
                let later = self.problems.split_off(before);
                self.problems
                    .extend(later.into_iter().filter(|it| it.span().is_some_and(|at| at.start > line)));
                if declarations.is_empty() {
                    self.forget_docs(piece);
                }
            }
        }
        declarations
    }

    fn span_of(&self, piece: &Piece) -> Span {
        let at = self.at(0, 0);
        Span { start: piece.start, end: piece.end, ..at }
    }

    fn declaration(&mut self, piece: &Piece, kind: &str, word: Span) -> Option<Declaration> {
        let whole = self.clean.get(piece.start..piece.end).unwrap_or_default();
        // A line of its own, so that the last setting is not run into.
        let text: Cow<'_, str> = match piece.missing {
            0 => whole.into(),
            missing => format!("{whole}\n{}", "}".repeat(missing)).into(),
        };
        self.base = piece.start;
        let docs = self.docs(piece.start);
        let is_route = kind == "route";
        let rule = if is_route { Rule::route_declaration } else { Rule::named_declaration };
        let strict = if is_route { Rule::strict_route } else { Rule::strict_named };
        let Some(pair) = Grammar::parse(rule, &text).ok().and_then(|mut pairs| pairs.next()) else {
            self.explain(strict, piece.start, Span { start: word.end, end: piece.end, ..word }, END);
            self.forget_docs(piece);
            return None;
        };
        let mut parts = Parts { docs, ..Parts::default() };
        let mut end = word.end;
        let mut head_end = word.end;
        for part in pair.into_inner() {
            let rule = part.as_rule();
            if !matches!(rule, Rule::lone_brace | Rule::EOI | Rule::word) {
                end = end.max(self.trimmed(self.span(&part)).end);
                if !matches!(rule, Rule::block | Rule::junk_rest) {
                    head_end = end;
                }
            }
            match rule {
                Rule::name => parts.name = Some(self.chosen_name(&part)),
                Rule::methods => parts.methods = Some(part),
                Rule::pattern => parts.pattern = Some(part),
                Rule::terminal => parts.terminals.push(part),
                Rule::junk_head => parts.junk_head = parts.junk_head.or(Some(part)),
                Rule::junk_rest => parts.junk_tail = Some(part),
                Rule::lone_brace => parts.lone_brace = Some(part),
                Rule::block => parts.block = Some(part),
                _ => {}
            }
        }
        let (span, head) = (Span { end, ..word }, Span { end: head_end, ..word });
        if let Some(brace) = &parts.lone_brace {
            let at = self.span(brace).end;
            self.report(syntax::misplaced_brace(Span { start: at, end: at + 1, ..word }, head));
        }
        if let Some(junk) = &parts.junk_head {
            let junk = self.span(junk);
            let otherwise = if is_route && parts.terminals.is_empty() { TERMINALS } else { END };
            self.explain(strict, piece.start, junk, otherwise);
        }
        let junk_tail = parts.junk_tail.take();
        let built =
            if is_route { self.route(parts, span, head, word) } else { self.named(parts, kind, span, word) };
        if let Some(junk) = junk_tail {
            self.after_block(self.span(&junk));
        }
        built
    }

    fn named(&mut self, parts: Parts<'_>, kind: &str, span: Span, word: Span) -> Option<Declaration> {
        if parts.name.is_none() && parts.junk_head.is_none() {
            self.report(syntax::missing_name(word, kind));
        }
        let name = parts.name.unwrap_or(Name { span: word.after(), text: String::new() });
        let Some(block) = parts.block else {
            if parts.junk_head.is_none() {
                self.report(syntax::missing_block(Span { end: span.end, ..word }, kind));
            }
            return None;
        };
        let block = self.block(block);
        let docs = parts.docs;
        Some(if kind == "gateway" {
            Declaration::Gateway(Gateway { span, docs, name, block })
        } else {
            Declaration::Upstream(Upstream { span, docs, name, block })
        })
    }

    fn route(&mut self, parts: Parts<'_>, span: Span, head: Span, word: Span) -> Option<Declaration> {
        let before = self.problems.len();
        let mut broken = parts.junk_head.is_some() || self.is_damaged(head);
        if !broken && parts.methods.is_none() {
            let expected = if parts.pattern.is_some() { "methods" } else { "methods and a path" };
            self.report(syntax::missing_value(word.after(), expected, "route"));
        } else if !broken && parts.pattern.is_none() {
            let after = parts.methods.as_ref().map_or(word, |methods| self.span(methods));
            self.report(syntax::missing_value(after.after(), "a path", self.slice(after)));
        }
        let methods = parts.methods.and_then(|pair| self.methods(pair));
        let pattern = parts.pattern.and_then(|pair| self.pattern(pair));
        let mut terminals: Vec<(Span, Option<Terminal>)> = Vec::new();
        for pair in parts.terminals {
            terminals.push((self.trimmed(self.span(&pair)), self.terminal(pair)));
        }
        broken |= self.problems.len() > before;
        let block = parts.block.map(|block| self.block(block));
        let inside =
            block.iter().flat_map(|block| &block.statements).filter_map(|statement| match statement {
                Statement::Terminal(terminal) => Some(terminal.span),
                _ => None,
            });
        let all: Vec<Span> = terminals.iter().map(|(span, _)| *span).chain(inside).collect();
        match all.as_slice() {
            [] if !broken && self.problems.len() == before => self.report(syntax::missing_terminal(head)),
            [first, again, ..] => self.report(syntax::repeated_terminal(*again, *first)),
            _ => {}
        }
        broken |= all.len() != 1;
        let head_terminal = terminals.into_iter().next().and_then(|(_, terminal)| terminal);
        let (methods, pattern, docs) = (methods?, pattern?, parts.docs);
        Some(Declaration::Route(Box::new(Route {
            span,
            head,
            docs,
            methods,
            pattern,
            when: None,
            head_terminal,
            block,
            broken,
        })))
    }

    fn methods(&mut self, pair: Pair<'_>) -> Option<Methods> {
        let mut names: Vec<Name> = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::any_method => return Some(Methods::Any(self.span(&part))),
                Rule::trailing_comma => {
                    self.report(syntax::missing_value(self.span(&part).after(), "a method", ","));
                }
                _ => {
                    let name = self.name(&part);
                    if !METHODS.contains(&name.text.as_str()) {
                        self.report(syntax::unknown_method(name.span, &name.text, METHODS));
                    } else if let Some(first) = names.iter().find(|other| other.text == name.text) {
                        self.report(syntax::repeated_method(name.span, first.span, &name.text));
                    }
                    names.push(name);
                }
            }
        }
        (!names.is_empty()).then_some(Methods::List(names))
    }
}
