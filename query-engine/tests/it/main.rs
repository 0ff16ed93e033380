//! The engine over real lakes in temporary folders, and its API over real connections.

mod consistency;
mod http;
mod limits;
mod pruning;
mod refusals;
mod scenarios;
mod support;
