//! Values that are written: as text, JSON or key. What is known is written as one piece.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{Names, constant, is_optional};
use crate::ir::expr::{Expr, Form, Kind, Part};
use crate::json;

impl Names<'_> {
    /// Statements that append a value to `o`.
    pub(super) fn written(self, expr: &Expr, form: Form) -> TokenStream {
        let mut pieces = Pieces::default();
        self.pieces(expr, form, &mut pieces);
        pieces.statements()
    }

    /// Statements that append a value to `o`, and whether there is one.
    pub(super) fn offered(self, expr: &Expr) -> TokenStream {
        if !is_optional(expr) {
            let written = self.written(expr, Form::Text);
            return quote! { #written true };
        }
        match &expr.kind {
            Kind::Present(of) if !is_optional(of) => self.offered(of),
            Kind::If(condition, then, otherwise) => {
                let (condition, then) = (self.value(condition), self.offered(then));
                let otherwise = self.offered(otherwise);
                quote! { if #condition { #then } else { #otherwise } }
            }
            _ => {
                let value = self.value(expr);
                quote! { let Some(i) = #value else { return false }; g::scope::Value::text(&i, o); true }
            }
        }
    }

    fn pieces(self, expr: &Expr, form: Form, out: &mut Pieces) {
        match (form, &expr.kind) {
            (Form::Text | Form::Line, Kind::Constant(it)) => out.known.push_str(&constant::text(it)),
            (Form::Json, Kind::Constant(it)) => constant::write_json(it, &mut out.known),
            (Form::Json, _) if expr.is_document() => out.add(self.part_json(expr)),
            (Form::Json, Kind::Each(..) | Kind::Where(..)) => out.add(self.listed_json(expr)),
            // What is written keeps its text.
            (Form::Json, Kind::Present(of) | Kind::Widened(of)) if !is_optional(of) => {
                self.pieces(of, form, out);
            }
            (Form::Json, Kind::Coalesce(a, b)) if a.is_document() && !is_optional(b) => {
                let (place, second) = (self.place(a), self.written(b, form));
                let first = self.place_json(&quote! { i }, a.ty.present().0);
                out.add(quote! { if let Some(i) = #place { #first } else { #second } });
            }
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
                // Whether anything stands before a field is known as soon as one does that is always there.
                let mut before = Some(false);
                for (name, value) in fields {
                    if is_optional(value) {
                        out.add(self.field(name, value));
                        before = before.filter(|has| *has);
                        continue;
                    }
                    match before {
                        Some(true) => out.known.push(','),
                        Some(false) => {}
                        None => out.add(quote! { g::json::comma(o); }),
                    }
                    before = Some(true);
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
                    Form::Text | Form::Offer | Form::Line | Form::Bool | Form::IsSet => {
                        quote! { g::scope::Value::text(&#value, o); }
                    }
                });
            }
        }
    }
}

impl Names<'_> {
    /// A field that is left out where it has no value.
    fn field(self, name: &str, value: &Expr) -> TokenStream {
        let mut key = String::new();
        json::string(name, &mut key);
        key.push(':');
        let key = Literal::byte_string(key.as_bytes());
        match &value.kind {
            _ if value.is_document() => {}
            Kind::Present(of) if !is_optional(of) => {
                let written = self.written(of, Form::Json);
                return quote! { g::json::comma(o); o.extend_from_slice(#key); #written };
            }
            Kind::If(condition, then, otherwise) => {
                let (condition, then) = (self.value(condition), self.field(name, then));
                let otherwise = self.field(name, otherwise);
                return quote! { if #condition { #then } else { #otherwise } };
            }
            _ => {}
        }
        let (found, written) = if value.is_document() {
            (self.place(value), self.place_json(&quote! { i }, value.ty.present().0))
        } else {
            (self.value(value), quote! { g::scope::Value::json(&i, o); })
        };
        quote! { if let Some(i) = #found { g::json::comma(o); o.extend_from_slice(#key); #written } }
    }

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
