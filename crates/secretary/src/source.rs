//! Where secretaries come from.

use crate::{DomainUuid, Secretary, SecretaryUuid};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// One tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct Domain {
    /// Its UUID in FusionPBX.
    pub uuid: DomainUuid,
    /// Its name, as the PBX knows it.
    pub name: String,
    /// The secretary that answers where the metadata names none.
    pub default_secretary: String,
    /// The IANA name of the time zone in which its days begin, as `America/Sao_Paulo`.
    pub timezone: String,
    /// How many calls it may have at once.
    pub max_calls: u32,
    /// How many minutes of calls a day of its time zone has; 0 for no limit.
    pub minutes_per_day: u32,
    /// What its engines may cost in a day, in millionths of the operator's unit of currency; 0 for no limit.
    pub spend_per_day_micros: u64,
    /// After how many days what a call left is erased; 0 for never.
    pub retention_days: u32,
    /// Its secretaries by name.
    pub secretaries: BTreeMap<String, Arc<Secretary>>,
}

impl Domain {
    /// The secretary of that name or UUID (the published dialplan knows `secretary_uuid` alone), or the default one where none is
    /// asked for.
    pub fn secretary(&self, asked: Option<&str>) -> Option<&Arc<Secretary>> {
        let asked = asked.unwrap_or(&self.default_secretary);
        self.secretaries.get(asked).or_else(|| {
            let uuid: SecretaryUuid = asked.parse().ok()?;
            let mut all = self.secretaries.values();
            all.find(|secretary| secretary.uuid == Some(uuid))
        })
    }
}

/// All that is configured, at one moment. Never changed: a call keeps the one it began with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// Changes with everything that is configured: 12 hexadecimal digits, for logs.
    pub version: String,
    /// The tenants.
    pub domains: BTreeMap<DomainUuid, Arc<Domain>>,
}

impl Snapshot {
    /// The tenant with that UUID.
    pub fn domain(&self, uuid: DomainUuid) -> Option<&Arc<Domain>> {
        self.domains.get(&uuid)
    }
}

/// Something that knows what is configured now.
pub trait SecretarySource: Send + Sync {
    /// The present snapshot. Cheap: it is asked for with every call.
    fn snapshot(&self) -> Arc<Snapshot>;
}

/// A snapshot that is exchanged while calls run.
#[derive(Debug, Default)]
pub struct Reloading(Mutex<Arc<Snapshot>>);

impl Reloading {
    /// Begins with this snapshot.
    pub fn new(snapshot: Snapshot) -> Self {
        Self(Mutex::new(Arc::new(snapshot)))
    }

    /// From now on this one is handed out. Who holds the former one keeps it.
    pub fn replace(&self, snapshot: Snapshot) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
    }
}

impl SecretarySource for Reloading {
    fn snapshot(&self) -> Arc<Snapshot> {
        // Held for one clone: nothing can panic under it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl SecretarySource for Arc<Snapshot> {
    fn snapshot(&self) -> Arc<Snapshot> {
        self.clone()
    }
}
