//! `voice-ai dialplan`: the rows of FusionPBX that lead calls to secretaries.

use crate::carrying::{Carrying, DECLINED, Doing, Outcome};
use crate::client::block_on;
use crate::config::BAD_CONFIG;
use crate::route::{RouteArguments, did, secretary, understood};
use crate::site::{Found, Site};
use crate::table::{NOTHING, Table, printable};
use clap::Subcommand;
use fusionpbx::dialplan::{self, Did, Entry, Route, did_rows, is_of_another_host, number_of, secretary_rows};
use fusionpbx::plan::repair;
use fusionpbx::{Change, Code, DatabaseFacts, DialplanRow, Domain, Text};
use serde_json::{Value, json};
use std::io::{Write as _, stdout};
use std::process::ExitCode;
use uuid::Uuid;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Put a secretary on an extension of a domain, or lead a number from outside to an extension.
    #[command(after_help = HELP)]
    Add(Add),
    /// List the rows that lead to secretaries.
    List(List),
    /// Show the row of a number: what it does, its XML and its details.
    Show(Show),
    /// Bring details and XML of our rows in step, and forget what the cache keeps of before.
    #[command(after_help = HELP)]
    Sync(Sync),
    /// Take the row of a number away.
    #[command(after_help = HELP)]
    Remove(Remove),
}

const HELP: &str = "Exit codes: 0 done or nothing to do, 1 failed, 2 wrong arguments or the number is somebody else's, 4 you said no.";

#[derive(clap::Args)]
struct Where {
    #[command(flatten)]
    site: Site,
    /// The domain of FusionPBX, by its name or UUID; needed only where there are several.
    #[arg(long, value_name = "NAME|UUID")]
    domain: Option<String>,
}

#[derive(clap::Args)]
struct Add {
    #[command(flatten)]
    place: Where,
    /// The secretary, by its name; needed only where the domain has several.
    #[arg(long, value_name = "NAME", conflicts_with = "did")]
    secretary: Option<String>,
    /// A number from outside, such as "+55 11 5555-0199", whose calls are sent to the extension.
    #[arg(long, value_name = "NUMBER")]
    did: Option<String>,
    #[command(flatten)]
    route: RouteArguments,
    #[command(flatten)]
    doing: Doing,
}

#[derive(clap::Args)]
struct List {
    #[command(flatten)]
    site: Site,
    /// Those of this domain alone, by its name or UUID.
    #[arg(long, value_name = "NAME|UUID")]
    domain: Option<String>,
    /// Print JSON: an array of objects.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Show {
    /// The extension, the number from outside, or the row's UUID.
    #[arg(value_name = "NUMBER|UUID")]
    number: String,
    #[command(flatten)]
    place: Where,
    /// Print JSON: an object.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Sync {
    #[command(flatten)]
    site: Site,
    /// In this domain alone, by its name or UUID.
    #[arg(long, value_name = "NAME|UUID")]
    domain: Option<String>,
    #[command(flatten)]
    doing: Doing,
}

#[derive(clap::Args)]
struct Remove {
    /// The extension, the number from outside, or the row's UUID.
    #[arg(value_name = "NUMBER|UUID")]
    number: String,
    #[command(flatten)]
    place: Where,
    #[command(flatten)]
    doing: Doing,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    block_on(async {
        let done = match &arguments.command {
            Command::Add(add) => added(add).await?,
            Command::List(list) => listed(list).await?,
            Command::Show(show) => shown(show).await?,
            Command::Sync(sync) => synced(sync).await?,
            Command::Remove(remove) => removed(remove).await?,
        };
        Ok(done.unwrap_or_else(|error| {
            eprintln!("voice-ai: {error}");
            ExitCode::from(BAD_CONFIG)
        }))
    })
}

/// What was done, or what is wrong with what was asked for.
type Done = anyhow::Result<Result<ExitCode, String>>;

macro_rules! asked {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Ok(Err(error.to_string())),
        }
    };
}

