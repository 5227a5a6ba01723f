//! `voice-ai outbox`: what webhooks were told, or could not be told yet.

use crate::table::{NOTHING, Table, now, or_nothing, printable, when};
use crate::tenant::{Listing, Place, Showing, Tenant};
use anyhow::{Context as _, bail};
use clap::{Subcommand, ValueEnum};
use std::io::{Write, stdout};
use std::process::ExitCode;
use store::{DeliveryId, DeliveryState, OutboxEntry, Retry};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the domain's deliveries, the newest first.
    List(ListArguments),
    /// Show one, with what is told and why it failed.
    Show(Showing),
    /// Send again what was given up. The receiver gets the same idempotency key.
    Retry(RetryArguments),
}

/// How far a delivery is.
#[derive(Clone, Copy, ValueEnum)]
enum State {
    /// Not acknowledged yet.
    Waiting,
    /// Acknowledged by its receiver.
    Delivered,
    /// Given up.
    Dead,
}

impl From<State> for DeliveryState {
    fn from(state: State) -> Self {
        match state {
            State::Waiting => Self::Waiting,
            State::Delivered => Self::Delivered,
            State::Dead => Self::Dead,
        }
    }
}

#[derive(clap::Args)]
struct ListArguments {
    #[command(flatten)]
    listing: Listing,
    /// Those in this state alone.
    #[arg(long, value_enum)]
    state: Option<State>,
}

#[derive(clap::Args)]
struct RetryArguments {
    /// Its id, as the list has it.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    id: Option<DeliveryId>,
    /// All of the domain that were given up.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    tenant: Tenant,
    /// Print JSON: an object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::List(arguments) => arguments
            .listing
            .tenant
            .open(async |place| list(&arguments, place).await),
        Command::Show(arguments) => arguments.tenant.open(async |place| show(&arguments, place).await),
        Command::Retry(arguments) => arguments
            .tenant
            .open(async |place| retry(&arguments, place).await),
    }
}

async fn list(arguments: &ListArguments, place: &Place) -> anyhow::Result<ExitCode> {
    let state = arguments.state.map(DeliveryState::from);
    let entries = place
        .store
        .outbox(place.domain.uuid, state, arguments.listing.limit)
        .await?;
    let mut out = stdout().lock();
    if arguments.listing.told(&mut out, place, "deliveries", &entries)? {
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&[
        "WHEN",
        "WEBHOOK",
        "EVENT",
        "STATE",
        "TRIED",
        "NEXT",
        "LAST ERROR",
        "ID",
    ]);
    for entry in &entries {
        table.row([
            when(entry.created, &place.zone),
            entry.webhook.clone(),
            event(entry).into(),
            entry.state.name().into(),
            entry.attempts.to_string(),
            next(entry, place),
            or_nothing(entry.error.as_ref()),
            entry.id.to_string(),
        ]);
    }
    table.print(&mut out)?;
    Ok(ExitCode::SUCCESS)
}

async fn show(arguments: &Showing, place: &Place) -> anyhow::Result<ExitCode> {
    let entry = find(DeliveryId(arguments.id), place).await?;
    let mut out = stdout().lock();
    if arguments.told(&mut out, &entry)? {
        return Ok(ExitCode::SUCCESS);
    }
    print(&mut out, &entry, place)?;
    Ok(ExitCode::SUCCESS)
}

fn print(out: &mut impl Write, entry: &OutboxEntry, place: &Place) -> anyhow::Result<()> {
    writeln!(out, "delivery     {}", entry.id)?;
    writeln!(out, "webhook      {} ({})", entry.webhook, event(entry))?;
    writeln!(out, "since        {}", when(entry.created, &place.zone))?;
    writeln!(
        out,
        "state        {}, tried {} times",
        entry.state.name(),
        entry.attempts
    )?;
    if entry.next.is_some() {
        writeln!(out, "next try     {}", next(entry, place))?;
    }
    if let Some(settled) = entry.settled {
        writeln!(out, "settled      {}", when(settled, &place.zone))?;
    }
    if let Some(error) = &entry.error {
        writeln!(out, "last error   {error}")?;
    }
    writeln!(out, "conversation {}", entry.conversation)?;
    if let Some(message) = entry.message {
        writeln!(out, "message      {message}")?;
    }
    let payload = serde_json::to_string_pretty(&entry.payload)?;
    writeln!(out)?;
    for line in payload.lines() {
        writeln!(out, "{}", printable(line))?;
    }
    Ok(())
}

async fn retry(arguments: &RetryArguments, place: &Place) -> anyhow::Result<ExitCode> {
    let which = arguments.id.map_or(Retry::AllDead, Retry::One);
    let retried = place.store.retry(place.domain.uuid, which, now()).await?;
    if let (Some(id), 0) = (arguments.id, retried) {
        let entry = find(id, place).await?;
        bail!(
            "{id} is {}; what was given up (dead) alone can be sent again",
            entry.state.name()
        );
    }
    let mut out = stdout().lock();
    if arguments.json {
        writeln!(out, "{}", serde_json::json!({ "retried": retried }))?;
    } else {
        writeln!(
            out,
            "{retried} deliveries of {} are sent again by the server",
            place.domain.name
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn find(id: DeliveryId, place: &Place) -> anyhow::Result<OutboxEntry> {
    let found = place.store.outbox_entry(place.domain.uuid, id).await?;
    found.with_context(|| {
        format!(
            "{} has no delivery {id}; voice-ai outbox list shows what there is",
            place.domain.name
        )
    })
}

fn event(entry: &OutboxEntry) -> &str {
    entry.payload["event"].as_str().unwrap_or("unknown")
}

fn next(entry: &OutboxEntry, place: &Place) -> String {
    entry
        .next
        .map_or_else(|| NOTHING.into(), |next| when(next, &place.zone))
}
