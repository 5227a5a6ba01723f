//! The journal carries plans out and takes them back, so that a crash at any moment leaves all as before or as wanted.
//!
//! ```text
//!  lock ─▶ everything is as the plan expects? ─▶ plan and before-images are kept on the disk
//!       ─▶ files are written                                         a failure up to here: all is taken back
//!       ─▶ rows are written in one transaction   = the commit point
//!       ─▶ cache keys are cleared ─▶ the service stops ─▶ files go, and systemd is told of a unit that is gone
//!       ─▶ FreeSWITCH is told ─▶ the service starts                  a failure here: finished later
//! ```
//!
//! Each plan has a folder below [`FOLDER`]: `plan.json` (what is to change and what was there before, which may hold secrets: mode
//! 0600), `steps` (what was done, line by line, each on the disk before the next thing is done), and what was there before in a form
//! that people can use: `files/` and `rows.sql`.
//!
//! The next command to open the journal finishes a plan whose rows are there, and takes one back whose rows are not. It asks
//! PostgreSQL what became of the transaction (`txid_status`), whose number was noted before its commit; where that is forgotten, it
//! compares the rows.

mod backup;
mod carrying;
mod error;
mod files;
mod folder;
mod history;
mod lock;
mod note;
mod outside;
mod plan;
mod preparing;
mod record;
mod rows;
mod telling;
mod undoing;
mod verdict;

pub use error::{Difference, JournalError};
pub use history::{Adopted, History, Trace, UNINSTALL};
pub use lock::Holder;
pub use outside::{Outside, Point, Watch};
pub use telling::{Again, Left, Recovered, Recovery};
pub use undoing::{Entry, State, Which};

use crate::{Change, Host, Text};
use carrying::Work;
use lock::Lock;
use note::Note;
use plan::{Plan, subject};
use record::{DRAFT, Record, Standing};
use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;
use verdict::Verdict;

/// Where the journal is, on the host. It is not below `/var/lib/voice-ai`, the `StateDirectory` of the service: the service's user could
/// put a plan of his own there, which root would carry out, and systemd gives him all of it at the service's first start.
pub const FOLDER: &str = "/var/lib/voice-ai-setup";

/// How many plans are kept. One that is not finished is kept beyond that.
const KEPT: usize = 50;

/// The journal, held by this process until it is dropped.
#[derive(Debug)]
pub struct Journal {
    host: Host,
    folder: PathBuf,
    command: String,
    records: Vec<Record>,
    _lock: Lock,
}

/// A plan that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedOut {
    /// Its name.
    pub name: String,
    /// What could not be done after its commit.
    pub left: Vec<Left>,
}

impl Journal {
    /// Opens the journal of a host for a command (as it is told to others who wait), waiting for another command up to `limit`, and
    /// finishes or takes back what an earlier command left.
    ///
    /// # Errors
    /// [`JournalError::Held`] when the other command takes longer; [`JournalError::Undecided`] when what an earlier one left can
    /// be neither finished nor taken back now, such as without the database: then nothing was changed.
    pub async fn open(
        host: &Host,
        command: &str,
        limit: Duration,
        outside: &impl Outside,
        watch: &mut dyn Watch,
    ) -> Result<(Self, Vec<Recovered>), JournalError> {
        let folder = host.path(FOLDER);
        files::private_folder(&folder)?;
        files::is_ours(&folder)?;
        let lock = Lock::take(&folder.join("lock"), command, limit, watch).await?;
        let mut journal = Self {
            host: host.clone(),
            records: read_all(&folder)?,
            folder,
            command: command.into(),
            _lock: lock,
        };
        let recovered = journal.recover(outside, watch).await?;
        Ok((journal, recovered))
    }

    /// Carries a plan out. Dropped halfway, it is as after a crash.
    ///
    /// # Errors
    /// Why nothing is changed: what it had done is taken back. [`JournalError::Undecided`] and [`JournalError::NotTakenBack`] are
    /// the exceptions, which the next [`Journal::open`] clears up.
    pub async fn carry_out(
        &mut self,
        title: &str,
        changes: Vec<Change>,
        outside: &impl Outside,
        watch: &mut dyn Watch,
    ) -> Result<CarriedOut, JournalError> {
        let draft = Draft {
            title: title.into(),
            takes_back: None,
            old_folders: self.folders_of(&changes),
            changes,
        };
        self.carry(draft, outside, watch).await
    }

