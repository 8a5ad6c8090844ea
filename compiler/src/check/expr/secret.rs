//! The name of a declared `secret`, where nothing else may stand: what a program holds, everybody reads who has it.

use std::rc::Rc;

use gatewright_dsl::ast::{Value, ValueKind};
use gatewright_dsl::schema::Stage;
use gatewright_dsl::{Problem, problem::setting::wrong_type};

use super::literal;
use super::scope::{Found, Scope};
use crate::check::problem;
use crate::ir::expr::{Form, Function, Kind};
use crate::ty::Ty;

const EXPECTED: &str = "the name of a declared `secret`";

/// The secret of this name. `None` where it is none: then the reason is among the problems.
pub(super) fn named(scope: &Scope<'_>, value: &Value, problems: &mut Vec<Problem>) -> Option<Function> {
    let ValueKind::Word(word) = &value.kind else {
        // Whatever is named in it is used.
        super::expression(scope, value, Stage::Request, &mut Vec::new());
        let help = "declare `secret gateway_key` at the top of a file and write `gateway_key` here; its value is given at start-up";
        // What was meant to be secret is not repeated.
        let is_text = matches!(value.kind, ValueKind::Text(_) | ValueKind::Interpolated(_));
        let found = if is_text { "a text".to_owned() } else { literal::describe(value) };
        problems.push(wrong_type(value.span, EXPECTED, &found).help(help));
        return None;
    };
    let problem = match scope.find(word) {
        Found::Expr(expr) if expr.ty == Ty::Secret => {
            return Some(Function { form: Form::Text, expr: Rc::clone(&expr) });
        }
        Found::Broken => return None,
        Found::Expr(expr) if matches!(expr.kind, Kind::Param(_)) => {
            let found = format!("the `param` or `live` value `{word}`, which everybody may see");
            let help = format!("declare `secret {word}` in its place");
            wrong_type(value.span, EXPECTED, &found).help(help)
        }
        Found::Expr(expr) => {
            let help = "declare `secret gateway_key` at the top of a file and write `gateway_key` here";
            wrong_type(value.span, EXPECTED, &format!("`{}`", expr.ty)).help(help)
        }
        Found::Unknown => problem::unknown_secret(word, value.span, &scope.secrets()),
    };
    problems.push(problem);
    None
}
