//! Everything that needs a running gateway, in one binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::large_stack_arrays,
    clippy::format_collect,
    clippy::print_stdout,
    reason = "tests"
)]

mod browser;
mod evaluated;
mod oracle;
mod programs;
mod protocol;
