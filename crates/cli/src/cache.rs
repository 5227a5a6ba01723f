//! `voice-ai cache`: FusionPBX's cache of dialplans is cleared, precisely.

use crate::client::block_on;
use crate::config::BAD_CONFIG;
use crate::site::{Found, Site};
use clap::Subcommand;
use freeswitch::CacheKey;
use fusionpbx::cache::Removed;
use fusionpbx::dialplan::stale_keys;
use fusionpbx::{Domain, Lang, Settings, Text, cache};
use serde_json::json;
use std::io::{self, Write as _, stdout};
use std::process::ExitCode;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Forget a domain's dialplan and its numbers from outside, or one key; all dialplans where neither is given. Directories stay.
    #[command(after_help = "Exit codes: 0 cleared, 1 failed, 2 wrong arguments.")]
    Clear(Clear),
}

#[derive(clap::Args)]
struct Clear {
    #[command(flatten)]
    site: Site,
    /// The domain, by its name or UUID.
    #[arg(long, value_name = "NAME|UUID", conflicts_with = "key")]
    domain: Option<String>,
    /// A key, such as dialplan:pbx.example.com or dialplan:public:551155550199.
    #[arg(long)]
    key: Option<String>,
    /// Tell what would be forgotten, and forget nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print JSON: an array of objects.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Command::Clear(arguments) = &arguments.command;
    block_on(clear(arguments))
}

async fn clear(arguments: &Clear) -> anyhow::Result<ExitCode> {
    let found = arguments.site.find().await;
    let keys = match keys(arguments, &found) {
        Ok(keys) => keys,
        Err(error) => {
            eprintln!("voice-ai: {error}");
            return Ok(ExitCode::from(BAD_CONFIG));
        }
    };
    let lang = arguments.site.lang();
    let settings = Settings::read(&found.host)?;
    if arguments.dry_run {
        return look(arguments, &found, &settings, &keys);
    }
    // Files are cleared without FreeSWITCH, too; then nobody tells the other machines of a cluster.
    let mut console = found.reality().await?.console().await.ok();
    let cleared = cache::clear(&settings.lua_cache, &found.host, &keys, console.as_mut()).await;
    let mut failed = false;
    let mut report = Vec::new();
    let (mut kept_nothing, mut unannounced) = (0, false);
    let is_alone = cleared.len() == 1;
    for one in cleared {
        let key = one.key.as_str();
        let announced = one.announced.as_ref().map(Result::is_ok);
        let text = match &one.removed {
            Ok(removed) => removed.text().in_lang(lang).to_owned(),
            Err(error) => {
                failed = true;
                error.text().in_lang(lang).to_owned()
            }
        };
        unannounced |= announced != Some(true);
        if !is_alone && matches!(one.removed, Ok(Removed::Nothing)) {
            kept_nothing += 1;
        } else if !arguments.json {
            writeln!(stdout(), "{key}: {text}")?;
        }
        report.push(
            json!({ "key": key, "cleared": one.removed.is_ok(), "text": text, "announced": announced }),
        );
    }
    if arguments.json {
        writeln!(stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        tell_rest(kept_nothing, unannounced, lang)?;
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Tells of how many keys nothing was kept, and whether nobody else heard of it.
fn tell_rest(kept_nothing: usize, unannounced: bool, lang: Lang) -> io::Result<()> {
    if kept_nothing > 0 {
        let keys = Text::counted(kept_nothing, ["key", "keys"], ["chave", "chaves"]);
        let told = Removed::Nothing.text();
        writeln!(stdout(), "{}: {}", keys.in_lang(lang), told.in_lang(lang))?;
    }
    if unannounced {
        let note = Text::new(
            "the other machines of a cluster, if there are any, were not told",
            "as outras máquinas de um cluster, se houver, não foram avisadas",
        );
        eprintln!("voice-ai: {}", note.in_lang(lang));
    }
    Ok(())
}

/// The keys that are meant: of a domain its context and its numbers from outside, with and without `+`.
fn keys(arguments: &Clear, found: &Found) -> Result<Vec<CacheKey>, String> {
    let parse = |key: &str| CacheKey::parse(key).map_err(|error| format!("--key: {error}"));
    if let Some(key) = arguments.key.as_deref().filter(|key| !is_of_dialplan(key)) {
        return Err(no_key(key, arguments.site.lang()));
    }
    let keys = match (&arguments.key, &arguments.domain) {
        (Some(key), _) => vec![key.clone()],
        (None, Some(domain)) => of_domain(&found.domain(Some(domain))?, found),
        (None, None) => vec![cache::ALL_DIALPLANS.to_owned()],
    };
    keys.iter().map(|key| parse(key)).collect()
}

/// Whether a key is one under which FusionPBX keeps a dialplan: `dialplan:` and a context, or all of them.
fn is_of_dialplan(key: &str) -> bool {
    let context = key.strip_prefix("dialplan:");
    context.is_some_and(|context| !context.is_empty())
}

fn no_key(key: &str, lang: Lang) -> String {
    match lang {
        Lang::En => format!(
            "--key: {key:?} is no key of a dialplan: write dialplan:CONTEXT, as in dialplan:pbx.example.com, dialplan:public:NUMBER, or \
             dialplan:* for all"
        ),
        Lang::PtBr => format!(
            "--key: {key:?} não é chave de dialplan: escreva dialplan:CONTEXTO, como dialplan:pbx.example.com, dialplan:public:NÚMERO, ou \
             dialplan:* para todas"
        ),
    }
}

fn of_domain(domain: &Domain, found: &Found) -> Vec<String> {
    let mut keys = vec![format!("dialplan:{}", domain.name)];
    if let Ok(database) = &found.facts.database {
        let theirs = database
            .dialplans
            .iter()
            .filter(|row| row.context == "public" && row.domain == Some(domain.uuid.uuid()));
        keys.extend(theirs.flat_map(|row| stale_keys(row, &found.facts)));
    }
    keys.sort();
    keys.dedup();
    keys
}

/// Tells what clearing would remove.
fn look(
    arguments: &Clear,
    found: &Found,
    settings: &Settings,
    keys: &[CacheKey],
) -> anyhow::Result<ExitCode> {
    let lang = arguments.site.lang();
    let mut report = Vec::new();
    for key in keys {
        let files = cache::files_of(&settings.lua_cache, &found.host, key);
        let files = files.map_err(|error| anyhow::anyhow!("{}", error.text().in_lang(lang)))?;
        let names: Option<Vec<_>> =
            files.map(|files| files.iter().map(|file| file.display().to_string()).collect());
        let text = match (&names, lang) {
            (None, Lang::En) => "in memcached, if it is there".to_owned(),
            (None, Lang::PtBr) => "no memcached, se estiver lá".to_owned(),
            (Some(names), Lang::En) if names.is_empty() => "nothing is kept".to_owned(),
            (Some(names), Lang::PtBr) if names.is_empty() => "nada está guardado".to_owned(),
            (Some(names), _) => names.join(", "),
        };
        if !arguments.json {
            writeln!(stdout(), "{}: {text}", key.as_str())?;
        }
        report.push(json!({ "key": key.as_str(), "cleared": false, "text": text, "files": names }));
    }
    if arguments.json {
        writeln!(stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
    }
    Ok(ExitCode::SUCCESS)
}
