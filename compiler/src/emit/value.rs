//! Values of rows as Rust expressions: the type of the value decides the literal.
//!
//! It knows no policy; the field that a value fills must have the type named here.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use gatewright_dsl::schema::{Cause, Value};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

use crate::EVERY_ADDRESS;
use crate::ir::{Content, Declared, Field, Respond, Said};

/// An expression for what stands in a field of a type that lives at `home`.
pub(super) fn content(content: &Content, home: &TokenStream) -> TokenStream {
    match content {
        Content::Value(it) => value(it),
        Content::Option(None) => quote! { None },
        Content::Option(Some(it)) => {
            let it = self::content(it, home);
            quote! { Some(#it) }
        }
        Content::Is(it) => {
            let it = self::content(it, home);
            quote! { g::Setting::Is(#it) }
        }
        Content::Param(number) => {
            let number = Literal::u16_unsuffixed(*number);
            quote! { g::Setting::Param(#number) }
        }
        Content::Least(two) => {
            let [a, b] = [&two.0, &two.1].map(|it| self::content(it, home));
            quote! { g::Setting::Least(&[#a, #b]) }
        }
        Content::Choice(name, word) => {
            let (name, word) = (ident(&camel(name)), ident(&camel(word)));
            quote! { #home::#name::#word }
        }
        Content::Expr(number) => function(*number),
        Content::Named(name, number) => {
            let (name, function) = (text(name), function(*number));
            quote! { (#name, #function) }
        }
        Content::Declared(field) => declared(field),
        Content::Respond(answer) => respond(answer),
        Content::State(number) => {
            let number = Literal::usize_unsuffixed(*number);
            quote! { g::Slot(#number) }
        }
        Content::Shape(number, _) => {
            let shape = format_ident!("SHAPE_{number}");
            quote! { &#shape }
        }
        Content::List(items) => {
            let items = items.iter().map(|item| self::content(item, home));
            quote! { &[#(#items),*] }
        }
        Content::Auth(number, _) => {
            let number = Literal::u16_unsuffixed(*number);
            quote! { #number }
        }
        Content::Claims(claims) => {
            let claims = claims.iter().map(|said| optional_texts(said.as_deref()));
            quote! { &[#(#claims),*] }
        }
        Content::Items(items) => self::items(items, home),
    }
}

/// Texts, if there are any.
pub(super) fn optional_texts(texts: Option<&[String]>) -> TokenStream {
    match texts {
        None => quote! { None },
        Some(texts) => quote! { Some(&[#(#texts),*]) },
    }
}

/// Settings as variants of the enum beside the type that lives at `home`.
pub(super) fn items(items: &[(&'static str, Vec<Field>)], home: &TokenStream) -> TokenStream {
    let items = items.iter().map(|(name, fields)| {
        let (name, fields) = (ident(&camel(name)), fields.iter().map(|it| field(it, home)));
        quote! { #home::Item::#name { #(#fields),* } }
    });
    quote! { &[#(#items),*] }
}

/// A field of a struct or of a variant.
pub(super) fn field(field: &Field, home: &TokenStream) -> TokenStream {
    let (name, content) = (ident(field.name), content(&field.content, home));
    quote! { #name: #content }
}

fn declared(field: &Declared) -> TokenStream {
    let (name, expected) = (text(&field.name), text(&field.expected));
    let (required, many) = (field.required, field.many);
    let check = format_ident!("check_{}", field.check);
    quote! { g::Field { name: #name, required: #required, many: #many, check: #check, expected: #expected } }
}

pub(super) fn respond(answer: &Respond) -> TokenStream {
    let status = Literal::u16_unsuffixed(answer.status);
    let content_type = text(answer.body.as_ref().map_or("", |(kind, _)| *kind));
    let body = match &answer.body {
        None => quote! { g::Content::Nothing },
        Some((_, Said::Text(it))) => {
            let it = text(it);
            quote! { g::Content::Text(#it) }
        }
        Some((_, Said::Expr(number))) => {
            let function = function(*number);
            quote! { g::Content::Write(#function) }
        }
    };
    quote! { g::Respond { status: #status, content_type: #content_type, body: #body } }
}

/// The function that evaluates an expression.
pub(super) fn function(number: usize) -> TokenStream {
    let name = format_ident!("expr_{number}");
    quote! { #name }
}

/// An expression for a literal.
fn value(value: &Value) -> TokenStream {
    match value {
        Value::Bool(it) => quote! { #it },
        Value::Int(it) => {
            let number = Literal::i64_unsuffixed(*it);
            quote! { #number }
        }
        Value::Size(it) => quote! { #it },
        Value::Percent(it) => {
            let millionths = it.0;
            quote! { #millionths }
        }
        Value::Decimal(it) | Value::Text(it) | Value::Word(it) => text(it),
        Value::Duration(it) => duration(*it),
        Value::Rate(it) => {
            let (count, per) = (it.count, duration(it.per));
            quote! { (#count, #per) }
        }
        Value::Ip(it) => ip_address(*it),
        Value::Cidr(it, bits) => network(*it, *bits),
        Value::Addr(it) => socket_address(SocketAddr::new(it.ip.unwrap_or(EVERY_ADDRESS), it.port)),
        Value::Url(it) => {
            let host = if it.host.contains(':') { format!("[{}]", it.host) } else { it.host.clone() };
            text(&format!("{}://{host}:{}{}", it.scheme, it.port, it.path))
        }
        Value::Status(it) => {
            let status = Literal::u16_unsuffixed(*it);
            quote! { #status }
        }
        Value::Cause(it) => cause(it),
        Value::List(items) => {
            let items = items.iter().map(self::value);
            quote! { &[#(#items),*] }
        }
        // INVARIANT: these are content of other kinds; lowering makes them so.
        Value::Absent
        | Value::Answer(_)
        | Value::Expr(_)
        | Value::Field(_)
        | Value::Binding(..)
        | Value::Name(_)
        | Value::Reference(_)
        | Value::Named(_)
        | Value::Type(_)
        | Value::Least(_) => quote! { None },
    }
}

fn cause(cause: &Cause) -> TokenStream {
    match cause {
        Cause::Status(status) => {
            let status = Literal::u16_unsuffixed(*status);
            quote! { g::Cause::Status(#status) }
        }
        Cause::Class(class) => {
            let class = Literal::u16_unsuffixed(*class);
            quote! { g::Cause::Class(#class) }
        }
        Cause::Reason(reason) => {
            let reason = text(reason);
            quote! { g::Cause::Reason(#reason) }
        }
    }
}

/// `dry_run` as `DryRun`.
fn camel(word: &str) -> String {
    let words = word.split(['_', '-']).filter_map(|word| word.split_at_checked(1));
    words.flat_map(|(first, rest)| [first.to_ascii_uppercase(), rest.to_owned()]).collect()
}

/// The path of a type: of the gateway's package, of a crate, or seen from the door.
pub(super) fn home(path: &str) -> TokenStream {
    let (begins, path) = match (path.strip_prefix("crate::"), path.strip_prefix("::")) {
        (Some(path), _) => (quote! { crate }, path),
        (None, Some(path)) => (quote! {}, path),
        (None, None) => (quote! { g }, path),
    };
    let parts = path.split("::").map(ident);
    quote! { #begins #(:: #parts)* }
}

/// A name that a row gives. A word of Rust is written raw.
pub(super) fn ident(name: &str) -> Ident {
    // A keyword since edition 2024, which syn takes for a name.
    let is_new = name == "gen";
    let plain = syn::parse_str(name).ok().filter(|_| !is_new);
    plain.unwrap_or_else(|| Ident::new_raw(name, Span::call_site()))
}

pub(super) fn socket_address(address: SocketAddr) -> TokenStream {
    let port = Literal::u16_unsuffixed(address.port());
    match address.ip() {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets().map(Literal::u8_unsuffixed);
            quote! { g::SocketAddr::V4(g::SocketAddrV4::new(g::Ipv4Addr::new(#a, #b, #c, #d), #port)) }
        }
        IpAddr::V6(ip) => {
            let parts = ip.segments().map(Literal::u16_unsuffixed);
            quote! { g::SocketAddr::V6(g::SocketAddrV6::new(g::Ipv6Addr::new(#(#parts),*), #port, 0, 0)) }
        }
    }
}

pub(super) fn network(address: IpAddr, bits: u8) -> TokenStream {
    let (address, bits) = (ip_address(address), Literal::u8_unsuffixed(bits));
    quote! { (#address, #bits) }
}

pub(super) fn ip_address(address: IpAddr) -> TokenStream {
    match address {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets().map(Literal::u8_unsuffixed);
            quote! { g::IpAddr::V4(g::Ipv4Addr::new(#a, #b, #c, #d)) }
        }
        IpAddr::V6(ip) => {
            let parts = ip.segments().map(Literal::u16_unsuffixed);
            quote! { g::IpAddr::V6(g::Ipv6Addr::new(#(#parts),*)) }
        }
    }
}

pub(super) fn duration(time: Duration) -> TokenStream {
    let (unit, amount) = match u64::try_from(time.as_millis()) {
        Ok(millis) if Duration::from_millis(millis) == time => ("from_millis", millis),
        _ => ("from_nanos", u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)),
    };
    let (unit, amount) = (format_ident!("{unit}"), Literal::u64_unsuffixed(amount));
    quote! { g::Duration::#unit(#amount) }
}

fn text(text: &str) -> TokenStream {
    let literal = Literal::string(text);
    quote! { #literal }
}
