//! `voice-ai test-call`: a call through the dialplan, and at which station it stopped.

mod printing;
mod trial;

use crate::client::block_on;
use crate::config::BAD_CONFIG;
use crate::site::{Found, Site};
use freeswitch::Extension;
use fusionpbx::test_call::{Seen, is_whole};
use fusionpbx::{Domain, Lang, ServerState, Text};
use std::io::{Write as _, stdout};
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::{Instant, sleep};
pub(crate) use trial::Trial;

/// The exit code where the call stopped at a station.
const STOPPED: u8 = 3;

/// How long a service that was started a moment ago may take to answer: it loads its models.
const BEGINNING: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
#[command(
    after_help = "The call goes loopback/EXTENSION/DOMAIN, as a phone of the domain would call, and is hung up at the end.\n\n\
                  Exit codes: 0 it passed all stations, 1 it could not be made, 2 wrong arguments or configuration, 3 it stopped at a station."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    site: Site,
    /// The domain of FusionPBX, by its name or UUID; needed only where there are several.
    #[arg(long, value_name = "NAME|UUID")]
    domain: Option<String>,
    /// What is dialled.
    #[arg(long, default_value = "8000")]
    extension: String,
    /// How long the call is watched, in seconds: it ends as soon as it has passed all stations.
    #[arg(long, default_value = "10", value_parser = clap::value_parser!(u64).range(1..=300))]
    seconds: u64,
    /// Print JSON: an object with `stations` and `whole`.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    block_on(async {
        let lang = arguments.site.lang();
        let found = arguments.site.find().await;
        let asked = found.domain(arguments.domain.as_deref()).and_then(|domain| {
            let extension = Extension::parse(&arguments.extension);
            Ok((
                domain,
                extension.map_err(|error| format!("--extension: {error}"))?,
            ))
        });
        let (domain, extension) = match asked {
            Ok(asked) => asked,
            Err(error) => {
                eprintln!("voice-ai: {error}");
                return Ok(ExitCode::from(BAD_CONFIG));
            }
        };
        let trial = Trial {
            found: &found,
            lang,
            domain: &domain,
            extension,
            limit: Duration::from_secs(arguments.seconds),
        };
        let seen = trial.make().await?;
        let mut out = stdout().lock();
        if arguments.json {
            let report = printing::object(&seen, lang);
            writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
        } else {
            printing::print(&mut out, &seen, lang)?;
        }
        Ok(code(&seen))
    })
}

fn code(seen: &Seen) -> ExitCode {
    match is_whole(seen) {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(STOPPED),
    }
}

/// The call that proves what was set up, once the service answers; where it does not run, that is said.
pub(crate) async fn proves(
    site: &Site,
    domain: &Domain,
    extension: Extension,
    is_started: bool,
    lang: Lang,
) -> anyhow::Result<ExitCode> {
    let Some(found) = running(site, is_started).await else {
        let not_yet = Text::new(
            "no test call: the service does not run; start it, then `voice-ai test-call` tells whether calls are answered",
            "sem chamada de teste: o serviço não está em execução; inicie-o, e `voice-ai test-call` diz se as chamadas são atendidas",
        );
        writeln!(stdout(), "{}", not_yet.in_lang(lang))?;
        return Ok(ExitCode::SUCCESS);
    };
    let trial = Trial {
        found: &found,
        lang,
        domain,
        extension,
        limit: Duration::from_secs(10),
    };
    let seen = trial.make().await?;
    printing::print(&mut stdout().lock(), &seen, lang)?;
    Ok(code(&seen))
}

/// The installation with its service; none where that does not answer, which one that has just been started may take a while to do.
async fn running(site: &Site, is_started: bool) -> Option<Found> {
    let begun = Instant::now();
    loop {
        let found = site.find().await;
        if matches!(found.facts.server.state, ServerState::Up(_)) {
            return Some(found);
        }
        if !is_started || begun.elapsed() > BEGINNING {
            return None;
        }
        sleep(Duration::from_millis(500)).await;
    }
}
