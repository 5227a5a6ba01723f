//! The certificate of the stream listener, read again while calls run. A pair of files that does not work changes nothing: the
//! former pair goes on serving, the log says why, and so does health until it is mended.

use crate::config::TlsConfig;
use ::ring::digest;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, ServerConfig};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
const PERIOD: Duration = Duration::from_secs(5);

/// Why a pair of files cannot serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CertificateError {
    /// A file cannot be read.
    #[error("{key}: {}: {reason}; the service's user must be able to read it", path.display())]
    Unreadable {
        /// The key of the configuration.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A file holds something else.
    #[error("{key}: {}: {reason}; it must be PEM, with {} lines", path.display(), begins(.key))]
    Content {
        /// The key of the configuration.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Both are right by themselves.
    #[error(
        "server.tls: the key in {} is not that of the first certificate in {}; put the server's own certificate first, those \
         above it after it, and renew both files together", key.display(), certificate.display()
    )]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
}

const CERTIFICATE: &str = "server.tls.certificate";
const KEY: &str = "server.tls.key";

fn begins(key: &str) -> &'static str {
    match key {
        CERTIFICATE => "-----BEGIN CERTIFICATE-----",
        _ => "-----BEGIN PRIVATE KEY-----",
    }
}

type Digest = Vec<u8>;

/// The pair that serves, and its files.
#[derive(Debug)]
pub(crate) struct Certificate {
    files: TlsConfig,
    provider: Arc<CryptoProvider>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    serving: Arc<CertifiedKey>,
    /// The digest of what was read last, right or wrong.
    seen: Option<Digest>,
    wrong: Option<CertificateError>,
}

/// Both files as they are.
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Contents {
    fn read(files: &TlsConfig) -> Result<Self, CertificateError> {
        let read = |key, path: &Path| {
            std::fs::read(path).map_err(|error| CertificateError::Unreadable {
                key,
                path: path.into(),
                reason: error.to_string(),
            })
        };
        Ok(Self {
            certificate: read(CERTIFICATE, &files.certificate)?,
            key: read(KEY, &files.key)?,
        })
    }

    fn digest(&self) -> Digest {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&(self.certificate.len() as u64).to_le_bytes());
        context.update(&self.certificate);
        context.update(&self.key);
        context.finish().as_ref().to_vec()
    }

    fn pair(&self, files: &TlsConfig, provider: &CryptoProvider) -> Result<CertifiedKey, CertificateError> {
        let content = |key, path: &Path, reason: String| CertificateError::Content {
            key,
            path: path.into(),
            reason,
        };
        let of_certificate = |reason| content(CERTIFICATE, &files.certificate, reason);
        let of_key = |reason| content(KEY, &files.key, reason);
        let chain = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| of_certificate(error.to_string()))?;
        if chain.is_empty() {
            return Err(of_certificate("it holds no certificate".into()));
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| {
            // Never what stands there.
            of_key(match error {
                pem::Error::NoItemsFound => "it holds no private key".into(),
                _ => "it holds no PEM that can be read".into(),
            })
        })?;
        CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => CertificateError::Mismatch {
                certificate: files.certificate.clone(),
                key: files.key.clone(),
            },
            rustls::Error::InvalidCertificate(_) => of_certificate(error.to_string()),
            _ => of_key(error.to_string()),
        })
    }
}

impl Certificate {
    /// Reads the pair for the first time. Blocks.
    pub(crate) fn read(files: TlsConfig) -> Result<Self, CertificateError> {
        let provider = Arc::new(ring::default_provider());
        let contents = Contents::read(&files)?;
        let serving = Arc::new(contents.pair(&files, &provider)?);
        let state = State {
            serving,
            seen: Some(contents.digest()),
            wrong: None,
        };
        Ok(Self {
            files,
            provider,
            state: Mutex::new(state),
        })
    }

    /// What serves TLS with the pair of the moment: versions 1.3 and 1.2, the ciphers that rustls holds for safe, HTTP/1.1.
    pub(crate) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config).into())
    }

    /// What is wrong with the files as they are now, while an older pair serves.
    pub(crate) fn wrong(&self) -> Option<CertificateError> {
        self.state().wrong.clone()
    }

    /// The certificate's file.
    pub(crate) fn file(&self) -> &Path {
        &self.files.certificate
    }

    /// Looks at the files until the gateway is closed.
    pub(crate) async fn follow(self: Arc<Self>, closed: CancellationToken) {
        let mut time = tokio::time::interval(PERIOD);
        time.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = closed.cancelled() => return,
                _ = time.tick() => {}
            }
            // What is wrong is in the log and in health.
            let _ = self.reread().await;
        }
    }

    /// Reads the files again, if they have changed.
    pub(crate) async fn reread(self: &Arc<Self>) -> Result<(), CertificateError> {
        let this = self.clone();
        match tokio::task::spawn_blocking(move || this.look()).await {
            Ok(looked) => looked,
            Err(error) => {
                tracing::error!(%error, "the certificate could not be looked at");
                Ok(())
            }
        }
    }

    fn look(&self) -> Result<(), CertificateError> {
        let read = Contents::read(&self.files);
        let mut state = self.state();
        let pair = match read {
            Ok(contents) if state.seen.as_ref() == Some(&contents.digest()) => {
                return state.wrong.clone().map_or(Ok(()), Err);
            }
            Ok(contents) => {
                let pair = contents.pair(&self.files, &self.provider);
                state.seen = Some(contents.digest());
                pair
            }
            Err(error) => {
                state.seen = None;
                Err(error)
            }
        };
        match pair {
            Ok(pair) => {
                state.serving = Arc::new(pair);
                state.wrong = None;
                tracing::info!(file = %self.files.certificate.display(), "the certificate was read again: new connections have it");
                Ok(())
            }
            Err(error) => {
                if state.wrong.as_ref() != Some(&error) {
                    tracing::error!("{error}");
                    tracing::error!("the former certificate serves until this is mended");
                }
                state.wrong = Some(error.clone());
                Err(error)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.state().serving.clone())
    }
}
