//! The headers of a channel's events, in FreeSWITCH's order.

use super::channel::{Channel, Direction};
use super::event::Headers;

impl Channel {
    /// The headers of every event of the channel.
    pub(super) fn basics(&self) -> Headers {
        let state = self.state();
        let mut headers: Headers = Vec::with_capacity(64);
        let mut add = |name: &'static str, value: String| headers.push((name.into(), value));
        let (core, number) = state.core.shown();
        let (rate, bits) = (
            self.codec.rate.hz().to_string(),
            self.codec.bit_rate().to_string(),
        );
        add("Channel-State", core.to_owned());
        add("Channel-Call-State", state.call.to_owned());
        add("Channel-State-Number", number.to_string());
        add("Channel-Name", self.name.clone());
        add("Unique-ID", self.id.clone());
        add("Call-Direction", self.direction.name().to_owned());
        add("Presence-Call-Direction", self.direction.name().to_owned());
        add(
            "Channel-HIT-Dialplan",
            (self.direction == Direction::Inbound).to_string(),
        );
        add("Channel-Call-UUID", self.id.clone());
        add("Answer-State", state.answer.to_owned());
        if let Some(cause) = &state.cause {
            add("Hangup-Cause", cause.clone());
        }
        add("Channel-Read-Codec-Name", self.codec.name.clone());
        add("Channel-Read-Codec-Rate", rate.clone());
        add("Channel-Read-Codec-Bit-Rate", bits.clone());
        add("Channel-Write-Codec-Name", self.codec.name.clone());
        add("Channel-Write-Codec-Rate", rate);
        add("Channel-Write-Codec-Bit-Rate", bits);
        let profile = &state.profile;
        add("Caller-Direction", self.direction.name().to_owned());
        add("Caller-Logical-Direction", self.direction.name().to_owned());
        add("Caller-Username", profile.number.clone());
        add(
            "Caller-Dialplan",
            if profile.inline { "inline" } else { "XML" }.to_owned(),
        );
        add("Caller-Caller-ID-Name", profile.name.clone());
        add("Caller-Caller-ID-Number", profile.number.clone());
        add("Caller-Orig-Caller-ID-Name", profile.name.clone());
        add("Caller-Orig-Caller-ID-Number", profile.number.clone());
        add("Caller-Network-Addr", "127.0.0.1".to_owned());
        add("Caller-ANI", profile.number.clone());
        add("Caller-Destination-Number", profile.destination.clone());
        add("Caller-Unique-ID", self.id.clone());
        add("Caller-Source", profile.source.to_owned());
        add("Caller-Context", profile.context.clone());
        add("Caller-Channel-Name", self.name.clone());
        add("Caller-Profile-Index", "1".to_owned());
        add("Caller-Profile-Created-Time", self.created.to_string());
        add("Caller-Channel-Created-Time", self.created.to_string());
        add("Caller-Channel-Answered-Time", state.answered.to_string());
        add("Caller-Channel-Progress-Time", "0".to_owned());
        add("Caller-Channel-Progress-Media-Time", "0".to_owned());
        add("Caller-Channel-Hangup-Time", state.hung_up.to_string());
        add("Caller-Channel-Transfer-Time", profile.transferred.to_string());
        add("Caller-Channel-Resurrect-Time", "0".to_owned());
        add("Caller-Channel-Bridged-Time", profile.bridged.to_string());
        add("Caller-Channel-Last-Hold", "0".to_owned());
        add("Caller-Channel-Hold-Accum", "0".to_owned());
        add("Caller-Screen-Bit", "true".to_owned());
        add("Caller-Privacy-Hide-Name", "false".to_owned());
        add("Caller-Privacy-Hide-Number", "false".to_owned());
        if let Some(other) = &state.other {
            add("Other-Type", other.kind.to_owned());
            add("Other-Leg-Caller-ID-Name", other.profile.name.clone());
            add("Other-Leg-Caller-ID-Number", other.profile.number.clone());
            add("Other-Leg-Destination-Number", other.profile.destination.clone());
            add("Other-Leg-Unique-ID", other.id.clone());
            add("Other-Leg-Source", other.profile.source.to_owned());
            add("Other-Leg-Context", other.profile.context.clone());
            add("Other-Leg-Channel-Name", other.name.clone());
        }
        headers
    }

    /// The headers of those events that carry the variables too.
    pub(super) fn all(&self) -> Headers {
        let mut headers = self.basics();
        let state = self.state();
        headers.extend(
            state
                .variables
                .iter()
                .map(|(name, value)| (format!("variable_{name}").into(), value.clone())),
        );
        headers
    }
}
