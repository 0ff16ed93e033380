//! Fuzzes the whole way from an exception to its grouping and explanation.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| error_patterns_fuzz::group(bytes));
