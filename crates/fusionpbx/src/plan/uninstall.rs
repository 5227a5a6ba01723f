//! What is to change so that nothing of ours answers calls any more, and all is as it was before us.

use super::merging::merged;
use super::module::{self, AUDIO_STREAM};
use super::script::state;
use super::service::{SYSUSERS, UNIT, USER, is_our_unit};
use super::setup::Hindrance;
use super::taking_back::{Former, former};
use crate::dialplan::{self, APP_UUID, columns, leads_to, number_of};
use crate::journal::{self, Trace};
use crate::{
    Change, DatabaseFacts, DialplanRow, Facts, FileChange, FileFacts, FileState, HomeFacts, RowChange,
    ServerState, SwitchChange, Table, Text,
};
use freeswitch::{SCRIPT_NAME, ScriptVersion};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Where the service keeps its data: the `StateDirectory` of its unit.
const DATA: &str = "/var/lib/voice-ai";
/// The program, where the package has put it.
const PACKAGED_PROGRAM: &str = "/usr/bin/voice-ai";

/// What is to change: the rows that are ours by their `app_uuid` and are not another machine's go, or are what they were where they were
/// somebody else's before; the script goes where it is ours and no other row needs it, or is the one that was there; so do the service's
/// unit and user where setup has written them, its configuration and secrets, and the registration of mod_audio_stream.
/// What people have said stays, and secretaries on which somebody has worked.
///
/// # Errors
/// When the database could not be read: rows that lead to a script and a service that are gone would break every call.
pub fn uninstall(facts: &Facts, home: &HomeFacts) -> Result<Vec<Change>, Hindrance> {
    let database = facts
        .database
        .as_ref()
        .map_err(|why| Hindrance::Missing(why.0.clone()))?;
    let mut changes = rows(facts, database, home);
    if !changes.is_empty() {
        changes.push(Change::Switch(SwitchChange::ReloadXml));
    }
    changes.extend(script(facts, database, home));
    changes.extend(registration(facts, database, home));
    changes.extend(files(facts, home));
    let written = home.written.iter().filter(|(path, file)| is_ours(path, file));
    changes.extend(written.map(|(path, file)| gone(path, file)));
    let is_up = matches!(facts.server.state, ServerState::Up(_));
    if home.systemd && home.unit.is_some() && (home.enabled || is_up) {
        changes.push(Change::Unit { run: false });
    }
    Ok(merged(changes))
}

/// Whether a row is ours on this machine.
fn goes(row: &DialplanRow, facts: &Facts) -> bool {
    let hostname = facts.switch.running.as_ref().map(|running| &running.hostname);
    row.app == Some(APP_UUID) && row.hostname.as_ref().is_none_or(|host| Some(host) == hostname)
}

fn rows(facts: &Facts, database: &DatabaseFacts, home: &HomeFacts) -> Vec<Change> {
    let ours = database.dialplans.iter().filter(|row| goes(row, facts));
    let back = ours.flat_map(|row| match home.history.before_ours(row.uuid) {
        Some(adopted) => dialplan::give_back(row, &adopted, facts),
        None => dialplan::remove(row, facts),
    });
    back.collect()
}

fn script(facts: &Facts, database: &DatabaseFacts, home: &HomeFacts) -> Option<Change> {
    let script = facts.script.as_ref().ok()?;
    let file = script.file.as_ref()?;
    if let Some(trace) = home.history.file(&script.path)
        && trace.before().is_some()
    {
        return taken_back(trace);
    }
    let is_ours = ScriptVersion::of(&file.text).is_some();
    (is_ours && !is_needed(facts, database)).then(|| gone(&script.path, file))
}

/// Whether rows that stay, such as another machine's, call the script.
fn is_needed(facts: &Facts, database: &DatabaseFacts) -> bool {
    let calls_script = |row: &DialplanRow| row.xml.as_ref().is_some_and(|xml| xml.contains(SCRIPT_NAME));
    let mut stay = database.dialplans.iter().filter(|row| !goes(row, facts));
    stay.any(calls_script)
}

