//! When the plugin ends: Grafana says so, a signal does, or Grafana is gone.

use crate::log;
use std::io;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How often it is looked whether Grafana lives.
const PARENT_INTERVAL: Duration = Duration::from_secs(1);
/// Time for calls under way; Grafana kills after two seconds.
pub(crate) const GRACE: Duration = Duration::from_millis(1_500);

/// Tells everybody that it is over. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Ending(watch::Sender<bool>);

impl Ending {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Ends the plugin.
    pub(crate) fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Waits until it is over. Safe to drop.
    pub(crate) async fn wait(&self) {
        let mut ended = self.0.subscribe();
        // The sender lives in self, so this cannot fail.
        _ = ended.wait_for(|ended| *ended).await;
    }

    /// Ends the plugin on a signal, and when the process that started it is gone: without it nobody reads the socket,
    /// and a plugin whose Grafana was killed would stay for ever. Signals are heard from the call on, not only once the
    /// future runs: one that comes right after the handshake must not kill.
    ///
    /// # Errors
    /// Where signals cannot be listened for.
    pub(crate) fn watch(self) -> io::Result<impl Future<Output = ()>> {
        let parent = rustix::process::getppid();
        let mut terminate = signal(SignalKind::terminate())?;
        // Ctrl-C in Grafana's terminal is for Grafana, which then says when it is over: to listen is to ignore it.
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(async move {
            let _ignored = interrupt;
            let gone = async {
                while rustix::process::getppid() == parent {
                    tokio::time::sleep(PARENT_INTERVAL).await;
                }
            };
            let why = tokio::select! {
                _ = terminate.recv() => "terminated",
                () = gone => "Grafana is gone",
            };
            log::info("the plugin ends", &[("why", why)]);
            self.begin();
        })
    }
}
