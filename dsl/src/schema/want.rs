//! What a row asks of the compiler: expressions, declared fields and references, in one order that everybody keeps.
//!
//! A row only says what it wants. What an expression is, and whether it is right, is the compiler's to say.

use super::{Param, Row, Type, Value, Values};
use crate::ast::{self, AnswerBody, Name, ValueKind};
use crate::source::Span;

/// What an expression is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Want {
    /// A truth value.
    Bool,
    /// Bytes that are equal only for equal values.
    Key,
    /// Text.
    Text,
    /// Text, or nothing, where it is written so: `… ?? none`.
    Offer,
    /// Text of one line, in which no value can end the line or what stands between quotes.
    Line,
    /// JSON.
    Json,
    /// Whether there is a value.
    IsSet,
    /// A declared `secret`, by its name.
    Secret,
}

/// When an expression is asked for, which decides what it may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Before anything is answered.
    Request,
    /// When the head of the answer is there.
    Response,
    /// When the exchange is over.
    End,
}

/// Where a declared field comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The query.
    Query,
    /// A field of the head.
    Header,
    /// A cookie.
    Cookie,
}

impl Source {
    /// As settings name it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

/// One thing that the compiler has to make something of.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The parameter that holds it.
    pub param: &'static str,
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub written: Written<'a>,
}

/// What is written, and what for.
#[derive(Debug, Clone, Copy)]
pub enum Written<'a> {
    /// An expression.
    Expr {
        /// As written.
        value: &'a ast::Value,
        /// What it is wanted for.
        want: Want,
        /// What it may read.
        stage: Stage,
        /// Whether it may be a secret, whole and alone.
        takes_secret: bool,
    },
    /// The declaration of a field.
    Field {
        /// As written.
        field: &'a ast::Field,
        /// Where it comes from.
        source: Source,
    },
    /// The content of a file.
    File {
        /// Its name, as written.
        path: &'a ast::Text,
    },
    /// The name of an `auth`.
    Principal {
        /// As written.
        name: &'a Name,
    },
    /// Values with names, whose types are declared elsewhere.
    Named {
        /// As written.
        values: &'a [(Name, ast::Value)],
    },
    /// The name of a type.
    Shape {
        /// As written.
        name: &'a Name,
    },
    /// A name in the place of a value.
    Name {
        /// As written.
        name: &'a Name,
        /// What it must be.
        param: &'static Param,
    },
}

impl Row {
    /// Everything in a setting's values that the compiler has to make something of: parameters in the row's order, each
    /// list from its beginning, then the block's settings.
    #[must_use]
    pub fn wanted<'a>(&self, values: &'a Values) -> Vec<Wanted<'a>> {
        let mut found = Vec::new();
        for param in self.params {
            if let Some(given) = values.find(param.name) {
                wanted(param, &param.ty, &given.value, &mut found);
            }
        }
        for item in &values.items {
            if let Some(row) = self.block.iter().find(|row| row.name == item.word) {
                found.extend(row.wanted(item));
            }
        }
        found
    }
}

fn wanted<'a>(param: &'static Param, ty: &'static Type, value: &'a Value, found: &mut Vec<Wanted<'a>>) {
    let expr = |value: &'a ast::Value, want, stage| Wanted {
        param: param.name,
        span: value.span,
        written: Written::Expr { value, want, stage, takes_secret: matches!(ty, Type::Sent(_)) },
    };
    match (ty, value) {
        (Type::List(item), Value::List(items)) => {
            for value in items {
                wanted(param, item, value, found);
            }
        }
        (Type::Expr(want, stage), Value::Expr(value)) => found.push(expr(value, *want, *stage)),
        (Type::Sent(stage), Value::Expr(value)) => found.push(expr(value, Want::Offer, *stage)),
        (Type::Secret, Value::Expr(value)) => found.push(expr(value, Want::Secret, Stage::Request)),
        (Type::Binding(want), Value::Binding(_, value)) => found.push(expr(value, *want, Stage::Request)),
        (Type::Named(stage), Value::Binding(_, value)) => found.push(expr(value, Want::Json, *stage)),
        (Type::Answer(stage), Value::Answer(answer)) => match &answer.body {
            Some(AnswerBody::Json(value)) => found.push(expr(value, Want::Json, *stage)),
            Some(AnswerBody::Text(value)) => found.push(expr(value, Want::Text, *stage)),
            Some(AnswerBody::File(path)) => {
                found.push(Wanted { param: param.name, span: path.span, written: Written::File { path } });
            }
            None => {}
        },
        (Type::Field(source), Value::Field(field)) => found.push(Wanted {
            param: param.name,
            span: field.span,
            written: Written::Field { field, source: *source },
        }),
        (Type::Principal, Value::Reference(name)) => {
            found.push(Wanted { param: param.name, span: name.span, written: Written::Principal { name } });
        }
        (Type::Shape(_), Value::Type(name)) => {
            found.push(Wanted { param: param.name, span: name.span, written: Written::Shape { name } });
        }
        (_, Value::Named(values)) => {
            if let Some((first, _)) = values.first() {
                found.push(Wanted {
                    param: param.name,
                    span: first.span,
                    written: Written::Named { values },
                });
            }
        }
        (_, Value::Least(two)) => {
            wanted(param, ty, &two.0, found);
            wanted(param, ty, &two.1, found);
        }
        (_, Value::Name(name)) => {
            found.push(Wanted { param: param.name, span: name.span, written: Written::Name { name, param } });
        }
        _ => {}
    }
}

/// The name under which a value stands where it is not given one: a name, or a field of one.
pub(super) fn own_name(value: &ast::Value) -> Option<Name> {
    let text = match &value.kind {
        ValueKind::Word(word) => word.clone(),
        ValueKind::Access(of, field) => format!("{}.{}", own_name(of)?.text, field.text),
        _ => return None,
    };
    Some(Name { span: value.span, text })
}
