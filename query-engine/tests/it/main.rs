//! The engine over real lakes in temporary folders, and its API over real connections.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as the test does")]

mod comparing;
mod confinement;
mod consistency;
mod feed;
mod http;
mod jaeger;
mod lifecycle;
mod limits;
mod lists;
mod merging;
mod partials;
mod pruning;
mod ranking;
mod refusals;
mod reopening;
mod scenarios;
mod sessions;
mod stages;
mod support;
mod views;
