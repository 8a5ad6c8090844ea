//! HTTP/1.1 from raw bytes.

mod abort;
mod answers;
mod bodies;
mod chunked;
mod early;
mod expect;
mod limits;
mod own;
mod pipelining;
mod pool;
mod smuggling;
mod timeouts;
