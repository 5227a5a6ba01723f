//! The token that a stream shows the service. A WebSocket that anyone on the machine may open is no service's: so the legs that stream have
//! one, in a file of the service's user and in one of FreeSWITCH's beside the script. It stands in no row of the dialplan, which pages, caches
//! and the records of calls show.

use super::script::state;
use super::setup::Wish;
use crate::dialplan::{Carrier, EntryLeg, Route, carrier, is_of_another_host, is_ours, read_one};
use crate::{Change, Facts, FileChange, FileFacts, FileState, HomeFacts, Owner, ServerState, Text};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// The service's file.
pub const TOKEN: &str = "/etc/voice-ai/stream.token";
/// The script's, beside it.
pub(crate) const SHOWN: &str = "voice_secretary.token";
/// The variable by which a row has its own.
pub(crate) const VARIABLE: &str = "voice_ai_token";

/// What is to change so that a wish's streams show the token that the service has already: of FreeSWITCH's files alone, whoever starts the service.
pub(super) fn of_service(wish: &Wish, facts: &Facts, home: &HomeFacts) -> Option<Change> {
    match need(wish, facts, home) {
        Need::Configured => shown(facts),
        Need::None | Need::Others | Need::Unmade | Need::New => None,
    }
}

/// How it is with the token of a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// No stream comes.
    None,
    /// The row says it, or FreeSWITCH's files are not to be seen from here.
    Others,
    /// The service has one, and the script is to show it.
    Configured,
    /// There is none, and none can be made: somebody else starts the service, or others stream to it.
    Unmade,
    /// There is none yet.
    New,
}

/// What is to change so that streams show what the service wants.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// The files.
    pub(super) changes: Vec<Change>,
    /// Whether the configuration is to name [`TOKEN`].
    pub(super) is_new: bool,
}

pub(super) fn token(wish: &Wish, facts: &Facts, home: &HomeFacts, user: Owner) -> Made {
    let of_service = home.token.as_ref().map(|file| file.text.trim().to_owned());
    match need(wish, facts, home) {
        Need::None | Need::Others | Need::Unmade | Need::Configured => Made::default(),
        Need::New => {
            let made = || format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
            let secret = of_service.filter(|text| !text.is_empty()).unwrap_or_else(made);
            let own = file(TOKEN.into(), home.token.as_ref(), &secret, user);
            Made {
                changes: own.into_iter().chain(beside(&secret, facts)).collect(),
                is_new: true,
            }
        }
    }
}

fn need(wish: &Wish, facts: &Facts, home: &HomeFacts) -> Need {
    let Route::Secretary(route) = &wish.entry.route else {
        return Need::None;
    };
    let EntryLeg::Script(variables) = &route.leg else {
        return Need::None;
    };
    if variables.iter().any(|(name, _)| name.as_str() == VARIABLE) {
        return Need::Others;
    }
    if facts.service.token.is_some() {
        return match of_script(facts) {
            Some(_) => Need::Configured,
            None => Need::Others,
        };
    }
    let is_started_otherwise = home.unit.is_none() && matches!(facts.server.state, ServerState::Up(_));
    if is_started_otherwise || others_stream(facts) || of_script(facts).is_none() {
        return Need::Unmade;
    }
    Need::New
}

/// Whether rows for other machines of a cluster stream, whose scripts would show nothing.
fn others_stream(facts: &Facts) -> bool {
    let rows = facts.database.iter().flat_map(|database| &database.dialplans);
    rows.filter(|row| is_ours(row) && is_of_another_host(row, facts))
        .filter_map(|row| read_one(row.xml.as_deref()?).ok())
        .any(|meaning| carrier(&meaning) == Some(Carrier::Script))
}

/// Where the script looks for it, what is there, and whose that is to be.
fn of_script(facts: &Facts) -> Option<(PathBuf, Option<&FileFacts>, Owner)> {
    let script = facts.script.as_ref().ok()?;
    let there = script.token.as_ref().ok()?.file.as_ref();
    let owner = facts.switch.process.as_ref()?.owner;
    Some((shown_at(&script.path), there, owner))
}

/// The file beside a script.
pub(crate) fn shown_at(script: &Path) -> PathBuf {
    script.with_file_name(SHOWN)
}

/// What is to change so that the script shows what the service wants; nothing where it does.
pub(crate) fn shown(facts: &Facts) -> Option<Change> {
    beside(facts.service.token.as_ref()?.reveal(), facts)
}

fn beside(secret: &str, facts: &Facts) -> Option<Change> {
    let (path, there, owner) = of_script(facts)?;
    file(path, there, secret, owner)
}

