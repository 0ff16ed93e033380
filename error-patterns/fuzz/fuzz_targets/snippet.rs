//! Fuzzes the reading of failing statements in snippets.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| error_patterns_fuzz::snippet(bytes));
