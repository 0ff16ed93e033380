//! Fuzzes the parsers of languages whose stacks are not read; the first byte tells which.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| error_patterns_fuzz::parse_others(bytes));
