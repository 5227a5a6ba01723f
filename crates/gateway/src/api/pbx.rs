//! How the FreeSWITCHes of this node are.

use super::answers::{LiveCall, ModuleStatus, PbxState, PbxStatus};
use crate::config::PbxConfig;
use crate::switches::Switches;
use freeswitch::{Command, CommandError, State, Switch, VariableName};
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// The modules that matter to us, and for what.
const MODULES: [(&str, &str); 6] = [
    (
        "mod_audio_stream",
        "calls by stream (legs raw and file); without it unicast",
    ),
    ("mod_sndfile", "the leg file"),
    ("mod_local_stream", "music on hold"),
    ("mod_tone_stream", "ringing during a transfer"),
    ("mod_lua", "voice_secretary.lua"),
    ("mod_voicemail", "mailboxes"),
];

/// How each is.
pub(super) async fn statuses(
    switches: &Switches,
    configs: &[PbxConfig],
    calls: &[LiveCall],
) -> Vec<PbxStatus> {
    let all = switches.all().iter().zip(configs).enumerate();
    join_all(all.map(|(index, (one, config))| status(&one.switch, config, index, calls))).await
}

async fn status(switch: &Switch, config: &PbxConfig, index: usize, calls: &[LiveCall]) -> PbxStatus {
    let own: Vec<_> = calls
        .iter()
        .filter(|call| call.pbx.as_deref() == Some(switch.name()))
        .collect();
    let (round_trip, modules) = asked(switch).await;
    // After that: a command may have found out that the connection is lost.
    let state = switch.state();
    let counts = switch.counts();
    PbxStatus {
        name: switch.name().to_owned(),
        address: format!("{}:{}", config.host, config.port),
        state: state_of(&state),
        detail: detail(&state),
        remedy: remedy(&state, config, index),
        calls: own.len(),
        builds: builds(&own),
        round_trip_us: round_trip.map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX)),
        modules,
        reconnects: counts.connects.saturating_sub(1),
        failures: counts.failed + counts.not_connected + counts.timed_out,
    }
}

fn builds(calls: &[&LiveCall]) -> Vec<String> {
    let builds: BTreeSet<_> = calls.iter().map(|call| call.build.as_str()).collect();
    builds
        .into_iter()
        .filter(|build| *build != "core")
        .map(str::to_owned)
        .collect()
}

/// Asks for the modules. How long the first answer took.
async fn asked(switch: &Switch) -> (Option<Duration>, Vec<ModuleStatus>) {
    let mut round_trip = None;
    let mut modules = Vec::new();
    if !switch.state().is_up() {
        return (round_trip, modules);
    }
    for (name, needed_for) in MODULES {
        let begun = Instant::now();
        let Ok(loaded) = is_loaded(switch, name).await else {
            break;
        };
        round_trip.get_or_insert(begun.elapsed());
        modules.push(ModuleStatus {
            name: name.to_owned(),
            loaded,
            needed_for: needed_for.to_owned(),
        });
    }
    (round_trip, modules)
}

async fn is_loaded(switch: &Switch, module: &str) -> Result<bool, CommandError> {
    let Ok(module) = VariableName::parse(module) else {
        return Ok(false);
    };
    Ok(switch.command(Command::ModuleExists(module)).await? == "true")
}

const fn state_of(state: &State) -> PbxState {
    match state {
        State::Connecting => PbxState::Connecting,
        State::Up { .. } => PbxState::Up,
        State::WrongPassword => PbxState::WrongPassword,
        State::Refused => PbxState::Refused,
        State::Unreachable { .. } => PbxState::Unreachable,
        State::Lost { .. } => PbxState::Lost,
    }
}

/// How it is, without what would help.
pub(crate) fn detail(state: &State) -> String {
    match state {
        State::Connecting => "the first attempt is under way".to_owned(),
        State::Up { version } => version.clone(),
        State::WrongPassword => "it refuses the password".to_owned(),
        State::Refused => "its access list refuses this machine".to_owned(),
        State::Unreachable { reason } => format!("nothing answers: {reason}"),
        State::Lost { reason } => format!("the connection is lost: {reason}"),
    }
}

/// What would help; none where it is up.
pub(crate) fn remedy(state: &State, config: &PbxConfig, index: usize) -> Option<String> {
    let key = format!("pbx[{index}]");
    let (host, port) = (&config.host, config.port);
    Some(match state {
        State::Up { .. } => return None,
        State::Connecting => "wait a moment".to_owned(),
        State::WrongPassword => {
            let tried = match config.password {
                Some(_) => "",
                None => " (none is set, and FreeSWITCH's own default was tried)",
            };
            format!(
                "set {key}.password{tried} to the password of FreeSWITCH's autoload_configs/event_socket.conf.xml, and restart the \
                 service"
            )
        }
        // Without an apply-inbound-acl only loopback may connect (mod_event_socket of 1.10.12).
        State::Refused => "name in apply-inbound-acl of FreeSWITCH's autoload_configs/event_socket.conf.xml a list of \
             autoload_configs/acl.conf.xml that has this machine's address (without one only 127.0.0.1 and ::1 may connect), then: \
             fs_cli -x reloadacl, fs_cli -x 'reload mod_event_socket'"
            .to_owned(),
        State::Unreachable { .. } => format!(
            "is FreeSWITCH running, and does it listen there? `ss -ltn 'sport = :{port}'` on {host} shows it; else correct {key}.host \
             and {key}.port, listen-ip of its event_socket.conf.xml, or load mod_event_socket"
        ),
        State::Lost { .. } => {
            "it is tried again by itself; if that lasts, see whether FreeSWITCH runs and what its log says".to_owned()
        }
    })
}
