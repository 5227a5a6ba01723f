//! The secretaries of a node, and its certificate, read again while calls run. What has a fault changes nothing: the former ones go on answering, the log
//! says why, and so does health until it is mended.

use crate::certificate::Certificate;
use crate::engines::{Engines, Fitted};
use crate::tools::check_tools;
use secretary::{DomainEntry, Folder, Reloading, SecretarySource, Snapshot};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Reads a gateway's secretaries and its certificate again. Clones do so for the same gateway.
#[derive(Clone)]
pub struct Reload {
    secretaries: Arc<Secretaries>,
    certificate: Option<Arc<Certificate>>,
}

impl Reload {
    pub(crate) fn new(secretaries: Arc<Secretaries>, certificate: Option<Arc<Certificate>>) -> Self {
        Self {
            secretaries,
            certificate,
        }
    }

    /// Reads them now: the secretaries' folder and their scripts, and the certificate. Calls that run keep what they began with.
    ///
    /// Returns the version of the secretaries that answers from now on.
    ///
    /// # Errors
    ///
    /// With all that is wrong, each with file, line and remedy; what is wrong stays as it was. It is in the log already.
    pub async fn now(&self) -> Result<String, Vec<String>> {
        let certificate = match &self.certificate {
            Some(certificate) => certificate.reread().await,
            None => Ok(()),
        };
        let version = self.secretaries.read(Occasion::Asked).await;
        match (version, certificate) {
            (version, Ok(())) => version,
            (Ok(_), Err(error)) => Err(vec![error.to_string()]),
            (Err(mut wrong), Err(error)) => {
                wrong.push(error.to_string());
                Err(wrong)
            }
        }
    }
}

/// Why the folder is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// Somebody asks for it, perhaps for a script that is elsewhere.
    Asked,
    /// It is time again: only what has changed is read.
    Time,
}

/// Where the secretaries of this node come from, and those that answer now.
pub(crate) struct Secretaries {
    entries: Vec<DomainEntry>,
    dir: Option<PathBuf>,
    engines: Arc<Engines>,
    /// The MCP servers there are.
    servers: BTreeSet<String>,
    source: Reloading,
    /// The version of the folder that was read last, right or wrong. One reading at a time.
    tried: tokio::sync::Mutex<Option<String>>,
    /// What is wrong with the folder now; empty for nothing.
    wrong: Mutex<Vec<String>>,
}

impl SecretarySource for Secretaries {
    fn snapshot(&self) -> Arc<Snapshot> {
        self.source.snapshot()
    }
}

impl Secretaries {
    /// Begins with this snapshot, which came from these domains and this folder.
    pub(crate) fn new(
        snapshot: Snapshot,
        entries: Vec<DomainEntry>,
        dir: Option<PathBuf>,
        engines: Arc<Engines>,
        servers: BTreeSet<String>,
    ) -> Self {
        Self {
            entries,
            dir,
            engines,
            servers,
            source: Reloading::new(snapshot),
            tried: tokio::sync::Mutex::default(),
            wrong: Mutex::default(),
        }
    }

