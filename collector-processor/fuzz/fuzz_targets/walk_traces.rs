//! Fuzzes the walk over a trace request.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| collector_processor_fuzz::walk_traces(bytes));
