//! `voice-ai conversations`: what was said, and forgetting it.

mod erase;
mod sheet;

pub(crate) use sheet::{deliveries, field, kind, print_message};

use crate::table::{NOTHING, Table, amount, instant, minutes, now, or_nothing, when};
use crate::tenant::{Listing, Place, Showing, Tenant};
use anyhow::Context as _;
use clap::Subcommand;
use std::io::{Write, stdout};
use std::process::ExitCode;
use store::{Conversation, ConversationId, Filter};

/// Conversations that are read at once for an export.
const PAGE: u32 = 100;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the domain's conversations, the newest first.
    List(ListArguments),
    /// Show one: what was said and heard, where the waiting time went, what was left and whom it reached.
    Show(Showing),
    /// Print everything that is kept of them as JSON, a conversation a line, the newest first.
    Export(ExportArguments),
    /// Erase what is kept of a caller: conversations, messages, webhooks to be sent, recordings, event logs.
    Erase(erase::Arguments),
}

/// Which conversations or messages.
#[derive(clap::Args)]
pub(crate) struct Which {
    /// Those since: a day (2026-03-02), a day and a time (2026-03-02T08:00), or days ago (7d), in the domain's time zone.
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Those before.
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// Those of a caller; only digits count.
    #[arg(long, value_name = "NUMBER")]
    caller: Option<String>,
}

impl Which {
    pub(crate) fn filter(&self, place: &Place) -> anyhow::Result<Filter> {
        let read = |text: &Option<String>| {
            text.as_deref()
                .map(|text| instant(text, &place.zone, now()))
                .transpose()
        };
        Ok(Filter {
            since: read(&self.since)?,
            until: read(&self.until)?,
            caller: self.caller.clone(),
            ..Filter::default()
        })
    }
}

#[derive(clap::Args)]
struct ListArguments {
    #[command(flatten)]
    listing: Listing,
    #[command(flatten)]
    which: Which,
}

#[derive(clap::Args)]
struct ExportArguments {
    #[command(flatten)]
    tenant: Tenant,
    #[command(flatten)]
    which: Which,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::List(arguments) => arguments
            .listing
            .tenant
            .open(async |place| list(&arguments, place).await),
        Command::Show(arguments) => arguments.tenant.open(async |place| show(&arguments, place).await),
        Command::Export(arguments) => arguments
            .tenant
            .open(async |place| export(&arguments, place).await),
        Command::Erase(arguments) => erase::run(arguments),
    }
}

async fn list(arguments: &ListArguments, place: &Place) -> anyhow::Result<ExitCode> {
    let filter = Filter {
        limit: arguments.listing.limit,
        ..arguments.which.filter(place)?
    };
    let conversations = place.store.conversations(place.domain.uuid, &filter).await?;
    let mut out = stdout().lock();
    if arguments
        .listing
        .told(&mut out, place, "conversations", &conversations)?
    {
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&[
        "WHEN",
        "CALLER",
        "SECRETARY",
        "LENGTH",
        "OUTCOME",
        "INTERRUPTIONS",
        "COST",
        "ID",
    ]);
    for conversation in &conversations {
        table.row([
            when(conversation.at, &place.zone),
            or_nothing(conversation.caller.as_ref()),
            or_nothing(conversation.secretary.as_ref()),
            length(conversation),
            outcome(conversation),
            conversation.barge_ins.to_string(),
            amount(conversation.cost_micros),
            conversation.id.to_string(),
        ]);
    }
    table.print(&mut out)?;
    Ok(ExitCode::SUCCESS)
}

async fn show(arguments: &Showing, place: &Place) -> anyhow::Result<ExitCode> {
    let sheet = place
        .store
        .conversation(place.domain.uuid, ConversationId(arguments.id))
        .await?
        .with_context(|| {
            format!(
                "{} has no conversation {}; voice-ai conversations list shows what there is",
                place.domain.name, arguments.id
            )
        })?;
    let mut out = stdout().lock();
    if !arguments.told(&mut out, &sheet)? {
        sheet::print(&mut out, &sheet, &place.zone, &place.config.data.dir)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn export(arguments: &ExportArguments, place: &Place) -> anyhow::Result<ExitCode> {
    let mut filter = Filter {
        limit: PAGE,
        ..arguments.which.filter(place)?
    };
    let mut out = stdout().lock();
    loop {
        let page = place.store.conversations(place.domain.uuid, &filter).await?;
        let Some(last) = page.last() else { break };
        filter.before = Some(last.cursor());
        for conversation in &page {
            // One that was erased meanwhile is left out.
            if let Some(sheet) = place
                .store
                .conversation(place.domain.uuid, conversation.id)
                .await?
            {
                writeln!(out, "{}", serde_json::to_string(&sheet)?)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn length(conversation: &Conversation) -> String {
    conversation
        .ended
        .map_or_else(|| NOTHING.into(), |ended| minutes(ended.0 - conversation.at.0))
}

/// A conversation without an end goes on, or its process died.
fn outcome(conversation: &Conversation) -> String {
    match &conversation.outcome {
        Some(outcome) => outcome.clone(),
        None => "unfinished".into(),
    }
}
