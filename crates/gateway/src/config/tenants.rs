//! From the configured domains to what calls hold.

use super::Config;
use secretary::{DomainEntry, Snapshot};

impl Config {
    /// Reads the secretaries of every domain; all that is wrong with them at once.
    pub fn snapshot(&self) -> Result<Snapshot, Vec<String>> {
        let mut whole = Snapshot::default();
        let mut wrong = Vec::new();
        for domain in &self.domains {
            let entry = DomainEntry {
                uuid: domain.uuid,
                name: domain.name.clone(),
                default_secretary: domain.default_secretary.clone(),
                timezone: domain.timezone.clone(),
                max_calls: domain.max_calls,
                minutes_per_day: domain.minutes_per_day,
                spend_per_day_micros: domain.spend_per_day.micros(),
                retention_days: domain.retention_days,
                secretaries_dir: domain.secretaries_dir.clone(),
            };
            match Snapshot::load(&[entry]) {
                Ok(one) => whole.domains.extend(one.domains),
                Err(error) => wrong.push(error.to_string()),
            }
        }
        if wrong.is_empty() { Ok(whole) } else { Err(wrong) }
    }
}
