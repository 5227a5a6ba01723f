//! Certificates of a test's own.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use sim::Trust;
use std::fs;
use std::path::{Path, PathBuf};

/// Where a node's certificate lies.
pub(crate) struct Pair {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Pair {
    /// The two files of a folder.
    pub(crate) fn of(folder: &Path) -> Self {
        Self {
            certificate: folder.join("fullchain.pem"),
            key: folder.join("privkey.pem"),
        }
    }

    /// The keys of the configuration that name them.
    pub(crate) fn keys(&self) -> String {
        format!(
            "server.tls = {{ certificate = {:?}, key = {:?} }}\n",
            self.certificate, self.key
        )
    }
}

/// An authority, which is trusted by nobody but whom the test says.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// Certifies this machine, with a new key: the PEM of certificate and key.
    pub(crate) fn certify(&self) -> (String, String) {
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &self.0)
            .unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// Certifies this machine into those files.
    pub(crate) fn write(&self, pair: &Pair) {
        let (certificate, key) = self.certify();
        fs::write(&pair.certificate, certificate).unwrap();
        fs::write(&pair.key, key).unwrap();
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Whoever believes this authority alone.
    pub(crate) fn trust(&self) -> Trust {
        Trust::authority(self.pem().as_bytes()).unwrap()
    }
}
