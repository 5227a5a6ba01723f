//! `voice-ai setup`: an extension of FusionPBX is answered.

use crate::carrying::{Carrying, DECLINED, Doing, Outcome};
use crate::client::block_on;
use crate::config::{BAD_CONFIG, environment, print};
use crate::route::{RouteArguments, secretary};
use crate::site::{Found, Site};
use crate::test_call;
use fusionpbx::dialplan::Route;
use fusionpbx::plan::{FirstSecretary, Surroundings, Wish, is_near, setup, setup_remarks};
use fusionpbx::{Change, Database, Domain, Lang, Settings, Text, event_socket, unit_config};
use gateway::Config;
use gateway::config::ConfigErrors;
use secretary::SnapshotError;
use std::process::ExitCode;

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
    let mut remarks = setup_remarks(&wish, &found.facts, &home);
    remarks.extend(of_another_file(&found));
    let outcome = carry(&found, changes, &remarks, &arguments.doing).await?;
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

/// Whether the service takes the configuration that would be written, once the secrets are there that it names.
fn would_start(changes: &[Change], found: &Found) -> Result<(), ConfigErrors> {
    let written: Vec<_> = changes
        .iter()
        .filter_map(|change| match change {
            Change::File(file) => Some((file.path.clone(), file.after.as_ref()?.text.clone())),
            _ => None,
        })
        .collect();
    let config = &found.facts.service.config;
    let Some((_, text)) = written.iter().find(|(path, _)| path == config) else {
        return Ok(());
    };
    let name = config.display().to_string();
    let root = found.host.path("/");
    Config::parse_for(Some((&name, text)), environment(), &root, &written).map(drop)
}

/// A folder without a secretary, as the package leaves it, keeps the service from starting until the first one is written, which the plan does.
fn forgive_no_secretaries(found: &mut Found) {
    let Some(dir) = &found.config.secretaries.dir else {
        return;
    };
    let empty = SnapshotError::Empty { path: dir.clone() }.to_string();
    found.facts.service.wrong.retain(|wrong| *wrong != empty);
}

/// What is written to a configuration that the service's unit does not name is read by nobody.
fn of_another_file(found: &Found) -> Option<Text> {
    let config = &found.facts.service.config;
    let of_unit = unit_config(&found.host).filter(|of_unit| of_unit != config)?;
    let (of_unit, config) = (of_unit.display(), config.display());
    Some(Text::new(
        format!(
            "the service's unit reads {of_unit}, not {config}: have it name that one, or leave --config out"
        ),
        format!("a unidade do serviço lê {of_unit}, não {config}: faça-a indicar esse, ou omita --config"),
    ))
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
    changes: Vec<Change>,
    remarks: &[Text],
    doing: &Doing,
) -> anyhow::Result<Outcome> {
    let reality = found.reality().await?;
    let carrying = Carrying {
        host: &found.host,
        reality: &reality,
        lang: found.lang,
        command: "voice-ai setup",
    };
    carrying.carry_with("setup", changes, remarks, doing).await
}

fn code(outcome: &Outcome) -> ExitCode {
    match outcome {
        Outcome::Declined => ExitCode::from(DECLINED),
        Outcome::Nothing | Outcome::Shown | Outcome::Done { .. } => ExitCode::SUCCESS,
    }
}

/// What is wished for, or what is wrong with the wish.
async fn wish(arguments: &Arguments, found: &Found, lang: Lang) -> anyhow::Result<Result<Wish, String>> {
    let told = |text: Text| text.in_lang(lang).to_owned();
    let domain = match found.domain(arguments.domain.as_deref()) {
        Ok(domain) => domain,
        Err(error) => return Ok(Err(error)),
    };
    let known = match secretary(found, &domain, arguments.secretary.as_deref()) {
        Ok(known) => known,
        Err(text) => return Ok(Err(told(text))),
    };
    let (secretary, files) = match known {
        Some(known) => (known, Vec::new()),
        None if !found.reads_secretaries => return Ok(Err(told(no_folder(found, &domain)))),
        None => FirstSecretary {
            name: arguments.secretary.clone(),
            company: arguments.company.clone(),
        }
        .of(&domain, lang, &found.secretaries),
    };
    let settings = Settings::read(&found.host)?;
    let more = surroundings(arguments, found, &domain, &settings).await?;
    let entry = match arguments.route.entry(found, domain, &secretary) {
        Ok(entry) => entry,
        Err(text) => return Ok(Err(told(text))),
    };
    Ok(Ok(Wish {
        entry,
        secretary: secretary.name,
        files,
        event_socket: event_socket(Ok(&settings), &found.facts.service).await,
        program: std::env::current_exe()?,
        more,
    }))
}

/// What is known of where the secretary is to be. An address that is none is told of with the row.
async fn surroundings(
    arguments: &Arguments,
    found: &Found,
    domain: &Domain,
    settings: &Settings,
) -> anyhow::Result<Surroundings> {
    let facts = &found.facts;
    // Without it the machine's serves.
    let time_zone = match Database::connect(&settings.database).await {
        Ok(database) => database.time_zone(domain.uuid).await.ok().flatten(),
        Err(_) => None,
    };
    let server = arguments.route.server().ok().flatten();
    Ok(Surroundings {
        time_zone,
        unicast_address: server
            .and_then(|server| server.ip())
            .filter(|_| !is_near(&facts.switch)),
    })
}

fn no_folder(found: &Found, domain: &Domain) -> Text {
    let (name, config) = (&domain.name, found.facts.service.config.display());
    Text::new(
        format!(
            "{name} has no secretary, and {config} names no folder to write one to: set dir of [secretaries] there to an absolute path, \
             for all domains"
        ),
        format!(
            "{name} não tem secretária, e {config} não indica pasta onde escrever uma: defina ali dir em [secretaries] com um caminho \
             absoluto, para todos os domínios"
        ),
    )
}
