//! The large tables: one entry a line, each a call of a constant function with a short name.
//!
//! They are written by hand and not through the formatter, which is slow on megabytes; and as calls of functions, which
//! rustc reads faster than struct literals and far faster than packed numbers that it has to unpack.

use std::fmt::{self, Display, Write as _};

use proc_macro2::{Delimiter, Literal, TokenStream, TokenTree};
use quote::quote;

use super::dfa::dfa;
use crate::ir::{Edge, EndKind, Kind, Leaf, Node, Program, Route, To};

/// The functions that the entries call.
pub(super) fn helpers() -> TokenStream {
    quote! {
        const fn n(at: [u32; 3], edge_bits: u8, counts: [u8; 3]) -> g::Node {
            let [edges, params, leaves] = at;
            let [param_count, here_count, rest_count] = counts;
            g::Node { edges, params, leaves, edge_bits, param_count, here_count, rest_count }
        }
        const fn e(key: [u32; 2], len: u16, node: u32) -> g::Edge {
            g::Edge { key, len, node }
        }
        const fn p(kind: u32, node: u32) -> g::Param {
            g::Param { kind, node }
        }
        const fn i(min: i64, max: i64) -> g::Kind {
            g::Kind::Int { min, max }
        }
        const fn l(methods: u16, route: u32) -> g::Leaf {
            g::Leaf { methods, when: g::ALWAYS, route }
        }
        const fn w(methods: u16, when: u16, route: u32) -> g::Leaf {
            g::Leaf { methods, when, route }
        }
        const fn r(label: [u32; 2], file: u16, line: u32, chain: u16, record: u32) -> g::Route {
            g::Route { label: t(label), file, line, chain, record }
        }
        const fn t(at: [u32; 2]) -> g::Label {
            let [start, len] = at;
            g::Label { start, len: len as u16 }
        }
        /// An empty slot.
        const X: g::Edge = e([0, 0], 0, g::NONE);
    }
}

/// The tables of the router, the routes and their records, and the text.
pub(super) fn write_all(program: &Program, out: &mut String) {
    let router = &program.router;
    write(out, "NODES", "g::Node", router.nodes.iter().map(Entry));
    write(out, "EDGES", "g::Edge", router.edges.iter().map(Entry));
    write(out, "PARAMS", "g::Param", router.params.iter().map(|param| Call("p", [param.kind, param.node])));
    write(out, "KINDS", "g::Kind", router.kinds.iter().map(Entry));
    write(out, "LEAVES", "g::Leaf", router.leaves.iter().map(Entry));
    write(out, "ROUTES", "g::Route", program.routes.iter().map(Entry));
    let files = program.files.iter().map(|file| Call("t", [format!("[{},{}]", file.start, file.len)]));
    write(out, "FILES", "g::Label", files);
    for (number, chain) in program.chains.iter().enumerate() {
        let has_end = chain.end.is_some_and(|end| end != EndKind::Branch);
        let width = chain.steps.len() + usize::from(has_end);
        write(
            out,
            &format!("RECORDS_{number}"),
            &format!("[u32; {width}]"),
            chain.records.iter().map(|record| Numbers(record)),
        );
    }
    line(out, format_args!("static TEXT: &str = {};", Literal::string(program.text.as_str())));
}

/// A table under a name, one entry a line.
pub(super) fn write(
    out: &mut String,
    name: &str,
    ty: &str,
    entries: impl ExactSizeIterator<Item = impl Display>,
) {
    line(out, format_args!("static {name}: [{ty}; {}] = [", entries.len()));
    for entry in entries {
        line(out, format_args!("{entry},"));
    }
    line(out, format_args!("];"));
}

/// The same for a table that nothing names where nothing stands in it.
pub(super) fn write_unless_empty(
    out: &mut String,
    name: &str,
    ty: &str,
    entries: impl ExactSizeIterator<Item = impl Display>,
) {
    if entries.len() > 0 {
        write(out, name, ty, entries);
    }
}

/// Tokens without needless blanks, for entries that are expressions.
pub(super) struct Tight(pub(super) TokenStream);

impl Display for Tight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut follows_word = false;
        for token in self.0.clone() {
            let is_word = matches!(token, TokenTree::Ident(_) | TokenTree::Literal(_));
            if is_word && follows_word {
                f.write_char(' ')?;
            }
            follows_word = is_word;
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::None => ("", ""),
                    };
                    write!(f, "{open}{}{close}", Self(group.stream()))?;
                }
                TokenTree::Punct(punct) if punct.as_char() == ',' => f.write_str(", ")?,
                other => write!(f, "{other}")?,
            }
        }
        Ok(())
    }
}

fn line(out: &mut String, text: fmt::Arguments<'_>) {
    // Writing into a string cannot fail.
    let _ = writeln!(out, "{text}");
}

/// A call of one of the helpers.
struct Call<T, const N: usize>(&'static str, [T; N]);

impl<T: Display, const N: usize> Display for Call<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.0)?;
        for (at, argument) in self.1.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{argument}")?;
        }
        f.write_str(")")
    }
}

/// An array of numbers.
struct Numbers<'a>(&'a [usize]);

impl Display for Numbers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (at, number) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{number}")?;
        }
        f.write_str("]")
    }
}

/// An entry of a table.
struct Entry<T>(T);

impl Display for Entry<&Node> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = self.0;
        let at = [node.edges, node.params, node.leaves];
        let counts = [node.param_count, node.here_count, node.rest_count];
        write!(f, "n({},{},{})", Numbers(&at), node.edge_bits.unwrap_or(255), Numbers(&counts))
    }
}

impl Display for Entry<&Option<Edge>> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("X"),
            Some(edge) => {
                let [low, high] = edge.key;
                write!(f, "e([{low},{high}],{},{})", edge.len, edge.node)
            }
        }
    }
}

impl Display for Entry<&Leaf> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Leaf { methods, when, to } = self.0;
        match (when, to) {
            (None, To::Route(number) | To::Paths(number)) => write!(f, "l({methods},{number})"),
            // A condition is looked at only where the method is not among the lower eight.
            (Some(when), To::Route(number) | To::Paths(number)) => {
                write!(f, "w({},{when},{number})", u32::from(*methods) << 8)
            }
            (None, To::Floor) => f.write_str("w(0,g::ALWAYS,g::NONE)"),
            (Some(when), To::Floor) => write!(f, "w(0,{when},g::NONE)"),
        }
    }
}

impl Display for Entry<&Kind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::OneOf(texts) => write!(f, "{}", Tight(quote! { g::Kind::OneOf(&[#(#texts),*]) })),
            Kind::Length { min, max } => write!(f, "g::Kind::Length{{min:{min},max:{max}}}"),
            Kind::Regular(automaton) => {
                let dfa = dfa(automaton);
                write!(f, "{}", Tight(quote! { g::Kind::Regular(&#dfa) }))
            }
            Kind::Any => f.write_str("g::Kind::Any"),
            Kind::Date => f.write_str("g::Kind::Date"),
            Kind::Uuid => f.write_str("g::Kind::Uuid"),
            Kind::Int { min, max } => write!(f, "i({min},{max})"),
        }
    }
}

impl Display for Entry<&Route> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let route = self.0;
        let name = [route.label.start, route.label.len];
        write!(
            f,
            "r({},{},{},{},{})",
            Numbers(&name),
            route.file,
            route.place.line,
            route.chain,
            route.record
        )
    }
}
