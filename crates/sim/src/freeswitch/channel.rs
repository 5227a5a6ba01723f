//! A channel: what is known of it, and what its events carry.

use super::sound::Sound;
use super::stream::Stream;
use super::unicast::Unicast;
use super::{Codec, Place};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::watch;

/// A channel of the fake.
pub(super) struct Channel {
    /// Its UUID, as text.
    pub(super) id: String,
    /// Its place in the row of all that were made, from 1.
    pub(super) number: u64,
    pub(super) direction: Direction,
    /// `sofia/internal/1000@127.0.0.1`, …
    pub(super) name: String,
    pub(super) codec: Codec,
    /// Microseconds of the epoch.
    pub(super) created: u64,
    state: Mutex<State>,
    /// What it says and hears.
    pub(super) sound: Mutex<Sound>,
    changed: watch::Sender<()>,
    places: watch::Sender<Vec<Place>>,
}

/// Who began the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Somebody outside.
    Inbound,
    /// FreeSWITCH itself.
    Outbound,
}

impl Direction {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// What changes in a channel's life.
pub(super) struct State {
    pub(super) variables: Vec<(String, String)>,
    pub(super) profile: Profile,
    /// `CS_EXECUTE`, …
    pub(super) core: CoreState,
    pub(super) answer: &'static str,
    pub(super) call: &'static str,
    /// Microseconds of the epoch, or 0.
    pub(super) answered: u64,
    pub(super) hung_up: u64,
    /// Why it ends.
    pub(super) cause: Option<String>,
    /// What `sendmsg` asked for and was not begun.
    pub(super) messages: VecDeque<Message>,
    /// Playing of a `sendmsg` (CF_BROADCAST).
    pub(super) broadcasting: bool,
    /// `uuid_break` came into it (CF_STOP_BROADCAST).
    pub(super) stop_broadcast: bool,
    /// `uuid_break` (CF_BREAK).
    pub(super) broken: bool,
    /// The message that is obeyed has `event-lock`: no other is begun meanwhile.
    pub(super) locked: bool,
    /// It leaves what it executes for this.
    pub(super) leaving: Option<Leaving>,
    /// With whom it was connected.
    pub(super) other: Option<Other>,
    /// Keys pressed and not yet told, with how they came (`RTP`, `APP`).
    pub(super) digits: VecDeque<(char, &'static str)>,
    /// It is in park and executes nothing else.
    pub(super) idle_in_park: bool,
    pub(super) unicast: Option<Unicast>,
    /// The unicast of this park was shut down, and park keeps what is left of it.
    pub(super) unicast_spent: bool,
    /// The audio module's stream.
    pub(super) stream: Option<Stream>,
    /// What it executes, outermost first.
    pub(super) applications: Vec<(String, String)>,
    /// What the last application answered.
    pub(super) response: Option<String>,
    /// Files that `uuid_record` writes, and since when.
    pub(super) recordings: Vec<(String, Instant)>,
}

/// Who calls whom.
#[derive(Debug, Clone, Default)]
pub(super) struct Profile {
    pub(super) number: String,
    pub(super) name: String,
    pub(super) destination: String,
    pub(super) context: String,
    pub(super) source: &'static str,
    /// Whether the inline dialplan brought it here: a `loopback` whose dial string names no dialplan then takes the number for an
    /// application (measured).
    pub(super) inline: bool,
    /// Microseconds of the epoch.
    pub(super) transferred: u64,
    pub(super) bridged: u64,
}

/// The channel on the other side.
#[derive(Debug, Clone)]
pub(super) struct Other {
    pub(super) id: String,
    /// `originator` or `originatee`.
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) profile: Profile,
}

/// Where a channel goes from what it executes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leaving {
    /// Into the dialplan.
    Dialplan { extension: String, context: String },
    /// Through the inline dialplan.
    Inline(Vec<(String, String)>),
    /// To applications, from having its sound consumed.
    Execute(Vec<(String, String)>),
    /// Into the state CS_PARK.
    Park,
    /// To another channel, as the first (`lead`) or the second of `uuid_bridge`.
    Bridge { other: String, lead: bool },
}

/// What a `sendmsg` asks for: its headers.
#[derive(Debug, Clone)]
pub(super) struct Message(pub(super) Vec<(String, String)>);

impl Message {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// The states of FreeSWITCH's state machine that are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CoreState {
    None,
    New,
    Init,
    Routing,
    SoftExecute,
    Execute,
    ExchangeMedia,
    Park,
    ConsumeMedia,
    Hibernate,
    Reset,
    Hangup,
    Reporting,
    Destroy,
}

impl CoreState {
    /// The name and number, as in `switch_types.h`.
    pub(super) fn shown(self) -> (&'static str, u8) {
        match self {
            Self::New => ("CS_NEW", 0),
            Self::Init => ("CS_INIT", 1),
            Self::Routing => ("CS_ROUTING", 2),
            Self::SoftExecute => ("CS_SOFT_EXECUTE", 3),
            Self::Execute => ("CS_EXECUTE", 4),
            Self::ExchangeMedia => ("CS_EXCHANGE_MEDIA", 5),
            Self::Park => ("CS_PARK", 6),
            Self::ConsumeMedia => ("CS_CONSUME_MEDIA", 7),
            Self::Hibernate => ("CS_HIBERNATE", 8),
            Self::Reset => ("CS_RESET", 9),
            Self::Hangup => ("CS_HANGUP", 10),
            Self::Reporting => ("CS_REPORTING", 11),
            Self::Destroy => ("CS_DESTROY", 12),
            Self::None => ("CS_NONE", 13),
        }
    }
}

