//! What an event says.

use crate::{Happening, ModuleEvent, PlaybackEnd};
use freeswitch_esl_tokio::{EslEvent, EslEventType, HangupCause};
use secretary::CallUuid;
use serde_json::Value;
use uuid::Uuid;

/// The channel that an event is about.
pub(crate) fn channel_of(event: &EslEvent) -> Option<CallUuid> {
    event.header_str("Unique-ID")?.parse().ok()
}

/// What an event tells, and of whom. A bridge is told to both of its channels, where FreeSWITCH tells it once.
pub(crate) fn told(event: &EslEvent) -> Vec<(CallUuid, Happening)> {
    let Some(call) = channel_of(event) else {
        return Vec::new();
    };
    match event.event_type() {
        Some(EslEventType::ChannelBridge) => bridged(event),
        Some(kind) => one(event, kind)
            .map(|happening| (call, happening))
            .into_iter()
            .collect(),
        None => Vec::new(),
    }
}

fn one(event: &EslEvent, kind: EslEventType) -> Option<Happening> {
    match kind {
        EslEventType::ChannelAnswer => Some(Happening::Answered),
        EslEventType::ChannelPark => Some(Happening::Parked),
        EslEventType::ChannelUnpark => Some(Happening::Unparked),
        EslEventType::Dtmf => event
            .header_str("DTMF-Digit")?
            .chars()
            .next()
            .map(Happening::Digit),
        EslEventType::ChannelExecute => Some(Happening::Began {
            id: application_of(event)?,
        }),
        EslEventType::ChannelExecuteComplete => Some(Happening::Ended {
            id: application_of(event)?,
            response: event
                .header_str("Application-Response")
                .unwrap_or_default()
                .to_owned(),
            disposition: disposition_of(event),
        }),
        EslEventType::PlaybackStart => Some(Happening::PlaybackStarted {
            file: file_of(event)?,
        }),
        EslEventType::PlaybackStop => Some(Happening::PlaybackStopped {
            file: file_of(event)?,
            end: match event.header_str("Playback-Status") {
                Some("done") => PlaybackEnd::Done,
                _ => PlaybackEnd::Broken,
            },
        }),
        EslEventType::ChannelHangup | EslEventType::ChannelHangupComplete | EslEventType::ChannelDestroy => {
            Some(Happening::HungUp {
                cause: event
                    .header_str("Hangup-Cause")
                    .and_then(|cause| cause.parse::<HangupCause>().ok()),
            })
        }
        EslEventType::Custom => module(event).map(Happening::Module),
        _ => None,
    }
}

fn bridged(event: &EslEvent) -> Vec<(CallUuid, Happening)> {
    let ends = (
        uuid_in(event, "Bridge-A-Unique-ID"),
        uuid_in(event, "Bridge-B-Unique-ID"),
    );
    let (Some(one), Some(other)) = ends else {
        return Vec::new();
    };
    vec![
        (one, Happening::Bridged { with: other }),
        (other, Happening::Bridged { with: one }),
    ]
}

fn uuid_in(event: &EslEvent, name: &str) -> Option<CallUuid> {
    event.header_str(name)?.parse().ok()
}

fn application_of(event: &EslEvent) -> Option<Uuid> {
    Uuid::try_parse(event.header_str("Application-UUID")?).ok()
}

fn file_of(event: &EslEvent) -> Option<String> {
    event.header_str("Playback-File-Path").map(str::to_owned)
}

/// How a `bridge` went: the disposition of its originate, else why the other end hung up.
fn disposition_of(event: &EslEvent) -> Option<String> {
    if event.header_str("Application") != Some("bridge") {
        return None;
    }
    [
        "variable_originate_disposition",
        "variable_last_bridge_hangup_cause",
    ]
    .into_iter()
    .find_map(|name| event.header_str(name))
    .map(str::to_owned)
}

fn module(event: &EslEvent) -> Option<ModuleEvent> {
    // A body that is no JSON is handed on as text: the module writes what the server sent.
    let body = || {
        let text = event.body().unwrap_or_default();
        serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
    };
    match event.header_str("Event-Subclass")? {
        "mod_audio_stream::connect" => Some(ModuleEvent::Connected),
        "mod_audio_stream::disconnect" => Some(ModuleEvent::Disconnected),
        "mod_audio_stream::error" => Some(ModuleEvent::Failed(body())),
        "mod_audio_stream::play" => Some(ModuleEvent::Play(body())),
        "mod_audio_stream::json" => Some(ModuleEvent::Json(body())),
        _ => None,
    }
}
