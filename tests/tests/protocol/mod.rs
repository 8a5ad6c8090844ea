//! HTTP/1.1 from raw bytes.

mod abort;
mod answers;
mod bodies;
mod chunked;
mod early;
mod expect;
mod garbage;
mod handover;
mod headers;
mod hooks;
mod kept;
mod leaving;
mod life;
mod limits;
mod log;
mod memory;
mod own;
mod path;
mod pipelining;
mod pool;
mod process;
mod rate;
mod signals;
mod smuggling;
mod spoof;
mod timeouts;
