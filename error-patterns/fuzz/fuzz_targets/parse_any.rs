//! Fuzzes the choice of a parser where no client names a runtime.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| error_patterns_fuzz::parse_any(bytes));
