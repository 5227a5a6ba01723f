//! What a configuration comes to before anything runs: all that can be wrong with it is found here.

use super::StartError;
use crate::certificate::Certificate;
use crate::config::Config;
use crate::engines::Engines;
use crate::tools::check_tools;
use secretary::Snapshot;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use voice::Engine;

/// The secretaries, the engines that they want, and the listener's certificate.
pub(super) struct Prepared {
    pub(super) snapshot: Snapshot,
    pub(super) engines: Engines,
    pub(super) certificate: Option<Arc<Certificate>>,
    pub(super) tls: Option<TlsAcceptor>,
}

impl Prepared {
    /// Reads it all. Blocks. `own` are engines of an embedder's.
    pub(super) fn of(config: &Config, own: Vec<Arc<dyn Engine>>) -> Result<Self, StartError> {
        let (snapshot, engines) = engines(config, own).map_err(StartError::Config)?;
        let certificate = certificate(config).map_err(StartError::Config)?;
        let tls = certificate
            .as_ref()
            .map(Certificate::acceptor)
            .transpose()
            .map_err(|error| StartError::Config(vec![format!("server.tls: {error}")]))?;
        Ok(Self {
            snapshot,
            engines,
            certificate,
            tls,
        })
    }

    /// Everything that would be wrong with it.
    pub(super) fn check(config: &Config) -> Result<(), Vec<String>> {
        engines(config, Vec::new())?;
        certificate(config).map(drop)
    }
}

fn engines(config: &Config, own: Vec<Arc<dyn Engine>>) -> Result<(Snapshot, Engines), Vec<String>> {
    let (snapshot, mut engines) = match (config.snapshot(), Engines::build(config)) {
        (Ok(snapshot), Ok(engines)) => (snapshot, engines),
        (snapshot, engines) => {
            let wrong = [snapshot.err(), engines.err()];
            return Err(wrong.into_iter().flatten().flatten().collect());
        }
    };
    engines
        .by_name
        .extend(own.into_iter().map(|engine| (engine.name().to_owned(), engine)));
    engines.adopt(engines.fit(&snapshot)?);
    check_tools(&snapshot, &config.mcp.keys().cloned().collect())?;
    Ok((snapshot, engines))
}

/// Reads the certificate, where one is configured. Blocks.
fn certificate(config: &Config) -> Result<Option<Arc<Certificate>>, Vec<String>> {
    let read = config.server.tls.clone().map(Certificate::read).transpose();
    match read {
        Ok(certificate) => Ok(certificate.map(Arc::new)),
        Err(error) => Err(vec![error.to_string()]),
    }
}
