//! The lake from outside: one binary, run on a local folder, and on an S3 server too where
//! `ERRATA_TEST_S3_ENDPOINT`, `_KEY`, `_SECRET` and `_BUCKET` name one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod append;
mod coded;
mod evolution;
mod look_up;
mod merge;
mod simulation;
mod support;
mod upkeep;
