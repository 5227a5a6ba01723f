//! Which configuration, which of its domains, and what is in its store.

use crate::config::{BAD_CONFIG, Source};
use anyhow::{Context as _, bail};
use gateway::Config;
use jiff::tz::TimeZone;
use secretary::DomainEntry;
use std::process::ExitCode;
use store::Store;

/// Whose things are meant.
#[derive(clap::Args)]
pub(crate) struct Tenant {
    #[command(flatten)]
    pub(crate) source: Source,
    /// The domain, by its name or UUID; needed only where several are configured.
    #[arg(long, value_name = "NAME|UUID")]
    domain: Option<String>,
}

/// One domain and the store.
pub(crate) struct Place {
    pub(crate) config: Config,
    pub(crate) domain: DomainEntry,
    pub(crate) store: Store,
    /// The domain's own, in which instants are told.
    pub(crate) zone: TimeZone,
}

impl Tenant {
    /// Opens the store of the configuration and does something with it. Exit code 2 where the configuration is wrong.
    pub(crate) fn open(
        &self,
        work: impl AsyncFnOnce(&Place) -> anyhow::Result<ExitCode>,
    ) -> anyhow::Result<ExitCode> {
        let Some(config) = self.source.read() else {
            return Ok(ExitCode::from(BAD_CONFIG));
        };
        let domain = self.choose(&config)?;
        let zone = TimeZone::get(&domain.timezone)?;
        let location = config.store_location()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let store = Store::open_existing(&location).await?;
            let place = Place {
                config,
                domain,
                store,
                zone,
            };
            let done = work(&place).await;
            place.store.close().await;
            done
        })
    }

    /// The domain that is meant; never one by accident.
    pub(crate) fn choose(&self, config: &Config) -> anyhow::Result<DomainEntry> {
        let mut domains = config.domain_entries();
        let names: Vec<_> = domains
            .iter()
            .map(|domain| format!("{} ({})", domain.name, domain.uuid))
            .collect();
        let names = names.join(", ");
        if let Some(wanted) = &self.domain {
            let found = domains.into_iter().find(|domain| domain.is_named(wanted));
            return found.with_context(|| format!("no domain {wanted:?} is configured; there is {names}"));
        }
        if domains.len() > 1 {
            bail!("several domains are configured; say which with --domain: {names}");
        }
        domains.pop().context("no domain is configured; add [[domains]]")
    }
}
