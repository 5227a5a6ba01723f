//! `voice-ai setup`: an extension of FusionPBX is answered.

use crate::carrying::{Carrying, DECLINED, Doing, Outcome};
use crate::client::block_on;
use crate::config::{BAD_CONFIG, environment, print};
use crate::route::{RouteArguments, secretary};
use crate::site::{Found, Site};
use crate::test_call;
use fusionpbx::dialplan::Route;
use fusionpbx::plan::{Wish, setup};
use fusionpbx::{Change, Domain, Lang, ServiceSecretary, Settings, event_socket};
use gateway::Config;
use gateway::config::ConfigErrors;
use secretary::{Draft, Language, SecretaryUuid, SnapshotError};
use std::path::PathBuf;
use std::process::ExitCode;
use tempfile::NamedTempFile;
use uuid::Uuid;

#[derive(clap::Args)]
#[command(
    after_help = "A second run changes nothing and says so. `voice-ai repair --undo` takes the last one back, `voice-ai uninstall` all of it.\n\n\
                  Where something was changed, a test call follows (see `voice-ai test-call`), but not with --json.\n\n\
                  Exit codes: 0 done or nothing to do, 1 failed, 2 wrong arguments or configuration, 3 done, and the test call was not \
                  answered, 4 you said no."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    site: Site,
    /// The domain of FusionPBX, by its name or UUID; needed only where there are several.
    #[arg(long, value_name = "NAME|UUID")]
    domain: Option<String>,
    /// The secretary, by its name; a new one is written where the domain has none.
    #[arg(long, value_name = "NAME")]
    secretary: Option<String>,
    /// The company that a new secretary answers for [default: the domain's name].
    #[arg(long)]
    company: Option<String>,
    #[command(flatten)]
    route: RouteArguments,
    /// Make no test call when it is done.
    #[arg(long)]
    no_test_call: bool,
    #[command(flatten)]
    doing: Doing,
}

/// Sets an extension up.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    block_on(install(arguments))
}

async fn install(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let lang = arguments.site.lang();
    let mut found = arguments.site.find().await;
    let home = found.home()?;
    let wish = match wish(arguments, &found, lang).await? {
        Ok(wish) => wish,
        Err(error) => {
            eprintln!("voice-ai: {error}");
            return Ok(ExitCode::from(BAD_CONFIG));
        }
    };
    if !wish.files.is_empty() {
        forgive_no_secretaries(&mut found);
    }
    let changes = match setup(&wish, &found.facts, &home) {
        Ok(changes) => changes,
        Err(hindrance) => {
            eprintln!("voice-ai: {}", hindrance.text().in_lang(lang));
            return Ok(ExitCode::from(BAD_CONFIG));
        }
    };
    if let Err(errors) = would_start(&changes, &found) {
        print(errors.iter());
        return Ok(ExitCode::from(BAD_CONFIG));
    }
    if let Route::Secretary(route) = &wish.entry.route
        && route.fallback.is_none()
    {
        warn_of_no_fallback(lang);
    }
    let outcome = carry(&found, lang, "setup", changes, &arguments.doing).await?;
    let is_tried =
        matches!(outcome, Outcome::Done { .. }) && !arguments.no_test_call && !arguments.doing.json;
    let Route::Secretary(route) = wish.entry.route else {
        return Ok(code(&outcome));
    };
    if !is_tried {
        return Ok(code(&outcome));
    }
    test_call::proves(
        &arguments.site,
        &wish.entry.domain,
        route.extension,
        home.systemd,
        lang,
    )
    .await
}

/// Whether the service takes the configuration that would be written. The password's file is not there yet.
fn would_start(changes: &[Change], found: &Found) -> Result<(), ConfigErrors> {
    let config = &found.facts.service.config;
    let written = changes.iter().find_map(|change| match change {
        Change::File(file) if file.path == *config => file.after.as_ref(),
        _ => None,
    });
    let (Some(written), Ok(password)) = (written, NamedTempFile::new()) else {
        return Ok(());
    };
    let _ = std::fs::write(password.path(), "x");
    let there = password.path().display().to_string();
    let passwords = changes.iter().filter_map(|change| match change {
        Change::File(file) if file.path.extension().is_some_and(|ending| ending == "password") => {
            Some(&file.path)
        }
        _ => None,
    });
    let text = passwords.fold(written.text.clone(), |text, path| {
        text.replace(&path.display().to_string(), &there)
    });
    Config::parse(Some((&config.display().to_string(), &text)), environment()).map(drop)
}

