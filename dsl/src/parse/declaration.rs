//! Declarations: which words begin one, and the parts of each one's head. What a part holds is read elsewhere.

use super::reader::{Indentation, Reader};
use super::strict::{END, TERMINALS};
use super::{Grammar, Pair, Rule};
use crate::ast::{Comment, Declaration, Name};
use crate::policy::Catalogue;
use crate::problem::nearest::nearest;
use crate::problem::{setting, syntax};
use crate::schema::Place;
use crate::source::Span;
use crate::split::Piece;
use pest::Parser;
use std::borrow::Cow;

/// The declarations that this version has.
const KNOWN: &[&str] = &[
    "import", "gateway", "param", "live", "secret", "type", "upstream", "auth", "policy", "group", "host",
    "route", "assert", "test",
];

/// The language's words that stand only at the top of a file. At column 0 they close every block that is still open.
pub(crate) const TOP: &[&str] =
    &["gateway", "param", "secret", "live", "store", "type", "upstream", "auth", "policy", "assert", "test"];

/// The language's words that stand at the top and in a `group` or `host`.
pub(crate) const NESTING: &[&str] = &["import", "route", "group", "host"];

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

/// The rules of a declaration: the forgiving one and the strict one.
fn rules(word: &str) -> (Rule, Rule) {
    match word {
        "route" => (Rule::route_declaration, Rule::strict_route),
        "group" => (Rule::group_declaration, Rule::strict_group_head),
        "host" => (Rule::host_declaration, Rule::strict_host),
        "import" => (Rule::import_declaration, Rule::strict_import),
        "param" => (Rule::param_declaration, Rule::strict_param),
        "live" => (Rule::param_declaration, Rule::strict_live),
        "type" => (Rule::type_declaration, Rule::strict_type),
        "auth" => (Rule::auth_declaration, Rule::strict_auth),
        "policy" => (Rule::policy_declaration, Rule::strict_policy),
        "assert" => (Rule::assert_declaration, Rule::strict_assert),
        "test" => (Rule::test_declaration, Rule::strict_test),
        _ => (Rule::named_declaration, Rule::strict_named),
    }
}

/// The blocks in which a word stands that is no declaration; none where nothing knows it.
fn places(word: &str) -> Vec<&'static str> {
    if matches!(word, "respond" | "redirect" | "handler" | "match" | "aggregate") {
        return vec![Place::Route.word()];
    }
    crate::schema::check::places(word, &Catalogue::standard()).into_iter().map(Place::word).collect()
}

/// The parts of a declaration as they are found.
pub(super) struct Parts<'a> {
    pub(super) docs: Vec<Comment>,
    /// The first word.
    pub(super) word: Span,
    /// All of it, and what stands before its block.
    pub(super) span: Span,
    pub(super) head: Span,
    /// What the head could not hold.
    pub(super) has_junk: bool,
    pairs: Vec<Pair<'a>>,
}

impl<'a> Parts<'a> {
    /// The first part of a rule.
    pub(super) fn take(&mut self, rule: Rule) -> Option<Pair<'a>> {
        let at = self.pairs.iter().position(|pair| pair.as_rule() == rule)?;
        Some(self.pairs.remove(at))
    }

    /// All parts of a rule.
    pub(super) fn take_all(&mut self, rule: Rule) -> Vec<Pair<'a>> {
        let (taken, left) =
            std::mem::take(&mut self.pairs).into_iter().partition(|pair| pair.as_rule() == rule);
        self.pairs = left;
        taken
    }
}

