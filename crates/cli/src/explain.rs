//! `voice-ai explain`: what a check of `doctor` means.

use crate::config::BAD_CONFIG;
use crate::lang::Language;
use fusionpbx::{Code, explain};
use std::io::{Write as _, stdout};
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "Exit codes: 0 explained, 2 there is no such check.")]
pub(crate) struct Arguments {
    /// The check's code, such as DP-03; without one, all checks are listed.
    code: Option<String>,
    #[command(flatten)]
    language: Language,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let lang = arguments.language.lang();
    let mut out = stdout().lock();
    let Some(wanted) = &arguments.code else {
        for &code in Code::ALL {
            if let Some((title, _)) = explain(code, lang) {
                writeln!(out, "{code}  {title}")?;
            }
        }
        return Ok(ExitCode::SUCCESS);
    };
    let Some(code) = Code::parse(wanted) else {
        eprintln!("voice-ai: there is no check {wanted:?}; `voice-ai explain` lists them all");
        return Ok(ExitCode::from(BAD_CONFIG));
    };
    if let Some((title, text)) = explain(code, lang) {
        writeln!(out, "{code}  {title}")?;
        if !text.is_empty() {
            writeln!(out, "\n{text}")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