    /// The folders that earlier plans have made for files that go now.
    fn folders_of(&self, changes: &[Change]) -> Vec<PathBuf> {
        let gone: Vec<_> = changes
            .iter()
            .filter_map(|change| match change {
                Change::File(file) if file.after.is_none() => Some(&file.path),
                _ => None,
            })
            .collect();
        let made = self.records.iter().flat_map(|record| &record.plan.new_folders);
        let mut folders: Vec<PathBuf> = Vec::new();
        for folder in made {
            if !folders.contains(folder) && gone.iter().any(|path| path.starts_with(folder)) {
                folders.push(folder.clone());
            }
        }
        // The outer before the inner, whichever plan has made them.
        folders.sort();
        folders
    }

    /// Takes a plan back that was carried out, by a plan of its own.
    ///
    /// # Errors
    /// As [`Journal::carry_out`]; a row or file that is not as the plan left it is named, and nothing is changed.
    pub async fn undo(
        &mut self,
        which: &Which,
        outside: &impl Outside,
        watch: &mut dyn Watch,
    ) -> Result<CarriedOut, JournalError> {
        let record = undoing::find(&self.records, which)?;
        let draft = Draft {
            title: format!("undo-{}", record.plan.title),
            takes_back: Some(record.name.clone()),
            changes: undoing::inverse(&record.plan, outside).await?,
            old_folders: record.plan.new_folders.clone(),
        };
        self.carry(draft, outside, watch).await
    }

    /// What was done, the last first, and whether it can be taken back as things are now.
    pub async fn list(&self, outside: &impl Outside) -> Vec<Entry> {
        let mut list = Vec::with_capacity(self.records.len());
        for record in self.records.iter().rev() {
            let undo = match undoing::not_undoable(&self.records, record) {
                Some(why) => Some(why),
                None => self.hindrance(&record.plan, outside).await,
            };
            list.push(Entry {
                name: record.name.clone(),
                when: record.plan.when.clone(),
                command: record.plan.command.clone(),
                state: undoing::state(&self.records, record),
                undo,
            });
        }
        list
    }

    /// Why a plan cannot be taken back as things are now.
    async fn hindrance(&self, plan: &Plan, outside: &impl Outside) -> Option<Text> {
        let changes = match undoing::inverse(plan, outside).await {
            Ok(changes) => changes,
            Err(error) => return Some(error.text()),
        };
        let images = preparing::images(&self.host, &changes, outside).await;
        images.err().map(|error| error.text())
    }

    async fn carry(
        &mut self,
        draft: Draft,
        outside: &impl Outside,
        watch: &mut dyn Watch,
    ) -> Result<CarriedOut, JournalError> {
        if draft.changes.is_empty() {
            return Err(JournalError::Empty);
        }
        let is_open =
            |record: &Record| matches!(record.standing(), Standing::Begun | Standing::Committing(_));
        if self.records.iter().any(is_open) {
            self.recover(outside, watch).await?;
        }
        let images = preparing::images(&self.host, &draft.changes, outside).await?;
        let plan = self.plan(draft, images);
        let mut record = Record::keep(&self.folder, plan, watch)?;
        watch.passes(Point::Kept);
        let mut work = Work {
            host: &self.host,
            outside,
            watch,
        };
        let committed = work.commit_or_take_back(&mut record).await;
        let name = record.name.clone();
        self.records.push(record);
        committed?;
        // What cannot be noted now is found by the next command.
        let _ = overtake(&mut self.records);
        let left = match self.records.last_mut() {
            Some(record) => work.finish(record).await,
            None => Vec::new(),
        };
        self.forget_old();
        Ok(CarriedOut { name, left })
    }