/// What a new channel is made of.
pub(super) struct Birth {
    pub(super) id: String,
    pub(super) number: u64,
    pub(super) direction: Direction,
    pub(super) name: String,
    pub(super) codec: Codec,
    pub(super) created: u64,
    pub(super) profile: Profile,
    pub(super) variables: Vec<(String, String)>,
    pub(super) other: Option<Other>,
}

impl Channel {
    pub(super) fn new(birth: Birth) -> Self {
        let mut variables = vec![
            ("direction".to_owned(), birth.direction.name().to_owned()),
            ("uuid".to_owned(), birth.id.clone()),
            ("session_id".to_owned(), birth.number.to_string()),
            ("channel_name".to_owned(), birth.name.clone()),
            ("call_uuid".to_owned(), birth.id.clone()),
        ];
        let rate = birth.codec.rate.hz().to_string();
        for (name, value) in [
            ("rtp_use_codec_name", birth.codec.name.clone()),
            ("rtp_use_codec_rate", rate.clone()),
            ("rtp_use_codec_ptime", birth.codec.ptime.as_millis().to_string()),
            ("read_codec", birth.codec.name.clone()),
            ("read_rate", rate.clone()),
            ("write_codec", birth.codec.name.clone()),
            ("write_rate", rate),
        ] {
            variables.push((name.to_owned(), value));
        }
        variables.extend(birth.variables);
        let state = State {
            variables,
            profile: birth.profile,
            core: CoreState::None,
            answer: "ringing",
            call: "DOWN",
            answered: 0,
            hung_up: 0,
            cause: None,
            messages: VecDeque::new(),
            broadcasting: false,
            stop_broadcast: false,
            broken: false,
            locked: false,
            leaving: None,
            other: birth.other,
            digits: VecDeque::new(),
            idle_in_park: false,
            unicast: None,
            unicast_spent: false,
            stream: None,
            applications: Vec::new(),
            response: None,
            recordings: Vec::new(),
        };
        Self {
            id: birth.id,
            number: birth.number,
            direction: birth.direction,
            name: birth.name,
            sound: Mutex::new(Sound::new(&birth.codec)),
            codec: birth.codec,
            created: birth.created,
            state: Mutex::new(state),
            changed: watch::Sender::new(()),
            places: watch::Sender::new(Vec::new()),
        }
    }

    /// What changes; wakes whoever waits for a change once the guard's user calls [`Channel::touch`].
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sound(&self) -> MutexGuard<'_, Sound> {
        self.sound.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something changed that its task, or that of the other side, may wait for.
    pub(super) fn touch(&self) {
        self.changed.send_replace(());
    }

    /// Tells of each touch.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Where it has been.
    pub(super) fn places(&self) -> watch::Receiver<Vec<Place>> {
        self.places.subscribe()
    }

    pub(super) fn is_at(&self, place: Place) {
        self.places.send_modify(|places| places.push(place));
    }

    /// Neither hung up nor on its way elsewhere (`switch_channel_ready`).
    pub(super) fn ready(&self) -> bool {
        let state = self.state();
        state.cause.is_none() && state.leaving.is_none()
    }

    /// Why it was hung up, if it was.
    pub(super) fn cause(&self) -> Option<String> {
        self.state().cause.clone()
    }

    pub(super) fn variable(&self, name: &str) -> Option<String> {
        self.state().variable(name).map(str::to_owned)
    }

    /// Whether a variable says yes as FreeSWITCH reads it.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.state().variable(name).is_some_and(truth)
    }

    pub(super) fn set(&self, name: &str, value: impl Into<String>) {
        self.state().set(name, value);
    }

    pub(super) fn unset(&self, name: &str) {
        self.state().variables.retain(|(known, _)| known != name);
    }

    /// How another channel knows this one.
    pub(super) fn as_other(&self, kind: &'static str) -> Other {
        Other {
            id: self.id.clone(),
            kind,
            name: self.name.clone(),
            profile: self.state().profile.clone(),
        }
    }
}

impl State {
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.variables
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Sets a variable; an empty value takes it away, as `uuid_setvar` without a value does.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        if value.is_empty() {
            return self.variables.retain(|(known, _)| known != name);
        }
        match self.variables.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => self.variables.push((name.to_owned(), value)),
        }
    }
}

/// What FreeSWITCH's `switch_true` takes for a yes.
pub(super) fn truth(value: &str) -> bool {
    let yes = ["yes", "on", "true", "t", "enabled", "active", "allow"];
    yes.iter().any(|yes| value.eq_ignore_ascii_case(yes))
        || value.parse::<i64>().is_ok_and(|number| number != 0)
}
