//! `voice-ai engines`: what is configured and what it lacks; one engine tried in earnest.

mod account;
mod trial;

use crate::config::{BAD_CONFIG, Source, print};
use crate::table::{NOTHING, Table};
use anyhow::bail;
use gateway::{Config, Entry, Roster, State};
use secretary::{Language, suggestion};
use serde_json::{Value, json};
use std::io::{Write as _, stdout};
use std::process::ExitCode;
use std::time::Duration;
use trial::Trial;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the engines: what each is and lacks, and which secretaries name it, in which place. Connects nothing.
    #[command(after_help = LIST_HELP)]
    List(ListArguments),
    /// Connect to an engine, ask it something, and tell what it says and how long each step takes.
    #[command(after_help = TEST_HELP)]
    Test(TestArguments),
}

const LIST_HELP: &str = "\
Secretaries are named as DOMAIN/NAME (PLACE): 1 is the engine that answers, 2 the one that takes over when that fails.

Exit codes: 0 the service would start with it, 1 failed, 2 it would not.";

const TEST_HELP: &str = "\
The question goes to the engine as text, so this tries key, address, model and voice, and not speech to text. An engine that says texts
word for word is given the same words to say, too. What a provider charges for an answer is charged. The engine is told of no
tools. The secrets of the configuration must be there: run it with the service's variables, as the service's user.

Exit codes: 0 it answered in speech, 1 it did not, 2 the configuration is wrong.";

#[derive(clap::Args)]
struct ListArguments {
    #[command(flatten)]
    source: Source,
    /// Print JSON: an array of objects.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct TestArguments {
    /// Its name, as a secretary's `engine` has it.
    name: String,
    /// What it is asked [default: who it is, in one sentence].
    #[arg(long, value_name = "WORDS")]
    say: Option<String>,
    /// The language of the conversation: pt-BR or en.
    #[arg(long, default_value = "pt-BR")]
    language: Language,
    /// After how many seconds it is given up; 1 to 300.
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=300))]
    limit: u64,
    #[command(flatten)]
    source: Source,
    /// Print JSON: one object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::List(list) => listed(&list),
        Command::Test(test) => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(tried(&test)),
    }
}

fn listed(arguments: &ListArguments) -> anyhow::Result<ExitCode> {
    let Some(config) = arguments.source.read() else {
        return Ok(ExitCode::from(BAD_CONFIG));
    };
    let roster = match Roster::of(&config) {
        Ok(roster) => roster,
        Err(wrong) => {
            print(wrong);
            return Ok(ExitCode::from(BAD_CONFIG));
        }
    };
    if arguments.json {
        let all: Vec<Value> = roster.entries.iter().map(object).collect();
        writeln!(stdout(), "{}", serde_json::to_string_pretty(&all)?)?;
    } else {
        table(&roster).print(&mut stdout().lock())?;
    }
    let problems: Vec<String> = roster.entries.iter().flat_map(problems).collect();
    let starts = roster.wrong.is_empty() && problems.is_empty();
    print(problems);
    print(&roster.wrong);
    Ok(if starts {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(BAD_CONFIG)
    })
}

fn table(roster: &Roster) -> Table {
    let mut table = Table::new(&["NAME", "KIND", "MODEL", "SECRETARIES", "STATE"]);
    for entry in &roster.entries {
        let uses: Vec<String> = entry
            .uses
            .iter()
            .map(|user| format!("{}/{} ({})", user.domain, user.secretary, user.place))
            .collect();
        table.row([
            entry.name.clone(),
            entry.kind.clone(),
            or_nothing(&entry.model),
            or_nothing(&uses.join(", ")),
            state(&entry.state),
        ]);
    }
    table
}

fn state(state: &State) -> String {
    match state {
        State::Ready => "ready".into(),
        State::Reduced(lack) => format!("ready; {lack}"),
        State::Absent(lack) => format!("absent: {lack}"),
        State::Faulty(fault) => format!("faulty: {fault}"),
    }
}

