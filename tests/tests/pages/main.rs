//! The pages tell the truth: what they show is compiled, started, asked and compared, and their tables are those of the
//! code. How a page is written is said in `docs/README.md`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod catalogue;
mod deploy;
mod echo;
mod http;
mod place;
mod problems;
mod run;
mod stories;
mod tables;

include!(concat!(env!("OUT_DIR"), "/pages.rs"));
