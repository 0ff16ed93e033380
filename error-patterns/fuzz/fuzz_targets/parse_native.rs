//! Fuzzes the parser of native.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| error_patterns_fuzz::parse(bytes, "native"));
