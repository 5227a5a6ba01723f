//! Whose certificates a caller believes.

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Whose certificates are believed of a server that is dialled by `wss://`.
#[derive(Debug, Clone)]
pub struct Trust(Arc<ClientConfig>);

/// What was named as an authority is none.
#[derive(Debug, thiserror::Error)]
#[error("no certificates to trust ({0}); name a PEM file with -----BEGIN CERTIFICATE----- lines")]
pub struct TrustError(String);

impl Trust {
    /// The authorities that browsers believe.
    pub fn public() -> Result<Self, TrustError> {
        Self::roots(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect())
    }

    /// These certificates alone, in PEM.
    pub fn authority(pem: &[u8]) -> Result<Self, TrustError> {
        let wrong = |reason: &dyn ToString| TrustError(reason.to_string());
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| wrong(&error))?;
            roots.add(certificate).map_err(|error| wrong(&error))?;
        }
        if roots.is_empty() {
            return Err(wrong(&"there is none in it"));
        }
        Self::roots(roots)
    }

    fn roots(roots: RootCertStore) -> Result<Self, TrustError> {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| TrustError(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// Speaks TLS to the server of that name.
    pub(crate) async fn encrypt(&self, stream: TcpStream, host: &str) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        TlsConnector::from(self.0.clone()).connect(name, stream).await
    }
}