/// What keeps the service from starting.
fn problems(entry: &Entry) -> Vec<String> {
    let uses = entry.uses.iter();
    let mut all: Vec<String> = uses
        .filter_map(|user| {
            let problem = user.problem.as_ref()?;
            Some(format!(
                "secretary {} of domain {}: {problem}",
                user.secretary, user.domain
            ))
        })
        .collect();
    if let State::Faulty(fault) = &entry.state {
        all.push(fault.clone());
    }
    all
}

fn object(entry: &Entry) -> Value {
    let (state, lacks) = match &entry.state {
        State::Ready => ("ready", None),
        State::Reduced(lack) => ("reduced", Some(lack)),
        State::Absent(lack) => ("absent", Some(lack)),
        State::Faulty(fault) => ("faulty", Some(fault)),
    };
    let uses: Vec<Value> = entry
        .uses
        .iter()
        .map(|user| {
            json!({ "domain": user.domain, "secretary": user.secretary, "place": user.place, "problem": user.problem })
        })
        .collect();
    json!({
        "name": entry.name,
        "kind": entry.kind,
        "model": Some(&entry.model).filter(|model| !model.is_empty()),
        "state": state,
        "lacks": lacks,
        "secretaries": uses,
    })
}

fn or_nothing(text: &str) -> String {
    if text.is_empty() {
        NOTHING.into()
    } else {
        text.to_owned()
    }
}

async fn tried(arguments: &TestArguments) -> anyhow::Result<ExitCode> {
    let Some(config) = arguments.source.read() else {
        return Ok(ExitCode::from(BAD_CONFIG));
    };
    let roster = match Roster::of(&config) {
        Ok(roster) => roster,
        Err(wrong) => {
            print(wrong);
            return Ok(ExitCode::from(BAD_CONFIG));
        }
    };
    let entry = chosen(&roster, &arguments.name)?;
    let Some(engine) = roster.engine(&entry.name) else {
        bail!(
            "the engine {} cannot be tried: {}",
            entry.name,
            lack(&entry.state)
        );
    };
    if entry.kind == "loopback" {
        bail!("loopback answers no words: it gives callers their own voice back; `voice-ai call` tries it");
    }
    let trial = Trial {
        language: arguments.language,
        words: words(arguments),
        brain: brain(&config, &entry.name),
        limit: Duration::from_secs(arguments.limit),
    };
    let account = trial.of(engine.as_ref()).await?;
    if arguments.json {
        let object = account.object(entry, &trial.words);
        writeln!(stdout(), "{}", serde_json::to_string_pretty(&object)?)?;
    } else {
        account.print(entry, &trial.words, &mut stdout().lock())?;
    }
    Ok(match account.is_failure() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

fn chosen<'a>(roster: &'a Roster, name: &str) -> anyhow::Result<&'a Entry> {
    if let Some(entry) = roster.entries.iter().find(|entry| entry.name == name) {
        return Ok(entry);
    }
    let names: Vec<&str> = roster.entries.iter().map(|entry| entry.name.as_str()).collect();
    bail!(
        "there is no engine {name:?} in this configuration; {}",
        suggestion(name, &names)
    );
}

fn lack(state: &State) -> &str {
    match state {
        State::Ready => "it is not there",
        State::Reduced(lack) | State::Absent(lack) | State::Faulty(lack) => lack,
    }
}

fn words(arguments: &TestArguments) -> String {
    let usual = match arguments.language {
        Language::PtBr => "Olá! Diga em uma frase quem você é.",
        Language::En => "Hello! Say in one sentence who you are.",
    };
    arguments.say.clone().unwrap_or_else(|| usual.into())
}

/// What thinks for an engine without a mind of its own: a model where there is one, else a script.
fn brain(config: &Config, name: &str) -> &'static str {
    let own = config.engines.get(name).map(|table| &table.llm.kind);
    if own.is_some_and(|kind| !kind.is_empty()) || !config.chat.model.is_empty() {
        "chat"
    } else {
        "script"
    }
}
