//! Which configuration, which of its domains, and what is in its store.

use crate::config::{BAD_CONFIG, Source};
use anyhow::{Context as _, bail};
use gateway::Config;
use jiff::tz::TimeZone;
use secretary::DomainEntry;
use serde::Serialize;
use std::io::Write;
use std::process::ExitCode;
use store::Store;
use uuid::Uuid;

/// Whose things are meant.
#[derive(clap::Args)]
pub(crate) struct Tenant {
    #[command(flatten)]
    pub(crate) source: Source,
    /// The domain, by its name or UUID; needed only where several are configured.
    #[arg(long, value_name = "NAME|UUID")]
    domain: Option<String>,
}

/// A list that is asked for.
#[derive(clap::Args)]
pub(crate) struct Listing {
    #[command(flatten)]
    pub(crate) tenant: Tenant,
    /// The most, up to 1000.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
    /// Print JSON: an array of objects.
    #[arg(long)]
    json: bool,
}

impl Listing {
    /// Prints rows as JSON, or that there are none of `what`. False where a table is left to be printed.
    pub(crate) fn told<T: Serialize>(
        &self,
        out: &mut impl Write,
        place: &Place,
        what: &str,
        rows: &[T],
    ) -> anyhow::Result<bool> {
        if self.json {
            writeln!(out, "{}", serde_json::to_string_pretty(rows)?)?;
        } else if rows.is_empty() {
            writeln!(out, "no {what} of {}", place.domain.name)?;
        }
        Ok(self.json || rows.is_empty())
    }
}

/// One thing that is asked for.
#[derive(clap::Args)]
pub(crate) struct Showing {
    /// Its id, as the list has it.
    pub(crate) id: Uuid,
    #[command(flatten)]
    pub(crate) tenant: Tenant,
    /// Print JSON: an object.
    #[arg(long)]
    json: bool,
}

impl Showing {
    /// Prints it as JSON. False where it is left to be printed for people.
    pub(crate) fn told(&self, out: &mut impl Write, thing: &impl Serialize) -> anyhow::Result<bool> {
        if self.json {
            writeln!(out, "{}", serde_json::to_string_pretty(thing)?)?;
        }
        Ok(self.json)
    }
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
