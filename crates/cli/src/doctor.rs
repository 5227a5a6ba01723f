//! `voice-ai doctor`: what is wrong with the integration, a line each.

use crate::client::block_on;
use crate::config::BAD_CONFIG;
use crate::site::Site;
use crate::table::printable;
use fusionpbx::{Finding, Group, Lang, Text, Verdict, checks, plan};
use serde_json::{Value, json};
use std::io::{self, Write, stdout};
use std::process::ExitCode;

/// The exit code where a check found a fault.
pub(crate) const FAULT: u8 = 3;

#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 no fault, 1 the checks could not be made, 2 wrong arguments or configuration, 3 at least one fault.\n\
                  `voice-ai explain CODE` tells more of a check; docs/doctor.md has them all."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    site: Site,
    /// Look at the dialplan of this domain alone, by its name or UUID.
    #[arg(long, value_name = "NAME|UUID")]
    domain: Option<String>,
    /// Print JSON: an array of objects.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let lang = arguments.site.lang();
    let found = block_on(async { Ok(arguments.site.find().await) })?;
    let only = match &arguments.domain {
        None => None,
        Some(wanted) => match found.domain(Some(wanted)) {
            Ok(domain) => Some(domain.uuid),
            Err(error) => {
                eprintln!("voice-ai: {error}");
                return Ok(ExitCode::from(BAD_CONFIG));
            }
        },
    };
    let findings = checks::check(&found.facts, only);
    let mut out = stdout().lock();
    if arguments.json {
        let all: Vec<_> = findings.iter().map(|finding| object(finding, lang)).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
    } else {
        print(&mut out, &findings, lang)?;
    }
    Ok(
        if findings.iter().any(|finding| finding.verdict == Verdict::Fault) {
            ExitCode::from(FAULT)
        } else {
            ExitCode::SUCCESS
        },
    )
}

pub(crate) fn object(finding: &Finding, lang: Lang) -> Value {
    let text = |text: &Option<Text>| text.as_ref().map(|text| text.in_lang(lang).to_owned());
    json!({
        "code": finding.code,
        "group": group(finding.code.group(), Lang::En),
        "verdict": finding.verdict,
        "subject": finding.subject,
        "found": finding.found.in_lang(lang),
        "right": text(&finding.right),
        "remedy": text(&finding.remedy),
        "repairable": plan::MENDED.contains(&finding.code),
    })
}

/// One line each under its group's heading; below a fault what would be right and what helps.
pub(crate) fn print(to: &mut impl Write, findings: &[Finding], lang: Lang) -> io::Result<()> {
    let mut heading = None;
    for finding in findings {
        let group_now = finding.code.group();
        if heading.replace(group_now) != Some(group_now) {
            writeln!(to, "{}", group(group_now, lang))?;
        }
        let subject = finding
            .subject
            .as_ref()
            .map_or_else(String::new, |subject| format!("{subject}: "));
        let found = format!("{subject}{}", finding.found.in_lang(lang));
        let mut lines = found.lines();
        let verdict_now = verdict(finding.verdict, lang);
        writeln!(
            to,
            "  {verdict_now:8} {}  {}",
            finding.code,
            printable(lines.next().unwrap_or_default())
        )?;
        for line in lines {
            writeln!(to, "{INDENT}{}", printable(line))?;
        }
        let (right, remedy) = match lang {
            Lang::En => ("right: ", "do:    "),
            Lang::PtBr => ("certo: ", "faça:  "),
        };
        for (name, text) in [(right, &finding.right), (remedy, &finding.remedy)] {
            if let Some(text) = text {
                writeln!(to, "{INDENT}{name}{}", printable(text.in_lang(lang)))?;
            }
        }
    }
    let count = |wanted| {
        findings
            .iter()
            .filter(|finding| finding.verdict == wanted)
            .count()
    };
    let (faults, warnings) = (count(Verdict::Fault), count(Verdict::Warning));
    match lang {
        Lang::En => writeln!(
            to,
            "{} checks, {faults} faults, {warnings} warnings",
            findings.len()
        ),
        Lang::PtBr => writeln!(
            to,
            "{} verificações, {faults} falhas, {warnings} avisos",
            findings.len()
        ),
    }
}

/// Where a finding's text begins.
const INDENT: &str = "                  ";

const fn verdict(verdict: Verdict, lang: Lang) -> &'static str {
    match (verdict, lang) {
        (Verdict::Ok, _) => "ok",
        (Verdict::Skipped, Lang::En) => "skipped",
        (Verdict::Skipped, Lang::PtBr) => "omitida",
        (Verdict::Warning, Lang::En) => "warning",
        (Verdict::Warning, Lang::PtBr) => "aviso",
        (Verdict::Fault, Lang::En) => "fault",
        (Verdict::Fault, Lang::PtBr) => "falha",
    }
}

const fn group(group: Group, lang: Lang) -> &'static str {
    match (group, lang) {
        (Group::System, Lang::En) => "Machine",
        (Group::System, Lang::PtBr) => "Máquina",
        (Group::Switch, _) => "FreeSWITCH",
        (Group::Dialplan, _) => "Dialplan",
        (Group::Cache, _) => "Cache",
        (Group::Script, _) => "Script",
        (Group::Module, Lang::En) => "Module",
        (Group::Module, Lang::PtBr) => "Módulo",
        (Group::Server, Lang::En) => "Service",
        (Group::Server, Lang::PtBr) => "Serviço",
    }
}
