//! What all parts of the parser share: spans, problems, doc comments and indentation.

use super::{Grammar, Pair, Rule};
use crate::ast::{Comment, Declaration, Name};
use crate::problem::{Problem, syntax, text};
use crate::source::{Source, Span};
use crate::split::Split;
use crate::split::token::MAX_DEPTH;
use pest::Parser;
use std::collections::BTreeMap;

/// Words that cannot be names of declarations or captures.
const RESERVED: &[&str] =
    &["and", "or", "not", "in", "has", "is", "if", "then", "else", "where", "true", "false"];

pub(super) struct Reader<'a> {
    file: u32,
    /// Where the text that the grammar sees begins in the source.
    pub(super) base: usize,
    /// The text with damage blanked out; as long as the source.
    pub(super) clean: &'a str,
    damaged: &'a [(usize, usize)],
    /// Doc comments by what they stand before; taken out as they find their place.
    docs: BTreeMap<usize, Vec<Comment>>,
    dangling: Vec<Span>,
    pub(super) problems: Vec<Problem>,
    /// How far in the value is that is being read.
    depth: usize,
    /// Whether `.name` is a field of the element at hand.
    pub(super) has_element: bool,
    /// Declarations found in blocks that cannot hold them, on their way to one that can.
    pub(super) strays: Vec<Declaration>,
    /// Whether braces are missing from the declaration: then nothing in it is called misplaced.
    pub(super) is_torn: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &Source, split: &'a Split) -> Self {
        let mut docs: BTreeMap<usize, Vec<Comment>> = BTreeMap::new();
        let mut dangling = Vec::new();
        for remark in split.comments.iter().filter(|remark| remark.comment.doc) {
            match remark.before {
                Some(before) => docs.entry(before).or_default().push(remark.comment.clone()),
                None => dangling.push(remark.comment.span),
            }
        }
        Self {
            file: source.file,
            base: 0,
            clean: &split.clean,
            damaged: &split.damaged,
            docs,
            dangling,
            problems: Vec::new(),
            depth: 0,
            has_element: false,
            strays: Vec::new(),
            is_torn: false,
        }
    }

    /// The problems, and one for each doc comment that found nothing to describe.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        self.dangling.extend(self.docs.values().flatten().map(|comment| comment.span));
        self.problems.extend(self.dangling.into_iter().map(text::dangling_doc));
        self.problems
    }

    /// Text that was damaged has been reported already: what else is found on its line is not.
    pub(super) fn report(&mut self, problem: Problem) {
        if !problem.span().is_some_and(|span| self.is_damaged(span)) {
            self.problems.push(problem);
        }
    }

    pub(super) fn is_damaged(&self, span: Span) -> bool {
        let first = self.damaged.partition_point(|(_, end)| *end < span.start);
        self.damaged.get(first).is_some_and(|(start, _)| *start <= span.end)
    }

    /// The place of a pair in the source. Braces that were added behind the text are outside: its end stands for them.
    pub(super) fn span(&self, pair: &Pair<'_>) -> Span {
        let at = pair.as_span();
        self.at(at.start(), at.end())
    }

    /// The place of a range of the text that the grammar sees.
    pub(super) fn at(&self, start: usize, end: usize) -> Span {
        let bound = |at: usize| (self.base + at).min(self.clean.len());
        Span::new(self.file, bound(start), bound(end))
    }

    /// The same place without blanks at either end.
    pub(super) fn trimmed(&self, span: Span) -> Span {
        let text = self.slice(span);
        let start = span.start + (text.len() - text.trim_start().len());
        Span { start, end: start + text.trim().len(), ..span }
    }

    pub(super) fn slice(&self, span: Span) -> &'a str {
        self.clean.get(span.start..span.end).unwrap_or_default()
    }

    pub(super) fn name(&self, pair: &Pair<'_>) -> Name {
        Name { span: self.span(pair), text: pair.as_str().to_owned() }
    }

    /// A name that the operator chose.
    pub(super) fn chosen_name(&mut self, pair: &Pair<'_>) -> Name {
        let name = self.name(pair);
        self.not_reserved(&name);
        name
    }

    pub(super) fn not_reserved(&mut self, name: &Name) {
        if RESERVED.contains(&name.text.as_str()) {
            self.report(syntax::reserved_word(name.span, &name.text));
        }
    }

    /// Reads something one step further in, unless that is too deep, which is then reported.
    pub(super) fn deeper<T>(&mut self, at: Span, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            self.report(text::too_deep(Span { end: at.start + 1, ..at }, at, MAX_DEPTH));
            return None;
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// Reads what stands inside `[where …]` or `.{ … }`.
    pub(super) fn of_elements<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let outside = std::mem::replace(&mut self.has_element, true);
        let read = read(self);
        self.has_element = outside;
        read
    }

    /// Reads a part of the text by itself: the rule sees nothing around it.
    pub(super) fn parse_apart<T>(
        &mut self,
        rule: Rule,
        span: Span,
        read: impl FnOnce(&mut Self, Pair<'_>) -> Option<T>,
    ) -> Option<T> {
        let text = self.slice(span);
        let pair = Grammar::parse(rule, text).ok()?.next()?;
        let base = std::mem::replace(&mut self.base, span.start);
        let read = read(self, pair);
        self.base = base;
        read
    }

    /// The doc comments directly above what begins at `start`.
    pub(super) fn docs(&mut self, start: usize) -> Vec<Comment> {
        self.docs.remove(&start).unwrap_or_default()
    }

    /// Doc comments in text that is given up are not said to describe nothing.
    pub(super) fn forget_docs(&mut self, start: usize, end: usize) {
        let mut later = self.docs.split_off(&start);
        self.docs.append(&mut later.split_off(&(end + 1)));
    }

    /// How far a statement is indented, if it is the first on its line.
    pub(super) fn indentation(&self, start: usize) -> Option<usize> {
        let before = self.clean.as_bytes().get(..start)?;
        let blanks = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let above = before.len() - blanks;
        let is_first = above == 0 || before.get(above - 1) == Some(&b'\n');
        is_first.then_some(blanks)
    }
}

/// Compares each statement's indentation with that of the first one.
#[derive(Default)]
pub(super) struct Indentation {
    first: Option<usize>,
    above: Option<Span>,
}

impl Indentation {
    /// Reports a statement that is deeper than the first. Returns whether it was.
    pub(super) fn misleads(&mut self, reader: &mut Reader<'_>, statement: Span, word: Span) -> bool {
        let above = self.above.replace(statement);
        let Some(own) = reader.indentation(statement.start) else { return false };
        let first = *self.first.get_or_insert(own);
        let Some(above) = above.filter(|_| own > first) else { return false };
        let above = Span {
            end: above.start + reader.slice(above).find('\n').unwrap_or(above.end - above.start),
            ..above
        };
        // After a comma or `=` it was meant to continue, and what is missing there has been reported.
        if !ends_open(reader.slice(above)) {
            reader.report(syntax::misleading_indentation(word, above));
        }
        true
    }
}

/// Whether a line ends with something that wants more.
fn ends_open(line: &str) -> bool {
    const OPEN: &[&str] = &["+", "-", "<", ">", "??", "and", "or", "not", "in", "has", "if", "then", "else"];
    let line = line.trim_end();
    let last = line.split_whitespace().next_back().unwrap_or_default();
    line.ends_with([',', '=']) || OPEN.contains(&last)
}
