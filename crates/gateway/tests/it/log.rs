//! A log that can be read.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Level};

/// While there is one subscriber only, tracing asks that of whichever thread comes first to a line of the log whether anybody wants it:
/// another test's thread has none, and the line is lost. With a second one all are asked.
static SECOND: LazyLock<Dispatch> = LazyLock::new(|| {
    let subscriber = tracing_subscriber::fmt().with_max_level(Level::TRACE);
    Dispatch::new(subscriber.with_writer(std::io::sink).finish())
});

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// What the present thread logs at info and above, while the guard lives. A test's runtime has this one thread.
    pub(crate) fn listen() -> (Self, DefaultGuard) {
        Self::listen_from(Level::INFO)
    }

    /// The same from another level on.
    pub(crate) fn listen_from(level: Level) -> (Self, DefaultGuard) {
        LazyLock::force(&SECOND);
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Waits until it has this text.
    pub(crate) async fn shows(&self, text: &str) {
        let shown = async {
            while !self.text().contains(text) {
                tokio::task::yield_now().await;
            }
        };
        let limit = Duration::from_secs(10);
        tokio::time::timeout(limit, shown)
            .await
            .unwrap_or_else(|_| panic!("never {text:?}:\n{}", self.text()));
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
