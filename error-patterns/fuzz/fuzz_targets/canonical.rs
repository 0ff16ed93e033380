//! Fuzzes the reading of canonical forms.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| error_patterns_fuzz::canonical(bytes));
