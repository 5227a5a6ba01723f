//! The tasks that a gateway lives by. They have one owner, which hears of it when one of them ends before its time.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::time::Duration;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::timeout;

/// Some tasks of a gateway. Dropping this ends them.
#[derive(Default)]
pub(super) struct Tasks {
    set: JoinSet<()>,
    known: HashMap<Id, Known>,
}

struct Known {
    name: &'static str,
    lasts: Lasts,
}

/// How long a task goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lasts {
    /// As long as the gateway.
    Always,
    /// Until its work is done.
    ForAWhile,
}

/// A task that has ended and should not have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    name: &'static str,
    how: How,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Ended,
    Panicked,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.how {
            How::Ended => "has ended",
            How::Panicked => "has panicked",
        };
        write!(
            f,
            "a part of the gateway {how}, and will not work any more until a restart: {}",
            self.name
        )
    }
}

impl Tasks {
    /// Begins one that goes on until it is told to end. `name` says what it does.
    pub(super) fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.begin(name, Lasts::Always, task);
    }

    /// Begins one that ends when its work is done.
    pub(super) fn spawn_for_a_while(
        &mut self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        self.begin(name, Lasts::ForAWhile, task);
    }

    fn begin(&mut self, name: &'static str, lasts: Lasts, task: impl Future<Output = ()> + Send + 'static) {
        let id = self.set.spawn(task).id();
        self.known.insert(id, Known { name, lasts });
    }

    /// The next that ends and should not have; waits for as long as there is none. May be given up and asked for again.
    pub(super) async fn next_fault(&mut self) -> Fault {
        while let Some(ended) = self.set.join_next_with_id().await {
            if let Some(fault) = self.fault(ended) {
                return fault;
            }
        }
        std::future::pending().await
    }

    fn fault(&mut self, ended: Result<(Id, ()), JoinError>) -> Option<Fault> {
        let (id, how) = match ended {
            Ok((id, ())) => (id, How::Ended),
            Err(error) => (error.id(), How::Panicked),
        };
        let Known { name, lasts } = self.known.remove(&id)?;
        let wanted = how == How::Ended && lasts == Lasts::ForAWhile;
        (!wanted).then_some(Fault { name, how })
    }

    /// Waits for those that were told to end, and ends what is left then.
    pub(super) async fn close(mut self, patience: Duration) {
        let all = async {
            while let Some(ended) = self.set.join_next_with_id().await {
                if let Some(fault) = self.fault(ended).filter(|fault| fault.how == How::Panicked) {
                    tracing::error!("{fault}");
                }
            }
        };
        if timeout(patience, all).await.is_ok() {
            return;
        }
        let left: Vec<_> = self.known.values().map(|known| known.name).collect();
        tracing::warn!("tasks that do not end are ended: {}", left.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn a_task_that_ends_before_its_time_is_told_of_by_its_name() {
        let mut tasks = Tasks::default();
        tasks.spawn("arrivals", std::future::pending());
        tasks.spawn_for_a_while("books", async {});
        tasks.spawn("listener", async { panic!("a fault of ours") });
        let fault = tasks.next_fault().await;
        assert_eq!((fault.name, fault.how), ("listener", How::Panicked));
        tasks.spawn("certificate", async {});
        let fault = tasks.next_fault().await;
        assert!(
            fault.to_string().contains("has ended") && fault.to_string().ends_with("certificate"),
            "{fault}"
        );
    }

    #[tokio::test]
    async fn those_that_do_not_end_are_not_waited_for() {
        let mut tasks = Tasks::default();
        let (held, gone) = oneshot::channel::<()>();
        tasks.spawn("stubborn", async move {
            std::future::pending::<()>().await;
            drop(held);
        });
        tasks.close(Duration::from_millis(10)).await;
        gone.await.expect_err("it is dropped");
    }
}
