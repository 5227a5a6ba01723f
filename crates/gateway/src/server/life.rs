//! How a gateway goes on, and how it ends.

use super::Shutdown;
use super::tasks::Tasks;
use crate::calls::Calls;
use crate::keeping::Keeping;
use crate::switches::Switches;
use ::tools::mcp::Servers;
use recording::Recorder;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long tasks may take to end when they are told to.
const LAST_MOMENT: Duration = Duration::from_secs(5);

/// How long the hang-ups may take that calls have left behind.
const HANG_UPS: Duration = Duration::from_secs(10);

/// A gateway that answers.
pub(super) struct Life {
    pub(super) calls: Calls,
    pub(super) switches: Switches,
    /// How long calls may go on in a shutdown.
    pub(super) patience: Duration,
    /// Tells the listeners and the tasks to end.
    pub(super) closed: CancellationToken,
    pub(super) tasks: Tasks,
    pub(super) recorder: Recorder,
    pub(super) keeping: Keeping,
    pub(super) servers: Servers,
}

impl Life {
    /// Waits for the shutdown and carries it out. The listeners answer until the last call has ended: whoever asks is told that the
    /// node drains, and a stream that was lost may come back.
    pub(super) async fn end(mut self, shutdown: Shutdown) {
        let drained = drained(&self.calls, self.patience, &shutdown);
        tokio::pin!(drained);
        loop {
            tokio::select! {
                () = &mut drained => break,
                fault = self.tasks.next_fault() => tracing::error!("{fault}"),
            }
        }
        // Callers are hung up, and whoever was called for them.
        self.switches.attended(HANG_UPS).await;
        self.closed.cancel();
        self.servers.end(LAST_MOMENT).await;
        self.tasks.close(LAST_MOMENT).await;
        self.keeping.close().await;
        // What it still has to write is not much; a thread of its own may wait for the disk.
        let recorder = self.recorder;
        if tokio::task::spawn_blocking(move || recorder.close())
            .await
            .is_err()
        {
            tracing::error!("the recorder could not be closed");
        }
    }
}

async fn drained(calls: &Calls, patience: Duration, shutdown: &Shutdown) {
    shutdown.drain.cancelled().await;
    tracing::info!(
        calls = calls.live(),
        seconds = patience.as_secs(),
        "draining: no new calls"
    );
    tokio::select! {
        () = calls.drain(patience) => {}
        () = shutdown.now.cancelled() => calls.drain(Duration::ZERO).await,
    }
}
