//! Fuzzes the chunked coding.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| gatewright_fuzz::chunk::check(input));
