//! What is to change so that an extension is answered, from the script to the dialplan row; and so that it is no more.

use super::leg::{doubt, fits};
use super::merging::merged;
use super::service::{service, time_zone, user};
use super::token;
use super::{module, script};
use crate::dialplan::{self, Entry, EntryLeg, Refusal, Route};
use crate::{
    Change, EventSocket, Facts, FileChange, FileState, HomeFacts, LoadedModule, ServerState, SwitchChange,
    Text,
};
use std::net::IpAddr;
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
    /// What else is known of where it is to be.
    pub more: Surroundings,
}

/// What is known beside facts of where a secretary is to be.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The domain's time zone as FusionPBX has it, by its IANA name.
    pub time_zone: Option<String>,
    /// The service's address for datagrams of a FreeSWITCH that is elsewhere.
    pub unicast_address: Option<IpAddr>,
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
    changes.extend(token::of_service(wish, facts, home));
    let row = dialplan::add(&wish.entry, facts)?;
    let is_new = !row.is_empty();
    changes.extend(row);
    let own = service(wish, facts, home)?;
    // One that runs is started anew only where it has something else to read.
    let is_other = !own.is_empty() || !wish.files.is_empty();
    let starts = is_other || !matches!(facts.server.state, ServerState::Up(_));
    let owner = user(facts, home);
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

/// What people should know of a setup before they say yes.
pub fn setup_remarks(wish: &Wish, facts: &Facts, home: &HomeFacts) -> Vec<Text> {
    let mut remarks: Vec<_> = token::remark(wish, facts, home).into_iter().collect();
    if let Route::Secretary(route) = &wish.entry.route {
        remarks.extend(doubt(&route.leg, facts));
    }
    let domain = &wish.entry.domain;
    if !facts
        .service
        .domains
        .iter()
        .any(|known| known.uuid == domain.uuid)
    {
        let (name, zone) = (&domain.name, time_zone(wish, home));
        remarks.push(Text::new(
            format!(
                "days and hours of {name} are those of {zone}; timezone below its [[domains]] is another"
            ),
            format!(
                "os dias e horas de {name} são os de {zone}; timezone abaixo do [[domains]] dele define outro"
            ),
        ));
    }
    remarks.extend(without_systemd(facts, home));
    remarks
}

/// Who starts the service where nothing else does.
fn without_systemd(facts: &Facts, home: &HomeFacts) -> Option<Text> {
    if !home.is_bare() || matches!(facts.server.state, ServerState::Up(_)) {
        return None;
    }
    let process = facts.switch.process.as_ref();
    let name = home.user.map_or_else(
        || process.map_or("root", |process| process.name.as_str()),
        |_| super::service::USER,
    );
    let config = facts.service.config.display();
    let line = format!(
        "install -d -o {name} -m 750 /var/lib/voice-ai && setpriv --reuid {name} --regid $(id -g {name}) --init-groups voice-ai serve \
         --config {config}"
    );
    Some(Text::new(
        format!(
            "systemd does not run here, so nothing starts the service: its files are {name}'s; start it as that user: {line}"
        ),
        format!(
            "o systemd não roda aqui, então nada inicia o serviço: os arquivos são de {name}; inicie-o com esse usuário: {line}"
        ),
    ))
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
    fits(&route.leg, facts)?;
    if let Ok(script) = &facts.script
        && let Err(why) = &script.token
    {
        return Err(Hindrance::Missing(why.0.clone()));
    }
    let mut changes = script::script(facts).ok_or_else(unknown)?;
    changes.extend(module::autoload(facts).ok_or_else(unknown)?);
    for module in [LoadedModule::AudioStream, LoadedModule::Lua] {
        changes.extend(module::loaded(module, facts).ok_or_else(unknown)?);
    }
    Ok(changes)
}
