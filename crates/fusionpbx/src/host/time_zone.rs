//! The machine's time zone.

use super::Host;
use std::fs;
use std::path::Path;

impl Host {
    /// Its IANA name: where /etc/localtime points to, else what /etc/timezone says, as systemd and Debian keep it.
    pub fn time_zone(&self) -> Option<String> {
        let link = fs::read_link(self.path("/etc/localtime")).ok();
        let by_link = link.as_deref().and_then(name);
        let by_text = || fs::read_to_string(self.path("/etc/timezone")).ok();
        let zone = by_link.or_else(by_text)?.trim().to_owned();
        (!zone.is_empty()).then_some(zone)
    }
}

/// What is after the folder of zones: `America/Sao_Paulo`.
fn name(link: &Path) -> Option<String> {
    let link = link.to_str()?;
    let (_, name) = link.split_once("zoneinfo/")?;
    Some(name.to_owned())
}
