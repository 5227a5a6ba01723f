//! A plan is shown, asked about, and carried out by the journal.

use crate::table::printable;
use fusionpbx::journal::{CarriedOut, Entry, Journal, JournalError, Left, Which};
use fusionpbx::plan::told;
use fusionpbx::{Change, Host, Lang, Reality, Text};
use serde_json::{Value, json};
use std::io::{self, IsTerminal as _, Write, stdin, stdout};
use std::time::Duration;

/// The exit code where somebody said no.
pub(crate) const DECLINED: u8 = 4;

/// How long another command is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a command that changes something does it.
#[derive(clap::Args)]
pub(crate) struct Doing {
    /// Show what would be changed, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Ask nothing.
    #[arg(long)]
    yes: bool,
    /// Print JSON: an object with `changes`, `remarks`, `done`, `journal` and `left`.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What became of a plan.
pub(crate) enum Outcome {
    /// There was nothing to change.
    Nothing,
    /// It was shown, and nothing more was wanted.
    Shown,
    /// Somebody said no.
    Declined,
    /// It is done.
    Done {
        /// The name of its plan in the journal.
        journal: String,
    },
}

/// What is told of a plan.
#[derive(Default)]
struct Report<'a> {
    changes: &'a [Change],
    remarks: &'a [Text],
}

/// A journal in the language of who asks.
pub(crate) struct Carrying<'a> {
    pub(crate) host: &'a Host,
    pub(crate) reality: &'a Reality,
    pub(crate) lang: Lang,
    /// The command, as it is told to others who wait.
    pub(crate) command: &'a str,
}