async fn added(add: &Add) -> Done {
    let found = add.place.site.find().await;
    let domain = asked!(found.domain(add.place.domain.as_deref()));
    let entry = match &add.did {
        Some(number) => did(number, &add.route.extension, domain),
        None => entry(add, &found, domain),
    };
    let entry = asked!(entry.map_err(|text| found.told(&text)));
    let changes = dialplan::add(&entry, &found.facts);
    let changes = asked!(changes.map_err(|refusal| found.told(&refusal.text())));
    let remarks = match &entry.route {
        Route::Did(did, _) => vec![understood(did)],
        Route::Secretary(_) => Vec::new(),
    };
    carry(&found, "dialplan-add", changes, &remarks, &add.doing).await
}

fn entry(add: &Add, found: &Found, domain: Domain) -> Result<Entry, Text> {
    let known = secretary(found, &domain, add.secretary.as_deref())?;
    let Some(known) = known else {
        let name = &domain.name;
        return Err(Text::new(
            format!(
                "{name} has no secretary; `voice-ai secretaries new --domain {name}` writes one, `voice-ai setup` all of it"
            ),
            format!(
                "{name} não tem secretária; `voice-ai secretaries new --domain {name}` escreve uma, `voice-ai setup` tudo"
            ),
        ));
    };
    add.route.entry(found, domain, &known)
}

async fn carry(found: &Found, title: &str, changes: Vec<Change>, remarks: &[Text], doing: &Doing) -> Done {
    let reality = found.reality().await?;
    let carrying = Carrying {
        host: &found.host,
        reality: &reality,
        lang: found.lang,
        command: "voice-ai dialplan",
    };
    let outcome = carrying.carry_with(title, changes, remarks, doing).await?;
    Ok(Ok(match outcome {
        Outcome::Declined => ExitCode::from(DECLINED),
        Outcome::Nothing | Outcome::Shown | Outcome::Done { .. } => ExitCode::SUCCESS,
    }))
}

fn rows(database: &DatabaseFacts) -> Vec<&DialplanRow> {
    secretary_rows(database).chain(did_rows(database)).collect()
}

fn is_of(row: &DialplanRow, domain: &Domain) -> bool {
    row.domain == Some(domain.uuid.uuid()) || row.context == domain.name
}

async fn listed(list: &List) -> Done {
    let found = list.site.find().await;
    let domain = match &list.domain {
        None => None,
        Some(wanted) => Some(asked!(found.domain(Some(wanted)))),
    };
    let database = asked!(found.facts.database.as_ref().map_err(|why| found.told(&why.0)));
    let rows: Vec<_> = rows(database)
        .into_iter()
        .filter(|row| domain.as_ref().is_none_or(|domain| is_of(row, domain)))
        .collect();
    let mut out = stdout().lock();
    if list.json {
        let all: Vec<_> = rows.iter().map(|row| object(row, database)).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        return Ok(Ok(ExitCode::SUCCESS));
    }
    let mut table = Table::new(&["NUMBER", "CONTEXT", "NAME", "ORDER", "ENABLED", "UUID"]);
    for row in rows {
        table.row([
            number_of(row, database).unwrap_or_else(|| NOTHING.into()),
            row.context.clone(),
            row.name.clone(),
            row.order.to_string(),
            row.enabled.to_string(),
            row.uuid.to_string(),
        ]);
    }
    table.print(&mut out)?;
    Ok(Ok(ExitCode::SUCCESS))
}

fn object(row: &DialplanRow, database: &DatabaseFacts) -> Value {
    json!({
        "dialplan_uuid": row.uuid,
        "domain_uuid": row.domain,
        "number": number_of(row, database),
        "context": row.context,
        "name": row.name,
        "order": row.order,
        "enabled": row.enabled,
        "continue": row.continues,
        "hostname": row.hostname,
        "app_uuid": row.app,
        "xml": row.xml,
        "details": row.details.len(),
    })
}

