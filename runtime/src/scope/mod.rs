//! What expressions read of an exchange, and how texts become values.
//!
//! It is called by emitted functions, through the door. Everything here is total: what is no value of the type asked for is
//! `None`, and no text makes it panic.

pub mod decimal;
pub mod read;
pub mod url;
