//! What the commands do, one file a command.

pub(crate) mod compact;
pub(crate) mod config_check;
pub(crate) mod explain;
pub(crate) mod serve;
pub(crate) mod sql;
