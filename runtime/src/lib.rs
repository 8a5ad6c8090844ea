//! The data plane of Gatewright: what every compiled gateway is linked with.
//!
//! It knows nothing of the language; emitted code reaches it through [`generated`] only.

mod access_log;
#[cfg(feature = "admin")]
mod admin;
#[cfg(feature = "json")]
pub mod aggregate;
mod answer;
pub mod auth;
#[cfg(any(test, feature = "bench"))]
#[doc(hidden)]
pub mod bench;
mod buffer;
#[cfg(feature = "call")]
mod call;
pub mod cause;
pub mod clock;
pub mod dfa;
#[cfg(feature = "dns")]
mod dns;
mod edit;
mod errand;
pub mod exchange;
mod fit;
mod flow;
pub mod generated;
#[cfg(feature = "handler")]
pub mod handler;
pub mod head;
mod http1;
#[cfg(feature = "json")]
pub mod json;
mod json_tree;
pub mod limits;
mod link;
pub(crate) mod live;
mod log_file;
mod memory;
mod metrics;
mod network;
pub mod params;
pub mod part;
mod place;
pub mod policy;
pub mod program;
mod proxies;
pub mod reason;
mod request_id;
pub mod route;
pub mod scope;
pub mod serve;
pub mod shared;
mod sweep;
mod target;
pub mod terminal;
#[cfg(feature = "tested")]
pub mod tested;
#[cfg_attr(not(feature = "tls"), path = "tls/off.rs")]
mod tls;
mod trace;
mod upstream;
mod watched;

/// The whole `main.rs` of a package whose build script compiles its `gateway.gw`.
#[macro_export]
macro_rules! gateway {
    () => {
        include!(concat!(env!("OUT_DIR"), "/gateway.rs"));

        fn main() -> ::std::process::ExitCode {
            $crate::generated::main(&PROGRAM)
        }
    };
}
