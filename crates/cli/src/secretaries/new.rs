//! `voice-ai secretaries new`: a few answers become a secretary's file and script.

mod wording;

use super::questions::Questions;
use crate::config::{BAD_CONFIG, Source, print};
use anyhow::{Context as _, bail};
use gateway::{Config, Gateway};
use secretary::{
    DomainEntry, Draft, DraftHours, Folder, Hours, Language, Secretary, SecretaryUuid, Week, folded,
};
use std::fs::OpenOptions;
use std::io::{BufRead, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use wording::Wording;

pub(super) const HELP: &str = "\
What is given as an option is not asked. Questions go to standard error, one line answers each; an empty line is the default.
Nothing is ever overwritten.

Exit codes: 0 written, 1 failed, 2 the configuration is wrong, or what was written needs something that is not there.";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Where it is written [default: NAME.toml in secretaries.dir of the configuration, else here]. The script goes beside it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Ask nothing: take the default of whatever is not given.
    #[arg(long)]
    yes: bool,
    /// The language of the questions, pt-BR or en [default: that of LANG].
    #[arg(long)]
    lang: Option<Language>,
    /// The language that it speaks, pt-BR or en [default: that of the questions].
    #[arg(long)]
    language: Option<String>,
    /// The company's name.
    #[arg(long)]
    company: Option<String>,
    /// Its own name, by which metadata and configuration refer to it.
    #[arg(long)]
    name: Option<String>,
    /// The domain that it answers for, by name or UUID.
    #[arg(long, value_name = "NAME|UUID")]
    domain: Option<String>,
    /// When the company is open from Monday to Friday, as 08:00-12:00,13:00-18:00; or "always".
    #[arg(long, value_name = "SPANS")]
    hours: Option<String>,
    /// When it is open on Saturdays; or "closed".
    #[arg(long, value_name = "SPANS")]
    saturday: Option<String>,
    /// The IANA name of its time zone.
    #[arg(long)]
    timezone: Option<String>,
    /// Whom calls can be handed to, as "billing 2001". May be repeated; the first is where calls go when the engine fails.
    #[arg(long, value_name = "NAME NUMBER")]
    destination: Vec<String>,
    /// Its first words.
    #[arg(long)]
    greeting: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Some(config) = arguments.source.read() else {
        return Ok(ExitCode::from(BAD_CONFIG));
    };
    let mut questions = Questions::new(std::io::stdin().lock(), std::io::stderr().lock(), arguments.yes);
    let draft = answered(arguments, &config, &mut questions)?;
    let file = match (&arguments.out, &config.secretaries.dir) {
        (Some(out), _) => out.clone(),
        (None, Some(dir)) => dir.join(format!("{}.toml", draft.stem())),
        (None, None) => format!("{}.toml", draft.stem()).into(),
    };
    refuse_namesake(&config, &draft)?;
    let script = write(&file, &draft)?;
    println!("{}\n{}", file.display(), script.display());
    if let Err(wrong) = Gateway::check_secretaries(&config, &Folder::of_file(&file)) {
        print(wrong);
        return Ok(ExitCode::from(BAD_CONFIG));
    }
    let wording = Wording::of(questions_language(arguments));
    for hint in wording.hints(&draft, &file, config.secretaries.dir.as_deref()) {
        eprintln!("{hint}");
    }
    Ok(ExitCode::SUCCESS)
}

fn questions_language(arguments: &Arguments) -> Language {
    let of_system = || std::env::var("LANG").ok()?.split('.').next()?.parse().ok();
    arguments.lang.or_else(of_system).unwrap_or(Language::En)
}

fn answered<R: BufRead, W: Write>(
    arguments: &Arguments,
    config: &Config,
    questions: &mut Questions<R, W>,
) -> anyhow::Result<Draft> {
    let own = questions_language(arguments);
    let wording = Wording::of(own);
    let given = arguments.language.as_deref();
    let language = questions.ask(given, wording.language, own.tag(), |text| {
        text.parse::<Language>()
            .map_err(|_| Wording::refusal(wording.no_language, text))
    });
    let language = of_option("--language", given, language)?;
    let said = |text: &str| {
        let text = text.trim();
        if text.is_empty() {
            Err(wording.nothing.to_owned())
        } else {
            Ok(text.to_owned())
        }
    };
    let given = arguments.company.as_deref();
    let company = questions.ask(given, wording.company, wording.some_company, said);
    let company = of_option("--company", given, company)?;
    let given = arguments.name.as_deref();
    let name = questions.ask(given, wording.name, wording.some_name, said);
    let name = of_option("--name", given, name)?;
    let domain = domain(arguments, config, wording, questions)?;
    let hours = hours(arguments, &domain, language, wording, questions)?;
    let given = &arguments.destination;
    let destinations = questions.ask_all(given, wording.destination, |text, before| {
        destination(wording, text, before)
    });
    let destinations = of_option("--destination", given.first().map(String::as_str), destinations)?;
    let usual = Draft::usual_greeting(language, &company);
    let given = arguments.greeting.as_deref();
    let greeting = questions.ask(given, wording.greeting, &usual, said);
    let greeting = of_option("--greeting", given, greeting)?;
    Ok(Draft {
        uuid: SecretaryUuid::new(uuid::Uuid::new_v4()),
        domain: domain.name,
        name,
        language,
        company,
        greeting,
        hours,
        destinations,
    })
}

