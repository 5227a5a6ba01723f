//! A plan in words, before it is carried out. No contents: a file may hold a secret.

use crate::{Change, FileChange, RowChange, SwitchChange, Text};
use serde::Serialize;

/// A change in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What happens to the thing.
    pub deed: Deed,
    /// The thing: a path, a table and a row, a key, a module.
    pub thing: String,
    /// More of it.
    pub more: Text,
}

/// What happens to a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// It is made.
    Add,
    /// It is changed.
    Change,
    /// It goes.
    Remove,
    /// It is told to do something.
    Tell,
}

impl Deed {
    /// One sign for it, as lists of changes have them.
    pub const fn sign(self) -> char {
        match self {
            Self::Add => '+',
            Self::Change => '~',
            Self::Remove => '-',
            Self::Tell => '>',
        }
    }
}

/// A change in words.
pub fn told(change: &Change) -> Told {
    match change {
        Change::File(file) => of_file(file),
        Change::Row(row) => of_row(row),
        Change::CacheKey(key) => Told {
            deed: Deed::Remove,
            thing: key.clone(),
            more: Text::new("from the cache", "do cache"),
        },
        Change::Switch(SwitchChange::ReloadXml) => Told {
            deed: Deed::Tell,
            thing: "FreeSWITCH".into(),
            more: Text::plain("reloadxml"),
        },
        Change::Switch(SwitchChange::Load(module)) => Told {
            deed: Deed::Tell,
            thing: "FreeSWITCH".into(),
            more: Text::plain(format!("load {module}")),
        },
        Change::Unit { run } => Told {
            deed: Deed::Tell,
            thing: "voice-ai-realtime".into(),
            more: match run {
                true => Text::new(
                    "enable and start; if it runs already, restart (calls are finished first)",
                    "habilitar e iniciar; se já estiver rodando, reiniciar (as chamadas terminam antes)",
                ),
                false => Text::new("stop and disable", "parar e desabilitar"),
            },
        },
        Change::UnitBack(state) => Told {
            deed: Deed::Tell,
            thing: "voice-ai-realtime".into(),
            more: match state.active {
                true => Text::new(
                    "as it was before: restart (calls are finished first)",
                    "como antes: reiniciar (as chamadas terminam antes)",
                ),
                false => Text::new("as it was before: stop", "como antes: parar"),
            },
        },
    }
}

const fn deed(before: bool, after: bool) -> Deed {
    match (before, after) {
        (false, _) => Deed::Add,
        (true, true) => Deed::Change,
        (true, false) => Deed::Remove,
    }
}

fn of_file(file: &FileChange) -> Told {
    let more = file.after.as_ref().map_or_else(String::new, |after| {
        let owner = after
            .owner
            .map_or_else(String::new, |owner| format!(" {}:{}", owner.uid, owner.gid));
        format!("{:04o}{owner}", after.mode)
    });
    Told {
        deed: deed(file.before.is_some(), file.after.is_some()),
        thing: file.path.display().to_string(),
        more: Text::plain(more),
    }
}

fn of_row(row: &RowChange) -> Told {
    let column = |name: &str| {
        let columns = [&row.after, &row.before];
        columns
            .into_iter()
            .flatten()
            .find_map(|columns| columns.get(name)?.as_str().map(str::to_owned))
    };
    let name = [
        "dialplan_name",
        "destination_number",
        "module_name",
        "default_setting_subcategory",
    ]
    .into_iter()
    .find_map(column)
    .unwrap_or_else(|| row.key.to_string());
    let detail = |name| column(name).unwrap_or_default();
    let more = match (&row.before, &row.after) {
        (Some(_), Some(after)) => after.keys().cloned().collect::<Vec<_>>().join(", "),
        _ if row.table == crate::Table::DialplanDetails => {
            let (kind, data) = (detail("dialplan_detail_type"), detail("dialplan_detail_data"));
            format!("{kind} {data}").trim().to_owned()
        }
        _ => String::new(),
    };
    Told {
        deed: deed(row.before.is_some(), row.after.is_some()),
        thing: format!("{} {name}", row.table.name()),
        more: Text::plain(more),
    }
}
