//! Values without the places where they stand, so that two settings can be compared by what they say.

use gatewright_dsl::schema::{Value, Values};
use gatewright_dsl::{Span, ast};

use super::rewrite::{self, Rewrite};

/// The same values, at no place.
pub(super) fn plain(values: &Values) -> Values {
    let mut values = values.clone();
    forget(&mut values);
    values
}

/// Forgets where an argument stands.
pub(super) fn forget_value(value: &mut ast::Value) {
    rewrite::value(value, &mut Forgetting);
}

struct Forgetting;

const NOWHERE: Span = Span::new(0, 0, 0);

impl Rewrite for Forgetting {
    fn span(&mut self, span: &mut Span) {
        *span = NOWHERE;
    }
}

fn forget(values: &mut Values) {
    values.span = None;
    for given in &mut values.given {
        // Whether it is written still matters: a default is not held against what another block says.
        given.span = given.span.map(|_| NOWHERE);
        value(&mut given.value);
    }
    values.items.iter_mut().for_each(forget);
}

fn value(written: &mut Value) {
    match written {
        Value::Expr(expr) => rewrite::value(expr, &mut Forgetting),
        Value::Field(field) => rewrite::field(field, &mut Forgetting),
        Value::Binding(name, expr) => {
            name.span = NOWHERE;
            rewrite::value(expr, &mut Forgetting);
        }
        Value::Name(name) | Value::Type(name) => name.span = NOWHERE,
        Value::Answer(answer) => {
            if let Some(body) = &mut answer.body {
                rewrite::answer(body, &mut Forgetting);
            }
        }
        Value::Least(two) => {
            value(&mut two.0);
            value(&mut two.1);
        }
        Value::List(items) => items.iter_mut().for_each(value),
        _ => {}
    }
}
