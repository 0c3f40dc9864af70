//! What the engine needs of the machine under it besides the time of day: to
//! begin work and to wait. The daemon hands in tokio; the simulation hands in a
//! scheduler whose every choice follows from a seed.

use std::sync::Arc;
use std::time::Duration;

use switch_core::connector::Reply;
use tokio::sync::oneshot;

use crate::Engine;

/// Begins work and waits.
pub trait Runtime: Send + Sync {
    /// Runs work to its end beside the caller.
    fn begin(&self, work: Reply<'static, ()>);
    /// Ends after a time that no step of a clock can shorten or lengthen.
    fn wait(&self, time: Duration) -> Reply<'static, ()>;
}

/// The runtime of the daemon.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tokio;

impl Runtime for Tokio {
    fn begin(&self, work: Reply<'static, ()>) {
        drop(tokio::spawn(work));
    }

    fn wait(&self, time: Duration) -> Reply<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}

impl Engine {
    /// Begins work that a drain waits for.
    pub(crate) fn begin(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        self.runtime.begin(Box::pin(self.tasks.track_future(work)));
    }

    /// Runs a story to its end even when its caller hangs up. `None`: it broke off.
    pub(crate) async fn to_the_end<T: Send + 'static>(
        self: &Arc<Self>,
        story: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (end, told) = oneshot::channel();
        self.begin(async move { drop(end.send(story.await)) });
        told.await.ok()
    }

    /// The result of work that ends in time.
    pub(crate) async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.runtime.wait(limit) => None,
        }
    }
}
