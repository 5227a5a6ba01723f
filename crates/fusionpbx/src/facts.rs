//! What was found, group by group, with no verdict. A group that could not be read says why, and its checks are skipped.

mod cache;
mod database;
mod home;
mod module;
mod script;
mod server;
mod service;
mod switch;
mod system;

pub use cache::{CacheFacts, CacheFile, CacheMethod, CacheSettings};
pub use database::{
    CacheRow, ChoiceOfDialplan, DatabaseFacts, Destination, Detail, DialplanRow, Domain, Module,
    SwitchFolders,
};
pub use home::HomeFacts;
pub use module::{ModuleBuild, ModuleFacts};
pub use script::{FileFacts, ScriptFacts, ShownToken};
pub use server::{PortOwner, ServerFacts, ServerState, Upgrade};
pub use service::{EngineKey, KeyState, Service, ServiceDomain, ServiceSecretary};
pub use switch::{Account, Apart, Esl, EslState, LoadedModule, Running, SwitchFacts};
pub use system::{Installation, PasswordCut, SecondConfig, SystemFacts};

use crate::Text;

/// Why something could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread(pub Text);

/// All that doctor and plans look at.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What the service's configuration says.
    pub service: Service,
    /// Where FusionPBX is, and the machine.
    pub system: SystemFacts,
    /// FreeSWITCH.
    pub switch: SwitchFacts,
    /// FusionPBX's database.
    pub database: Result<DatabaseFacts, Unread>,
    /// FusionPBX's cache.
    pub cache: Result<CacheFacts, Unread>,
    /// The Lua script.
    pub script: Result<ScriptFacts, Unread>,
    /// mod_audio_stream.
    pub module: Result<ModuleFacts, Unread>,
    /// The service, as it runs.
    pub server: ServerFacts,
}
