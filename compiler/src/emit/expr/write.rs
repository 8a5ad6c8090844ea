//! Values that are written: as text, JSON or key. What is known is written as one piece.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{Names, constant};
use crate::ir::expr::{Constant, Expr, Form, Kind, Part};
use crate::json;

impl Names<'_> {
    /// Statements that append a value to `o`.
    pub(super) fn written(self, expr: &Expr, form: Form) -> TokenStream {
        let mut pieces = Pieces::default();
        self.pieces(expr, form, &mut pieces);
        pieces.statements()
    }

    fn pieces(self, expr: &Expr, form: Form, out: &mut Pieces) {
        match (form, &expr.kind) {
            (Form::Text | Form::Line, Kind::Constant(it)) => out.known.push_str(&constant::text(it)),
            (Form::Json, Kind::Constant(it)) => json_constant(it, &mut out.known),
            (Form::Text, Kind::Text(parts)) => {
                for part in parts {
                    match part {
                        Part::Literal(text) => out.known.push_str(text),
                        Part::Value(value) => self.pieces(value, form, out),
                    }
                }
            }
            (Form::Line, Kind::Text(parts)) => self.line(parts, out),
            (Form::Line, _) => out.add(self.logged(expr, "")),
            (Form::Json, Kind::Record(fields)) => {
                out.known.push('{');
                for (at, (name, value)) in fields.iter().enumerate() {
                    out.known.push_str(if at == 0 { "" } else { "," });
                    json::string(name, &mut out.known);
                    out.known.push(':');
                    self.pieces(value, form, out);
                }
                out.known.push('}');
            }
            (Form::Json, Kind::List(items)) => {
                out.known.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.known.push_str(if at == 0 { "" } else { "," });
                    self.pieces(item, form, out);
                }
                out.known.push(']');
            }
            (Form::Text | Form::Json, Kind::If(condition, then, otherwise)) => {
                let (condition, then) = (self.value(condition), self.written(then, form));
                let otherwise = self.written(otherwise, form);
                out.add(quote! { if #condition { #then } else { #otherwise } });
            }
            _ => {
                let value = self.value(expr);
                out.add(match form {
                    Form::Json => quote! { g::scope::Value::json(&#value, o); },
                    Form::Key => quote! { g::scope::Value::key(&#value, o); },
                    Form::Text | Form::Line | Form::Bool | Form::IsSet => {
                        quote! { g::scope::Value::text(&#value, o); }
                    }
                });
            }
        }
    }
}

impl Names<'_> {
    /// A line of a log. What stands between quotes is kept there, and what stands outside of them ends where the template says so.
    fn line(self, parts: &[Part], out: &mut Pieces) {
        let mut is_quoted = false;
        for (at, part) in parts.iter().enumerate() {
            match part {
                Part::Literal(text) => {
                    is_quoted ^= text.matches('"').count() % 2 == 1;
                    out.known.push_str(text);
                }
                Part::Value(value) if is_quoted => out.add(self.logged(value, "")),
                Part::Value(value) => {
                    let behind = parts.get(at + 1);
                    let next = match behind {
                        Some(Part::Literal(text)) => text.chars().next().filter(char::is_ascii_punctuation),
                        _ => None,
                    };
                    let stops: String = std::iter::once(' ').chain(next).collect();
                    out.add(self.logged(value, &stops));
                }
            }
        }
    }

    /// Appends a value to a line, without the bytes that would end it.
    fn logged(self, value: &Expr, stops: &str) -> TokenStream {
        let (written, stops) = (self.written(value, Form::Text), Literal::byte_string(stops.as_bytes()));
        quote! { g::scope::logged(o, #stops, |o| { #written }); }
    }
}

/// What is known and what is not, in order.
#[derive(Default)]
struct Pieces {
    statements: Vec<TokenStream>,
    /// What is known and stands behind the statements.
    known: String,
}

impl Pieces {
    fn add(&mut self, statement: TokenStream) {
        self.settle();
        self.statements.push(statement);
    }

    fn settle(&mut self) {
        if !self.known.is_empty() {
            let known = Literal::byte_string(self.known.as_bytes());
            self.statements.push(quote! { o.extend_from_slice(#known); });
            self.known.clear();
        }
    }

    fn statements(mut self) -> TokenStream {
        self.settle();
        let statements = self.statements;
        quote! { #(#statements)* }
    }
}

fn json_constant(constant: &Constant, out: &mut String) {
    match constant {
        Constant::Bool(_) | Constant::Int(_) | Constant::Decimal(_) => {
            out.push_str(&constant::text(constant));
        }
        Constant::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                json_constant(item, out);
            }
            out.push(']');
        }
        _ => json::string(&constant::text(constant), out),
    }
}
