//! A small, strict HTTP/1.1 server on plain threads, and two services made with it: what a gateway is tried in
//! front of. It is no product: one thread a connection, and whatever is unclear is refused.
#![allow(clippy::print_stderr, reason = "each request is shown to whoever tries the gateway")]

pub mod connection;
pub mod orders;
pub mod reply;
pub mod request;
pub mod users;

pub use connection::serve;
pub use reply::Reply;
pub use request::{Body, Request};
