//! Values of rows as Rust expressions: the type of the value decides the literal.
//!
//! It knows no policy; the field that a value fills must have the type named here.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use gatewright_dsl::schema::Value;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

use crate::EVERY_ADDRESS;

/// An expression for a value; one that may be left out is an `Option`.
pub(super) fn value(value: &Value, optional: bool) -> TokenStream {
    let plain = match value {
        Value::Absent => return quote! { None },
        Value::Bool(it) => quote! { #it },
        Value::Int(it) => quote! { #it },
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
        Value::Cidr(it, bits) => {
            let (address, bits) = (ip_address(*it), Literal::u8_unsuffixed(*bits));
            quote! { (#address, #bits) }
        }
        Value::Addr(it) => socket_address(SocketAddr::new(it.ip.unwrap_or(EVERY_ADDRESS), it.port)),
        Value::Url(it) => {
            let host = if it.host.contains(':') { format!("[{}]", it.host) } else { it.host.clone() };
            text(&format!("{}://{host}:{}{}", it.scheme, it.port, it.path))
        }
        Value::Status(it) => {
            let status = Literal::u16_unsuffixed(*it);
            quote! { #status }
        }
        // No row of the catalogue has one yet.
        Value::Cause(_)
        | Value::Answer(_)
        | Value::Expr(_)
        | Value::Field(_)
        | Value::Binding(..)
        | Value::Name(_) => quote! { () },
        Value::List(items) => {
            let items = items.iter().map(|item| self::value(item, false));
            quote! { &[#(#items),*] }
        }
    };
    if optional {
        quote! { Some(#plain) }
    } else {
        plain
    }
}

/// The path of a type, seen from the door.
pub(super) fn home(path: &str) -> TokenStream {
    let parts = path.split("::").map(ident);
    quote! { g #(:: #parts)* }
}

/// A name that a row gives. A word of Rust is written raw.
pub(super) fn ident(name: &str) -> Ident {
    syn::parse_str(name).unwrap_or_else(|_| Ident::new_raw(name, Span::call_site()))
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

fn ip_address(address: IpAddr) -> TokenStream {
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

fn duration(time: Duration) -> TokenStream {
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
