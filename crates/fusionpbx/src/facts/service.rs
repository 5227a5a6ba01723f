//! What the service's own configuration says. The command reads it, as this crate knows nothing of the gateway.

use crate::Secret;
use secretary::{DomainUuid, SecretaryUuid};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The service as it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its configuration's file, whether it is there or not.
    pub config: PathBuf,
    /// Whether that file is there. Without one all below is as the service takes it by itself.
    pub is_configured: bool,
    /// Where streams come.
    pub listen: SocketAddr,
    /// Where health and the API are.
    pub control: SocketAddr,
    /// Whether streams come by `wss://`.
    pub tls: bool,
    /// The token that a stream must show, where it must.
    pub token: Option<Secret>,
    /// How its event sockets are addressed: host and port of each `[[pbx]]`.
    pub event_sockets: Vec<(String, u16)>,
    /// The tenants.
    pub domains: Vec<ServiceDomain>,
    /// What keeps it from starting, each with its remedy, in its own words.
    pub wrong: Vec<String>,
    /// What secretaries want of the engines that is not there, such as a key, in its own words.
    pub unserved: Vec<String>,
    /// Models in use that are not there, by the names of `voice-ai models`.
    pub missing_models: Vec<String>,
    /// The folder of models, where one is configured.
    pub models: Option<PathBuf>,
    /// What the engines' providers say of the keys; none of an engine that nobody asked.
    pub keys: Vec<EngineKey>,
}

/// A key of an engine, as its provider takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineKey {
    /// The setting that names it: `openai.api_key`.
    pub setting: String,
    /// Where the provider was asked.
    pub place: String,
    /// What it said.
    pub state: KeyState,
}

/// What a provider says of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// It is taken, or the provider tells nothing against it.
    Taken,
    /// It is refused, with this HTTP status.
    Refused(u16),
    /// Nothing answers, and why.
    Unreached(String),
}

impl Service {
    /// Whether what is said here of tenants, secretaries and engines is the service's configuration, whole.
    pub fn is_known(&self) -> bool {
        self.is_configured && self.wrong.is_empty()
    }
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDomain {
    /// As in `v_domains`.
    pub uuid: DomainUuid,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its secretaries.
    pub secretaries: Vec<ServiceSecretary>,
}

/// A secretary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSecretary {
    /// Its id, where its file has one; else it is known by its name alone.
    pub uuid: Option<SecretaryUuid>,
    /// Its name.
    pub name: String,
}
