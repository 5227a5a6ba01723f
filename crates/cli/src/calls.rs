//! `voice-ai calls`: the calls that live now in the running service, and what an operator may do with them.

use crate::client::{Service, block_on};
use crate::config::BAD_CONFIG;
use crate::table::{NOTHING, Table, minutes, now, or_nothing, printable, when};
use crate::tenant::Tenant;
use clap::Subcommand;
use gateway::Config;
use gateway::api::{LiveCall, Taken};
use jiff::tz::TimeZone;
use secretary::{CallUuid, DomainEntry};
use serde::Serialize;
use serde_json::json;
use std::io::{self, Write, stdout};
use std::process::ExitCode;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Exit codes of all: 0 done, or taken by the service; 1 it could not be; 2 wrong arguments or configuration.
#[derive(Subcommand)]
enum Command {
    /// List the domain's calls, the oldest first.
    List(ListArguments),
    /// Show one: who has it, how its audio travels, what it is doing.
    Show(ShowArguments),
    /// End one: the secretary says good-bye first.
    Hangup(HangupArguments),
    /// Send one to a destination of its secretary's. If nobody takes it, it comes back.
    Transfer(TransferArguments),
    /// Have something said to the caller, at the next pause of the conversation and by the service's own voice.
    Say(SayArguments),
}

#[derive(clap::Args)]
struct ListArguments {
    #[command(flatten)]
    tenant: Tenant,
    /// Those of every domain.
    #[arg(long, conflicts_with = "domain")]
    all: bool,
    /// Print JSON: an array of objects.
    #[arg(long)]
    json: bool,
}

/// A call that is meant.
#[derive(clap::Args)]
struct One {
    /// Its UUID, as the list has it.
    uuid: CallUuid,
    #[command(flatten)]
    tenant: Tenant,
    /// Print JSON: an object.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct ShowArguments {
    #[command(flatten)]
    one: One,
}

#[derive(clap::Args)]
struct HangupArguments {
    #[command(flatten)]
    one: One,
    /// Without a good-bye.
    #[arg(long)]
    now: bool,
}

#[derive(clap::Args)]
struct TransferArguments {
    #[command(flatten)]
    one: One,
    /// The destination, by name, alias or number.
    #[arg(long, value_name = "NAME|NUMBER")]
    to: String,
    /// Even if it is closed at this hour.
    #[arg(long)]
    force: bool,
}

#[derive(clap::Args)]
struct SayArguments {
    #[command(flatten)]
    one: One,
    /// The words, up to 500 characters.
    text: String,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::List(arguments) => list(&arguments),
        Command::Show(ShowArguments { one }) => {
            one.open(async |service, domain| show(&one, service, domain).await)
        }
        Command::Hangup(HangupArguments { one, now }) => {
            let words = match now {
                true => "is ended",
                false => "is ended when the secretary has said good-bye",
            };
            one.order("hangup", &json!({ "now": now }), |_| words.to_owned())
        }
        Command::Transfer(TransferArguments { one, to, force }) => {
            let told = |taken: &Taken| {
                let to = or_nothing(taken.to.as_ref());
                match &taken.opens {
                    None => format!("goes to {to}"),
                    Some(opens) => format!("goes to {to}, closed at this hour (opens {opens})"),
                }
            };
            one.order("transfer", &json!({ "to": to, "force": force }), told)
        }
        Command::Say(SayArguments { one, text }) => one.order("say", &json!({ "text": text }), |_| {
            "hears it at the next pause".to_owned()
        }),
    }
}

impl One {
    /// Asks the service about it.
    fn open(
        &self,
        work: impl AsyncFnOnce(&Service, &DomainEntry) -> anyhow::Result<()>,
    ) -> anyhow::Result<ExitCode> {
        let Some(config) = self.tenant.source.read() else {
            return Ok(ExitCode::from(BAD_CONFIG));
        };
        let domain = self.tenant.choose(&config)?;
        let service = Service::of(&config)?;
        block_on(work(&service, &domain))?;
        Ok(ExitCode::SUCCESS)
    }

    fn path(&self, of: &str, domain: &DomainEntry) -> String {
        format!("/calls/{}{of}?domain={}", self.uuid, domain.uuid)
    }