/// Names the option, where it is one whose value is refused.
fn of_option<T>(option: &str, given: Option<&str>, answer: anyhow::Result<T>) -> anyhow::Result<T> {
    match given {
        Some(_) => answer.map_err(|problem| anyhow::anyhow!("{option}: {problem}")),
        None => answer,
    }
}

fn domain<R: BufRead, W: Write>(
    arguments: &Arguments,
    config: &Config,
    wording: &Wording,
    questions: &mut Questions<R, W>,
) -> anyhow::Result<DomainEntry> {
    let domains = config.domain_entries();
    let names: Vec<&str> = domains.iter().map(|domain| domain.name.as_str()).collect();
    let (question, default) = match names[..] {
        [only] => (wording.domain.to_owned(), only),
        _ => (format!("{} ({})", wording.domain, names.join(", ")), ""),
    };
    let given = arguments.domain.as_deref();
    let answer = questions.ask(given, &question, default, |text| {
        if text.is_empty() {
            return Err(format!("{}: {}", wording.several_domains, names.join(", ")));
        }
        let found = domains.iter().find(|domain| domain.is_named(text));
        let refusal = || Wording::refusal(wording.no_domain, text);
        found
            .cloned()
            .ok_or_else(|| format!("{}: {}", refusal(), names.join(", ")))
    });
    of_option("--domain", given, answer)
}

fn hours<R: BufRead, W: Write>(
    arguments: &Arguments,
    domain: &DomainEntry,
    language: Language,
    wording: &Wording,
    questions: &mut Questions<R, W>,
) -> anyhow::Result<Option<DraftHours>> {
    let spans = |text: &str| spans(wording, text);
    let given = arguments.hours.as_deref();
    let weekdays = questions.ask(given, wording.hours, "08:00-18:00", spans);
    let Some(weekdays) = of_option("--hours", given, weekdays)? else {
        return Ok(None);
    };
    let given = arguments.saturday.as_deref();
    let saturday = questions.ask(given, wording.saturday, wording.closed, |text| {
        match folded(text).as_str() {
            "closed" | "fechado" => Ok(Vec::new()),
            _ => Ok(spans(text)?.unwrap_or_else(|| vec!["00:00-24:00".into()])),
        }
    });
    let saturday = of_option("--saturday", given, saturday)?;
    let usual = match (domain.timezone.as_str(), language) {
        ("UTC", Language::PtBr) => "America/Sao_Paulo",
        (own, _) => own,
    };
    let given = arguments.timezone.as_deref();
    let timezone = questions.ask(given, wording.timezone, usual, |text| {
        checked(wording, text, &[]).map(|()| text.to_owned())
    });
    let timezone = of_option("--timezone", given, timezone)?;
    Ok(Some(DraftHours {
        timezone,
        weekdays,
        saturday,
    }))
}

/// Spans with commas between them; none for always.
fn spans(wording: &Wording, text: &str) -> Result<Option<Vec<String>>, String> {
    if matches!(folded(text).as_str(), "always" | "sempre") {
        return Ok(None);
    }
    let spans: Vec<String> = text.split(',').map(|span| span.trim().to_owned()).collect();
    checked(wording, "UTC", &spans).map(|()| Some(spans))
}

fn checked(wording: &Wording, timezone: &str, weekdays: &[String]) -> Result<(), String> {
    let hours = Hours {
        timezone: timezone.into(),
        week: Week {
            weekdays: weekdays.to_vec(),
            ..Week::default()
        },
        holidays: Vec::new(),
    };
    hours
        .calendar()
        .map(drop)
        .map_err(|error| wording.wrong_hours(&error))
}

/// A name and, behind the last space, a number; the name is none of those before.
fn destination(
    wording: &Wording,
    text: &str,
    before: &[(String, String)],
) -> Result<(String, String), String> {
    let wrong = || Wording::refusal(wording.no_destination, text);
    let (name, number) = text.trim().rsplit_once(char::is_whitespace).ok_or_else(wrong)?;
    let name = name.trim();
    // Else "+1 555 1234" would be the extension 1234 of somebody named "+1 555".
    if name.contains(['+', '(', ')']) {
        return Err(Wording::refusal(wording.spaced_number, text));
    }
    let dialled = number
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '*' | '#' | '.' | '_' | '-'));
    if !dialled || !number.contains(|c: char| c.is_ascii_digit()) || folded(name).is_empty() {
        return Err(wrong());
    }
    if before.iter().any(|(other, _)| folded(other) == folded(name)) {
        return Err(Wording::refusal(wording.destination_twice, name));
    }
    Ok((name.to_owned(), number.to_owned()))
}