impl Carrying<'_> {
    /// Shows a plan, asks, and carries it out.
    pub(crate) async fn carry(
        &self,
        title: &str,
        changes: Vec<Change>,
        doing: &Doing,
    ) -> anyhow::Result<Outcome> {
        self.carry_with(title, changes, &[], doing).await
    }

    /// The same of a plan about which something is to be known before somebody says yes.
    pub(crate) async fn carry_with(
        &self,
        title: &str,
        changes: Vec<Change>,
        remarks: &[Text],
        doing: &Doing,
    ) -> anyhow::Result<Outcome> {
        let mut out = stdout().lock();
        let report = Report {
            changes: &changes,
            remarks,
        };
        if changes.is_empty() {
            let nothing = Text::new(
                "nothing to change: all is as it is wanted",
                "nada a mudar: tudo já está como desejado",
            );
            self.say(&mut out, doing, &nothing, &report, None)?;
            return Ok(Outcome::Nothing);
        }
        if !doing.json {
            show(&mut out, &report, self.lang)?;
        }
        if doing.dry_run {
            let shown = Text::new("nothing was changed (--dry-run)", "nada foi mudado (--dry-run)");
            self.say(&mut out, doing, &shown, &report, None)?;
            return Ok(Outcome::Shown);
        }
        if !doing.yes && !self.agreed()? {
            return Ok(Outcome::Declined);
        }
        let mut journal = self.open().await?;
        let lang = self.lang;
        let mut progress = |text: &Text| eprintln!("  {}", printable(text.in_lang(lang)));
        let done = journal
            .carry_out(title, changes.clone(), self.reality, &mut progress)
            .await
            .map_err(|error| self.failed(&error))?;
        let told = Text::new(
            format!("done; `voice-ai repair --undo` takes it back ({})", done.name),
            format!("pronto; `voice-ai repair --undo` desfaz ({})", done.name),
        );
        self.say(&mut out, doing, &told, &report, Some(&done))?;
        self.tell_left(&done.left);
        Ok(Outcome::Done { journal: done.name })
    }

    /// Takes the last plan back, or one by its name.
    pub(crate) async fn undo(&self, which: &Which, doing: &Doing) -> anyhow::Result<()> {
        let mut journal = self.open().await?;
        let lang = self.lang;
        let mut progress = |text: &Text| eprintln!("  {}", printable(text.in_lang(lang)));
        let done = journal
            .undo(which, self.reality, &mut progress)
            .await
            .map_err(|error| self.failed(&error))?;
        let told = Text::new(
            format!("taken back ({})", done.name),
            format!("desfeito ({})", done.name),
        );
        self.say(
            &mut stdout().lock(),
            doing,
            &told,
            &Report::default(),
            Some(&done),
        )?;
        self.tell_left(&done.left);
        Ok(())
    }

    /// What was done so far, the last first.
    pub(crate) async fn list(&self) -> anyhow::Result<Vec<Entry>> {
        let journal = self.open().await?;
        Ok(journal.list(self.reality).await)
    }

    /// Opens the journal, and tells what it had to finish or to take back of an earlier command.
    async fn open(&self) -> anyhow::Result<Journal> {
        let lang = self.lang;
        let mut progress = |text: &Text| eprintln!("  {}", printable(text.in_lang(lang)));
        let opened = Journal::open(self.host, self.command, PATIENCE, self.reality, &mut progress).await;
        let (journal, recovered) = opened.map_err(|error| self.failed(&error))?;
        for recovered in recovered {
            eprintln!("voice-ai: {}", printable(recovered.text().in_lang(lang)));
            self.tell_left(&recovered.left);
        }
        Ok(journal)
    }

    fn failed(&self, error: &JournalError) -> anyhow::Error {
        anyhow::anyhow!("{}", error.text().in_lang(self.lang))
    }

    fn tell_left(&self, left: &[Left]) {
        for left in left {
            eprintln!("voice-ai: {}", printable(left.text().in_lang(self.lang)));
        }
    }

    /// Asks on a terminal. Where there is none, nobody can say yes.
    fn agreed(&self) -> anyhow::Result<bool> {
        let (question, refused, yes) = match self.lang {
            Lang::En => (
                "change this? [y/N] ",
                "there is no terminal to ask: give --yes, or --dry-run to look only",
                ["y", "yes"],
            ),
            Lang::PtBr => (
                "mudar isto? [s/N] ",
                "não há terminal para perguntar: use --yes, ou --dry-run para só olhar",
                ["s", "sim"],
            ),
        };
        if !stdin().is_terminal() {
            anyhow::bail!("{refused}");
        }
        eprint!("{question}");
        let mut answer = String::new();
        stdin().read_line(&mut answer)?;
        Ok(yes.contains(&answer.trim().to_lowercase().as_str()))
    }

    fn say(
        &self,
        out: &mut impl Write,
        doing: &Doing,
        text: &Text,
        report: &Report<'_>,
        done: Option<&CarriedOut>,
    ) -> anyhow::Result<()> {
        if !doing.json {
            return Ok(writeln!(out, "{}", text.in_lang(self.lang))?);
        }
        let Report { changes, remarks } = report;
        let changes: Vec<_> = changes.iter().map(|change| object(change, self.lang)).collect();
        let remarks: Vec<_> = remarks.iter().map(|remark| remark.in_lang(self.lang)).collect();
        let left: Vec<_> = done
            .iter()
            .flat_map(|done| &done.left)
            .map(|left| left.text().in_lang(self.lang).to_owned())
            .collect();
        let report = json!({
            "changes": changes,
            "remarks": remarks,
            "done": done.is_some(),
            "journal": done.map(|done| &done.name),
            "left": left,
        });
        Ok(writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?)
    }
}

fn object(change: &Change, lang: Lang) -> Value {
    let told = told(change);
    json!({ "deed": told.deed, "thing": told.thing, "more": told.more.in_lang(lang) })
}

fn show(to: &mut impl Write, report: &Report<'_>, lang: Lang) -> io::Result<()> {
    for change in report.changes {
        let told = told(change);
        let line = format!("{} {}  {}", told.deed.sign(), told.thing, told.more.in_lang(lang));
        writeln!(to, "{}", printable(line.trim_end()))?;
    }
    for remark in report.remarks {
        writeln!(to, "! {}", printable(remark.in_lang(lang)))?;
    }
    Ok(())
}
