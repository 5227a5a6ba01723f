//! What facts will be once changes were carried out, as far as plans and checks look at them.

use crate::plan::module::loads;
use crate::plan::shown_at;
use crate::{
    CacheMethod, CacheRow, Change, DatabaseFacts, Destination, Detail, DialplanRow, Facts, FileChange,
    FileFacts, LoadedModule, Module, Owner, RowChange, ShownToken, SwitchChange, Table,
    dialplan::cache_file_name,
};
use serde_json::{Map, Value};
use uuid::Uuid;

/// The facts after these changes, which is what a repair relies on. What FreeSWITCH and the service make of them in turn is not told.
pub fn foresee(facts: &Facts, changes: &[Change]) -> Facts {
    let mut facts = facts.clone();
    for change in changes {
        match change {
            Change::Row(row) => {
                if let Ok(database) = &mut facts.database {
                    write(database, row);
                }
            }
            Change::File(file) => place(&mut facts, file),
            Change::CacheKey(key) => forget(&mut facts, key),
            Change::Switch(SwitchChange::Load(name)) => load(&mut facts, name),
            Change::Switch(SwitchChange::ReloadXml) | Change::Unit { .. } | Change::UnitBack(_) => {}
        }
    }
    facts
}

fn forget(facts: &mut Facts, key: &str) {
    let name = cache_file_name(key);
    if let Ok(cache) = &mut facts.cache {
        cache.files.retain(|file| file.name != name);
    }
}

fn load(facts: &mut Facts, name: &str) {
    let module = match name {
        "mod_audio_stream" => LoadedModule::AudioStream,
        "mod_lua" => LoadedModule::Lua,
        _ => return,
    };
    if let Some(running) = &mut facts.switch.running {
        running.modules.insert(module);
    }
}

fn place(facts: &mut Facts, change: &FileChange) {
    let owner = facts.switch.process.as_ref().map(|process| process.owner);
    let file = change.after.as_ref().map(|state| FileFacts {
        text: state.text.clone(),
        mode: state.mode,
        owner: state.owner.or(owner).unwrap_or(Owner { uid: 0, gid: 0 }),
    });
    // As for a missing one, nothing is said where FreeSWITCH's user is not known.
    let readable = file.as_ref().and(owner).map(|_| true);
    if let Ok(script) = &mut facts.script {
        if script.path == change.path {
            script.readable = readable;
            script.file.clone_from(&file);
        } else if shown_at(&script.path) == change.path {
            script.token = Ok(ShownToken {
                file: file.clone(),
                readable,
            });
        }
    }
    if let Ok(module) = &mut facts.module
        && let Some((path, conf)) = &mut module.conf
        && *path == change.path
        && let Some(file) = file
    {
        module.in_file = loads(&file.text, super::module::AUDIO_STREAM).unwrap_or(false);
        *conf = file;
    }
}

fn write(database: &mut DatabaseFacts, change: &RowChange) {
    match change.table {
        Table::Dialplans => row(&mut database.dialplans, change),
        Table::DialplanDetails => detail(&mut database.dialplans, change),
        Table::Destinations => destination(&mut database.destinations, change),
        Table::Modules => module(&mut database.modules, change),
        Table::DefaultSettings => {
            setting(&mut database.cache_rows, change);
            for row in database.cache_rows.iter().filter(|row| row.enabled) {
                match row.name.as_str() {
                    "method" => database.php_cache.method = CacheMethod::parse(&row.value),
                    "location" => database.php_cache.location = row.value.clone().into(),
                    _ => {}
                }
            }
        }
    }
}

/// The columns of a change, read as what facts hold.
struct Columns<'a>(&'a Map<String, Value>);

