//! The steps that a chain can have: one module for each row of the language.
//!
//! A step is a `Config`, written by the compiler as a struct literal, with hooks that it answers itself. No step
//! knows another.

pub mod body;
pub mod timeout;
