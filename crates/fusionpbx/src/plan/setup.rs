//! What is to change so that an extension is answered, from the script to the dialplan row; and so that it is no more.

use super::merging::merged;
use super::service::{Wanted, service};
use super::{module, script};
use crate::dialplan::{self, Entry, EntryLeg, Refusal, Route};
use crate::{
    Change, EventSocket, Facts, FileChange, FileState, HomeFacts, LoadedModule, Owner, ServerState,
    SwitchChange, Text,
};
use std::path::PathBuf;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The row, its details and its XML.
    pub entry: Entry,
    /// The secretary, by the name that the configuration gives it.
    pub secretary: String,
    /// New files of a secretary that is not there yet.
    pub files: Vec<(PathBuf, String)>,
    /// How the service is to reach FreeSWITCH.
    pub event_socket: EventSocket,
    /// The program of the service's unit.
    pub program: PathBuf,
}

/// Why nothing can be set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hindrance {
    /// The row cannot be.
    Row(Refusal),
    /// The leg needs something that is not there.
    Missing(Text),
}

impl Hindrance {
    /// For the operator.
    pub fn text(&self) -> Text {
        match self {
            Self::Row(refusal) => refusal.text(),
            Self::Missing(text) => text.clone(),
        }
    }
}

impl From<Refusal> for Hindrance {
    fn from(refusal: Refusal) -> Self {
        Self::Row(refusal)
    }
}

/// What is to change so that all that is wished is there; nothing where it is.
///
/// # Errors
/// When the extension is somebody else's, or the leg needs what is not there.
pub fn setup(wish: &Wish, facts: &Facts, home: &HomeFacts) -> Result<Vec<Change>, Hindrance> {
    let mut changes = leg(wish, facts)?;
    let row = dialplan::add(&wish.entry, facts)?;
    let is_new = !row.is_empty();
    changes.extend(row);
    let wanted = Wanted {
        domain: &wish.entry.domain,
        secretary: &wish.secretary,
        event_socket: &wish.event_socket,
        program: &wish.program,
    };
    let own = service(&wanted, facts, home)?;
    // One that runs is started anew only where it has something else to read.
    let is_other = !own.is_empty() || !wish.files.is_empty();
    let starts = is_other || !matches!(facts.server.state, ServerState::Up(_));
    let owner = home.user.unwrap_or(Owner {
        uid: home.free_id,
        gid: home.free_id,
    });
    changes.extend(wish.files.iter().map(|(path, text)| {
        Change::File(FileChange {
            path: path.clone(),
            before: None,
            after: Some(FileState {
                text: text.clone(),
                mode: 0o640,
                owner: Some(owner),
            }),
        })
    }));
    // The configuration comes last: at no moment it names what is not there yet.
    changes.extend(own);
    if is_new {
        changes.push(Change::Switch(SwitchChange::ReloadXml));
    }
    if starts && home.systemd {
        changes.push(Change::Unit { run: true });
    }
    Ok(merged(changes))
}

/// What the row's way of audio needs of FreeSWITCH.
fn leg(wish: &Wish, facts: &Facts) -> Result<Vec<Change>, Hindrance> {
    let Route::Secretary(route) = &wish.entry.route else {
        return Ok(Vec::new());
    };
    if route.leg == EntryLeg::Unicast {
        return Ok(Vec::new());
    }
    let unknown = || {
        Hindrance::Missing(Text::new(
            "FreeSWITCH could not be asked for its folders, or its files not be read: voice-ai doctor tells why; the leg unicast needs \
             neither script nor module",
            "não foi possível consultar as pastas do FreeSWITCH, ou ler seus arquivos: voice-ai doctor diz por quê; o modo unicast não \
             precisa de script nem de módulo",
        ))
    };
    if !facts.module.as_ref().map_err(|_| unknown())?.present {
        return Err(Hindrance::Missing(Text::new(
            "there is no mod_audio_stream: install a build by install-mod-audio-stream.sh --module FILE.so, or use --leg unicast, \
             which needs none",
            "não há mod_audio_stream: instale uma compilação com install-mod-audio-stream.sh --module ARQUIVO.so, ou use --leg \
             unicast, que não precisa dele",
        )));
    }
    let mut changes = script::script(facts).ok_or_else(unknown)?;
    changes.extend(module::autoload(facts).ok_or_else(unknown)?);
    for module in [LoadedModule::AudioStream, LoadedModule::Lua] {
        changes.extend(module::loaded(module, facts).ok_or_else(unknown)?);
    }
    Ok(changes)
}
