//! Fuzzes the heads of answers, and what a client gets of them.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| gatewright_fuzz::response::check(input));