    /// What is wrong with the folder as it is now, while an older state of it answers.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at the folder each `period` until the gateway is closed.
    pub(crate) async fn follow(self: Arc<Self>, period: Duration, closed: CancellationToken) {
        let mut time = tokio::time::interval(period);
        time.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = closed.cancelled() => return,
                _ = time.tick() => {}
            }
            // What is wrong is in the log and in health.
            let _ = self.read(Occasion::Time).await;
        }
    }

    async fn read(self: &Arc<Self>, occasion: Occasion) -> Result<String, Vec<String>> {
        let mut tried = self.tried.lock().await;
        let (this, known) = (self.clone(), tried.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let folder = this.dir.as_deref().map(Folder::read);
            let version = folder.as_ref().map(Folder::version);
            let unchanged = occasion == Occasion::Time && version == known;
            (version, (!unchanged).then(|| this.load(folder.as_ref())))
        });
        let (version, loaded) = match reading.await {
            Ok(read) => read,
            // It panicked: what it read is not known to be tried, so that it is read again next time.
            Err(error) => {
                let wrong = vec![format!("the secretaries could not be read: {error}")];
                self.refuse(&wrong);
                return Err(wrong);
            }
        };
        *tried = version;
        match loaded {
            None => Ok(self.snapshot().version.clone()),
            Some(Ok((snapshot, fitted))) => Ok(self.take(snapshot, fitted, occasion)),
            Some(Err(wrong)) => {
                self.refuse(&wrong);
                Err(wrong)
            }
        }
    }

    /// The folder's snapshot, and what the engines need for it.
    fn load(&self, folder: Option<&Folder>) -> Result<(Snapshot, Fitted), Vec<String>> {
        let snapshot = Snapshot::load(&self.entries, folder)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        let fitted = self.engines.fit(&snapshot)?;
        check_tools(&snapshot, &self.servers)?;
        Ok((snapshot, fitted))
    }

    fn take(&self, snapshot: Snapshot, fitted: Fitted, occasion: Occasion) -> String {
        let version = snapshot.version.clone();
        let former = self.snapshot().version.clone();
        self.engines.adopt(fitted);
        self.source.replace(snapshot);
        let mended =
            !std::mem::take(&mut *self.wrong.lock().unwrap_or_else(PoisonError::into_inner)).is_empty();
        if version != former {
            tracing::info!(
                version,
                former,
                "the secretaries were read again: new calls have them"
            );
        } else if mended || occasion == Occasion::Asked {
            tracing::info!(
                version,
                "the secretaries were read again: their files are as before"
            );
        }
        version
    }

    fn refuse(&self, wrong: &[String]) {
        for fault in wrong {
            tracing::error!("{fault}");
        }
        let version = &self.snapshot().version;
        tracing::error!(version, "the secretaries stay as they were until this is mended");
        *self.wrong.lock().unwrap_or_else(PoisonError::into_inner) = wrong.to_vec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::fs;

    fn file(greeting: &str) -> String {
        format!(
            "name = \"provedor\"\nlanguage = \"en\"\nengine = \"loopback\"\ngreeting = {greeting}\n\
             phrases = {{ reprompts = [], farewell = \"\", apology = \"\", backchannels = [] }}\n"
        )
    }

    #[tokio::test]
    async fn a_fault_is_told_once_for_each_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        fs::write(&path, file("{ text = \"\" }")).unwrap();
        let text = format!("stt.model = \"\"\nsecretaries.dir = {:?}\n", folder.path());
        let config = Config::parse(Some(("test.toml", &text)), []).unwrap();
        let secretaries = Arc::new(Secretaries::new(
            config.snapshot().unwrap(),
            config.domain_entries(),
            config.secretaries.dir.clone(),
            Arc::new(Engines::build(&config).unwrap()),
            BTreeSet::new(),
        ));
        let version = secretaries.snapshot().version.clone();
        assert_eq!(secretaries.read(Occasion::Time).await, Ok(version.clone()));
        for greeting in ["1", "2"] {
            fs::write(&path, file(greeting)).unwrap();
            secretaries.read(Occasion::Time).await.unwrap_err();
            let wrong = secretaries.wrong();
            assert!(
                wrong.len() == 1 && wrong[0].contains("line 4: greeting is"),
                "{wrong:?}"
            );
            assert_eq!(
                secretaries.read(Occasion::Time).await,
                Ok(version.clone()),
                "nothing has changed"
            );
            assert_eq!(secretaries.wrong(), wrong, "and it is not mended");
        }
        secretaries.read(Occasion::Asked).await.unwrap_err();
        fs::write(&path, file("{ text = \"\" }")).unwrap();
        assert_eq!(secretaries.read(Occasion::Time).await, Ok(version));
        assert_eq!(secretaries.wrong(), Vec::<String>::new());
    }
}