/// A folder without a secretary, as the package leaves it, keeps the service from starting until the first one is written, which the plan does.
fn forgive_no_secretaries(found: &mut Found) {
    let Some(dir) = &found.config.secretaries.dir else {
        return;
    };
    let empty = SnapshotError::Empty { path: dir.clone() }.to_string();
    found.facts.service.wrong.retain(|wrong| *wrong != empty);
}

/// A caller whom nobody carries any more is to be with somebody.
fn warn_of_no_fallback(lang: Lang) {
    let warning = match lang {
        Lang::En => {
            "without --fallback EXTENSION a caller is hung up on when the service is gone and the secretary names no fallback: give a \
             phone, queue or ring group"
        }
        Lang::PtBr => {
            "sem --fallback RAMAL a chamada é desligada quando o serviço some e a secretária não indica um: informe um ramal, fila ou \
             grupo de toque"
        }
    };
    eprintln!("voice-ai: {warning}");
}

async fn carry(
    found: &Found,
    lang: Lang,
    title: &str,
    changes: Vec<Change>,
    doing: &Doing,
) -> anyhow::Result<Outcome> {
    let reality = found.reality().await?;
    let command = format!("voice-ai {title}");
    let carrying = Carrying {
        host: &found.host,
        reality: &reality,
        lang,
        command: &command,
    };
    carrying.carry(title, changes, doing).await
}

fn code(outcome: &Outcome) -> ExitCode {
    match outcome {
        Outcome::Declined => ExitCode::from(DECLINED),
        Outcome::Nothing | Outcome::Shown | Outcome::Done { .. } => ExitCode::SUCCESS,
    }
}

/// What is wished for, or what is wrong with the wish.
async fn wish(arguments: &Arguments, found: &Found, lang: Lang) -> anyhow::Result<Result<Wish, String>> {
    let domain = match found.domain(arguments.domain.as_deref()) {
        Ok(domain) => domain,
        Err(error) => return Ok(Err(error)),
    };
    let known = match secretary(found, &domain, arguments.secretary.as_deref()) {
        Ok(known) => known,
        Err(error) => return Ok(Err(error)),
    };
    let (secretary, files) = match known {
        Some(known) => (known, Vec::new()),
        None if !found.reads_secretaries => {
            let config = found.facts.service.config.display();
            return Ok(Err(match lang {
                Lang::En => format!(
                    "{} has no secretary, and {config} names no folder to write one to: set dir of [secretaries] there to an absolute \
                     path, for all domains",
                    domain.name
                ),
                Lang::PtBr => format!(
                    "{} não tem secretária, e {config} não indica pasta onde escrever uma: defina ali dir em [secretaries] com um \
                     caminho absoluto, para todos os domínios",
                    domain.name
                ),
            }));
        }
        None => drafted(arguments, found, &domain, lang),
    };
    let entry = match arguments.route.entry(found, domain, &secretary) {
        Ok(entry) => entry,
        Err(error) => return Ok(Err(error)),
    };
    let settings = Settings::read(&found.host)?;
    Ok(Ok(Wish {
        entry,
        secretary: secretary.name,
        files,
        event_socket: event_socket(Ok(&settings), &found.facts.service).await,
        program: std::env::current_exe()?,
    }))
}

/// A first secretary of a domain, in the language of who asks, with its file and script.
fn drafted(
    arguments: &Arguments,
    found: &Found,
    domain: &Domain,
    lang: Lang,
) -> (ServiceSecretary, Vec<(PathBuf, String)>) {
    let (language, usual) = match lang {
        Lang::En => (Language::En, "reception"),
        Lang::PtBr => (Language::PtBr, "recepcao"),
    };
    let company = arguments.company.clone().unwrap_or_else(|| domain.name.clone());
    let draft = Draft {
        uuid: SecretaryUuid::new(Uuid::new_v4()),
        domain: domain.name.clone(),
        name: arguments.secretary.clone().unwrap_or_else(|| usual.to_owned()),
        language,
        greeting: Draft::usual_greeting(language, &company),
        company,
        hours: None,
        destinations: Vec::new(),
    };
    let folder = found.secretaries.join(&domain.name);
    let file = |ending: &str| folder.join(format!("{}.{ending}", draft.stem()));
    let files = vec![(file("toml"), draft.file()), (file("yaml"), draft.script())];
    let secretary = ServiceSecretary {
        uuid: Some(draft.uuid),
        name: draft.name,
    };
    (secretary, files)
}
