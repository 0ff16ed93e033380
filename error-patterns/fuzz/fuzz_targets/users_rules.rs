//! Fuzzes the reader of users' rules, and the rules that it accepts.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| error_patterns_fuzz::users_rules(bytes));
