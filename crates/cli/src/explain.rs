//! `voice-ai explain`: what a check of `doctor` means.

use crate::config::BAD_CONFIG;
use crate::lang::Language;
use fusionpbx::{Code, Text, explain};
use serde_json::json;
use std::io::{Write as _, stdout};
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Exit codes: 0 explained, 2 there is no such check.")]
pub(crate) struct Arguments {
    /// The check's code, such as DP-03; without one, all checks are listed.
    code: Option<String>,
    #[command(flatten)]
    language: Language,
    /// Print JSON: an array of objects with `code`, `title` and `text`.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let lang = arguments.language.lang();
    let mut out = stdout().lock();
    let codes = match &arguments.code {
        None => Code::ALL.to_vec(),
        Some(wanted) => match Code::parse(wanted) {
            Some(code) => vec![code],
            None => {
                eprintln!("voice-ai: {}", no_check(wanted).in_lang(lang));
                return Ok(ExitCode::from(BAD_CONFIG));
            }
        },
    };
    let sections = codes
        .into_iter()
        .filter_map(|code| explain(code, lang).map(|(title, text)| (code, title, text)));
    if arguments.json {
        let all: Vec<_> = sections
            .map(|(code, title, text)| json!({ "code": code, "title": title, "text": text }))
            .collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    for (code, title, text) in sections {
        writeln!(out, "{code}  {title}")?;
        if arguments.code.is_some() && !text.is_empty() {
            writeln!(out, "\n{text}")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is said of a code that is none.
pub(crate) fn no_check(wanted: &str) -> Text {
    Text::new(
        format!("there is no check {wanted:?}; `voice-ai explain` lists them all"),
        format!("não existe a verificação {wanted:?}; `voice-ai explain` lista todas"),
    )
}
