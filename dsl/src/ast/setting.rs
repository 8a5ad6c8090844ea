//! Blocks, settings and their arguments.

use super::{Comment, Declaration, Name, Terminal, Text, Type, Value};
use crate::source::Span;

/// `{ … }` behind a declaration or a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Braces included.
    pub span: Span,
    /// What stands in it, in order.
    pub statements: Vec<Statement>,
}

impl Block {
    /// Its settings, in order.
    pub fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.statements.iter().filter_map(|it| if let Statement::Setting(it) = it { Some(it) } else { None })
    }

    /// The policies that it uses, in order.
    pub fn uses(&self) -> impl Iterator<Item = &Use> {
        self.statements.iter().filter_map(|it| if let Statement::Use(it) = it { Some(it) } else { None })
    }

    /// The declarations in it, in order.
    pub fn declarations(&self) -> impl Iterator<Item = &Declaration> {
        self.statements
            .iter()
            .filter_map(|it| if let Statement::Declaration(it) = it { Some(it) } else { None })
    }
}

/// One statement of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// `word argument… [{ … }]`
    Setting(Setting),
    /// What a route does, written inside its block.
    Terminal(Terminal),
    /// `use NAME[(ARGUMENTS)]`
    Use(Use),
    /// `route`, `group`, `host` or `import` in a `group` or `host`.
    Declaration(Declaration),
}

impl Statement {
    /// Where it stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Setting(it) => it.span,
            Self::Terminal(it) => it.span,
            Self::Use(it) => it.span,
            Self::Declaration(it) => it.span(),
        }
    }
}

/// `use NAME[(ARGUMENTS)]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// From the first word to the end.
    pub span: Span,
    /// The `///` lines above it.
    pub docs: Vec<Comment>,
    /// Which policy.
    pub name: Name,
    /// What it is given, in order.
    pub arguments: Vec<Value>,
    /// Something of it could not be read, which is reported: it counts as used, and is checked no further.
    pub broken: bool,
}

/// `word argument… [{ … }]`: the one form of all settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// From the word to the end of the last argument or block.
    pub span: Span,
    /// The `///` lines above it.
    pub docs: Vec<Comment>,
    /// The word it begins with.
    pub word: Name,
    /// What follows, in order. Which bare words are labels is said by the setting's row.
    pub arguments: Vec<Argument>,
    /// Its block.
    pub block: Option<Block>,
    /// Something in it could not be read, which is reported: it counts as written, and is checked no further.
    pub broken: bool,
}

/// One argument of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// A value, a list, a path, or a bare word (which may turn out to be a label).
    Value(Value),
    /// `name: type [= default] [as other]`
    Field(Box<Field>),
    /// `"x-a" = value`: the value before this one is the target.
    Assignment {
        /// From the target to the value.
        span: Span,
        /// What is set.
        target: Value,
        /// To what.
        value: Value,
    },
}

impl Argument {
    /// Where it stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Value(value) => value.span,
            Self::Field(field) => field.span,
            Self::Assignment { span, .. } => *span,
        }
    }
}

/// `name: type [from "wire" "inside" …] [= default] [as other]`: of a record, of a policy, or as an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Where it stands.
    pub span: Span,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// `from "wire"`: its name on the wire, where that differs.
    pub wire: Option<Text>,
    /// The names behind that one, each inside of the value before.
    pub inside: Vec<Text>,
    /// `= default`
    pub default: Option<Value>,
    /// `as other`
    pub alias: Option<Name>,
}
