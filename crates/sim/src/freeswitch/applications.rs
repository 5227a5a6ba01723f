//! Applications that a channel executes, by its dialplan or because a `sendmsg` asks.

use super::Place;
use super::channel::{Channel, Leaving, Message};
use super::exchange::Exchange;
use super::playing::Keys;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What the fake knows to execute; anything else hangs the channel up, as FreeSWITCH does.
pub(super) const KNOWN: [&str; 22] = [
    "answer",
    "bridge",
    "endless_playback",
    "echo",
    "export",
    "hangup",
    "hold",
    "info",
    "log",
    "lua",
    "park",
    "playback",
    "pre_answer",
    "ring_ready",
    "sched_cancel",
    "set",
    "set_profile_var",
    "sleep",
    "transfer",
    "unhold",
    "unset",
    "voicemail",
];
/// A repetition of something that took less is the last one (`switch_ivr_parse_event`).
const SHORTEST_LOOP: Duration = Duration::from_millis(500);

impl Exchange {
    /// Executes an application; `id` comes back in its events.
    pub(super) fn execute<'a>(
        self: &'a Arc<Self>,
        channel: &'a Arc<Channel>,
        name: &'a str,
        data: &'a str,
        id: Option<&'a str>,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if !KNOWN.contains(&name) {
                return self.hang_up(channel, "DESTINATION_OUT_OF_ORDER");
            }
            let id = id.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
            {
                let mut state = channel.state();
                state.applications.push((name.to_owned(), data.to_owned()));
                state.response = None;
                state.set("current_application_response", "");
                state.set("current_application_data", data);
                state.set("current_application", name);
                state.idle_in_park = false;
            }
            let mut about = vec![("Application", name), ("Application-Data", data)];
            if data.is_empty() {
                about.pop();
            }
            about.push(("Application-UUID", &id));
            self.tell_with(channel, "CHANNEL_EXECUTE", &about);
            self.run(channel, name, data).await;
            let response = {
                let mut state = channel.state();
                state.applications.pop();
                let response = state.response.clone();
                state.set(
                    "current_application_response",
                    response.clone().unwrap_or_default(),
                );
                response
            };
            about.insert(
                about.len() - 1,
                ("Application-Response", response.as_deref().unwrap_or("_none_")),
            );
            self.tell_with(channel, "CHANNEL_EXECUTE_COMPLETE", &about);
        })
    }

    async fn run(self: &Arc<Self>, channel: &Arc<Channel>, name: &str, data: &str) {
        match name {
            "answer" => {
                self.pre_answer(channel);
                self.answer(channel);
            }
            "set" | "export" => {
                if let Some((name, value)) = data.split_once('=') {
                    channel.set(name.trim(), value);
                }
            }
            "set_profile_var" => {
                if let Some(("dialplan", dialplan)) = data.split_once('=') {
                    channel.state().profile.inline = dialplan.eq_ignore_ascii_case("inline");
                }
            }
            "sched_cancel" => {
                self.inner().tasks.delete_group(data);
            }
            "unset" => channel.unset(data),
            "park" => self.park(channel).await,
            "playback" => {
                self.play(channel, data, Keys::Told).await;
            }
            // It goes on with the next round after a break, and never looks at keys (measured).
            "endless_playback" => while channel.ready() && self.play(channel, data, Keys::Kept).await {},
            "bridge" => self.bridge(channel, data).await,
            "transfer" => transfer(channel, data),
            "hangup" => self.hang_up(channel, if data.is_empty() { "NORMAL_CLEARING" } else { data }),
            "hold" => {
                self.call_state(channel, "HELD");
                self.tell(channel, "CHANNEL_HOLD");
            }
            "unhold" => {
                self.call_state(channel, "UNHELD");
                self.tell(channel, "CHANNEL_UNHOLD");
            }
            "sleep" => {
                let time = Duration::from_millis(data.parse().unwrap_or(0));
                self.stay(channel, time).await;
            }
            "lua" => {
                channel.is_at(Place::InScript);
                self.answer(channel);
                self.stay(channel, Duration::MAX).await;
                // The script ends its stream when the channel is called away from it; at a hang-up the module does.
                if channel.cause().is_none() {
                    self.stop_stream(channel, None);
                }
            }
            "echo" | "voicemail" => self.stay(channel, Duration::MAX).await,
            _ => {}
        }
    }

    /// Stays for a time, or until the channel leaves; obeys meanwhile what it is sent.
    async fn stay(self: &Arc<Self>, channel: &Arc<Channel>, time: Duration) {
        let mut changes = channel.changes();
        let left = async {
            loop {
                changes.borrow_and_update();
                if !channel.ready() {
                    return;
                }
                if self.obey_next(channel).await {
                    continue;
                }
                self.tell_digits(channel);
                let _ = changes.changed().await;
            }
        };
        let _ = tokio::time::timeout(time, left).await;
    }

    /// Sound flows before the answer.
    fn pre_answer(&self, channel: &Channel) {
        if channel.state().answered != 0 {
            return;
        }
        channel.state().answer = "early";
        self.tell(channel, "CHANNEL_PROGRESS_MEDIA");
        self.call_state(channel, "EARLY");
    }

    /// `switch_ivr_park`: waits for whoever controls the channel.
    pub(super) async fn park(self: &Arc<Self>, channel: &Arc<Channel>) {
        channel.state().unicast_spent = false;
        self.tell(channel, "CHANNEL_PARK");
        channel.is_at(Place::Parked);
        let mut changes = channel.changes();
        loop {
            changes.borrow_and_update();
            if !channel.ready() {
                break;
            }
            if self.obey_next(channel).await {
                continue;
            }
            self.tell_digits(channel);
            channel.state().idle_in_park = true;
            let _ = changes.changed().await;
        }
        channel.state().idle_in_park = false;
        self.tell(channel, "CHANNEL_UNPARK");
        Self::end_unicast(channel);
    }

    /// Obeys what was sent, at the channel's next frame. False when nothing was.
    pub(super) async fn obey_next(self: &Arc<Self>, channel: &Arc<Channel>) -> bool {
        if channel.state().messages.is_empty() {
            return false;
        }
        self.next_frame(channel).await;
        while channel.ready() {
            let Some(message) = channel.state().messages.pop_front() else {
                break;
            };
            self.obey(channel, &message).await;
        }
        true
    }

    /// `switch_ivr_parse_event`.
    pub(super) fn obey<'a>(
        self: &'a Arc<Self>,
        channel: &'a Arc<Channel>,
        message: &'a Message,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            match message.header("call-command") {
                Some("execute") => self.obey_execute(channel, message).await,
                Some("hangup") => {
                    let cause = message.header("hangup-cause").unwrap_or("NORMAL_CLEARING");
                    self.hang_up(channel, cause);
                }
                Some("unicast") => self.unicast(channel, message),
                _ => {}
            }
            self.fire("PRIVATE_COMMAND", channel.basics(), None);
        })
    }

    async fn obey_execute(self: &Arc<Self>, channel: &Arc<Channel>, message: &Message) {
        let Some(name) = message.header("execute-app-name") else {
            return;
        };
        let data = message.header("execute-app-arg").unwrap_or_default();
        let id = message.header("event-uuid");
        let loops: i64 = message
            .header("loops")
            .map_or(1, |loops| loops.parse().unwrap_or(0));
        let locks = message.header("event-lock").is_some_and(super::channel::truth);
        let outer = {
            let mut state = channel.state();
            state.stop_broadcast = false;
            state.broken = false;
            state.locked |= locks;
            if let Some(id) = id {
                state.set("app_uuid", id);
            }
            std::mem::replace(&mut state.broadcasting, true)
        };
        let mut round = 0;
        while loops < 0 || round < loops {
            round += 1;
            let begun = Instant::now();
            self.execute(channel, name, data, id).await;
            let stopped = channel.state().stop_broadcast;
            if !channel.ready() || stopped || begun.elapsed() < SHORTEST_LOOP {
                break;
            }
        }
        let mut state = channel.state();
        state.broadcasting = outer;
        state.locked &= !locks;
        // A break ends what this one was played into as well.
        state.broken |= state.stop_broadcast && outer;
    }

    /// Tells the keys that were pressed.
    pub(super) fn tell_digits(&self, channel: &Channel) {
        let digits = std::mem::take(&mut channel.state().digits);
        for (digit, source) in digits {
            let mut headers = channel.basics();
            headers.push(("DTMF-Digit".into(), digit.to_string()));
            headers.push(("DTMF-Duration".into(), "960".to_owned()));
            headers.push(("DTMF-Source".into(), source.to_owned()));
            self.fire("DTMF", headers, None);
        }
    }
}

/// `transfer` and `uuid_transfer`: `<extension> [<dialplan> [<context>]]`.
pub(super) fn transfer(channel: &Channel, data: &str) {
    let mut words = data.split_whitespace();
    let extension = words.next().unwrap_or_default().to_owned();
    let dialplan = words.next().unwrap_or("XML");
    let mut state = channel.state();
    let context = words.next().unwrap_or(&state.profile.context).to_owned();
    state.other = None;
    state.leaving = Some(if dialplan.eq_ignore_ascii_case("inline") {
        Leaving::Inline(inline(&extension))
    } else {
        Leaving::Dialplan { extension, context }
    });
    drop(state);
    channel.touch();
}

/// The inline dialplan: `app:data,app:data`.
fn inline(text: &str) -> Vec<(String, String)> {
    let text = text.trim_matches('\'');
    text.split(',')
        .map(|one| one.split_once(':').unwrap_or((one, "")))
        .map(|(name, data)| (name.to_owned(), data.to_owned()))
        .collect()
}
