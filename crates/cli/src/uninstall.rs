//! `voice-ai uninstall`: what setup has made is taken back.

use crate::carrying::{Carrying, DECLINED, Doing, Outcome};
use crate::client::block_on;
use crate::site::{Found, Site};
use crate::table::printable;
use fusionpbx::journal::{FOLDER, UNINSTALL};
use fusionpbx::plan::{kept_copy, remarks, stays, uninstall};
use fusionpbx::{Lang, Text};
use std::io::{Write as _, stdout};
use std::path::Path;
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(
    after_help = "All is as it was before setup: rows that it has taken over are what they were, its configuration goes. What callers said \
                  stays, and secretaries on which somebody has worked; it tells where.\n\n\
                  Exit codes: 0 done or nothing to do, 1 failed, 2 wrong arguments, 4 you said no."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    site: Site,
    #[command(flatten)]
    doing: Doing,
}

/// Takes it all back.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    block_on(async {
        let found = arguments.site.find().await;
        let home = found.home()?;
        let lang = arguments.site.lang();
        let changes = match uninstall(&found.facts, &home) {
            Ok(changes) => changes,
            Err(hindrance) => anyhow::bail!("{}", hindrance.text().in_lang(lang)),
        };
        let reality = found.reality().await?;
        let carrying = Carrying {
            host: &found.host,
            reality: &reality,
            lang,
            command: "voice-ai uninstall",
        };
        let remarks = remarks(&found.facts, &home);
        let outcome = carrying
            .carry_with(UNINSTALL, changes, &remarks, &arguments.doing)
            .await?;
        if let Outcome::Done { journal } = &outcome
            && !arguments.doing.json
        {
            if let Some(config) = kept_copy(&found.facts, &home) {
                tell_copy(config, journal, lang)?;
            }
            tell_what_stays(&found, lang)?;
        }
        Ok(match outcome {
            Outcome::Declined => ExitCode::from(DECLINED),
            Outcome::Nothing | Outcome::Shown | Outcome::Done { .. } => ExitCode::SUCCESS,
        })
    })
}

/// Where a configuration is that somebody has changed since setup wrote it.
fn tell_copy(config: &Path, journal: &str, lang: Lang) -> anyhow::Result<()> {
    let inside = config.strip_prefix("/").unwrap_or(config);
    let copy = Path::new(FOLDER).join(journal).join("files").join(inside);
    let (config, copy) = (config.display(), copy.display());
    let text = Text::new(
        format!("{config} was changed since setup wrote it; as it was last: {copy}"),
        format!("{config} foi alterado depois do setup; como estava por último: {copy}"),
    );
    Ok(writeln!(stdout(), "{}", printable(text.in_lang(lang)))?)
}

/// What uninstalling left of what is there.
fn tell_what_stays(found: &Found, lang: Lang) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    let heading = Text::new(
        "these stay; delete them if nobody needs them any more:",
        "estes ficam; apague-os se ninguém mais precisar deles:",
    );
    let mut is_told = false;
    for (path, what) in stays(&found.facts, &found.secretaries) {
        if !found.host.path(&path).exists() {
            continue;
        }
        if !is_told {
            writeln!(out, "{}", heading.in_lang(lang))?;
            is_told = true;
        }
        writeln!(
            out,
            "  {}  {}",
            printable(&path.display().to_string()),
            what.in_lang(lang)
        )?;
    }
    Ok(())
}
