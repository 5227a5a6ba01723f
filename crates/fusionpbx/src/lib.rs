//! The integration with FusionPBX: what is there, what is wrong with it, and what is to change.
//!
//! ```text
//!  survey (reads) ──▶ Facts ──▶ checks ──▶ Finding    `voice-ai doctor` prints them
//!                          └──▶ plans  ──▶ Change     the journal carries them out, and takes them back
//! ```
//!
//! Checks and plans are pure: [`Facts`] in, [`Finding`]s or [`Change`]s out. Everything that reads is in `survey`, everything that
//! writes in `journal`. A fact is what was found, with no verdict; what is right is said by the checks alone.
//!
//! Facts of FusionPBX are of 5.4.4 and 5.6.4-dev.
#![forbid(unsafe_code)]

pub mod cache;
mod change;
pub mod checks;
mod code;
pub mod database;
pub mod dialplan;
mod explain;
mod facts;
mod finding;
mod host;
pub mod journal;
mod lang;
mod outside;
pub mod plan;
pub mod settings;
mod survey;
pub mod test_call;

pub use change::{Change, FileChange, FileState, Owner, RowChange, SwitchChange, Table, UnitState};
pub use code::{Code, Group};
pub use database::{Database, DatabaseError};
pub use explain::explain;
pub use facts::{
    Account, Apart, CacheFacts, CacheFile, CacheMethod, CacheRow, CacheSettings, ChoiceOfDialplan,
    DatabaseFacts, Destination, Detail, DialplanRow, Domain, EngineKey, Esl, EslState, Facts, FileFacts,
    HomeFacts, Installation, KeyState, LoadedModule, Module, ModuleBuild, ModuleFacts, PasswordCut,
    PortOwner, Running, ScriptFacts, SecondConfig, ServerFacts, ServerState, Service, ServiceDomain,
    ServiceSecretary, ShownToken, SwitchFacts, SwitchFolders, SystemFacts, Unread, Upgrade,
};
pub use finding::{Finding, Verdict};
pub use host::{Host, User, Want};
pub use lang::{Lang, Text};
pub use outside::Reality;
pub use settings::{DatabaseSettings, EventSocket, Secret, Settings, SettingsError, TlsMode};
pub use survey::{Options as SurveyOptions, event_socket, home, survey, unit_config};
