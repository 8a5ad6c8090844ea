//! Constants as Rust expressions.

use std::net::{IpAddr, SocketAddr};

use gatewright_dsl::ast::{Percent, Rate};
use gatewright_dsl::schema::Value as Shown;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::EVERY_ADDRESS;
use crate::emit::value::{duration, ip_address, socket_address};
use crate::ir::expr::Constant;
use crate::json;

/// A value, of the Rust type that stands for its type.
pub(crate) fn value(constant: &Constant) -> TokenStream {
    match constant {
        Constant::Bool(it) => quote! { #it },
        Constant::Int(it) => signed(it.is_negative(), &Literal::i64_suffixed(*it)),
        Constant::Decimal(it) => {
            let units = signed(it.0.is_negative(), &Literal::i128_unsuffixed(it.0));
            quote! { g::Decimal(#units) }
        }
        Constant::Text(it) => {
            let text = Literal::byte_string(it.as_bytes());
            quote! { g::Text::Borrowed(#text) }
        }
        Constant::Duration(it) => duration(*it),
        Constant::Size(it) => {
            let size = Literal::u64_suffixed(*it);
            quote! { #size }
        }
        Constant::Rate(count, per) => {
            let (count, per) = (Literal::u64_suffixed(*count), duration(*per));
            quote! { (#count, #per) }
        }
        Constant::Percent(it) => {
            let millionths = Literal::u32_suffixed(*it);
            quote! { #millionths }
        }
        Constant::Ip(it) => ip_address(*it),
        Constant::Cidr(it, bits) => {
            let (ip, bits) = (ip_address(*it), Literal::u8_suffixed(*bits));
            quote! { (#ip, #bits) }
        }
        Constant::Addr(it) => socket_address(*it),
        Constant::Uuid(it) => {
            let bytes = it.map(Literal::u8_unsuffixed);
            quote! { [#(#bytes),*] }
        }
        Constant::Date(year, month, day) => {
            let year = Literal::u16_suffixed(*year);
            let (month, day) = (Literal::u8_suffixed(*month), Literal::u8_suffixed(*day));
            quote! { (#year, #month, #day) }
        }
        Constant::Time(it) => {
            let seconds = Literal::u32_unsuffixed(*it);
            quote! { g::Time(#seconds) }
        }
        // INVARIANT: no expression has a list of constants; a list is made of expressions.
        Constant::List(_) => quote! { () },
    }
}

/// A number of which a method may be called.
fn signed(is_negative: bool, number: &Literal) -> TokenStream {
    if is_negative {
        quote! { (#number) }
    } else {
        quote! { #number }
    }
}

/// The JSON that a member's default is.
pub(crate) fn json(constant: &Constant) -> String {
    let mut text = String::new();
    write_json(constant, &mut text);
    text
}

/// Appends a value as JSON.
pub(crate) fn write_json(constant: &Constant, out: &mut String) {
    match constant {
        Constant::Bool(_) | Constant::Int(_) | Constant::Decimal(_) => out.push_str(&self::text(constant)),
        Constant::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                write_json(item, out);
            }
            out.push(']');
        }
        _ => json::string(&self::text(constant), out),
    }
}

/// The text that reads as a value: of a parameter's default.
pub(crate) fn text(constant: &Constant) -> String {
    match constant {
        Constant::Bool(it) => it.to_string(),
        Constant::Int(it) => it.to_string(),
        Constant::Decimal(it) => it.to_string(),
        Constant::Text(it) => it.clone(),
        Constant::Duration(it) => Shown::Duration(*it).to_string(),
        Constant::Size(it) => Shown::Size(*it).to_string(),
        Constant::Rate(count, per) => Shown::Rate(Rate { count: *count, per: *per }).to_string(),
        Constant::Percent(it) => Shown::Percent(Percent(*it)).to_string(),
        Constant::Ip(it) => IpAddr::to_string(it),
        Constant::Cidr(it, bits) => format!("{it}/{bits}"),
        Constant::Addr(it) if it.ip() == EVERY_ADDRESS => format!(":{}", it.port()),
        Constant::Addr(it) => SocketAddr::to_string(it),
        Constant::Uuid(it) => {
            let digits = format!("{:032x}", u128::from_be_bytes(*it));
            let parts = [0..8, 8..12, 12..16, 16..20, 20..32]
                .map(|part| digits.get(part).unwrap_or_default().to_owned());
            parts.join("-")
        }
        Constant::Date(year, month, day) => format!("{year:04}-{month:02}-{day:02}"),
        Constant::Time(it) => format!("{:02}:{:02}:{:02}", it / 3_600, it / 60 % 60, it % 60),
        Constant::List(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
    }
}