impl Reader<'_> {
    pub(super) fn pieces(&mut self, pieces: &[Piece]) -> Vec<Declaration> {
        let mut declarations = Vec::new();
        let mut indentation = Indentation::default();
        for piece in pieces {
            if piece.too_deep {
                self.forget_docs(piece.start, piece.end);
                continue;
            }
            let whole = self.clean.get(piece.start..piece.end).unwrap_or_default();
            let length = whole.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')));
            let word = whole.get(..length.unwrap_or(whole.len())).unwrap_or_default();
            let all = self.trimmed(self.span_of(piece));
            if all.start == all.end {
                continue;
            }
            let first = super::strict::token(self.slice(all));
            let first = Span { end: all.start + first.len(), ..all };
            if indentation.misleads(self, all, first) {
                self.forget_docs(piece.start, piece.end);
                continue;
            }
            if !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
                self.report(syntax::unexpected_text(first, self.slice(first), "a declaration"));
                self.forget_docs(piece.start, piece.end);
                continue;
            }
            self.piece(piece, word, all, &mut declarations);
        }
        declarations
    }

    fn span_of(&self, piece: &Piece) -> Span {
        let at = self.at(0, 0);
        Span { start: piece.start, end: piece.end, ..at }
    }

    fn piece(&mut self, piece: &Piece, word: &str, all: Span, declarations: &mut Vec<Declaration>) {
        let at = Span { end: piece.start + word.len(), ..all };
        let is_known = KNOWN.contains(&word);
        let places = if is_known || is_declaration(word) { Vec::new() } else { places(word) };
        if !places.is_empty() {
            self.report(setting::setting_outside(at, word, &places));
            self.forget_docs(piece.start, piece.end);
            return;
        }
        if !is_known {
            self.report(syntax::unknown_word(at, "declaration", word, KNOWN.iter().copied()));
        }
        let before = self.problems.len();
        let found = meant(word).and_then(|kind| self.declaration(piece, kind, at));
        let is_found = found.is_some();
        declarations.extend(found);
        declarations.append(&mut self.strays);
        if !is_known {
            // The head was only guessed: what does not fit there is no news.
            let line = all.start + self.slice(all).find('\n').unwrap_or(all.end - all.start);
            let later = self.problems.split_off(before);
            self.problems.extend(later.into_iter().filter(|it| it.span().is_some_and(|at| at.start > line)));
            if !is_found {
                self.forget_docs(piece.start, piece.end);
            }
        }
    }

    fn declaration(&mut self, piece: &Piece, kind: &'static str, word: Span) -> Option<Declaration> {
        let whole = self.clean.get(piece.start..piece.end).unwrap_or_default();
        // A line of its own, so that the last setting is not run into.
        let text: Cow<'_, str> = match piece.missing {
            0 => whole.into(),
            missing => format!("{whole}\n{}", "}".repeat(missing)).into(),
        };
        self.base = piece.start;
        self.is_torn = piece.missing > 0;
        let docs = self.docs(piece.start);
        let (rule, strict) = rules(kind);
        let Some(pair) = Grammar::parse(rule, &text).ok().and_then(|mut pairs| pairs.next()) else {
            self.explain(strict, piece.start, Span { start: word.end, end: piece.end, ..word }, END);
            self.forget_docs(piece.start, piece.end);
            return None;
        };
        self.assemble(kind, pair, docs)
    }

    /// A declaration inside a block.
    pub(super) fn nested_declaration(&mut self, pair: Pair<'_>, docs: Vec<Comment>) -> Option<Declaration> {
        let kind = match pair.as_rule() {
            Rule::nested_import => "import",
            Rule::nested_group => "group",
            Rule::nested_host => "host",
            _ => "route",
        };
        if kind == "route"
            && let Some(word) = pair.clone().into_inner().next().filter(|word| word.as_str() != kind)
        {
            let (at, text) = (self.span(&word), word.as_str());
            self.report(syntax::unknown_word(at, "declaration", text, NESTING.iter().copied()));
        }
        self.assemble(kind, pair, docs)
    }

    /// Says that a declaration cannot stand in a block.
    pub(super) fn misplaced(&mut self, at: Span, word: &str, place: &str) {
        if self.is_torn {
            return;
        }
        let problem = setting::misplaced_setting(at, word, place, &["group", "host"]);
        self.report(if NESTING.contains(&word) {
            problem.help("it stands at the top of a file, in `group` and in `host`")
        } else {
            problem.help("it stands at the top of a file")
        });
    }

    fn assemble(&mut self, kind: &'static str, pair: Pair<'_>, docs: Vec<Comment>) -> Option<Declaration> {
        let all = self.trimmed(self.span(&pair));
        let word = Span { end: all.start + kind.len(), ..all };
        let (mut word, mut end, mut head_end) = (word, word.end, word.end);
        let mut pairs: Vec<Pair<'_>> = Vec::new();
        let (mut junk_head, mut junk_tail, mut brace) = (None, None, None);
        for part in pair.into_inner() {
            let rule = part.as_rule();
            let at = self.trimmed(self.span(&part));
            if rule == Rule::word {
                word = at;
                (end, head_end) = (at.end, at.end);
                continue;
            }
            if !matches!(rule, Rule::lone_brace | Rule::EOI) {
                end = end.max(at.end);
                if !matches!(
                    rule,
                    Rule::block | Rule::type_fields | Rule::test_block | Rule::junk_rest | Rule::junk_tail
                ) {
                    head_end = end;
                }
            }
            match rule {
                Rule::junk_head => junk_head = junk_head.or(Some(part)),
                Rule::junk_rest | Rule::junk_tail => junk_tail = Some(at),
                Rule::lone_brace => brace = Some(self.span(&part).end),
                Rule::EOI => {}
                _ => pairs.push(part),
            }
        }
        let (span, head) = (Span { end, ..word }, Span { end: head_end, ..word });
        if let Some(at) = brace {
            self.report(syntax::misplaced_brace(Span { start: at, end: at + 1, ..word }, head));
        }
        let has_junk = junk_head.is_some();
        if let Some(junk) = junk_head {
            let junk = self.span(&junk);
            let text = self.slice(self.trimmed(junk));
            let is_foreign = kind == "route" && self.foreign_head(self.trimmed(junk), text);
            if is_foreign {
                pairs.retain(|pair| pair.as_rule() != Rule::block);
            }
            let waits = kind == "route" && !pairs.iter().any(|pair| pair.as_rule() == Rule::terminal);
            if !is_foreign {
                self.explain(rules(kind).1, word.start, junk, if waits { TERMINALS } else { END });
            }
        }
        let parts = Parts { docs, word, span, head, has_junk, pairs };
        let built = match kind {
            "route" => self.route(parts),
            "group" => self.group(parts),
            "host" => self.host(parts),
            "import" => Some(self.import(parts)),
            "param" => self.param(parts),
            "live" => self.live(parts),
            "secret" => Some(self.secret(parts)),
            "type" => self.type_declaration(parts),
            "auth" => self.auth(parts),
            "policy" => self.policy(parts),
            "assert" => self.assertion(parts),
            "test" => Some(self.test(parts)),
            _ => self.named(parts, kind),
        };
        if let Some(junk) = junk_tail {
            self.after_block(junk);
        }
        built
    }

    /// The name of a declaration, or an empty one if it has none, which is then reported.
    pub(super) fn declared_name(&mut self, parts: &mut Parts<'_>, kind: &str) -> Name {
        if let Some(name) = parts.take(Rule::name) {
            return self.chosen_name(&name);
        }
        if !parts.has_junk {
            self.report(syntax::missing_name(parts.word, kind));
        }
        Name { span: parts.word.after(), text: String::new() }
    }
}
