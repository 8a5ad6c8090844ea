//! Regular expressions as automata: anchored at both ends, classes of ASCII, `.` any character.
//!
//! The text is read by `regex-syntax`; what has no automaton, or means nothing in a set, is refused by name.

use std::collections::{BTreeMap, BTreeSet};

use regex_syntax::ast::{self, Ast, Flag, FlagsItemKind, GroupKind, RepetitionKind, RepetitionRange};
use regex_syntax::utf8::Utf8Sequences;

use super::{Alphabet, Automaton, TooLarge};
use class::Scalars;

mod class;

/// Steps of a description before equal ones are joined; one with more would not become small.
const MOST_STEPS: usize = 50_000;

/// Why a text is no regular expression that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It cannot be read, and why.
    Syntax(String),
    /// Something that is not linear, or has no meaning here; what to write instead.
    Unsupported {
        what: &'static str,
        help: &'static str,
    },
    TooLarge,
}

impl From<TooLarge> for Refusal {
    fn from(TooLarge: TooLarge) -> Self {
        Self::TooLarge
    }
}

impl Automaton {
    /// All texts that match as a whole.
    pub(crate) fn regex(text: &str) -> Result<Self, Refusal> {
        let tree = ast::parse::ParserBuilder::new()
            .nest_limit(60)
            .build()
            .parse(text)
            .map_err(|error| refused(&error))?;
        let mut steps = Steps { all: vec![Step::End], bytes: BTreeMap::new(), ignores_case: false };
        let start = steps.before(&tree, 0)?;
        Ok(steps.automaton(start)?)
    }
}

fn refused(error: &ast::Error) -> Refusal {
    match error.kind() {
        ast::ErrorKind::UnsupportedBackreference => Refusal::Unsupported {
            what: "a back-reference",
            help: "it cannot be matched in linear time: write the repeated text again",
        },
        ast::ErrorKind::UnsupportedLookAround => Refusal::Unsupported {
            what: "look-around",
            help: "it cannot be matched in linear time: write what may stand there as alternatives",
        },
        kind => Refusal::Syntax(kind.to_string()),
    }
}

/// A description of the automaton, built from its end.
struct Steps {
    all: Vec<Step>,
    /// The step of each range of bytes and what follows, so that the ends of characters are shared.
    bytes: BTreeMap<(u8, u8, usize), usize>,
    ignores_case: bool,
}

enum Step {
    End,
    /// A byte of this range, then the step of this number.
    Byte(u8, u8, usize),
    /// Any of these, without a byte.
    Either(Vec<usize>),
}

impl Steps {
    fn push(&mut self, step: Step) -> Result<usize, TooLarge> {
        if self.all.len() >= MOST_STEPS {
            return Err(TooLarge);
        }
        self.all.push(step);
        Ok(self.all.len() - 1)
    }

    /// The first step of what matches `tree` and goes on with `then`.
    fn before(&mut self, tree: &Ast, then: usize) -> Result<usize, Refusal> {
        match tree {
            Ast::Empty(_) => Ok(then),
            Ast::Flags(flags) => {
                self.flags(&flags.flags)?;
                Ok(then)
            }
            Ast::Literal(literal) => self.scalars(Scalars::of(literal.c), then),
            Ast::Dot(_) => self.scalars(Scalars::all(), then),
            Ast::ClassPerl(class) => self.scalars(Scalars::perl(&class.kind, class.negated), then),
            Ast::ClassBracketed(class) => {
                let scalars = Scalars::bracketed(class, self.ignores_case)?;
                self.scalars(scalars, then)
            }
            Ast::ClassUnicode(_) => Err(class::not_ascii()),
            Ast::Assertion(assertion) => Err(assertion_refused(assertion)),
            Ast::Repetition(repetition) => self.repetition(repetition, then),
            Ast::Group(group) => {
                let outer = self.ignores_case;
                if let GroupKind::NonCapturing(flags) = &group.kind {
                    self.flags(flags)?;
                }
                let start = self.before(&group.ast, then);
                self.ignores_case = outer;
                start
            }
            Ast::Alternation(alternation) => {
                let starts: Vec<usize> =
                    alternation.asts.iter().map(|tree| self.before(tree, then)).collect::<Result<_, _>>()?;
                Ok(self.push(Step::Either(starts))?)
            }
            Ast::Concat(parts) => self.sequence(&parts.asts, then),
        }
    }

    /// Built from its end, but flags hold for what stands behind them.
    fn sequence(&mut self, parts: &[Ast], then: usize) -> Result<usize, Refusal> {
        let mut cases = Vec::with_capacity(parts.len());
        for part in parts {
            if let Ast::Flags(flags) = part {
                self.flags(&flags.flags)?;
            }
            cases.push(self.ignores_case);
        }
        let last = self.ignores_case;
        let mut then = then;
        for (part, ignores_case) in parts.iter().zip(cases).rev() {
            self.ignores_case = ignores_case;
            then = self.before(part, then)?;
        }
        self.ignores_case = last;
        Ok(then)
    }

