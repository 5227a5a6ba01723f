//! What is to change so that nothing of ours answers calls any more.

use super::merging::merged;
use super::script::state;
use super::service::{PASSWORD, SYSUSERS, UNIT};
use crate::dialplan::{self, APP_UUID};
use crate::{Change, Facts, FileChange, FileFacts, HomeFacts, SwitchChange, Text, journal};
use freeswitch::ScriptVersion;
use std::path::{Path, PathBuf};

/// Where the service keeps its data: the `StateDirectory` of its unit.
const DATA: &str = "/var/lib/voice-ai";

/// What is to change: the rows that are ours by their `app_uuid`, the script where it is ours, the service's unit where no package has put it.
/// What people have written or said stays: configuration, secretaries, conversations. So does the registration of mod_audio_stream,
/// which other programs use.
pub fn uninstall(facts: &Facts, home: &HomeFacts) -> Vec<Change> {
    let mut changes = Vec::new();
    if let Ok(database) = &facts.database {
        let ours = database.dialplans.iter().filter(|row| row.app == Some(APP_UUID));
        changes.extend(ours.flat_map(|row| dialplan::remove(row, facts)));
    }
    if !changes.is_empty() {
        changes.push(Change::Switch(SwitchChange::ReloadXml));
    }
    if let Ok(script) = &facts.script
        && let Some(file) = &script.file
        && ScriptVersion::of(&file.text).is_some()
    {
        changes.push(gone(&script.path, file));
    }
    for (path, file) in &home.written {
        if [UNIT, SYSUSERS].iter().any(|ours| Path::new(ours) == path) {
            changes.push(gone(path, file));
        }
    }
    if home.systemd && home.unit.is_some() {
        changes.push(Change::Unit { run: false });
    }
    merged(changes)
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
