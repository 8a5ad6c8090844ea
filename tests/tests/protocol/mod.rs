//! HTTP/1.1 from raw bytes.

mod smuggling;
