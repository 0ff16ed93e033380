//! The thread that merges.
//!
//! Always the same one, and one merge at a time: allocators keep what a thread has freed for that thread, so merges on
//! many threads would hold many times what one needs. It is started with the first merge and ends with the lake.

use crate::error::LakeError;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

type Job = Box<dyn FnOnce() + Send>;

/// Handle of the thread.
#[derive(Debug, Default)]
pub(crate) struct Worker {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
}

impl Worker {
    /// Runs `work` on the thread, once what came before is done.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, LakeError> {
        let (done, result) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Nobody waits any more where the caller was cancelled.
            done.send(work()).ok();
        });
        let jobs = self.jobs()?;
        jobs.send(job).await.map_err(|_| LakeError::Cancelled)?;
        result.await.map_err(|_| LakeError::Cancelled)
    }

    fn jobs(&self) -> Result<mpsc::Sender<Job>, LakeError> {
        let mut jobs = self.jobs.lock();
        match &*jobs {
            Some(running) if !running.is_closed() => Ok(running.clone()),
            _ => {
                let (sender, mut receiver) = mpsc::channel::<Job>(1);
                let run = move || {
                    while let Some(job) = receiver.blocking_recv() {
                        job();
                    }
                };
                let started = std::thread::Builder::new().name("errata-merge".into()).spawn(run);
                started.map_err(|_| LakeError::Cancelled)?;
                Ok(jobs.insert(sender).clone())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_on_one_thread_which_a_panic_does_not_end_for_good() {
        let worker = Worker::default();
        let thread = async || worker.run(|| std::thread::current().id()).await.unwrap();
        let first = thread().await;
        assert_eq!(thread().await, first);
        assert_ne!(first, std::thread::current().id());
        let panicked = worker.run(|| assert_eq!(1, 2, "a fault")).await;
        assert!(matches!(panicked, Err(LakeError::Cancelled)));
        while worker.jobs.lock().as_ref().is_some_and(|jobs| !jobs.is_closed()) {
            tokio::task::yield_now().await;
        }
        assert_eq!(worker.run(|| 7).await.unwrap(), 7);
    }
}
