//! What FreeSWITCH is told to do.

use crate::{ContextName, DialString, Extension, FilePath, MusicName, VariableName, VariableValue};
use freeswitch_esl_tokio::HangupCause;
use secretary::CallUuid;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// A command of the `api`. Its [`Display`](fmt::Display) is the line as FreeSWITCH reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `uuid_exists`.
    Exists(CallUuid),
    /// `uuid_dump … json`: all that is known of a channel.
    Dump(CallUuid),
    /// `show channels as json`.
    ShowChannels,
    /// `uuid_kill`.
    Kill(CallUuid, HangupCause),
    /// `hupall` of the channels with this [mark](Command::MARK), those that ring too. None is as good: it says +OK (measured).
    KillMarked(CallUuid, HangupCause),
    /// `uuid_transfer … XML`: the channel leaves for the dialplan. FreeSWITCH says +OK even where nothing answers to the
    /// extension (measured).
    Transfer(CallUuid, Extension, ContextName),
    /// `uuid_transfer … park inline`: whatever the channel does ends, and a new park begins within some 20 ms (measured, out of music
    /// as well). `uuid_park` would do so once: a channel that it has parked ends its park at the next and begins no other (measured
    /// on 1.10.12).
    ///
    /// The channel keeps what was dialled (`inline_dialplan_hunt`). Its dialplan is set back to XML: a `loopback` that names none takes
    /// that of who calls, and `inline` would have the number for an application (measured). `max_session_transfers` is set
    /// because each transfer takes one of the 70 `max_forwards` that a call begins with, and the last hangs it up
    /// (`switch_ivr_session_transfer`).
    Park(CallUuid),
    /// `uuid_bridge`: two channels talk to each other.
    Bridge(CallUuid, CallUuid),
    /// `uuid_break … all`: whatever plays, and what is queued to be played, ends (at most 16 ms of tail, measured).
    Break(CallUuid),
    /// `uuid_setvar`.
    SetVariable(CallUuid, VariableName, VariableValue),
    /// What a caller who was answered already hears while somebody is called by [`Application::Bridge`].
    Ringback(CallUuid, Ringback),
    /// `global_getvar`: a setting of the FreeSWITCH itself.
    Global(VariableName),
    /// `uuid_send_dtmf`.
    SendDtmf(CallUuid, Extension),
    /// `uuid_record … start`.
    RecordStart(CallUuid, FilePath),
    /// `uuid_record … stop`.
    RecordStop(CallUuid, FilePath),
    /// `module_exists`.
    ModuleExists(VariableName),
    /// `uuid_audio_stream … stop`.
    StreamStop(CallUuid),
    /// The dead man's switch: `sched_api` in a group of the channel's own, after so long.
    Schedule(TaskGroup, CallUuid, Timer, Duration),
    /// `sched_del` of a group, which leaves the channel's other tasks alone (measured).
    Unschedule(TaskGroup, CallUuid),
    /// `originate`: a new channel, parked when it answers. Run by `bgapi`, as it lasts as long as the other end rings. The answer is the
    /// channel's UUID. None is chosen: where somebody has several phones all would get it, and only one would ring (`Duplicate UUID!`,
    /// measured). A mark ([`Command::MARK`]) among the variables is had by all of them.
    Originate {
        /// Whom it calls.
        to: DialString,
        /// The number shown to them.
        caller_number: VariableValue,
        /// The name shown to them.
        caller_name: VariableValue,
        /// How long it may ring.
        ring: Duration,
        /// Variables of the new channel.
        variables: Vec<(VariableName, VariableValue)>,
    },
    /// `sofia_contact`/`user_exists`-like look-up: where an extension is registered, `error/user_not_registered` if nowhere.
    Contact {
        /// The extension.
        extension: Extension,
        /// The domain's name.
        domain: ContextName,
    },
}

/// The tone of a phone that rings elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ringback {
    /// 425 Hz, 1 s on and 4 s off.
    Brazil,
    /// 440 and 480 Hz, 2 s on and 4 s off.
    NorthAmerica,
}

impl fmt::Display for Ringback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Brazil => "%(1000,4000,425)",
            Self::NorthAmerica => "%(2000,4000,440,480)",
        })
    }
}

/// The groups of a channel's dead man's switch. [`Switch::arm`](crate::Switch::arm) and [`Switch::disarm`](crate::Switch::disarm) know
/// how they go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskGroup {
    /// The last resort, whoever has scheduled it: the dialplan, the script or we.
    LastResort,
    /// Ours alone, which stands in while the last resort is renewed.
    Renewal,
}

impl TaskGroup {
    /// Its name for this channel.
    pub fn of(self, call: CallUuid) -> String {
        match self {
            Self::LastResort => format!("voiceai-{call}"),
            Self::Renewal => format!("voiceai-renewal-{call}"),
        }
    }
}

/// What the dead man's switch does with the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Timer {
    /// Hands the call to an extension.
    Transfer(Extension, ContextName),
    /// Ends it, where there is nobody to hand it to.
    HangUp,
    /// Ends the channels that have this UUID for a [mark](Command::MARK).
    HangUpMarked,
}

