//! `voice-ai messages`: what callers left.

use crate::conversations::{Which, deliveries, field, kind, print_message};
use crate::table::{Table, or_nothing, when};
use crate::tenant::{Listing, Place, Showing};
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
    Show(Showing),
}

#[derive(clap::Args)]
struct ListArguments {
    #[command(flatten)]
    listing: Listing,
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
    }
}

async fn list(arguments: &ListArguments, place: &Place) -> anyhow::Result<ExitCode> {
    let filter = Filter {
        limit: arguments.listing.limit,
        ..arguments.which.filter(place)?
    };
    let messages = place.store.messages(place.domain.uuid, &filter).await?;
    let mut out = stdout().lock();
    if arguments.listing.told(&mut out, place, "messages", &messages)? {
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

async fn show(arguments: &Showing, place: &Place) -> anyhow::Result<ExitCode> {
    let (message, told) = place
        .store
        .message(place.domain.uuid, MessageId(arguments.id))
        .await?
        .with_context(|| {
            format!(
                "{} has no message {}; voice-ai messages list shows what there is",
                place.domain.name, arguments.id
            )
        })?;
    let mut out = stdout().lock();
    let both = serde_json::json!({ "message": message, "deliveries": told });
    if arguments.told(&mut out, &both)? {
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