/// FusionPBX's row of mod_audio_stream as it was, and the line of modules.conf.xml. The module stays loaded until FreeSWITCH's next start:
/// calls may use it now.
fn registration(facts: &Facts, database: &DatabaseFacts, home: &HomeFacts) -> Vec<Change> {
    if is_needed(facts, database) {
        return Vec::new();
    }
    let of_module = database.modules.iter().filter(|row| row.name == AUDIO_STREAM);
    let mut changes: Vec<_> = of_module
        .filter_map(|row| {
            let former = home.history.row(Table::Modules, row.uuid)?;
            let after = match former {
                None => None,
                Some(former) => {
                    let enabled = former.get("module_enabled").cloned().unwrap_or(Value::Null);
                    Some(columns([("module_enabled", enabled)]))
                }
            };
            Some(Change::Row(RowChange {
                table: Table::Modules,
                key: row.uuid,
                before: Some(columns([("module_name", json!(AUDIO_STREAM))])),
                after,
            }))
        })
        .collect();
    let Some((path, file)) = facts.module.as_ref().ok().and_then(|module| module.conf.as_ref()) else {
        return changes;
    };
    let by_trace = home.history.file(path).and_then(taken_back);
    // FusionPBX may have written the file anew since, from its row that is ours.
    let anew = || {
        let text = module::without_line(&file.text).filter(|_| !changes.is_empty())?;
        let after = FileState { text, ..state(file) };
        Some(change(path, Some(state(file)), Some(after)))
    };
    let line = by_trace.or_else(anew);
    changes.extend(line);
    changes
}

/// The other files that plans have written: configuration and secrets go or are what they were, and so are secretaries unless somebody has
/// worked on them.
fn files(facts: &Facts, home: &HomeFacts) -> Vec<Change> {
    let script = facts.script.as_ref().ok().map(|script| &script.path);
    let conf = facts.module.as_ref().ok();
    let conf = conf.and_then(|module| module.conf.as_ref()).map(|(path, _)| path);
    let is_told_elsewhere = |path: &PathBuf| {
        [UNIT, SYSUSERS].iter().any(|own| Path::new(own) == path)
            || Some(path) == script
            || Some(path) == conf
    };
    let traces = home.history.files().iter();
    traces
        .filter(|trace| !is_told_elsewhere(&trace.path) && !is_worked_on(trace, facts))
        .filter_map(taken_back)
        .collect()
}

/// Whether it is a secretary that is not as setup wrote it.
fn is_worked_on(trace: &Trace, facts: &Facts) -> bool {
    let is_secretary = trace.before().is_none()
        && trace.path != facts.service.config
        && trace
            .path
            .extension()
            .is_some_and(|ending| ending == "toml" || ending == "yaml");
    is_secretary && !trace.is_as_left()
}

fn taken_back(trace: &Trace) -> Option<Change> {
    let after = match former(trace) {
        Former::AsItIs | Former::Mixed => return None,
        Former::Gone => None,
        Former::State(state) => Some(state),
    };
    Some(change(&trace.path, trace.now.clone(), after))
}

/// Whether setup has written a file, and nobody has made something else of it.
fn is_ours(path: &Path, file: &FileFacts) -> bool {
    if path == Path::new(UNIT) {
        return is_our_unit(&file.text);
    }
    path == Path::new(SYSUSERS) && file.text.starts_with(&format!("u {USER} "))
}