    fn flags(&mut self, flags: &ast::Flags) -> Result<(), Refusal> {
        let mut value = true;
        for item in &flags.items {
            match item.kind {
                FlagsItemKind::Negation => value = false,
                FlagsItemKind::Flag(Flag::CaseInsensitive) => self.ignores_case = value,
                FlagsItemKind::Flag(_) => {
                    return Err(Refusal::Unsupported {
                        what: "a flag other than `i`",
                        help: "leave it out: `.` is any character, and a match is always of the whole text",
                    });
                }
            }
        }
        Ok(())
    }

    fn repetition(&mut self, repetition: &ast::Repetition, then: usize) -> Result<usize, Refusal> {
        let (least, most) = match &repetition.op.kind {
            RepetitionKind::ZeroOrOne => (0, Some(1)),
            RepetitionKind::ZeroOrMore => (0, None),
            RepetitionKind::OneOrMore => (1, None),
            RepetitionKind::Range(RepetitionRange::Exactly(count)) => (*count, Some(*count)),
            RepetitionKind::Range(RepetitionRange::AtLeast(least)) => (*least, None),
            RepetitionKind::Range(RepetitionRange::Bounded(least, most)) => (*least, Some(*most)),
        };
        let mut start = then;
        match most {
            None => {
                start = self.push(Step::Either(Vec::new()))?;
                let body = self.before(&repetition.ast, start)?;
                if let Some(Step::Either(ways)) = self.all.get_mut(start) {
                    ways.extend([body, then]);
                }
            }
            Some(most) => {
                for _ in least..most {
                    let body = self.before(&repetition.ast, start)?;
                    start = self.push(Step::Either(vec![body, then]))?;
                }
            }
        }
        for _ in 0..least {
            let before = start;
            start = self.before(&repetition.ast, start)?;
            // Of something that is always empty, once is as good as a million times.
            if before == start {
                break;
            }
        }
        Ok(start)
    }

    fn scalars(&mut self, scalars: Scalars, then: usize) -> Result<usize, Refusal> {
        let scalars = if self.ignores_case { scalars.in_either_case() } else { scalars };
        let mut ways = Vec::new();
        for (first, last) in scalars.ranges() {
            for sequence in Utf8Sequences::new(first, last) {
                let mut start = then;
                for range in sequence.as_slice().iter().rev() {
                    start = self.byte(range.start, range.end, start)?;
                }
                ways.push(start);
            }
        }
        Ok(self.push(Step::Either(ways))?)
    }

    fn byte(&mut self, first: u8, last: u8, then: usize) -> Result<usize, TooLarge> {
        if let Some(known) = self.bytes.get(&(first, last, then)) {
            return Ok(*known);
        }
        let step = self.push(Step::Byte(first, last, then))?;
        self.bytes.insert((first, last, then), step);
        Ok(step)
    }

    fn automaton(&self, start: usize) -> Result<Automaton, TooLarge> {
        let ranges = self.all.iter().filter_map(|step| match step {
            Step::Byte(first, last, _) => Some((*first, *last)),
            _ => None,
        });
        let alphabet = Alphabet::cut(ranges);
        let follow = |at: &Vec<usize>, byte: u8| {
            let next = at.iter().filter_map(|at| match self.all.get(*at) {
                Some(Step::Byte(first, last, next)) if (*first..=*last).contains(&byte) => Some(*next),
                _ => None,
            });
            let next = self.without_ways(next.collect());
            (!next.is_empty()).then_some(next)
        };
        // The end is the step of number 0, and a set of steps is sorted.
        Automaton::explore(&alphabet, self.without_ways(vec![start]), follow, |at| at.first() == Some(&0))
    }

    /// Follows everything that takes no byte.
    fn without_ways(&self, starts: Vec<usize>) -> Vec<usize> {
        let (mut seen, mut found, mut open) = (BTreeSet::new(), Vec::new(), starts);
        while let Some(at) = open.pop() {
            if !seen.insert(at) {
                continue;
            }
            match self.all.get(at) {
                Some(Step::Either(ways)) => open.extend(ways),
                _ => found.push(at),
            }
        }
        found.sort_unstable();
        found
    }
}

fn assertion_refused(assertion: &ast::Assertion) -> Refusal {
    let (what, help) = match assertion.kind {
        ast::AssertionKind::StartLine
        | ast::AssertionKind::StartText
        | ast::AssertionKind::EndLine
        | ast::AssertionKind::EndText => ("an anchor", "leave `^` and `$` out: the whole text is matched"),
        _ => ("a word boundary", "write what stands on its two sides"),
    };
    Refusal::Unsupported { what, help }
}
