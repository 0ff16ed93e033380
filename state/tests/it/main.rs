//! One suite for both databases.

mod cluster;
mod conformance;
