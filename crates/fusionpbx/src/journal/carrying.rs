//! Carrying a kept plan out, finishing it, and taking it back.

use super::files::{self, Fate};
use super::note::Note;
use super::record::{Record, Standing};
use super::telling::{self, Left};
use super::verdict::{self, Unclear, Verdict};
use super::{JournalError, Outside, Point, Watch, rows};
use crate::{Change, Host, Text};
use sqlx::PgPool;

/// Where systemd has units that no package has put there.
const UNITS: &str = "/etc/systemd/system";

/// What a plan is carried out with.
pub(super) struct Work<'a, O> {
    pub(super) host: &'a Host,
    pub(super) outside: &'a O,
    pub(super) watch: &'a mut dyn Watch,
}

impl<O: Outside> Work<'_, O> {
    /// Writes files and rows. When this fails everything is as before, unless the error says otherwise.
    pub(super) async fn commit_or_take_back(&mut self, record: &mut Record) -> Result<(), JournalError> {
        match self.commit(record).await {
            Ok(()) => Ok(()),
            Err(error @ JournalError::Undecided { .. }) => Err(error),
            Err(first) => Err(match self.take_back(record) {
                Ok(_) => first,
                Err(then) => JournalError::NotTakenBack {
                    first: Box::new(first),
                    then: Box::new(then),
                },
            }),
        }
    }

    /// Writes the files, then the rows. When this fails with [`JournalError::Undecided`] nobody knows whether the rows are there;
    /// with anything else they are not, and [`Self::take_back`] is due.
    async fn commit(&mut self, record: &mut Record) -> Result<(), JournalError> {
        self.write_files(record)?;
        if record.plan.rows().is_empty() {
            return record.note(Note::Committed);
        }
        let pool = self.database().await?;
        self.write_rows(&pool, record).await?;
        self.watch.passes(Point::Committed);
        if let Err(error) = record.note(Note::Committed) {
            return Err(undecided(record, error.text()));
        }
        self.watch.told(&telling::committed(&record.plan));
        Ok(())
    }

    /// Does what comes after the commit and was not done yet. What cannot be done now is told, and left for the next command.
    pub(super) async fn finish(&mut self, record: &mut Record) -> Vec<Left> {
        let mut left = Vec::new();
        for index in record.left() {
            let Some(change) = record.plan.changes.get(index).cloned() else {
                continue;
            };
            if let Some(text) = telling::begun(&change) {
                self.watch.told(&text);
            }
            let fate = self.step(record, index, &change).await;
            self.watch.passes(Point::Done);
            match fate {
                Err(why) => {
                    left.push(Left::later(&change, why));
                    continue;
                }
                Ok(Fate::LetBe) => left.push(Left::let_be(&change)),
                Ok(Fate::Done) => self.watch.told(&telling::done(&change)),
            }
            if let Err(error) = record.note(Note::Done(index)) {
                left.push(Left::later(&change, error.text()));
            }
            self.watch.passes(Point::Noted);
        }
        if record.left().is_empty() {
            files::remove_empty(self.host, &record.plan.old_folders);
            // Without this note the next command looks again and finds nothing to do.
            let _ = record.note(Note::Finished);
            self.watch.passes(Point::Ended);
        }
        left
    }

    /// Puts the files back that were written before a commit that did not come, the last first.
    pub(super) fn take_back(&mut self, record: &mut Record) -> Result<Vec<Left>, JournalError> {
        let mut left = Vec::new();
        for file in record.plan.written().rev() {
            match files::put_back(self.host, &record.name, file)? {
                Fate::Done => {}
                Fate::LetBe => left.extend(record.plan.changes.get(file.index).map(Left::let_be)),
            }
            self.watch.passes(Point::Back);
        }
        files::remove_empty(self.host, &record.plan.new_folders);
        record.note(Note::TakenBack)?;
        self.watch.passes(Point::Ended);
        self.watch.told(&telling::taken_back(&record.name));
        Ok(left)
    }

    /// Finds out whether the rows of an unfinished plan are there. Nothing is changed when that cannot be told.
    pub(super) async fn decide(&mut self, record: &mut Record) -> Result<Verdict, JournalError> {
        let transaction = match record.standing() {
            Standing::Committing(transaction) => transaction,
            Standing::Committed | Standing::Finished => return Ok(Verdict::Committed),
            // The commit is asked for once its note is on the disk.
            Standing::Begun | Standing::TakenBack => return Ok(Verdict::Undone),
        };
        let pool = self
            .outside
            .database()
            .await
            .map_err(|why| undecided(record, why))?;
        let verdict = self.verdict(&pool, record, &transaction).await?;
        if verdict == Verdict::Committed {
            record.note(Note::Committed)?;
        }
        Ok(verdict)
    }

    /// FusionPBX's database.
    pub(super) async fn database(&self) -> Result<PgPool, JournalError> {
        self.outside.database().await.map_err(JournalError::Unreachable)
    }

    fn write_files(&mut self, record: &mut Record) -> Result<(), JournalError> {
        let steps: Vec<_> = record.plan.written().map(|file| file.index).collect();
        for index in steps {
            let Some(file) = record.plan.file(index) else {
                continue;
            };
            files::write(self.host, &record.name, file, self.watch)?;
            self.watch.passes(Point::Done);
            if let Some(change) = record.plan.changes.get(index) {
                self.watch.told(&telling::done(change));
            }
            record.note(Note::Done(index))?;
            self.watch.passes(Point::Noted);
        }
        Ok(())
    }

    async fn write_rows(&mut self, pool: &PgPool, record: &mut Record) -> Result<(), JournalError> {
        let (transaction, number) = rows::write(pool, &record.plan.rows(), self.watch).await?;
        record.note(Note::Committing(number.clone()))?;
        self.watch.passes(Point::Committing);
        let Err(error) = transaction.commit().await else {
            return Ok(());
        };
        // A server that goes while it commits may have done so.
        match self.verdict(pool, record, &number).await? {
            Verdict::Committed => Ok(()),
            Verdict::Undone => Err(super::unreachable(&error)),
        }
    }

    async fn verdict(
        &self,
        pool: &PgPool,
        record: &Record,
        transaction: &str,
    ) -> Result<Verdict, JournalError> {
        verdict::of(pool, transaction, &record.plan.rows())
            .await
            .map_err(|unclear| match unclear {
                Unclear::Because(why) | Unclear::Database(JournalError::Unreachable(why)) => {
                    undecided(record, why)
                }
                Unclear::Database(error) => undecided(record, error.text()),
            })
    }

    /// One step after the commit; the error is why it has to wait.
    async fn step(&mut self, record: &Record, index: usize, change: &Change) -> Result<Fate, Text> {
        match change {
            Change::File(file) => {
                let Some(planned) = record.plan.file(index) else {
                    return Ok(Fate::Done);
                };
                let fate = files::take_away(self.host, planned).map_err(|error| error.text())?;
                if file.path.starts_with(UNITS) {
                    self.outside.forget_unit().await?;
                }
                return Ok(fate);
            }
            Change::Row(_) => {}
            Change::CacheKey(key) => self.outside.clear_cache(key).await?,
            Change::Switch(change) => self.outside.tell_switch(change).await?,
            Change::Unit { run } => self.outside.run_unit(*run).await?,
            Change::UnitBack(state) => self.outside.restore_unit(*state).await?,
        }
        Ok(Fate::Done)
    }
}

fn undecided(record: &Record, why: Text) -> JournalError {
    JournalError::Undecided {
        plan: record.folder.clone(),
        why,
    }
}
