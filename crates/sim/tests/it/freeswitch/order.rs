//! The order of events, and what they say, as the real one was recorded.

use super::{Client, header, soon, started};
use freeswitch_esl_tokio::EslEvent;
use sim::freeswitch::{Behaviour, Dial};
use std::collections::HashMap;
use std::time::Duration;
use uuid::Uuid;

const RECORDED: &str = include_str!("../../data/freeswitch/order.tsv");
const EVENTS: &str = "CHANNEL_STATE CHANNEL_CREATE CHANNEL_CALLSTATE CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE CHANNEL_ANSWER \
                      CHANNEL_PARK CHANNEL_UNPARK CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE \
                      CHANNEL_DESTROY CHANNEL_OUTGOING CHANNEL_ORIGINATE CHANNEL_PROGRESS PLAYBACK_START PLAYBACK_STOP \
                      PRIVATE_COMMAND";

/// An event as the file has it.
fn line(event: &EslEvent) -> String {
    let what = match header(event, "Application") {
        "" => header(event, "Playback-Status"),
        application => application,
    };
    let fields = [
        header(event, "Event-Name"),
        what,
        header(event, "Channel-State"),
        header(event, "Channel-Call-State"),
        header(event, "Answer-State"),
        header(event, "Hangup-Cause"),
        header(event, "Other-Type"),
    ];
    fields.join("\t").trim_end().to_owned()
}

/// What was recorded of one channel in one step.
fn recorded(step: &str, whose: &str) -> Vec<String> {
    let front = format!("{step}\t{whose}\t");
    RECORDED
        .lines()
        .filter_map(|line| line.strip_prefix(&front))
        .map(str::to_owned)
        .collect()
}

/// A call in progress, and what was told of it.
struct Story {
    client: Client,
    /// Events that no step has looked at yet, by channel.
    told: HashMap<String, Vec<String>>,
}

impl Story {
    async fn next(&mut self) {
        let event = self.client.event("an event", |_| true).await;
        let told = self
            .told
            .entry(header(&event, "Unique-ID").to_owned())
            .or_default();
        told.push(line(&event));
    }

    /// Waits for an event of a channel, and leaves it to its step.
    async fn until(&mut self, channel: &str, name: &str) {
        let is_there = |told: &[String]| told.iter().any(|line| line.starts_with(name));
        while !self.told.get(channel).is_some_and(|told| is_there(told)) {
            self.next().await;
        }
    }

    /// The events of a step are those that were recorded.
    async fn step(&mut self, name: &str, caller: &str, called: &str) {
        for (whose, channel) in [("caller", caller), ("called", called)] {
            let wanted = recorded(name, whose);
            while self.told.get(channel).map_or(0, Vec::len) < wanted.len() {
                self.next().await;
            }
            let told = self.told.remove(channel).unwrap_or_default();
            assert_eq!(told, wanted, "{name}: the {whose}");
        }
    }

    async fn execute(&self, channel: &str, application: &str, data: &str) {
        self.client.execute(channel, application, data, &[]).await;
    }

    /// The channel that was made for the extension, once it is told.
    async fn made(&mut self, besides: &[&str]) -> String {
        loop {
            let new = self.told.keys().find(|id| !besides.contains(&id.as_str()));
            if let Some(id) = new {
                return id.clone();
            }
            self.next().await;
        }
    }
}

#[tokio::test]
async fn a_caller_and_whom_they_talk_to_are_told_as_recorded() {
    let fake = started().await;
    fake.extension("8000", Behaviour::Parks);
    let mut story = Story {
        client: Client::connect(&fake, EVENTS).await,
        told: HashMap::new(),
    };
    let caller = fake.caller(Dial::default());
    let a = caller.uuid().to_string();
    story.step("park", &a, "").await;
    story
        .client
        .api(&format!("uuid_setvar {a} continue_on_fail true"))
        .await;

    fake.extension("1003", Behaviour::Busy);
    story.execute(&a, "bridge", "user/1003@default").await;
    let busy = story.made(&[&a]).await;
    story.step("bridge, busy", &a, &busy).await;

    let after = Duration::ZERO;
    fake.extension("1003", Behaviour::Answers { after });
    story.execute(&a, "bridge", "user/1003@default").await;
    let b = story.made(&[&a]).await;
    story.until(&a, "CHANNEL_BRIDGE").await;
    story.client.api(&format!("uuid_kill {b}")).await;
    story.step("bridge, the called hangs up", &a, &b).await;

    story.execute(&a, "bridge", "user/1003@default").await;
    let b = story.made(&[&a]).await;
    story.until(&a, "CHANNEL_BRIDGE").await;
    story
        .client
        .api(&format!("uuid_transfer {a} 8000 XML default"))
        .await;
    story.step("bridge, the caller is transferred", &a, &b).await;

    story
        .client
        .api(&format!("uuid_setvar {a} park_after_bridge true"))
        .await;
    let b = leg(&story).await;
    story.step("originate", &a, &b).await;
    story.client.api(&format!("uuid_bridge {a} {b}")).await;
    story.until(&a, "CHANNEL_BRIDGE").await;
    story.until(&b, "CHANNEL_STATE\t\tCS_EXCHANGE_MEDIA").await;
    story.client.api(&format!("uuid_kill {b}")).await;
    story.step("uuid_bridge, the called hangs up", &a, &b).await;

    story.execute(&a, "playback", "silence_stream://60").await;
    story.step("playback", &a, "").await;

    let b = leg(&story).await;
    story.step("originate", "", &b).await;
    story.client.api(&format!("uuid_bridge {a} {b}")).await;
    story.until(&b, "CHANNEL_STATE\t\tCS_EXCHANGE_MEDIA").await;
    story.client.api(&format!("uuid_kill {a}")).await;
    story.step("uuid_bridge, the caller hangs up", &a, &b).await;
    soon("the end", caller.until_hung_up()).await;
    assert_eq!(fake.channels(), 0);
}

/// A leg of its own to the phone, parked when it answers.
async fn leg(story: &Story) -> String {
    let id = Uuid::new_v4().to_string();
    let command = format!("originate {{origination_uuid={id}}}user/1003@default &park()");
    let job = story.client.esl.bgapi(&command).await.unwrap();
    job.check().unwrap();
    id
}
