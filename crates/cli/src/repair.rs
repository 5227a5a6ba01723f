//! `voice-ai repair`: mends what has a safe mend, with a backup first; takes a repair back.

use crate::carrying::{Carrying, DECLINED, Doing, Outcome};
use crate::client::block_on;
use crate::config::BAD_CONFIG;
use crate::doctor::{FAULT, print};
use crate::explain::no_check;
use crate::history;
use crate::site::Site;
use fusionpbx::journal::Which;
use fusionpbx::plan::{Repair, repair};
use fusionpbx::{Code, Finding, Text, Verdict};
use std::io::{Write as _, stdout};
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 no fault is left, 1 failed, 2 wrong arguments or configuration, 3 faults are left, 4 you said no."
)]
pub(crate) struct Arguments {
    /// The checks whose faults are to be mended, such as DP-03; all faults that can be where none is named.
    codes: Vec<String>,
    #[command(flatten)]
    site: Site,
    /// Mend the dialplan of this domain alone, by its name or UUID.
    #[arg(long, value_name = "NAME|UUID")]
    domain: Option<String>,
    /// Take the last change back, of this command or of setup, dialplan and uninstall; or the one of this name.
    #[arg(long, value_name = "NAME", num_args = 0..=1, conflicts_with_all = ["codes", "domain", "dry_run"])]
    #[expect(
        clippy::option_option,
        reason = "clap's way of an option with an optional value"
    )]
    undo: Option<Option<String>>,
    /// List what was changed so far, the last first, and whether it can be taken back; --json gives an array of objects.
    #[arg(long, conflicts_with_all = ["codes", "domain", "undo", "dry_run"])]
    list: bool,
    #[command(flatten)]
    doing: Doing,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut codes = Vec::new();
    for text in &arguments.codes {
        let Some(code) = Code::parse(text) else {
            eprintln!("voice-ai: {}", no_check(text).in_lang(arguments.site.lang()));
            return Ok(ExitCode::from(BAD_CONFIG));
        };
        codes.push(code);
    }
    block_on(mend(arguments, &codes))
}

async fn mend(arguments: &Arguments, codes: &[Code]) -> anyhow::Result<ExitCode> {
    let lang = arguments.site.lang();
    let found = arguments.site.find().await;
    let reality = found.reality().await?;
    let carrying = Carrying {
        host: &found.host,
        reality: &reality,
        lang,
        command: "voice-ai repair",
    };
    if let Some(name) = &arguments.undo {
        let which = name.clone().map_or(Which::Last, Which::Named);
        carrying.undo(&which, &arguments.doing).await?;
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.list {
        list(&carrying, &arguments.doing).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let only = match found.only(arguments.domain.as_deref()) {
        Ok(only) => only,
        Err(error) => {
            eprintln!("voice-ai: {error}");
            return Ok(ExitCode::from(BAD_CONFIG));
        }
    };
    let Repair { changes, left, .. } = repair(&found.facts, only, codes);
    if changes.is_empty() && !left.is_empty() && !arguments.doing.json {
        let nothing = if left.iter().any(is_fault) {
            Text::new(
                "none of these is mended by itself; each tells what helps:",
                "nenhuma destas é corrigida sozinha; cada uma diz o que ajuda:",
            )
        } else {
            Text::new(
                "no fault is left; a warning may be of what somebody means, and is mended only where its code is named:",
                "não há falhas; um aviso pode ser intencional, e só é corrigido quando seu código é indicado:",
            )
        };
        eprintln!("{}", nothing.in_lang(lang));
    } else if let Outcome::Declined = carrying.carry("repair", changes, &arguments.doing).await? {
        return Ok(ExitCode::from(DECLINED));
    }
    if left.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    if !arguments.doing.json {
        let mut out = stdout().lock();
        print(&mut out, &left, lang)?;
        out.flush()?;
    }
    Ok(if left.iter().any(is_fault) {
        ExitCode::from(FAULT)
    } else {
        ExitCode::SUCCESS
    })
}

fn is_fault(finding: &Finding) -> bool {
    finding.verdict == Verdict::Fault
}

async fn list(carrying: &Carrying<'_>, doing: &Doing) -> anyhow::Result<()> {
    let entries = carrying.list().await?;
    let mut out = stdout().lock();
    if !doing.json {
        return Ok(history::print(&mut out, &entries, carrying.lang)?);
    }
    let all: Vec<_> = entries
        .iter()
        .map(|entry| history::object(entry, carrying.lang))
        .collect();
    Ok(writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?)
}
