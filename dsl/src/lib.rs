//! The words of the gw language: grammar, tree, problems and the rows that describe settings.
//!
//! Everything here is pure. Text comes in as a [`Source`], a tree and a list of [`Problem`]s go out; no file is
//! opened and nothing is printed. What a program *means* (names, routes, what runs) is the compiler's work.

pub mod ast;
pub mod auth;
pub mod format;
pub mod item;
pub mod page;
pub mod parse;
pub mod policy;
pub mod problem;
pub mod schema;
pub mod source;
mod split;

pub use format::format;
pub use parse::declaration::METHODS;
pub use parse::parse;
pub use policy::{Catalogue, Policy};
pub use problem::Problem;
pub use source::{Source, Span};