/// An application that a channel executes, sent by `sendmsg` with an id that its events carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Application {
    /// Answers the call.
    Answer,
    /// Plays a file, after those that were asked for before (`event-lock`; without it the order is reversed, measured).
    Playback(FilePath),
    /// Plays music until [`Command::Break`]. By `playback`: `endless_playback` begins again after a break (measured).
    HoldMusic(Music),
    /// Calls somebody and talks to them; the channel comes back when they do not answer or have hung up. Early media counts for
    /// nothing: with it FreeSWITCH tells of a bridge before anybody has answered.
    Bridge {
        /// Whom.
        to: DialString,
        /// How long it may ring.
        ring: Duration,
        /// Variables of the new channel.
        variables: Vec<(VariableName, VariableValue)>,
    },
}

/// What a caller hears who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Music {
    /// A stream of mod_local_stream.
    LocalStream(MusicName),
    /// Nothing.
    Silence,
}

impl fmt::Display for Music {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LocalStream(name) => write!(f, "local_stream://{name}"),
            Self::Silence => f.write_str("silence_stream://-1"),
        }
    }
}

/// Where a channel's audio goes: `sendmsg` with `call-command: unicast`. FreeSWITCH sends L16 little-endian at the channel's rate, a
/// frame a datagram, from `local` to `remote`, and plays what comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnicastTo {
    /// FreeSWITCH's own address and port.
    pub local: SocketAddr,
    /// Ours.
    pub remote: SocketAddr,
}

/// What [`Command::Park`] executes.
const PARK: &str = "set:max_session_transfers=70,set_profile_var:dialplan=XML,park";

impl Command {
    /// The variable by which channels are found that have no UUID of ours.
    pub const MARK: &str = "voice_ai_mark";
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(call) => write!(f, "uuid_exists {call}"),
            Self::Dump(call) => write!(f, "uuid_dump {call} json"),
            Self::ShowChannels => f.write_str("show channels as json"),
            Self::Kill(call, cause) => write!(f, "uuid_kill {call} {cause}"),
            // Never without a variable: `hupall` would end every call that there is.
            Self::KillMarked(mark, cause) => write!(f, "hupall {cause} {} {mark}", Self::MARK),
            Self::Transfer(call, extension, context) => {
                write!(f, "uuid_transfer {call} {extension} XML {context}")
            }
            Self::Park(call) => write!(f, "uuid_transfer {call} {PARK} inline"),
            Self::Bridge(one, other) => write!(f, "uuid_bridge {one} {other}"),
            Self::Break(call) => write!(f, "uuid_break {call} all"),
            Self::SetVariable(call, name, value) => write!(f, "uuid_setvar {call} {name} {value}"),
            Self::Ringback(call, tone) => write!(f, "uuid_setvar {call} transfer_ringback {tone}"),
            Self::Global(name) => write!(f, "global_getvar {name}"),
            Self::SendDtmf(call, keys) => write!(f, "uuid_send_dtmf {call} {keys}"),
            Self::RecordStart(call, file) => write!(f, "uuid_record {call} start {file}"),
            Self::RecordStop(call, file) => write!(f, "uuid_record {call} stop {file}"),
            Self::ModuleExists(module) => write!(f, "module_exists {module}"),
            Self::StreamStop(call) => write!(f, "uuid_audio_stream {call} stop"),
            Self::Schedule(group, call, timer, after) => {
                write!(f, "sched_api +{} {} ", after.as_secs(), group.of(*call))?;
                match timer {
                    Timer::Transfer(extension, context) => {
                        write!(f, "uuid_transfer {call} {extension} XML {context}")
                    }
                    Timer::HangUp => write!(f, "uuid_kill {call} RECOVERY_ON_TIMER_EXPIRE"),
                    Timer::HangUpMarked => {
                        write!(f, "hupall RECOVERY_ON_TIMER_EXPIRE {} {call}", Self::MARK)
                    }
                }
            }
            Self::Unschedule(group, call) => write!(f, "sched_del {}", group.of(*call)),
            Self::Originate {
                to,
                caller_number,
                caller_name,
                ring,
                variables,
            } => {
                write!(
                    f,
                    "originate {{originate_timeout={},origination_caller_id_number='{caller_number}',\
                     origination_caller_id_name='{caller_name}',ignore_early_media=true",
                    ring.as_secs()
                )?;
                for (name, value) in variables {
                    write!(f, ",{name}='{value}'")?;
                }
                write!(f, "}}{to} &park()")
            }
            Self::Contact { extension, domain } => write!(f, "sofia_contact {extension}@{domain}"),
        }
    }
}

/// The headers of a `sendmsg` that executes an application.
impl Application {
    /// Whether it begins only after what was asked for before has ended (`event-lock`).
    pub(crate) fn waits_its_turn(&self) -> bool {
        matches!(self, Self::Playback(_))
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Playback(_) => "playback",
            Self::HoldMusic(_) => "playback",
            Self::Bridge { .. } => "bridge",
        }
    }

    pub(crate) fn argument(&self) -> String {
        match self {
            Self::Answer => String::new(),
            Self::Playback(file) => file.to_string(),
            Self::HoldMusic(music) => music.to_string(),
            Self::Bridge { to, ring, variables } => {
                let mut text = format!("{{originate_timeout={},ignore_early_media=true", ring.as_secs());
                for (name, value) in variables {
                    text.push_str(&format!(",{name}='{value}'"));
                }
                text + &format!("}}{to}")
            }
        }
    }
}
