//! Fuzzes the parser of r.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| error_patterns_fuzz::parse(bytes, "r"));
