//! Files of the cache that say something else of our rows than the database does.

use crate::dialplan::{Meaning, cache_file_name, cached, did_rows, is_ours, read_one, served};
use crate::{CacheFile, DatabaseFacts, DialplanRow, Facts};
use freeswitch::SCRIPT_NAME;

/// A file that is of yesterday.
pub(crate) struct Stale {
    /// Its key: `dialplan:pbx.example.com`.
    pub(crate) key: String,
    /// The extension in which file and database part.
    pub(crate) extension: String,
    /// How.
    pub(crate) how: How,
}

/// How a file and the database part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// The file has not what the database has.
    Lacks,
    /// The file has what the database has no more, or has otherwise.
    Keeps,
}

/// All of them.
pub(crate) fn stale(facts: &Facts) -> Vec<Stale> {
    let (Ok(cache), Ok(database)) = (&facts.cache, &facts.database) else {
        return Vec::new();
    };
    let hostname = facts
        .switch
        .running
        .as_ref()
        .map(|running| running.hostname.as_str());
    let files = cache.files.iter();
    files
        .filter_map(|file| compare(file, database, hostname))
        .collect()
}

fn compare(file: &CacheFile, database: &DatabaseFacts, hostname: Option<&str>) -> Option<Stale> {
    let kept = cached(&file.text)?;
    let number = kept.number.as_deref().unwrap_or_default();
    let numbers = [number.to_owned(), format!("+{number}")];
    let keys = [format!("dialplan:{}", kept.context)]
        .into_iter()
        .chain(numbers.map(|number| format!("dialplan:{}:{number}", kept.context)));
    let key = keys.into_iter().find(|key| cache_file_name(key) == file.name)?;
    let theirs: Vec<_> = served(database, &kept.context, number, hostname)
        .into_iter()
        .filter(|row| is_ours(row) || did_rows(database).any(|did| did.uuid == row.uuid))
        .filter_map(|row| Some((row, meaning(row)?)))
        .collect();
    let lacking = theirs
        .iter()
        .find(|(_, meaning)| !kept.extensions.iter().any(|other| same(meaning, other)));
    if let Some((row, _)) = lacking {
        return Some(Stale {
            key,
            extension: row.name.clone(),
            how: How::Lacks,
        });
    }
    let leftover = kept
        .extensions
        .iter()
        .find(|kept| is_for_us(kept) && !theirs.iter().any(|(_, meaning)| same(meaning, kept)))?;
    Some(Stale {
        key,
        extension: leftover.name.clone(),
        how: How::Keeps,
    })
}

fn meaning(row: &DialplanRow) -> Option<Meaning> {
    read_one(row.xml.as_deref()?).ok()
}

fn same(one: &Meaning, other: &Meaning) -> bool {
    one.name == other.name && one.continues == other.continues && one.does_the_same(other)
}

/// Whether an extension hands its calls to us.
fn is_for_us(meaning: &Meaning) -> bool {
    meaning.actions().any(|action| {
        action.data.contains(SCRIPT_NAME)
            || action.data == "voice_ai=true"
            || action.application == "audio_stream"
    })
}
