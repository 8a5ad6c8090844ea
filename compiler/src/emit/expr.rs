//! Expressions as small functions: one for each distinct expression, named by its number.
//!
//! A function reads what it needs of the exchange and gives a truth value or appends bytes. Everything it calls is total, sums
//! stop at the ends of what a number can be, and a text is borrowed where it stands somewhere as it is.

pub(crate) mod constant;
mod document;
mod handler;
mod membership;
mod write;

use std::rc::Rc;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::table::Tight;
use crate::ir::expr::{Comparison, Constant, Expr, FACTS, Form, Kind, Lookup, Method, Read};
use crate::ir::{Auth, Program};
use crate::ty::Ty;

/// The names of parameters and secrets, each by its number.
#[derive(Clone, Copy, Debug)]
struct Names<'a> {
    params: &'a [String],
    secrets: &'a [String],
    auths: &'a [Auth],
    /// The types of which documents are read and written.
    shapes: &'a [Ty],
}

/// Writes the functions `expr_0`, `expr_1` and so on, one a line.
pub(super) fn write(program: &Program, out: &mut String) {
    let params: Vec<String> = program.params.iter().map(|param| param.name.clone()).collect();
    let secrets: Vec<String> = program.secrets.iter().map(|secret| secret.name.clone()).collect();
    let names = Names {
        params: &params,
        secrets: &secrets,
        auths: &program.auths,
        shapes: &program.functions.shapes,
    };
    for (number, function) in program.functions.exprs.iter().enumerate() {
        let name = format_ident!("expr_{number}");
        let expr = &function.expr;
        let tokens = match function.form {
            Form::Bool => {
                let value = names.value(expr);
                quote! { fn #name(x: &g::Exchange) -> bool { #value } }
            }
            Form::IsSet => {
                let value = if is_optional(expr) {
                    names.value(expr)
                } else {
                    quote! { Some(()) }
                };
                quote! { fn #name(x: &g::Exchange) -> bool { #value.is_some() } }
            }
            Form::Offer => {
                let body = names.offered(expr);
                quote! { fn #name(x: &g::Exchange, o: &mut Vec<u8>) -> bool { #body } }
            }
            form => {
                let body = names.written(expr, form);
                quote! { fn #name(x: &g::Exchange, o: &mut Vec<u8>) { #body } }
            }
        };
        out.push_str(&Tight(tokens).to_string());
        out.push('\n');
    }
    for (number, handler) in program.ends.handlers.iter().enumerate() {
        names.write_handler(number, handler, out);
    }
}

impl Names<'_> {
    /// A Rust expression for a value, of the Rust type that stands for its type.
    fn value(self, expr: &Expr) -> TokenStream {
        if expr.is_document() {
            return self.part(expr);
        }
        match &expr.kind {
            Kind::Constant(constant) => constant::value(constant),
            Kind::Read(Read::Known(auth)) => {
                let number = self.auth(auth);
                quote! { g::scope::known_to(x, #number) }
            }
            Kind::Read(Read::Claim(auth, name)) => self.claim(auth, name, &expr.ty),
            Kind::Read(read) => self::read(read, &expr.ty),
            Kind::Param(name) => self.param(name, &expr.ty),
            Kind::Secret(name) => {
                let number = number(self.secrets, name);
                quote! { g::scope::secret(x, #number) }
            }
            Kind::Not(of) => {
                let of = self.value(of);
                quote! { !(#of) }
            }
            Kind::And(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                quote! { (#a && #b) }
            }
            Kind::Or(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                quote! { (#a || #b) }
            }
            Kind::Compare(comparison, a, b) => self.comparison(*comparison, a, b),
            Kind::In(item, set) => self.membership(item, set),
            Kind::Coalesce(a, b) => {
                let call = if is_optional(b) {
                    quote! { or_else }
                } else {
                    quote! { unwrap_or_else }
                };
                let (a, b) = (self.value(a), self.value(b));
                quote! { #a.#call(|| #b) }
            }
            Kind::IsSet(of) => {
                let of = self.value(of);
                quote! { #of.is_some() }
            }
            Kind::If(condition, then, otherwise) => {
                let (condition, then) = (self.value(condition), self.value(then));
                let otherwise = self.value(otherwise);
                quote! { (if #condition { #then } else { #otherwise }) }
            }
            Kind::Add(a, b) => self.sum(["saturating_add", "plus"], a, b),
            Kind::Subtract(a, b) => self.sum(["saturating_sub", "minus"], a, b),
            Kind::Call(method, of) => self.call(method, of),
            Kind::Text(_) => {
                let body = self.written(expr, Form::Text);
                quote! { g::scope::interpolated(|o| { #body }) }
            }
            Kind::Present(of) => {
                let of = self.value(of);
                quote! { Some(#of) }
            }
            Kind::Found(of) => {
                let value = self.value(of);
                known(&value, &expr.ty)
            }
            Kind::Widened(of) if is_optional(of) => {
                let of = self.value(of);
                quote! { #of.map(g::Decimal::whole) }
            }
            Kind::Widened(of) => {
                let of = self.value(of);
                quote! { g::Decimal::whole(#of) }
            }
            Kind::Each(..) | Kind::Where(..) => {
                let walk = self.walked(expr);
                quote! { #walk.collect::<Vec<_>>() }
            }
            // INVARIANT: lists and records are only looked into, counted and written as JSON, which is done by their parts; and what
            // a document has was asked for before.
            Kind::List(_)
            | Kind::Record(_)
            | Kind::Document(..)
            | Kind::Member(..)
            | Kind::At(..)
            | Kind::Element(_) => quote! { () },
        }
    }

    /// The same for a text, as a slice of bytes that lives as long as the expression around it.
    fn slice(self, expr: &Expr) -> TokenStream {
        if let Some(Constant::Text(text)) = expr.constant() {
            let text = Literal::byte_string(text.as_bytes());
            return quote! { #text };
        }
        let value = self.value(expr);
        quote! { &*#value }
    }

    fn auth(self, name: &str) -> Literal {
        // INVARIANT: whom a route names, it asks for; were it not so, rustc would refuse the number.
        let number = self.auths.iter().position(|auth| auth.name == name);
        Literal::usize_unsuffixed(number.unwrap_or(usize::MAX))
    }

    /// What is known of who asks: it has been found to be of its type.
    fn claim(self, auth: &str, name: &str, ty: &Ty) -> TokenStream {
        let of = self.auth(auth);
        let own = self.auths.iter().find(|own| own.name == auth);
        let at = own.and_then(|own| own.claims.iter().position(|claim| claim.name == name));
        let at = Literal::usize_unsuffixed(at.unwrap_or(usize::MAX));
        if let Ty::List(item, _) = ty {
            let texts = quote! { g::scope::claims(x, #of, #at) };
            return match reader(item) {
                None => texts,
                Some(reader) => {
                    quote! { #texts.iter().filter_map(|t| g::scope::read::#reader(t)).collect::<Vec<_>>() }
                }
            };
        }
        let text = quote! { g::scope::claim(x, #of, #at) };
        let value = match reader(ty.present().0) {
            None => text,
            Some(reader) => quote! { #text.and_then(|t| g::scope::read::#reader(&t)) },
        };
        if matches!(ty, Ty::Optional(_)) { value } else { known(&value, ty) }
    }

    fn param(self, name: &str, ty: &Ty) -> TokenStream {
        let number = number(self.params, name);
        if is_text(ty) {
            return quote! { g::scope::text_param(x, #number) };
        }
        let ty = match ty {
            Ty::List(item, _) if is_text(item) => return quote! { g::scope::texts_param(x, #number) },
            Ty::List(item, _) => {
                let item = rust_type(item);
                quote! { &'static [#item] }
            }
            other => rust_type(other),
        };
        quote! { g::scope::param::<#ty>(x, #number) }
    }

    fn comparison(self, comparison: Comparison, a: &Expr, b: &Expr) -> TokenStream {
        let operator = match comparison {
            Comparison::Equal => quote! { == },
            Comparison::NotEqual => quote! { != },
            Comparison::Less => quote! { < },
            Comparison::LessEqual => quote! { <= },
            Comparison::Greater => quote! { > },
            Comparison::GreaterEqual => quote! { >= },
        };
        match (is_optional(a), is_optional(b)) {
            (true, true) => {
                let (a, b) = (self.value(a), self.value(b));
                quote! { matches!((#a, #b), (Some(a), Some(b)) if a == b) }
            }
            (true, false) => {
                let v = if is_text(&b.ty) {
                    quote! { *v }
                } else {
                    quote! { v }
                };
                let (a, b) = (self.value(a), self.compared(b));
                quote! { #a.is_some_and(|v| #v == #b) }
            }
            (false, true) => self.comparison(comparison, b, a),
            (false, false) => {
                let are_known = is_text(&a.ty) && a.constant().is_some() && b.constant().is_some();
                let (a, b) = (self.compared(a), self.compared(b));
                // Arrays of different lengths cannot be compared, slices can.
                if are_known {
                    quote! { ((#a)[..] #operator (#b)[..]) }
                } else {
                    quote! { (#a #operator #b) }
                }
            }
        }
    }

    /// A value on one side of a comparison.
    fn compared(self, expr: &Expr) -> TokenStream {
        match (expr.constant(), is_text(&expr.ty)) {
            (Some(Constant::Text(text)), true) => {
                let text = Literal::byte_string(text.as_bytes());
                quote! { *#text }
            }
            (_, true) => {
                let value = self.value(expr);
                quote! { *#value }
            }
            (_, false) => self.value(expr),
        }
    }

    fn sum(self, [saturating, decimal]: [&str; 2], a: &Expr, b: &Expr) -> TokenStream {
        let call = format_ident!("{}", if matches!(a.ty, Ty::Decimal(_)) { decimal } else { saturating });
        let (a, b) = (self.value(a), self.value(b));
        quote! { #a.#call(#b) }
    }

    fn call(self, method: &Method, of: &Expr) -> TokenStream {
        match method {
            Method::StartsWith(part) => {
                let (of, part) = (self.value(of), self.slice(part));
                quote! { #of.starts_with(#part) }
            }
            Method::EndsWith(part) => {
                let (of, part) = (self.value(of), self.slice(part));
                quote! { #of.ends_with(#part) }
            }
            Method::Contains(part) => {
                let (of, part) = (self.slice(of), self.slice(part));
                quote! { g::scope::contains(#of, #part) }
            }
            Method::Lower => {
                let of = self.value(of);
                quote! { g::scope::lower(#of) }
            }
            Method::Upper => {
                let of = self.value(of);
                quote! { g::scope::upper(#of) }
            }
            Method::Matches(regex) => super::check::matches(regex, &self.slice(of)),
            Method::Length if matches!(of.ty, Ty::List(..)) => self.count(of),
            Method::Length => {
                let of = self.slice(of);
                quote! { g::scope::read::length(#of) }
            }
        }
    }

    /// The number of items of a list.
    fn count(self, list: &Expr) -> TokenStream {
        match &list.kind {
            Kind::List(items) => {
                let count = Literal::i64_suffixed(i64::try_from(items.len()).unwrap_or(i64::MAX));
                quote! { #count }
            }
            Kind::If(condition, then, otherwise) => {
                let (condition, then) = (self.value(condition), self.count(then));
                let otherwise = self.count(otherwise);
                quote! { (if #condition { #then } else { #otherwise }) }
            }
            Kind::Coalesce(first, second) if first.is_document() => {
                let (is_there, then) = (self.place(first), self.count(&found(first)));
                let otherwise = self.count(second);
                quote! { (if #is_there.is_some() { #then } else { #otherwise }) }
            }
            _ if list.is_walked() => {
                let walk = self.walk(list);
                quote! { g::scope::count(#walk.count()) }
            }
            _ => {
                let list = self.value(list);
                quote! { g::scope::count(#list.len()) }
            }
        }
    }
}

fn read(read: &Read, ty: &Ty) -> TokenStream {
    match read {
        Read::Method => quote! { g::scope::method(x) },
        Read::Path => quote! { g::scope::path(x) },
        Read::Host => quote! { g::scope::host(x) },
        Read::ClientIp => quote! { g::scope::client_ip(x) },
        Read::Status => quote! { g::scope::status(x) },
        Read::RequestId => quote! { g::scope::request_id(x) },
        // INVARIANT: these are written where the numbers of names are known.
        Read::Known(_) | Read::Claim(..) => quote! { None },
        Read::Fact(at) => {
            let name = format_ident!("{}", FACTS.get(*at).map_or("", |fact| fact.name));
            quote! { g::scope::fact::#name(x) }
        }
        Read::Capture(number) => {
            let number = Literal::u8_unsuffixed(*number);
            let text = quote! { g::scope::capture(x, #number) };
            match reader(ty) {
                None => text,
                Some(reader) => known(&quote! { g::scope::read::#reader(&#text) }, ty),
            }
        }
        Read::Raw(lookup, name) => looked_up(*lookup, name),
        Read::Field(lookup, name, default) => {
            if let Ty::List(item, _) = ty {
                return listed(*lookup, name, item, default.as_ref());
            }
            let text = looked_up(*lookup, name);
            let value = match reader(ty.present().0) {
                None => text,
                Some(reader) => quote! { #text.and_then(|t| g::scope::read::#reader(&t)) },
            };
            match default {
                _ if matches!(ty, Ty::Optional(_)) => value,
                Some(default) => {
                    let default = constant::value(default);
                    quote! { #value.unwrap_or(#default) }
                }
                None => known(&value, ty),
            }
        }
    }
}

/// What is there, of what might not be.
fn known(value: &TokenStream, ty: &Ty) -> TokenStream {
    // INVARIANT: the router or a row has found it to be there, and to be of the type.
    if is_text(ty) {
        quote! { #value.unwrap_or_default() }
    } else {
        quote! { g::scope::known(#value) }
    }
}

/// The values of a field that may be repeated.
fn listed(lookup: Lookup, name: &str, item: &Ty, default: Option<&Constant>) -> TokenStream {
    let name = Literal::string(name);
    let texts = match lookup {
        Lookup::Query => quote! { g::scope::query_all(x, #name) },
        Lookup::Header | Lookup::Answer => quote! { g::scope::header_all(x, #name) },
        Lookup::Cookie => quote! { g::scope::cookie_all(x, #name) },
    };
    let values = match reader(item) {
        None => texts,
        Some(reader) => {
            quote! { #texts.iter().filter_map(|t| g::scope::read::#reader(t)).collect::<Vec<_>>() }
        }
    };
    match default {
        Some(Constant::List(items)) if !items.is_empty() => {
            let items = items.iter().map(constant::value);
            quote! { { let l = #values; if l.is_empty() { vec![#(#items),*] } else { l } } }
        }
        _ => values,
    }
}

fn looked_up(lookup: Lookup, name: &str) -> TokenStream {
    let name = Literal::string(name);
    match lookup {
        Lookup::Query => quote! { g::scope::query(x, #name) },
        Lookup::Header => quote! { g::scope::header(x, #name) },
        Lookup::Cookie => quote! { g::scope::cookie(x, #name) },
        Lookup::Answer => quote! { g::scope::answer_header(x, #name) },
    }
}

/// The number of a name that is among the names.
fn number(names: &[String], name: &str) -> Literal {
    // INVARIANT: whoever types an expression knows the names, and there are far fewer than 65,535.
    let number = names.iter().position(|known| known == name).and_then(|number| u16::try_from(number).ok());
    Literal::u16_unsuffixed(number.unwrap_or(u16::MAX))
}

/// A part of a document that has been asked for.
fn found(expr: &Rc<Expr>) -> Rc<Expr> {
    Expr::new(Kind::Found(Rc::clone(expr)), expr.ty.present().0.clone())
}

fn is_optional(expr: &Expr) -> bool {
    matches!(expr.ty, Ty::Optional(_))
}

/// Whether a type's values are bytes of text.
fn is_text(ty: &Ty) -> bool {
    matches!(ty.present().0, Ty::String(_) | Ty::Enum(_) | Ty::Url | Ty::Path | Ty::Secret)
}

/// The reader of a type's texts; `None` where the text is the value.
fn reader(ty: &Ty) -> Option<Ident> {
    let name = match ty {
        Ty::Bool => "bool",
        Ty::Int(_) => "int",
        Ty::Decimal(_) => "decimal",
        Ty::Duration(_) => "duration",
        Ty::Size(_) => "size",
        Ty::Rate(_) => "rate",
        Ty::Percent(_) => "percent",
        Ty::Ip => "ip",
        Ty::Cidr => "cidr",
        Ty::Addr => "addr",
        Ty::Uuid => "uuid",
        Ty::Date => "date",
        Ty::Time => "time",
        _ => return None,
    };
    Some(format_ident!("{name}"))
}

/// The Rust type of a parameter's value.
fn rust_type(ty: &Ty) -> TokenStream {
    match ty {
        Ty::Bool => quote! { bool },
        Ty::Int(_) => quote! { i64 },
        Ty::Decimal(_) => quote! { g::Decimal },
        Ty::Duration(_) => quote! { g::Duration },
        Ty::Size(_) => quote! { u64 },
        Ty::Rate(_) => quote! { g::scope::Rate },
        Ty::Percent(_) => quote! { u32 },
        Ty::Ip => quote! { g::IpAddr },
        Ty::Cidr => quote! { g::scope::Cidr },
        Ty::Addr => quote! { g::SocketAddr },
        Ty::Uuid => quote! { [u8; 16] },
        Ty::Date => quote! { g::scope::Date },
        Ty::Time => quote! { g::Time },
        // INVARIANT: texts are asked for as such. Were another type to come here, rustc would refuse this.
        _ => quote! { () },
    }
}
