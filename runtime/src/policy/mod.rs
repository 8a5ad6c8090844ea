//! The steps that a chain can have: one module for each row of the language.
//!
//! A step is a `Config`, written by the compiler as a struct literal, with hooks that it answers itself. No step
//! knows another.

pub mod balance;
pub mod body;
pub mod breaker;
pub mod concurrency;
pub mod deny;
pub mod eject;
pub mod forward;
pub mod health;
pub mod identify;
pub mod r#let;
#[cfg(feature = "limit")]
pub mod limit;
pub mod log;
pub mod on;
pub mod only;
pub mod query;
pub mod request;
pub mod require;
pub mod response;
pub mod retry;
pub mod timeout;
pub mod tls;