/// A file with it; nothing where it is there.
fn file(path: PathBuf, there: Option<&FileFacts>, secret: &str, owner: Owner) -> Option<Change> {
    let after = FileState {
        text: format!("{secret}\n"),
        mode: 0o600,
        owner: Some(owner),
    };
    let before = there.map(state);
    (before.as_ref() != Some(&after)).then_some(Change::File(FileChange {
        path,
        before,
        after: Some(after),
    }))
}

/// What an operator is told of it.
pub(super) fn remark(wish: &Wish, facts: &Facts, home: &HomeFacts) -> Option<Text> {
    match need(wish, facts, home) {
        Need::Others | Need::Configured => None,
        Need::None if facts.service.token.is_some() => Some(Text::new(
            "the token of streams (server.token) stays: parked calls need none, and whoever streams to this service goes on showing it",
            "o token dos streams (server.token) fica: chamadas estacionadas não precisam dele, e quem envia streams a este serviço continua \
             a apresentá-lo",
        )),
        Need::None => Some(Text::new(
            "no token is made: with the leg unicast no WebSocket is opened, and the service takes over only calls that FreeSWITCH's event \
             socket, which has a password, tells it of",
            "nenhum token é criado: no modo unicast nenhum WebSocket é aberto, e o serviço só assume chamadas que o event socket do \
             FreeSWITCH, que tem senha, lhe informa",
        )),
        Need::New => Some(Text::new(
            format!(
                "streams show a random token from now on: {TOKEN} has it for the service, {SHOWN} beside the script for FreeSWITCH; \
                 anything else that streams to this service is refused until it shows it too"
            ),
            format!(
                "de agora em diante os streams apresentam um token aleatório: {TOKEN} o guarda para o serviço, {SHOWN} ao lado do script \
                 para o FreeSWITCH; qualquer outro que envie streams a este serviço é recusado até apresentá-lo também"
            ),
        )),
        Need::Unmade => Some(Text::new(
            "the service has no token, and none is made here, as others start it or stream to it: whoever reaches its port may try; set \
             server.token by docs/security.md",
            "o serviço não tem token, e nenhum é criado aqui, pois outros o iniciam ou lhe enviam streams: quem alcança a porta pode tentar; \
             defina server.token conforme docs/security.md",
        )),
    }
}

/// The configuration with a line that names the token, in its section `[server]` where there is one.
pub(super) fn named_in(text: &str) -> String {
    let value = format!("{{ file = {} }}", super::service::quoted(TOKEN));
    if let Some(end) = line_end(text, |line| line == "[server]") {
        return inserted(text, end, &format!("token = {value}\n"));
    }
    // Keys that stand above all sections have their section's name in front.
    let above = match text.find("\n[") {
        _ if text.starts_with('[') => "",
        Some(at) => text.get(..=at).unwrap_or_default(),
        None => text,
    };
    if let Some(end) = line_end(above, |line| line.starts_with("server.")) {
        return inserted(text, end, &format!("server.token = {value}\n"));
    }
    let newline = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{text}{newline}\n[server]\ntoken = {value}\n")
}

/// Where the first line of this kind ends, comments left aside.
fn line_end(text: &str, is_it: impl Fn(&str) -> bool) -> Option<usize> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        if is_it(line.split('#').next().unwrap_or_default().trim()) {
            return Some(at);
        }
    }
    None
}

fn inserted(text: &str, at: usize, line: &str) -> String {
    let (before, after) = text.split_at(at);
    let newline = if before.ends_with('\n') { "" } else { "\n" };
    format!("{before}{newline}{line}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_named_where_the_section_is() {
        const VALUE: &str = "{ file = \"/etc/voice-ai/stream.token\" }";
        for (text, wanted) in [
            ("", format!("\n[server]\ntoken = {VALUE}\n")),
            (
                "[data]\ndir = \"a\"",
                format!("[data]\ndir = \"a\"\n\n[server]\ntoken = {VALUE}\n"),
            ),
            (
                "[data]\n[server] # ours\nlisten = \"x\"\n[log]\n",
                format!("[data]\n[server] # ours\ntoken = {VALUE}\nlisten = \"x\"\n[log]\n"),
            ),
            ("[server]", format!("[server]\ntoken = {VALUE}\n")),
            (
                "server.listen = \"x\"\n[log]\n",
                format!("server.listen = \"x\"\nserver.token = {VALUE}\n[log]\n"),
            ),
            (
                "# [server]\n[server.tls]\nkey = \"k\"\n",
                format!("# [server]\n[server.tls]\nkey = \"k\"\n\n[server]\ntoken = {VALUE}\n"),
            ),
        ] {
            assert_eq!(named_in(text), wanted, "{text:?}");
            assert!(toml::from_str::<toml::Table>(&named_in(text)).is_ok(), "{text:?}");
        }
    }
}
