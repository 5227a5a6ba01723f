//! A test call: at which station it stopped, told from what was seen of it.
//!
//! The stations are those of a call's way: the dialplan finds the extension, its row parks the caller or runs the script, the audio is
//! carried by FreeSWITCH's core or by a module, reaches the service, and is answered by an engine in both directions.

mod stops;

use crate::dialplan::{Takes, number_of, secretary_rows, takes};
use crate::{Code, DialplanRow, Facts, ModuleBuild, Text, Upgrade};
use serde::Serialize;

/// A place on a call's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Station {
    /// The extension was found.
    Dialplan,
    /// The row parks the caller for the service, or its script runs.
    Script,
    /// What carries the audio is loaded.
    Module,
    /// The service and FreeSWITCH reach each other.
    Socket,
    /// The service has the call.
    Server,
    /// The engine is there.
    Engine,
    /// What the caller says comes.
    AudioIn,
    /// What the secretary says leaves.
    AudioOut,
}

impl Station {
    /// All of them, as a call passes them.
    pub const ALL: [Self; 8] = [
        Self::Dialplan,
        Self::Script,
        Self::Module,
        Self::Socket,
        Self::Server,
        Self::Engine,
        Self::AudioIn,
        Self::AudioOut,
    ];

    /// Its name for operators.
    pub fn name(self) -> Text {
        match self {
            Self::Dialplan => Text::plain("dialplan"),
            Self::Script => Text::new("script or park", "script ou park"),
            Self::Module => Text::new("module", "módulo"),
            Self::Socket => Text::plain("socket"),
            Self::Server => Text::new("service", "serviço"),
            Self::Engine => Text::new("engine", "motor de voz"),
            Self::AudioIn => Text::new("audio in", "áudio de entrada"),
            Self::AudioOut => Text::new("audio out", "áudio de saída"),
        }
    }
}

/// How far the call came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passed {
    /// It went on from here, and what was seen.
    Ok(Text),
    /// It stopped here.
    Stopped(Stop),
    /// It never came here.
    NotReached,
}

/// Why a call went no further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// What was seen, with its value.
    pub found: Text,
    /// What helps.
    pub remedy: Text,
    /// The checks of `doctor` that look at what may be wrong.
    pub codes: &'static [Code],
}

/// What was seen of a test call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What was dialled.
    pub extension: String,
    /// In which context, which is the domain's name.
    pub context: String,
    /// The extension's row, as the database has it.
    pub row: Row,
    /// What became of it in the dialplan.
    pub end: End,
    /// Whether mod_audio_stream is loaded; `None` where that could not be asked.
    pub module: Option<bool>,
    /// Which build of it; `None` where there is none, or that is not to be seen.
    pub build: Option<ModuleBuild>,
    /// Whether the service says that it is connected to this FreeSWITCH.
    pub service: Service,
    /// A stream's upgrade, asked for from this machine.
    pub upgrade: Option<Upgrade>,
    /// The call as the service has it.
    pub call: Option<Call>,
}

/// What the database has for an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// No row of ours that is switched on is for it.
    Missing,
    /// One that parks calls for the service.
    Parks,
    /// One that hands calls to the script, or does something else with them.
    Other,
    /// That could not be read.
    Unread,
}

/// The row of an extension in the context of a domain.
pub fn row_of(facts: &Facts, context: &str, extension: &str) -> Row {
    let Ok(database) = &facts.database else {
        return Row::Unread;
    };
    let is_meant = |row: &&DialplanRow| {
        let is_for = number_of(row, database).as_deref() == Some(extension);
        row.context == context && row.enabled && (is_for || takes(row, extension) == Takes::Yes)
    };
    let mut rows = secretary_rows(database).filter(is_meant);
    match rows.next().map(|row| row.xml.as_deref()) {
        None => Row::Missing,
        Some(Some(xml)) if xml.contains("voice_ai=true") => Row::Parks,
        Some(_) => Row::Other,
    }
}

/// The extension's end of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// `originate` came to nothing, with FreeSWITCH's cause.
    Refused(String),
    /// It was answered, and was gone before it was looked at.
    Gone,
    /// It waits in park.
    Parked {
        /// Whether `voice_ai` says that it is the service's.
        ours: bool,
    },
    /// A Lua script has it.
    Script(String),
    /// Something else has it: the application's name.
    Other(String),
}

/// What the service says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Service {
    /// It does not answer, in a whole sentence.
    Silent(Text),
    /// It answers, and is connected to no FreeSWITCH, with its words; none where none is configured.
    Apart(Option<String>),
    /// It answers, and is connected.
    Connected,
}

/// A call as the service has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Who answers.
    pub secretary: String,
    /// The engine's name.
    pub engine: String,
    /// How its audio travels: `raw`, `file` or `unicast`.
    pub leg: String,
    /// Whether the engine is still waited for.
    pub opening: bool,
    /// What came of the caller's audio, in milliseconds.
    pub heard_ms: u64,
    /// What was said to the caller, in milliseconds.
    pub said_ms: u64,
}

/// Every station in its order, and how the call passed it.
pub fn stations(seen: &Seen) -> Vec<(Station, Passed)> {
    let mut stopped = false;
    Station::ALL
        .into_iter()
        .map(|station| {
            if stopped {
                return (station, Passed::NotReached);
            }
            match stops::at(station, seen) {
                Ok(text) => (station, Passed::Ok(text)),
                Err(stop) => {
                    stopped = true;
                    (station, Passed::Stopped(stop))
                }
            }
        })
        .collect()
}

/// Whether the call passed them all.
pub fn is_whole(seen: &Seen) -> bool {
    Station::ALL
        .into_iter()
        .all(|station| stops::at(station, seen).is_ok())
}
