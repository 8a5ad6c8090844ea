//! Fuzzes the heads of requests, and what is forwarded of them.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| gatewright_fuzz::request::check(input));
