//! `voice-ai doctor`: what is wrong with the integration, a line each.

mod keys;

use crate::client::block_on;
use crate::config::BAD_CONFIG;
use crate::site::Site;
use crate::table::printable;
use fusionpbx::{Code, Finding, Group, Lang, Text, Verdict, checks, plan};
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
    let found = block_on(async {
        let mut found = arguments.site.find().await;
        found.facts.service.keys = keys::asked(&found.config).await;
        Ok(found)
    })?;
    let only = match found.only(arguments.domain.as_deref()) {
        Ok(only) => only,
        Err(error) => {
            eprintln!("voice-ai: {error}");
            return Ok(ExitCode::from(BAD_CONFIG));
        }
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
    for line in lines(findings) {
        let finding = line.finding;
        let group_now = finding.code.group();
        if heading.replace(group_now) != Some(group_now) {
            writeln!(to, "{}", group(group_now, lang))?;
        }
        let subject = finding
            .subject
            .as_ref()
            .map_or_else(String::new, |subject| format!("{subject}: "));
        let found = format!("{subject}{}", finding.found.in_lang(lang));
        let mut parts = found.lines();
        let verdict_now = verdict(finding.verdict, lang);
        writeln!(
            to,
            "  {verdict_now:8} {}  {}",
            written(&line.codes),
            printable(parts.next().unwrap_or_default())
        )?;
        for part in parts {
            writeln!(to, "{INDENT}{}", printable(part))?;
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
    let counted = [
        Text::counted(
            findings.len(),
            ["check", "checks"],
            ["verificação", "verificações"],
        ),
        Text::counted(faults, ["fault", "faults"], ["falha", "falhas"]),
        Text::counted(warnings, ["warning", "warnings"], ["aviso", "avisos"]),
    ];
    let counted: Vec<_> = counted.iter().map(|text| text.in_lang(lang)).collect();
    writeln!(to, "{}", counted.join(", "))
}

/// A line: what was found, and by which checks.
struct Line<'a> {
    finding: &'a Finding,
    codes: Vec<Code>,
}

/// The findings, where the checks of a group that are skipped for one reason make one line.
fn lines(findings: &[Finding]) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::with_capacity(findings.len());
    for finding in findings {
        let is_same = |line: &&mut Line<'_>| {
            let other = line.finding;
            [finding, other].iter().all(|one| one.verdict == Verdict::Skipped)
                && finding.code.group() == other.code.group()
                && (&finding.subject, &finding.found) == (&other.subject, &other.found)
        };
        match lines.iter_mut().find(is_same) {
            Some(line) => line.codes.push(finding.code),
            None => lines.push(Line {
                finding,
                codes: vec![finding.code],
            }),
        }
    }
    lines
}

/// Codes as people write a list: `DP-01 … DP-18`, `SV-03, SV-04, SV-07`.
fn written(codes: &[Code]) -> String {
    let place = |code: Code| Code::ALL.iter().position(|known| *known == code);
    let follows = |one: &Code, next: &Code| place(*one).map(|at| at + 1) == place(*next);
    let runs = codes.chunk_by(follows).map(|run| match run {
        [first, _, .., last] => format!("{first} … {last}"),
        _ => run.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    });
    runs.collect::<Vec<_>>().join(", ")
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

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(findings: &[Finding]) -> String {
        let mut text = Vec::new();
        print(&mut text, findings, Lang::En).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn what_is_skipped_for_one_reason_is_one_line_of_its_group() {
        let why = |why: &str| Text::plain(why);
        let dialplan = Code::ALL.iter().filter(|code| code.group() == Group::Dialplan);
        let mut findings: Vec<_> = dialplan
            .map(|&code| Finding::skipped(code, why("see SY-01")))
            .collect();
        findings.push(Finding::skipped(Code::CacheStale, why("see SY-01")));
        findings.push(Finding::ok(Code::ServerConfig, why("see SY-01")));
        for code in [
            Code::ServerUnreachable,
            Code::ServerUpgradeRefused,
            Code::ServerNotConnected,
        ] {
            findings.push(Finding::skipped(code, why("see SV-01")));
        }
        findings.push(Finding::skipped(Code::ServerModels, why("see SV-08")));
        assert_eq!(
            printed(&findings),
            "Dialplan\n  skipped  DP-01 … DP-18  see SY-01\nCache\n  skipped  CA-01  see SY-01\n\
             Service\n  ok       SV-08  see SY-01\n  skipped  SV-03, SV-04, SV-07  see SV-01\n  skipped  SV-06  see SV-08\n\
             24 checks, 0 faults, 0 warnings\n"
        );
    }

    #[test]
    fn one_fault_is_not_several() {
        let warning = Finding {
            verdict: Verdict::Warning,
            ..Finding::ok(Code::CacheStale, Text::plain("what"))
        };
        assert!(printed(&[warning]).ends_with("1 check, 0 faults, 1 warning\n"));
    }

    #[test]
    fn a_fault_is_never_joined_with_another() {
        let fault = |code| {
            let remedy = Text::plain("do");
            Finding::fault(code, Text::plain("what"), Text::plain("right"), remedy)
        };
        let text = printed(&[fault(Code::CacheStale), fault(Code::CacheStale)]);
        assert_eq!(text.matches("CA-01  what").count(), 2, "{text}");
    }
}