/// The row of a number in a domain, or in `public` for a number from outside; or the row of a `dialplan_uuid`, in whatever domain.
fn row<'a>(found: &'a Found, place: &Where, wanted: &str) -> Result<&'a DialplanRow, String> {
    let told = |en: String, pt_br: String| found.told(&Text::new(en, pt_br));
    let database = found.facts.database.as_ref().map_err(|why| found.told(&why.0))?;
    let mut rows = rows(database);
    rows.retain(|row| !is_of_another_host(row, &found.facts));
    if let Ok(uuid) = wanted.parse::<Uuid>() {
        let of_uuid = rows.into_iter().find(|row| row.uuid == uuid);
        return of_uuid.ok_or_else(|| {
            told(
                format!("no row {uuid} leads to a secretary; `voice-ai dialplan list` tells which there are"),
                format!(
                    "nenhuma linha {uuid} leva a uma secretária; `voice-ai dialplan list` diz quais existem"
                ),
            )
        });
    }
    let domain = found.domain(place.domain.as_deref())?;
    let number = Did::parse(wanted).map_or_else(|_| wanted.to_owned(), |did| did.whole());
    let is_meant = |row: &&DialplanRow| {
        is_of(row, &domain) && number_of(row, database).is_some_and(|of| of == wanted || of == number)
    };
    rows.retain(is_meant);
    let name = &domain.name;
    match rows.as_slice() {
        [one] => Ok(one),
        [] => Err(told(
            format!(
                "no row of {name} leads {wanted} to a secretary; `voice-ai dialplan list` tells which there are"
            ),
            format!(
                "nenhuma linha de {name} leva {wanted} a uma secretária; `voice-ai dialplan list` diz quais existem"
            ),
        )),
        several => {
            let uuids: Vec<_> = several.iter().map(|row| row.uuid.to_string()).collect();
            let (count, uuids) = (several.len(), uuids.join(", "));
            Err(told(
                format!("{count} rows of {name} lead {wanted} to a secretary; name one by its UUID: {uuids}"),
                format!(
                    "{count} linhas de {name} levam {wanted} a uma secretária; indique uma pelo UUID: {uuids}"
                ),
            ))
        }
    }
}

async fn shown(show: &Show) -> Done {
    let found = show.place.site.find().await;
    let row = asked!(row(&found, &show.place, &show.number));
    let mut out = stdout().lock();
    if show.json {
        let database = asked!(found.facts.database.as_ref().map_err(|why| found.told(&why.0)));
        writeln!(out, "{}", serde_json::to_string_pretty(&object(row, database))?)?;
        return Ok(Ok(ExitCode::SUCCESS));
    }
    let mut line = |name: &str, text: &str| writeln!(out, "{name:14}{}", printable(text));
    line("name", &row.name)?;
    line("context", &row.context)?;
    line("order", &row.order.to_string())?;
    line("enabled", &row.enabled.to_string())?;
    line("dialplan_uuid", &row.uuid.to_string())?;
    for text in row.xml.as_deref().unwrap_or(NOTHING).lines() {
        line("", &text.replace('\t', "  "))?;
    }
    for detail in &row.details {
        let (tag, kind, data) = (&detail.tag, &detail.kind, &detail.data);
        line(
            "detail",
            &format!("{}.{} {tag} {kind} {data}", detail.group, detail.order),
        )?;
    }
    Ok(Ok(ExitCode::SUCCESS))
}

async fn synced(sync: &Sync) -> Done {
    let found = sync.site.find().await;
    let only = asked!(found.only(sync.domain.as_deref()));
    let codes = [
        Code::DialplanXmlNull,
        Code::DialplanXmlMalformed,
        Code::DialplanDetailsMissing,
        Code::DialplanDetailsDiffer,
        Code::CacheStale,
    ];
    let changes = repair(&found.facts, only, &codes).changes;
    carry(&found, "dialplan-sync", changes, &[], &sync.doing).await
}

async fn removed(remove: &Remove) -> Done {
    let found = remove.place.site.find().await;
    let row = asked!(row(&found, &remove.place, &remove.number));
    asked!(dialplan::removable(row).map_err(|refusal| found.told(&refusal.text())));
    let changes = dialplan::remove(row, &found.facts);
    carry(&found, "dialplan-remove", changes, &[], &remove.doing).await
}