    fn plan(&self, draft: Draft, images: Vec<plan::Image>) -> Plan {
        let mut new_folders = Vec::new();
        for change in &draft.changes {
            if let Change::File(file) = change
                && file.after.is_some()
            {
                for folder in files::missing_folders(&self.host, &file.path) {
                    if !new_folders.contains(&folder) {
                        new_folders.push(folder);
                    }
                }
            }
        }
        Plan {
            number: self.records.last().map_or(1, |record| record.plan.number + 1),
            title: draft.title,
            command: self.command.clone(),
            when: now(),
            takes_back: draft.takes_back,
            changes: draft.changes,
            images,
            new_folders,
            old_folders: draft.old_folders,
        }
    }

    async fn recover(
        &mut self,
        outside: &impl Outside,
        watch: &mut dyn Watch,
    ) -> Result<Vec<Recovered>, JournalError> {
        let mut work = Work {
            host: &self.host,
            outside,
            watch,
        };
        let mut recovered = Vec::new();
        for record in &mut self.records {
            if matches!(record.standing(), Standing::Finished | Standing::TakenBack)
                || work.decide(record).await? == Verdict::Committed
            {
                continue;
            }
            recovered.push(Recovered {
                name: record.name.clone(),
                outcome: Recovery::TakenBack,
                left: work.take_back(record)?,
            });
        }
        overtake(&mut self.records)?;
        for record in &mut self.records {
            if record.standing() == Standing::Committed {
                recovered.push(Recovered {
                    name: record.name.clone(),
                    outcome: Recovery::Finished,
                    left: work.finish(record).await,
                });
            }
        }
        Ok(recovered)
    }

    /// Throws the oldest plans away. One that cannot be is tried again by the next command.
    fn forget_old(&mut self) {
        while self.records.len() > KEPT {
            let settled =
                |record: &Record| matches!(record.standing(), Standing::Finished | Standing::TakenBack);
            let Some(oldest) = self.records.iter().position(settled) else {
                return;
            };
            let record = self.records.remove(oldest);
            let draft = record.folder.with_extension(DRAFT);
            if fs::rename(&record.folder, &draft).is_ok() {
                let _ = fs::remove_dir_all(draft);
            }
        }
    }
}

/// What becomes a plan.
struct Draft {
    title: String,
    takes_back: Option<String>,
    changes: Vec<Change>,
    old_folders: Vec<PathBuf>,
}

/// What an earlier plan left to do, and a later one has done otherwise, is not done any more.
fn overtake(records: &mut [Record]) -> Result<(), JournalError> {
    let mut changed = HashSet::new();
    for record in records.iter_mut().rev() {
        if record.standing() == Standing::Committed {
            for index in record.left() {
                let is_later = |change: &Change| changed.contains(&subject(change));
                if record.plan.changes.get(index).is_some_and(is_later) {
                    record.note(Note::Overtaken(index))?;
                }
            }
        }
        if matches!(record.standing(), Standing::Committed | Standing::Finished) {
            changed.extend(record.plan.changes.iter().map(subject));
        }
    }
    Ok(())
}

/// All plans, the first first. A folder that was being written or thrown away goes.
fn read_all(folder: &Path) -> Result<Vec<Record>, JournalError> {
    let failed = |source| JournalError::Io {
        path: folder.into(),
        source,
    };
    let mut records = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.file_type().map_err(failed)?.is_dir() {
            continue;
        }
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == DRAFT) {
            fs::remove_dir_all(&path).map_err(failed)?;
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        records.push(Record::read(path, name)?);
    }
    records.sort_by_key(|record| record.plan.number);
    Ok(records)
}

/// The time in UTC, to the second: `2026-11-23T15:51:33Z`.
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// All plans as they are, the first first; none where there never was one. Nothing is written.
fn look_all(folder: &Path) -> Result<Vec<Record>, JournalError> {
    let failed = |source| JournalError::Io {
        path: folder.into(),
        source,
    };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut records = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        let is_draft = path.extension().is_some_and(|extension| extension == DRAFT);
        if is_draft || !entry.file_type().map_err(failed)?.is_dir() {
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        records.push(Record::look(path, name)?);
    }
    records.sort_by_key(|record| record.plan.number);
    Ok(records)
}

fn unreachable(error: &sqlx::Error) -> JournalError {
    JournalError::Unreachable(Text::plain(error.to_string()))
}