    /// Wants something of it, and says what was taken.
    fn order(
        &self,
        what: &str,
        body: &impl Serialize,
        told: impl FnOnce(&Taken) -> String,
    ) -> anyhow::Result<ExitCode> {
        self.open(async |service, domain| {
            let path = self.path(&format!("/{what}"), domain);
            let taken: Taken = service.post(&path, body).await?;
            let mut out = stdout().lock();
            if self.json {
                writeln!(out, "{}", serde_json::to_string_pretty(&taken)?)?;
            } else {
                writeln!(out, "call {} {}", taken.uuid, printable(&told(&taken)))?;
            }
            Ok(())
        })
    }
}

/// The domain to which a list is restricted; none where every one's calls are wanted.
fn restricted(arguments: &ListArguments, config: &Config) -> anyhow::Result<Option<DomainEntry>> {
    match arguments.all {
        true => Ok(None),
        false => arguments.tenant.choose(config).map(Some),
    }
}

fn list(arguments: &ListArguments) -> anyhow::Result<ExitCode> {
    let Some(config) = arguments.tenant.source.read() else {
        return Ok(ExitCode::from(BAD_CONFIG));
    };
    let domain = restricted(arguments, &config)?;
    let path = match &domain {
        Some(domain) => format!("/calls?domain={}", domain.uuid),
        None => "/calls".to_owned(),
    };
    let service = Service::of(&config)?;
    let calls: Vec<LiveCall> = block_on(service.get(&path))?;
    let mut out = stdout().lock();
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&calls)?)?;
    } else if calls.is_empty() {
        let of = domain.map_or("any domain".to_owned(), |domain| domain.name);
        writeln!(out, "no calls of {of}")?;
    } else {
        table(&calls, arguments.all).print(&mut out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn table(calls: &[LiveCall], all: bool) -> Table {
    let mut heading = vec![
        "FOR",
        "CALLER",
        "SECRETARY",
        "STATE",
        "LEG",
        "TURNS",
        "ANSWERED IN",
        "CALL",
    ];
    if all {
        heading.insert(0, "DOMAIN");
    }
    let mut table = Table::new(&heading);
    for call in calls {
        let domain = all.then(|| call.domain.clone());
        let row = [
            minutes(now().0 - call.since.0),
            or_nothing(call.caller.as_ref()),
            call.secretary.clone(),
            call.state.to_string(),
            call.leg.clone(),
            call.turns.to_string(),
            answered_in(call),
            call.uuid.to_string(),
        ];
        table.row(domain.into_iter().chain(row));
    }
    table
}

fn answered_in(call: &LiveCall) -> String {
    call.response_ms
        .map_or_else(|| NOTHING.into(), |ms| format!("{ms} ms"))
}

async fn show(one: &One, service: &Service, domain: &DomainEntry) -> anyhow::Result<()> {
    let call: LiveCall = service.get(&one.path("", domain)).await?;
    let mut out = stdout().lock();
    if one.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&call)?)?;
        return Ok(());
    }
    print(&mut out, &call, &TimeZone::get(&domain.timezone)?)?;
    Ok(())
}

fn print(to: &mut impl Write, call: &LiveCall, zone: &TimeZone) -> io::Result<()> {
    let mut line = |name: &str, text: String| writeln!(to, "{name:14}{}", printable(&text));
    line("call", call.uuid.to_string())?;
    line(
        "since",
        format!(
            "{} ({}), {} ago",
            when(call.since, zone),
            zone.iana_name().unwrap_or("UTC"),
            minutes(now().0 - call.since.0)
        ),
    )?;
    line("state", call.state.to_string())?;
    line("domain", format!("{} ({})", call.domain, call.domain_uuid))?;
    line("secretary", format!("{} ({})", call.secretary, call.engine))?;
    line("caller", or_nothing(call.caller.as_ref()))?;
    line("FreeSWITCH", or_nothing(call.pbx.as_ref()))?;
    line("audio", audio(call))?;
    line("turns", call.turns.to_string())?;
    line("interruptions", call.interruptions.to_string())?;
    line("answered in", answered_in(call))?;
    line(
        "lost",
        format!("{} ms dropped, {} underruns", call.dropped_ms, call.underruns),
    )?;
    if let Some(transfer) = &call.last_transfer {
        line(
            "last transfer",
            format!("to {}: {}", transfer.to, transfer.outcome.replace('_', " ")),
        )?;
    }
    Ok(())
}

fn audio(call: &LiveCall) -> String {
    let by = match call.build.as_str() {
        "core" => "FreeSWITCH's core".to_owned(),
        "other" => "a module that does not say which it is".to_owned(),
        build => format!("mod_audio_stream ({build})"),
    };
    format!("{} by {by}, {} Hz {}", call.leg, call.rate, call.mix)
}
