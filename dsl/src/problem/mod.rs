//! Problems as data: what is wrong, where, why, and how it is mended. Rendering is beside it; finding problems is
//! the work of the parser and of the compiler, which adds its own kinds through the same types.

/// Writes down kinds: a constant for each, and `KINDS`, the list of all of them.
macro_rules! kinds {
    ($($constant:ident $name:literal $title:literal;)*) => {
        $(pub(crate) const $constant: Kind = Kind { name: $name, title: $title };)*

        /// The kinds of problem whose constructors stand here.
        pub const KINDS: &[Kind] = &[$($constant),*];
    };
}

pub mod accord;
pub mod nearest;
pub mod path;
pub mod render;
pub mod sarif;
pub mod setting;
pub mod syntax;
pub mod text;

use crate::source::Span;

/// The kinds of problem that this crate reports. Those of [`accord`] are stated here and reported by the compiler.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    [text::KINDS, syntax::KINDS, path::KINDS, setting::KINDS].into_iter().flatten()
}

/// A kind of problem: its name, and the title of its page. Each crate lists its kinds, so that a test can demand a
/// constructor, a page and a fixture for every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// A word in snake case, the same in messages, file names and pages.
    pub name: &'static str,
    /// What is wrong, in a few plain words.
    pub title: &'static str,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The program is refused.
    Error,
}

impl Severity {
    /// The word shown.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
        }
    }
}

/// One thing that is wrong with a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The name of its kind.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence: lower case, no final stop, names in backticks.
    pub message: String,
    /// Where; exactly one is primary, unless the problem has no place.
    pub labels: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
    /// A change that mends it.
    pub fix: Option<Fix>,
    /// A request that shows it.
    pub witness: Option<String>,
}

/// A place that a problem points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is to be seen there; may be empty.
    pub text: String,
    /// Whether this is the place itself, rather than a cause elsewhere.
    pub primary: bool,
}

/// A replacement that mends a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What is replaced.
    pub span: Span,
    /// With what.
    pub replacement: String,
}

impl Problem {
    /// A problem that refuses the program.
    #[must_use]
    pub fn error(kind: &Kind, message: impl Into<String>) -> Self {
        Self {
            name: kind.name,
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            help: None,
            fix: None,
            witness: None,
        }
    }

    /// Points at the place itself.
    #[must_use]
    pub fn at(self, span: Span, text: impl Into<String>) -> Self {
        self.label(span, text, true)
    }

    /// Points at a cause elsewhere.
    #[must_use]
    pub fn because(self, span: Span, text: impl Into<String>) -> Self {
        self.label(span, text, false)
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Offers a change.
    #[must_use]
    pub fn fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { span, replacement: replacement.into() });
        self
    }

    /// Shows a request for which it happens.
    #[must_use]
    pub fn witness(mut self, witness: impl Into<String>) -> Self {
        self.witness = Some(witness.into());
        self
    }

    /// The place itself.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        self.labels.iter().find(|label| label.primary).or(self.labels.first()).map(|label| label.span)
    }

    fn label(mut self, span: Span, text: impl Into<String>, primary: bool) -> Self {
        self.labels.push(Label { span, text: text.into(), primary });
        self
    }
}

/// Puts problems in the order of the text, by their primary place; those without a place come first.
pub fn sort(problems: &mut [Problem]) {
    problems.sort_by_key(Problem::span);
}
