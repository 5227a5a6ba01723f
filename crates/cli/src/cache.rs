//! `voice-ai cache`: FusionPBX's cache of dialplans is cleared, precisely.

use crate::client::block_on;
use crate::config::BAD_CONFIG;
use crate::site::Site;
use clap::Subcommand;
use freeswitch::CacheKey;
use fusionpbx::{Lang, Settings, cache};
use serde_json::json;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Forget a domain's dialplan, or one key; all dialplans where neither is given. Directories stay.
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
    let key = match (&arguments.key, &arguments.domain) {
        (Some(key), _) => key.clone(),
        (None, Some(domain)) => match found.domain(Some(domain)) {
            Ok(domain) => format!("dialplan:{}", domain.name),
            Err(error) => {
                eprintln!("voice-ai: {error}");
                return Ok(ExitCode::from(BAD_CONFIG));
            }
        },
        (None, None) => cache::ALL_DIALPLANS.to_owned(),
    };
    let key = match CacheKey::parse(&key) {
        Ok(key) => key,
        Err(error) => {
            eprintln!("voice-ai: --key: {error}");
            return Ok(ExitCode::from(BAD_CONFIG));
        }
    };
    let settings = Settings::read(&found.host)?;
    // Files are cleared without FreeSWITCH, too; then nobody tells the other machines of a cluster.
    let mut console = found.reality().await?.console().await.ok();
    let cleared = cache::clear(&settings.lua_cache, &found.host, &[key], console.as_mut()).await;
    let lang = arguments.site.lang();
    let mut failed = false;
    let mut report = Vec::new();
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
        if !arguments.json {
            println!("{key}: {text}");
            if announced != Some(true) {
                let note = match lang {
                    Lang::En => "the other machines of a cluster, if there are any, were not told",
                    Lang::PtBr => "as outras máquinas de um cluster, se houver, não foram avisadas",
                };
                eprintln!("voice-ai: {note}");
            }
        }
        report.push(
            json!({ "key": key, "cleared": one.removed.is_ok(), "text": text, "announced": announced }),
        );
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
