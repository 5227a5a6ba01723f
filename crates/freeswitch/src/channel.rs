//! What FreeSWITCH says of a channel.

use crate::{ContextName, Extension};
use audio::SampleRate;
use secretary::{CallUuid, DomainUuid};
use std::time::Duration;

/// A channel, as FreeSWITCH describes it: facts, where a stream's metadata are claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its UUID.
    pub call: CallUuid,
    /// The tenant, where the dialplan has set `domain_uuid` (FusionPBX always does).
    pub domain: Option<DomainUuid>,
    /// The domain's name, where the dialplan has set `domain_name`.
    pub domain_name: Option<ContextName>,
    /// Who is to answer: `voice_ai_secretary` (a name), or `secretary_uuid` as the published dialplan sets it.
    pub secretary: Option<String>,
    /// The caller's number.
    pub caller_number: Option<String>,
    /// The caller's name.
    pub caller_name: Option<String>,
    /// What was dialled.
    pub destination: Option<String>,
    /// The dialplan context it is in, which a transfer goes to.
    pub context: Option<ContextName>,
    /// Where the call goes when nobody carries it any more: `voice_ai_fallback`.
    pub fallback: Option<Extension>,
    /// The rate of its audio inside FreeSWITCH.
    pub rate: SampleRate,
    /// The length of its packets.
    pub ptime: Duration,
    /// Its codec (`PCMU`, `PCMA`, `opus`, …).
    pub codec: String,
    /// Whether it was answered.
    pub answered: bool,
    /// Whether the dialplan has parked it for us: `voice_ai` is true and park runs.
    pub parked_for_us: bool,
    /// Whether what it hears is the music that [`Channel::HELD_WITH`] names: it was put on hold by us, or by a gateway before us.
    pub held: bool,
}

impl Channel {
    /// The variable that says where a channel was taken up: what was dialled then. For [`Application`](crate::Application)s that are
    /// executed in park stay the current ones after their end (measured on 1.10.12), and nothing else that FreeSWITCH tells of a
    /// channel is different.
    pub const TAKEN_UP_AT: &str = "voice_ai_at";

    /// The variable that says by which music a caller waits, as [`Application::HoldMusic`](crate::Application::HoldMusic) plays it. It is
    /// true while that plays: somebody else's announcement is another file.
    pub const HELD_WITH: &str = "voice_ai_held";

    /// Reads the headers of an event, or of a `uuid_dump`. None without a UUID.
    pub(crate) fn read<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let present = |name: &str| header(name).filter(|value| !value.is_empty() && *value != "_undef_");
        let number = |name: &str| present(name).and_then(|value| value.parse::<u32>().ok());
        let rate = number("Channel-Read-Codec-Rate").or_else(|| number("variable_read_rate"));
        let ptime = number("variable_rtp_use_codec_ptime").filter(|ms| (1..=120).contains(ms));
        Some(Self {
            call: present("Unique-ID")?.parse().ok()?,
            domain: present("variable_domain_uuid").and_then(|value| value.parse().ok()),
            domain_name: present("variable_domain_name").and_then(|value| ContextName::parse(value).ok()),
            secretary: present("variable_voice_ai_secretary")
                .or_else(|| present("variable_secretary_uuid"))
                .map(str::to_owned),
            caller_number: present("Caller-Caller-ID-Number").map(str::to_owned),
            caller_name: present("Caller-Caller-ID-Name").map(str::to_owned),
            destination: present("Caller-Destination-Number").map(str::to_owned),
            context: present("Caller-Context").and_then(|value| ContextName::parse(value).ok()),
            fallback: present("variable_voice_ai_fallback").and_then(|value| Extension::parse(value).ok()),
            // A channel that has no audio yet gets the rate and packets of most.
            rate: rate
                .and_then(|hz| SampleRate::new(hz).ok())
                .unwrap_or(SampleRate::HZ_8000),
            ptime: Duration::from_millis(u64::from(ptime.unwrap_or(20))),
            codec: present("Channel-Read-Codec-Name")
                .or_else(|| present("variable_read_codec"))
                .unwrap_or_default()
                .to_owned(),
            answered: present("Answer-State") == Some("answered"),
            parked_for_us: present("variable_voice_ai").is_some_and(is_true) && is_parked(&present),
            held: is_held(&present),
        })
    }

    /// The value of `voice_ai` of a channel that waits in park and does not say by it what it was probably to say, from the reply to
    /// `uuid_dump … json`.
    pub(crate) fn mistaken_mark(json: &str) -> Option<String> {
        let dump: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).ok()?;
        let present = |name: &str| dump.get(name)?.as_str();
        let mark = present("variable_voice_ai").filter(|mark| !mark.is_empty())?;
        let is_clear = is_true(mark) || mark.eq_ignore_ascii_case("false");
        (!is_clear && is_parked(&present)).then(|| mark.to_owned())
    }

    /// Reads the reply to `uuid_dump … json`.
    pub fn of_dump(json: &str) -> Option<Self> {
        let dump: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).ok()?;
        Self::read(|name| dump.get(name)?.as_str())
    }
}

/// Whether `voice_ai` says that the channel is for us. No other word will do that FreeSWITCH takes for true: its events are filtered by
/// this one, so that others would be found after a reconnect and not before.
fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true")
}

/// Whether park runs.
fn is_parked<'a>(present: &impl Fn(&str) -> Option<&'a str>) -> bool {
    if present("Answer-State") == Some("hangup") {
        return false;
    }
    present("Event-Name") == Some("CHANNEL_PARK")
        || present("Channel-State") == Some("CS_PARK")
        || present("variable_current_application") == Some("park")
        || is_still_there(present)
}

/// Whether the music plays by which the caller was put on hold. The response is empty from the beginning of an application to its end
/// (measured on 1.10.12).
fn is_held<'a>(present: &impl Fn(&str) -> Option<&'a str>) -> bool {
    let music = present(&format!("variable_{}", Channel::HELD_WITH));
    music.is_some()
        && music == present("variable_current_application_data")
        && present("variable_current_application") == Some("playback")
        && present("variable_current_application_response").is_none()
}

/// Whether a channel that was taken up before has neither been sent elsewhere (a new park keeps what was dialled) nor talks to another.
fn is_still_there<'a>(present: &impl Fn(&str) -> Option<&'a str>) -> bool {
    let at = present(&format!("variable_{}", Channel::TAKEN_UP_AT));
    at.is_some() && at == present("Caller-Destination-Number") && present("variable_signal_bond").is_none()
}
