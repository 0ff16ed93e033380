//! Fuzzes the reading of OTLP/JSON.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| collector_processor_fuzz::json(bytes));
