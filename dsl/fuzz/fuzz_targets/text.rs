//! Fuzzes reading and formatting.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| gatewright_dsl_fuzz::claim::check(input));
