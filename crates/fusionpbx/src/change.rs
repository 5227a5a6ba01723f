//! What is to change, as data: a plan is a list of these, shown before it is carried out, and kept with what was there before.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::path::PathBuf;
use uuid::Uuid;

/// One change. Whatever order a plan has them in, they are carried out in this one: files are written, then all rows in one
/// transaction (the commit point), then cache keys are cleared, a unit stops, files that are to be gone go, FreeSWITCH is told, a unit
/// starts. So a file that rows need is there as long as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A file.
    File(FileChange),
    /// A row of FusionPBX's database.
    Row(RowChange),
    /// What FusionPBX keeps under this key (`dialplan:pbx.example.com`) is forgotten.
    CacheKey(String),
    /// FreeSWITCH is told something.
    Switch(SwitchChange),
    /// The unit of the service is enabled and started, or stopped and disabled.
    Unit {
        /// Whether it is to run.
        run: bool,
    },
    /// The unit of the service is put back as it was before a plan.
    UnitBack(UnitState),
}

/// How the service's unit stands. Each of the two goes without the other: one that somebody has started by hand, one that has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitState {
    /// Whether systemd starts it with the machine.
    pub enabled: bool,
    /// Whether it runs.
    pub active: bool,
}

/// A file before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Where it is.
    pub path: PathBuf,
    /// What it was when the plan was made; another by now is not written over.
    pub before: Option<FileState>,
    /// What it shall be; `None`: gone.
    pub after: Option<FileState>,
}

/// A file's contents and who may do what with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileState {
    /// The text. What we write is text, and what we replace is ours or generated text.
    pub text: String,
    /// The permissions, as of chmod.
    pub mode: u32,
    /// The owner; `None` leaves it to whoever runs us.
    pub owner: Option<Owner>,
}

/// An owner by numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
}

/// A table that is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// `v_dialplans`.
    Dialplans,
    /// `v_dialplan_details`.
    DialplanDetails,
    /// `v_destinations`.
    Destinations,
    /// `v_modules`.
    Modules,
    /// `v_default_settings`.
    DefaultSettings,
}

impl Table {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dialplans => "v_dialplans",
            Self::DialplanDetails => "v_dialplan_details",
            Self::Destinations => "v_destinations",
            Self::Modules => "v_modules",
            Self::DefaultSettings => "v_default_settings",
        }
    }

    /// The column of its key.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Dialplans => "dialplan_uuid",
            Self::DialplanDetails => "dialplan_detail_uuid",
            Self::Destinations => "destination_uuid",
            Self::Modules => "module_uuid",
            Self::DefaultSettings => "default_setting_uuid",
        }
    }
}

/// A row before and after. Values are JSON: PostgreSQL's own `jsonb_populate_record` gives each the type of its column, so a flag
/// is written as `"true"` into the text columns of 5.4.4 and into the boolean ones of 5.5 alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowChange {
    /// Of which table.
    pub table: Table,
    /// Its key.
    pub key: Uuid,
    /// The columns that were looked at when the plan was made; a row that has others by now is not written over. `None`: no row.
    pub before: Option<Map<String, Value>>,
    /// The columns to write; `None`: the row goes. A column that the table does not have is refused.
    pub after: Option<Map<String, Value>>,
}

/// What FreeSWITCH is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SwitchChange {
    /// To read its XML again.
    ReloadXml,
    /// To load a module: `mod_audio_stream`.
    Load(String),
}
