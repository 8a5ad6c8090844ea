//! The meaning of a gw program: it is checked, its routes are put in order, and it is emitted as Rust.

#![allow(dead_code)]

mod algebra;
