//! What the commands do, one file a command.

pub(crate) mod compact;
pub(crate) mod config_check;
pub(crate) mod explain;
pub(crate) mod serve;
pub(crate) mod sql;
pub(crate) mod token;

/// Runs a command that is asynchronous.
pub(crate) fn block_on<T>(command: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(command)
}