impl Columns<'_> {
    /// A column's text, where the change has the column; empty for NULL.
    fn text(&self, name: &str, into: &mut String) {
        if let Some(value) = self.0.get(name) {
            *into = plain(value).unwrap_or_default();
        }
    }

    fn optional(&self, name: &str, into: &mut Option<String>) {
        if let Some(value) = self.0.get(name) {
            *into = plain(value);
        }
    }

    fn uuid(&self, name: &str, into: &mut Option<Uuid>) {
        if let Some(value) = self.0.get(name) {
            *into = plain(value).and_then(|text| text.parse().ok());
        }
    }

    fn flag(&self, name: &str, into: &mut bool) {
        if let Some(value) = self.0.get(name) {
            *into = plain(value).as_deref() == Some("true");
        }
    }

    fn number(&self, name: &str, into: &mut i64) {
        if let Some(value) = self.0.get(name) {
            *into = plain(value)
                .and_then(|text| text.parse().ok())
                .unwrap_or_default();
        }
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Finds what has the change's key in a list, or puts a new one there; takes it out where the change does.
fn upsert<T>(
    list: &mut Vec<T>,
    change: &RowChange,
    key: impl Fn(&T) -> Uuid,
    new: impl FnOnce(Uuid) -> T,
    fill: impl FnOnce(&mut T, &Columns<'_>),
) {
    let at = list.iter().position(|item| key(item) == change.key);
    let Some(columns) = &change.after else {
        if let Some(at) = at {
            list.remove(at);
        }
        return;
    };
    let at = at.unwrap_or_else(|| {
        list.push(new(change.key));
        list.len() - 1
    });
    if let Some(item) = list.get_mut(at) {
        fill(item, &Columns(columns));
    }
}

fn row(rows: &mut Vec<DialplanRow>, change: &RowChange) {
    let new = |uuid| DialplanRow {
        uuid,
        domain: None,
        app: None,
        hostname: None,
        context: String::new(),
        name: String::new(),
        number: None,
        order: 0,
        enabled: false,
        continues: false,
        xml: None,
        details: Vec::new(),
    };
    upsert(
        rows,
        change,
        |row| row.uuid,
        new,
        |row, columns| {
            columns.uuid("domain_uuid", &mut row.domain);
            columns.uuid("app_uuid", &mut row.app);
            columns.optional("hostname", &mut row.hostname);
            columns.text("dialplan_context", &mut row.context);
            columns.text("dialplan_name", &mut row.name);
            columns.optional("dialplan_number", &mut row.number);
            columns.number("dialplan_order", &mut row.order);
            columns.flag("dialplan_enabled", &mut row.enabled);
            columns.flag("dialplan_continue", &mut row.continues);
            columns.optional("dialplan_xml", &mut row.xml);
        },
    );
    rows.sort_by(|one, other| (one.order, &one.name).cmp(&(other.order, &other.name)));
}

/// A detail is found in whichever row has it; a new one goes to the row that it names.
fn detail(rows: &mut [DialplanRow], change: &RowChange) {
    let has = |row: &DialplanRow| row.details.iter().any(|detail| detail.uuid == change.key);
    let mut owner = None;
    if let Some(columns) = &change.after {
        Columns(columns).uuid("dialplan_uuid", &mut owner);
    }
    let at = rows
        .iter()
        .position(has)
        .or_else(|| rows.iter().position(|row| Some(row.uuid) == owner));
    let Some(row) = at.and_then(|at| rows.get_mut(at)) else {
        return;
    };
    let new = |uuid| Detail {
        uuid,
        tag: String::new(),
        kind: String::new(),
        data: String::new(),
        breaks: None,
        inline: None,
        group: 0,
        order: 0,
        enabled: false,
    };
    upsert(
        &mut row.details,
        change,
        |detail| detail.uuid,
        new,
        |detail, columns| {
            columns.text("dialplan_detail_tag", &mut detail.tag);
            columns.text("dialplan_detail_type", &mut detail.kind);
            columns.text("dialplan_detail_data", &mut detail.data);
            columns.optional("dialplan_detail_break", &mut detail.breaks);
            columns.optional("dialplan_detail_inline", &mut detail.inline);
            columns.number("dialplan_detail_group", &mut detail.group);
            columns.number("dialplan_detail_order", &mut detail.order);
            columns.flag("dialplan_detail_enabled", &mut detail.enabled);
        },
    );
    row.details.sort_by_key(|detail| (detail.group, detail.order));
}

fn destination(list: &mut Vec<Destination>, change: &RowChange) {
    let new = |uuid| Destination {
        uuid,
        domain: None,
        dialplan: None,
        kind: String::new(),
        trunk_prefix: None,
        area_code: None,
        prefix: None,
        number: String::new(),
        enabled: false,
        description: None,
    };
    upsert(
        list,
        change,
        |destination| destination.uuid,
        new,
        |destination, columns| {
            columns.uuid("domain_uuid", &mut destination.domain);
            columns.uuid("dialplan_uuid", &mut destination.dialplan);
            columns.text("destination_type", &mut destination.kind);
            columns.optional("destination_prefix", &mut destination.prefix);
            columns.text("destination_number", &mut destination.number);
            columns.flag("destination_enabled", &mut destination.enabled);
            columns.optional("destination_description", &mut destination.description);
        },
    );
}

fn module(list: &mut Vec<Module>, change: &RowChange) {
    let new = |uuid| Module {
        uuid,
        name: String::new(),
        enabled: None,
    };
    upsert(
        list,
        change,
        |module| module.uuid,
        new,
        |module, columns| {
            columns.text("module_name", &mut module.name);
            if let Some(enabled) = columns.0.get("module_enabled") {
                module.enabled = plain(enabled).map(|text| text == "true");
            }
        },
    );
}

fn setting(list: &mut Vec<CacheRow>, change: &RowChange) {
    let new = |uuid| CacheRow {
        uuid,
        name: String::new(),
        value: String::new(),
        enabled: false,
    };
    upsert(
        list,
        change,
        |row| row.uuid,
        new,
        |row, columns| {
            columns.text("default_setting_subcategory", &mut row.name);
            columns.text("default_setting_value", &mut row.value);
            columns.flag("default_setting_enabled", &mut row.enabled);
        },
    );
}
