//! What is to change so that nothing of ours answers calls any more.

use super::merging::merged;
use super::script::state;
use super::service::{PASSWORD, SYSUSERS, UNIT, USER, is_our_unit};
use super::setup::Hindrance;
use crate::dialplan::{self, APP_UUID};
use crate::{Change, DialplanRow, Facts, FileChange, FileFacts, HomeFacts, SwitchChange, Text, journal};
use freeswitch::{SCRIPT_NAME, ScriptVersion};
use std::path::{Path, PathBuf};

/// Where the service keeps its data: the `StateDirectory` of its unit.
const DATA: &str = "/var/lib/voice-ai";

/// What is to change: the rows that are ours by their `app_uuid` and are not another machine's, the script where it is ours and no other row
/// needs it, the service's unit and user where setup has written them.
/// What people have written or said stays: configuration, secretaries, conversations. So does the registration of mod_audio_stream,
/// which other programs use.
///
/// # Errors
/// When the database could not be read: rows that lead to a script and a service that are gone would break every call.
pub fn uninstall(facts: &Facts, home: &HomeFacts) -> Result<Vec<Change>, Hindrance> {
    let database = facts
        .database
        .as_ref()
        .map_err(|why| Hindrance::Missing(why.0.clone()))?;
    let hostname = facts.switch.running.as_ref().map(|running| &running.hostname);
    let is_here = |row: &DialplanRow| row.hostname.as_ref().is_none_or(|host| Some(host) == hostname);
    let goes = |row: &&DialplanRow| row.app == Some(APP_UUID) && is_here(row);
    let ours = database.dialplans.iter().filter(goes);
    let mut changes: Vec<_> = ours.flat_map(|row| dialplan::remove(row, facts)).collect();
    if !changes.is_empty() {
        changes.push(Change::Switch(SwitchChange::ReloadXml));
    }
    let calls_script = |row: &DialplanRow| row.xml.as_ref().is_some_and(|xml| xml.contains(SCRIPT_NAME));
    let is_needed = database
        .dialplans
        .iter()
        .any(|row| !goes(&row) && calls_script(row));
    if let Ok(script) = &facts.script
        && let Some(file) = &script.file
        && ScriptVersion::of(&file.text).is_some()
        && !is_needed
    {
        changes.push(gone(&script.path, file));
    }
    let written = home.written.iter().filter(|(path, file)| is_ours(path, file));
    changes.extend(written.map(|(path, file)| gone(path, file)));
    if home.systemd && home.unit.is_some() {
        changes.push(Change::Unit { run: false });
    }
    Ok(merged(changes))
}

/// Whether setup has written a file, and nobody has made something else of it.
fn is_ours(path: &Path, file: &FileFacts) -> bool {
    if path == Path::new(UNIT) {
        return is_our_unit(&file.text);
    }
    path == Path::new(SYSUSERS) && file.text.starts_with(&format!("u {USER} "))
}

/// What uninstalling leaves on the machine, with what it is: for people to keep or to delete.
pub fn stays(facts: &Facts, secretaries: &Path) -> Vec<(PathBuf, Text)> {
    let config = facts.service.config.clone();
    let own = [
        (config, Text::new("configuration", "configuração")),
        (
            PASSWORD.into(),
            Text::new("the event socket's password", "senha do event socket"),
        ),
        (secretaries.to_owned(), Text::new("secretaries", "secretárias")),
        (
            DATA.into(),
            Text::new("conversations and recordings", "conversas e gravações"),
        ),
        (
            journal::FOLDER.into(),
            Text::new(
                "the journal of changes, with backups",
                "o diário de mudanças, com cópias",
            ),
        ),
    ];
    own.into()
}

fn gone(path: &Path, file: &FileFacts) -> Change {
    Change::File(FileChange {
        path: PathBuf::from(path),
        before: Some(state(file)),
        after: None,
    })
}