/// What people should know before they say yes: which numbers lead nowhere then, and which files are not as setup has left them.
pub fn remarks(facts: &Facts, home: &HomeFacts) -> Vec<Text> {
    let mut remarks = Vec::new();
    if let Ok(database) = &facts.database {
        remarks.extend(homeless(facts, database, home));
    }
    for trace in home.history.files() {
        let path = trace.path.display();
        if is_worked_on(trace, facts) && trace.now.is_some() {
            remarks.push(Text::new(
                format!("{path} stays: somebody has worked on it"),
                format!("{path} fica: alguém trabalhou nele"),
            ));
        } else if former(trace) == Former::Mixed {
            remarks.push(Text::new(
                format!(
                    "{path} stays: what setup wrote there was changed since, so take it out by hand if nobody needs it"
                ),
                format!(
                    "{path} fica: o que o setup escreveu ali foi alterado depois; retire à mão se ninguém precisar"
                ),
            ));
        }
    }
    remarks
}

/// The configuration that goes although somebody has changed it since setup wrote it, so that its copy is to be named.
pub fn kept_copy<'a>(facts: &'a Facts, home: &HomeFacts) -> Option<&'a Path> {
    let config = &facts.service.config;
    let trace = home.history.file(config)?;
    (former(trace) == Former::Gone && !trace.is_as_left()).then_some(config)
}

/// The rows that lead calls to an extension that answers no more, and the numbers that lead to no row.
fn homeless(facts: &Facts, database: &DatabaseFacts, home: &HomeFacts) -> Vec<Text> {
    let is_gone = |row: &&DialplanRow| goes(row, facts) && home.history.before_ours(row.uuid).is_none();
    let gone: Vec<_> = database.dialplans.iter().filter(is_gone).collect();
    let numbers: Vec<_> = gone
        .iter()
        .filter_map(|row| Some((number_of(row, database)?, row.context.clone())))
        .collect();
    let mut remarks = Vec::new();
    for row in database.dialplans.iter().filter(|row| !goes(row, facts)) {
        let Some(to) = leads_to(row, database).filter(|to| numbers.contains(to)) else {
            continue;
        };
        let (name, (number, context)) = (&row.name, to);
        let of = number_of(row, database).filter(|of| of != name);
        let of = of.map_or_else(String::new, |of| format!(" ({of})"));
        remarks.push(Text::new(
            format!(
                "the dialplan row {name:?}{of} leads to {number} of {context}, which answers no more: send it elsewhere in FusionPBX"
            ),
            format!(
                "a linha de dialplan {name:?}{of} leva a {number} de {context}, que não atende mais: encaminhe-a para outro destino no FusionPBX"
            ),
        ));
    }
    let kept = database.destinations.iter().filter(|destination| {
        let row = destination.dialplan;
        gone.iter().any(|gone| Some(gone.uuid) == row) && !dialplan::is_made_by_us(destination)
    });
    remarks.extend(kept.map(|destination| {
        let number = &destination.number;
        Text::new(
            format!("the destination {number} leads nowhere then: give it another in Dialplan, Destinations"),
            format!(
                "o destino {number} não levará a lugar nenhum: dê-lhe outro em Plano de Discagem, Destinos"
            ),
        )
    }));
    remarks
}

/// What uninstalling leaves on the machine, with what it is: for people to keep or to delete.
pub fn stays(facts: &Facts, secretaries: &Path) -> Vec<(PathBuf, Text)> {
    let config = facts.service.config.clone();
    let own = [
        (config, Text::new("configuration", "configuração")),
        (secretaries.to_owned(), Text::new("secretaries", "secretárias")),
        (
            DATA.into(),
            Text::new(
                "conversations, messages, recordings and models",
                "conversas, recados, gravações e modelos",
            ),
        ),
        (
            journal::FOLDER.into(),
            Text::new(
                "the journal of changes, with backups",
                "o diário de mudanças, com cópias",
            ),
        ),
        (
            PACKAGED_PROGRAM.into(),
            Text::new(
                "the package: apt remove voice-ai",
                "o pacote: apt remove voice-ai",
            ),
        ),
    ];
    own.into()
}

fn gone(path: &Path, file: &FileFacts) -> Change {
    change(path, Some(state(file)), None)
}

fn change(path: &Path, before: Option<FileState>, after: Option<FileState>) -> Change {
    Change::File(FileChange {
        path: PathBuf::from(path),
        before,
        after,
    })
}
