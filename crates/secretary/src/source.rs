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
