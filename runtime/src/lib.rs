//! The data plane of Gatewright: what every compiled gateway is linked with.
//!
//! It knows nothing of the language; emitted code reaches it through [`generated`] only.

pub mod exchange;
pub mod generated;
pub mod policy;
pub mod program;
pub mod route;
pub mod serve;
pub mod terminal;