/// A name that its domain has already would make both files faulty.
fn refuse_namesake(config: &Config, draft: &Draft) -> anyhow::Result<()> {
    // Faults of other files are for `check`.
    let Ok(snapshot) = config.snapshot() else {
        return Ok(());
    };
    let domain = snapshot
        .domains
        .values()
        .find(|domain| domain.name == draft.domain);
    let taken = domain.is_some_and(|domain| domain.secretaries.contains_key(&draft.name));
    if taken && config.secretaries.dir.is_some() {
        bail!(
            "domain {} has a secretary {:?} already; choose another --name",
            draft.domain,
            draft.name
        );
    }
    Ok(())
}

/// Writes the file and, beside it, the script, whose path is returned.
fn write(file: &Path, draft: &Draft) -> anyhow::Result<PathBuf> {
    let text = draft.file();
    if let Err(faults) = Secretary::parse(&file.display().to_string(), &text) {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        bail!("these answers make no secretary: {}", faults.join("; "));
    }
    let script = file.with_file_name(format!("{}.yaml", draft.stem()));
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("the folder {}", folder.display()))?;
    }
    // What is there already is told before anything is written.
    for (path, remedy) in [(&*script, "--name"), (file, "--name or --out")] {
        if path.exists() {
            bail!(
                "{} is there already and is not overwritten; choose another {remedy}",
                path.display()
            );
        }
    }
    // The script first: a server that follows the folder finds no file whose script is not there yet.
    create(&script, &draft.script())?;
    create(file, &text)?;
    Ok(script)
}

fn create(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => anyhow::anyhow!(
                "{} is there already and is not overwritten; choose another --name or --out",
                path.display()
            ),
            _ => anyhow::anyhow!("{} cannot be written: {error}", path.display()),
        })?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("{} cannot be written", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use voice::brain::script::Script;

    #[test]
    fn a_destination_is_a_name_and_one_number() {
        let destination = |text: &str, before: &[_]| destination(Wording::of(Language::En), text, before);
        assert_eq!(
            destination("desk 3 2001", &[]),
            Ok(("desk 3".into(), "2001".into()))
        );
        assert_eq!(
            destination("duty +15551234", &[]),
            Ok(("duty".into(), "+15551234".into()))
        );
        for spaced in ["duty +1 555 1234", "duty (11) 99999-0000"] {
            let refused = destination(spaced, &[]).unwrap_err();
            assert!(refused.contains("without spaces"), "{refused}");
        }
    }

    #[test]
    fn nothing_is_written_where_the_file_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("desk.toml");
        std::fs::write(&file, "mine").unwrap();
        let refused = write(&file, &draft(Language::En, &[])).unwrap_err().to_string();
        assert!(refused.contains("desk.toml is there already"), "{refused}");
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "no script is left behind: {left:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    }

    fn draft(language: Language, destinations: &[&str]) -> Draft {
        let named = |(index, name): (usize, &&str)| ((*name).to_owned(), format!("{}", 2001 + index));
        Draft {
            uuid: SecretaryUuid::new(uuid::Uuid::new_v4()),
            domain: "pbx.example.com".into(),
            name: "reception".into(),
            language,
            company: "A \"B\" \\ C: {d} #e".into(),
            greeting: "Hi.".into(),
            hours: None,
            destinations: destinations.iter().enumerate().map(named).collect(),
        }
    }

    #[test]
    fn the_script_understands_whom_callers_ask_for() {
        let english = draft(Language::En, &["billing", "technical support"]).script();
        let english = Script::parse("en.yaml", &english).unwrap();
        let portuguese = draft(Language::PtBr, &["financeiro", "suporte técnico"]).script();
        let portuguese = Script::parse("pt.yaml", &portuguese).unwrap();
        for (script, said, meant) in [
            (&english, "can I talk to billing please", "to_1"),
            (&english, "I need technical support", "to_2"),
            (&english, "I want to leave a message", "message"),
            (&portuguese, "quero falar com o finaceiro", "to_1"),
            (&portuguese, "me passa pro suporte técnico", "to_2"),
            (&english, "a message for the owner, if that's okay", "message"),
            (&portuguese, "queria deixar um recado", "message"),
            (&portuguese, "era um recado para a dona da loja", "message"),
            // As Whisper hears espeak-ng.
            (&portuguese, "Quero deixar um tecado.", "message"),
        ] {
            assert_eq!(script.intent(said).as_deref(), Some(meant), "{said}");
        }
    }

    #[test]
    fn a_company_without_people_and_one_with_many_have_a_script_too() {
        let names: Vec<String> = (1..=12).map(|index| format!("desk number {index}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for destinations in [&[][..], &names] {
            for language in [Language::En, Language::PtBr] {
                let draft = draft(language, destinations);
                Script::parse("x.yaml", &draft.script()).unwrap();
                let secretary = Secretary::parse("x.toml", &draft.file()).unwrap();
                assert_eq!(secretary.destinations.len(), destinations.len());
                assert!(
                    secretary.persona.contains("A \"B\" \\ C: {d} #e"),
                    "{}",
                    secretary.persona
                );
            }
        }
    }
}
