//! Where secretaries come from.

use crate::{DomainUuid, Secretary};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct Domain {
    /// Its UUID in FusionPBX.
    pub uuid: DomainUuid,
    /// Its name, as the PBX knows it.
    pub name: String,
    /// The secretary that answers where the metadata names none.
    pub default_secretary: String,
    /// How many calls it may have at once.
    pub max_calls: u32,
    /// Its secretaries by name.
    pub secretaries: BTreeMap<String, Arc<Secretary>>,
}

impl Domain {
    /// The secretary of that name, or the default one where no name is given.
    pub fn secretary(&self, name: Option<&str>) -> Option<&Arc<Secretary>> {
        self.secretaries.get(name.unwrap_or(&self.default_secretary))
    }
}

/// All that is configured, at one moment. Never changed: a call keeps the one it began with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
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

impl SecretarySource for Arc<Snapshot> {
    fn snapshot(&self) -> Arc<Snapshot> {
        self.clone()
    }
}
