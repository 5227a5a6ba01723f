//! Control of FreeSWITCH by its event socket (ESL), and what its audio modules and scripts speak.
//!
//! A [`Switch`] is a supervised connection: it connects again by itself, tells its [`State`], takes typed [`Command`]s and
//! [`Application`]s, and tells what happens to each channel that is followed ([`Switch::follow`]). Values that go into a command are
//! types of their own ([`Extension`], [`ContextName`], …), parsed once: none can end its argument or its line.
//!
//! Facts were measured on FreeSWITCH 1.10.12.
#![forbid(unsafe_code)]

mod argument;
mod arrivals;
mod channel;
mod command;
mod connection;
mod console;
mod event;
mod happening;
mod request;
mod routes;
mod script;
mod settings;
mod state;
mod stream_audio;
mod supervisor;
mod switch;
mod tally;
mod unicast;

pub use argument::{
    ArgumentError, ContextName, DialString, Extension, FilePath, MusicName, VariableName, VariableValue,
};
pub use channel::Channel;
pub use command::{Application, Command, Music, Ringback, TaskGroup, Timer, UnicastTo};
pub use console::{CacheEvent, CacheKey, Console, ModuleName};
pub use freeswitch_esl_tokio::HangupCause;
pub use happening::{Happening, ModuleEvent, PlaybackEnd};
pub use script::{SCRIPT, SCRIPT_NAME, ScriptVersion};
pub use settings::{Password, Settings};
pub use state::{CommandError, State};
pub use stream_audio::{AudioFile, AudioId, FileRate, stream_audio};
pub use switch::{Following, Switch};
pub use tally::{ANSWER_BOUNDS_US, Counts};
pub use unicast::{Ports, PortsError, Unicast};
