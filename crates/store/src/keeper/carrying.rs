//! The task that carries the journal into the database, in order.

use super::trouble::Trouble;
use super::writer::Order;
use super::{KeeperConfig, Sink, SinkError};
use crate::Entry;
use crate::journal::{Aside, Batch, Reader, Written};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout, timeout_at};

pub(super) struct Carrier<S> {
    pub(super) reader: Reader,
    pub(super) aside: Aside,
    pub(super) sink: S,
    pub(super) config: KeeperConfig,
    pub(super) written: watch::Receiver<Written>,
    /// Weak: the writer ends with its last keeper, whether entries wait or not.
    pub(super) orders: mpsc::WeakSender<Order>,
    pub(super) trouble: Arc<Trouble>,
    pub(super) carried: watch::Sender<u64>,
    pub(super) closing: watch::Receiver<bool>,
}

impl<S: Sink> Carrier<S> {
    /// Until the keeper is closed, and then as long as the database takes what is left, within the limit.
    pub(super) async fn run(mut self) {
        let mut closing = self.closing.clone();
        tokio::select! {
            biased;
            () = self.carry() => return,
            // An error is a keeper that is gone.
            _ = closing.wait_for(|closing| *closing) => {}
        }
        let limit = Instant::now() + self.config.close_limit;
        if timeout_at(limit, self.carry_the_rest()).await.is_err() {
            tracing::warn!("the database took too long; what it lacks is carried at the next start");
        }
    }

    async fn carry(&mut self) {
        let mut pause = self.config.first_pause;
        loop {
            match self.step().await {
                Ok(true) => pause = self.config.first_pause,
                Ok(false) => {
                    if self.written.changed().await.is_err() {
                        return;
                    }
                }
                Err(why) => {
                    self.trouble.database_fails(&why);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(self.config.longest_pause);
                }
            }
        }
    }

    async fn carry_the_rest(&mut self) {
        loop {
            match self.step().await {
                Ok(true) => {}
                Ok(false) => return,
                Err(why) => return self.trouble.database_fails(&why),
            }
        }
    }

    /// Carries the next batch; whether there was one.
    async fn step(&mut self) -> Result<bool, String> {
        let written = *self.written.borrow_and_update();
        // A page of the system's cache, nearly always: no thread is worth it.
        let Some(batch) = self.reader.next(written).map_err(|error| unreadable(&error))? else {
            self.forget(written);
            return Ok(false);
        };
        self.apply(&batch.entries).await?;
        self.keep_damaged(&batch)?;
        self.trouble.database_takes();
        self.reader.pass(&batch);
        let count = batch.entries.len() as u64;
        self.carried.send_modify(|carried| *carried += count);
        Ok(true)
    }

    /// Everything was carried: words of callers need not lie in the journal any longer.
    fn forget(&self, written: Written) {
        if self.reader.place() != written || written.end == 0 {
            return;
        }
        if let Some(orders) = self.orders.upgrade() {
            // A full queue means that more comes; what was carried is forgotten after that.
            let _later = orders.try_send(Order::Retire(written));
        }
    }

    fn keep_damaged(&self, batch: &Batch) -> Result<(), String> {
        for (damage, line) in &batch.damaged {
            self.set_aside(self.aside.damaged(line), &format!("{damage:?}"))?;
        }
        Ok(())
    }

    async fn apply(&self, entries: &[Entry]) -> Result<(), String> {
        if entries.is_empty() {
            return Ok(());
        }
        match self.try_apply(entries).await {
            Ok(()) => Ok(()),
            Err(SinkError::Unavailable(why)) => Err(why),
            Err(SinkError::Refused(_)) => self.apply_each(entries).await,
        }
    }

    /// One entry spoils the batch: the others must not wait for it.
    async fn apply_each(&self, entries: &[Entry]) -> Result<(), String> {
        let mut refused = Vec::new();
        for entry in entries {
            match self.try_apply(std::slice::from_ref(entry)).await {
                Ok(()) => {}
                Err(SinkError::Unavailable(why)) => return Err(why),
                Err(SinkError::Refused(why)) => refused.push((entry, why)),
            }
        }
        for (entry, why) in refused {
            self.set_aside(self.aside.refused(entry), &why)?;
        }
        Ok(())
    }

    async fn try_apply(&self, entries: &[Entry]) -> Result<(), SinkError> {
        let limit = self.config.apply_limit;
        timeout(limit, self.sink.apply(entries))
            .await
            .unwrap_or_else(|_| {
                Err(SinkError::Unavailable(format!(
                    "no answer within {}",
                    shown(limit)
                )))
            })
    }

    /// Counts and tells one thing that was set aside. While that fails nothing is passed: it would be lost.
    fn set_aside(&self, kept: std::io::Result<()>, why: &str) -> Result<(), String> {
        let path = self.aside.path().display();
        kept.map_err(|error| format!("{path}: {error}"))?;
        self.trouble.put_aside();
        tracing::error!("an entry of the journal cannot be carried ({why}) and is set aside in {path}");
        Ok(())
    }
}

fn unreadable(error: &std::io::Error) -> String {
    format!("the journal cannot be read: {error}")
}

fn shown(limit: Duration) -> String {
    format!("{} ms", limit.as_millis())
}
