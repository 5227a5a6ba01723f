//! `voice-ai messages`: what callers left.

use crate::conversations::{Which, deliveries, field, kind, print_message};
use crate::table::{Table, or_nothing, when};
use crate::tenant::{Place, Tenant};
use anyhow::Context as _;
use clap::Subcommand;
use std::io::{Write as _, stdout};
use std::process::ExitCode;
use store::{Filter, MessageId, StoredMessage};

/// The letters of a message that a list shows.
const GLIMPSE: usize = 60;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the domain's messages and wishes to be called back, the newest first.
    List(ListArguments),
    /// Show one, and whom it reached.
    Show(ShowArguments),
}

#[derive(clap::Args)]
struct ListArguments {
    #[command(flatten)]
    tenant: Tenant,
    #[command(flatten)]
    which: Which,
    /// The most, up to 1000.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Print JSON: an array of objects.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct ShowArguments {
    /// Its id, as the list has it.
    id: MessageId,
    #[command(flatten)]
    tenant: Tenant,
    /// Print JSON: an object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::List(arguments) => arguments.tenant.open(async |place| list(&arguments, place).await),
        Command::Show(arguments) => arguments.tenant.open(async |place| show(&arguments, place).await),
    }
}

async fn list(arguments: &ListArguments, place: &Place) -> anyhow::Result<ExitCode> {
    let filter = Filter {
        limit: arguments.limit,
        ..arguments.which.filter(place)?
    };
    let messages = place.store.messages(place.domain.uuid, &filter).await?;
    let mut out = stdout().lock();
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&messages)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if messages.is_empty() {
        writeln!(out, "no messages of {}", place.domain.name)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&["WHEN", "CALLER", "KIND", "WHAT", "ID"]);
    for message in &messages {
        table.row([
            when(message.at, &place.zone),
            or_nothing(message.caller.as_ref()),
            kind(message.kind).into(),
            glimpse(message),
            message.id.to_string(),
        ]);
    }
    table.print(&mut out)?;
    Ok(ExitCode::SUCCESS)
}

async fn show(arguments: &ShowArguments, place: &Place) -> anyhow::Result<ExitCode> {
    let (message, told) = place
        .store
        .message(place.domain.uuid, arguments.id)
        .await?
        .with_context(|| {
            format!(
                "{} has no message {}; voice-ai messages list shows what there is",
                place.domain.name, arguments.id
            )
        })?;
    let mut out = stdout().lock();
    if arguments.json {
        let both = serde_json::json!({ "message": message, "deliveries": told });
        writeln!(out, "{}", serde_json::to_string_pretty(&both)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    print_message(&mut out, &message, &place.zone)?;
    writeln!(out, "conversation {}", message.conversation)?;
    deliveries(&mut out, &told, &place.zone)?;
    Ok(ExitCode::SUCCESS)
}

/// The beginning of what its fields say.
fn glimpse(message: &StoredMessage) -> String {
    let fields = message.fields.as_object().into_iter().flatten();
    let all: Vec<_> = fields
        .map(|(name, value)| format!("{name}: {}", field(value)))
        .collect();
    let all = all.join(", ");
    if all.chars().count() <= GLIMPSE {
        return all;
    }
    all.chars().take(GLIMPSE - 1).chain(['…']).collect()
}
