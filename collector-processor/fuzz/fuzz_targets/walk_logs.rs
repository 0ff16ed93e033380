//! Fuzzes the walk over a log request.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| collector_processor_fuzz::walk_logs(bytes));
