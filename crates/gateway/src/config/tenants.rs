//! From the configured domains to what calls hold.

use super::{Config, DomainConfig};
use secretary::{DomainEntry, Folder, Snapshot};

impl Config {
    /// Reads the secretaries of every domain; all that is wrong with them at once. Blocks.
    pub fn snapshot(&self) -> Result<Snapshot, Vec<String>> {
        let folder = self.secretaries.dir.as_deref().map(Folder::read);
        Snapshot::load(&self.domain_entries(), folder.as_ref())
            .map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    /// The domains, without their secretaries.
    pub fn domain_entries(&self) -> Vec<DomainEntry> {
        self.domains.iter().map(entry).collect()
    }
}

fn entry(domain: &DomainConfig) -> DomainEntry {
    DomainEntry {
        uuid: domain.uuid,
        name: domain.name.clone(),
        default_secretary: domain.default_secretary.clone(),
        timezone: domain.timezone.clone(),
        max_calls: domain.max_calls,
        minutes_per_day: domain.minutes_per_day,
        spend_per_day_micros: domain.spend_per_day.micros(),
        retention_days: domain.retention_days,
    }
}
