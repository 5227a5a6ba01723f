//! What happens to a channel.

use freeswitch_esl_tokio::HangupCause;
use secretary::CallUuid;
use uuid::Uuid;

/// One thing that happened to a channel that is followed.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// It was answered.
    Answered,
    /// It waits in park.
    Parked,
    /// It waits in park no more: it goes elsewhere, is parked anew, or ends.
    Unparked,
    /// It talks to another channel.
    Bridged {
        /// The other one.
        with: CallUuid,
    },
    /// A key was pressed.
    Digit(char),
    /// An application begins that was asked for with this id.
    Began {
        /// The id.
        id: Uuid,
    },
    /// It has ended.
    Ended {
        /// The id.
        id: Uuid,
        /// `Application-Response`: `_none_` from most, words from some (`FILE NOT FOUND`).
        response: String,
        /// `variable_originate_disposition` (or `variable_last_bridge_hangup_cause`) after a `bridge`.
        disposition: Option<String>,
    },
    /// A file begins to be heard.
    PlaybackStarted {
        /// Its path.
        file: String,
    },
    /// It is no longer heard.
    PlaybackStopped {
        /// Its path.
        file: String,
        /// How it ended.
        end: PlaybackEnd,
    },
    /// An audio module tells something.
    Module(ModuleEvent),
    /// It is gone. Nothing comes after this.
    HungUp {
        /// Why.
        cause: Option<HangupCause>,
    },
    /// The connection to FreeSWITCH is lost, or happenings were (see [`Following`](crate::Following)): what happens meanwhile is not told.
    ControlLost,
    /// It is there again, and so is the channel.
    ControlBack,
}

/// How a playback ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaybackEnd {
    /// It was heard to its end.
    Done,
    /// `uuid_break` or a hang-up ended it.
    Broken,
}

/// What mod_audio_stream tells by CUSTOM events (captures of amigniter ec2a781 and sptmru 5f179d6).
#[derive(Debug, Clone, PartialEq)]
pub enum ModuleEvent {
    /// `mod_audio_stream::connect`.
    Connected,
    /// `mod_audio_stream::disconnect`: the stream is gone; sptmru connects again by itself.
    Disconnected,
    /// `mod_audio_stream::error`, with its body.
    Failed(serde_json::Value),
    /// `mod_audio_stream::play`: audio of ours lies in a file, and nothing plays it. The body is `data` as we sent it, without the
    /// audio and with `file`.
    Play(serde_json::Value),
    /// `mod_audio_stream::json`: any other text of ours.
    Json(serde_json::Value),
}
