//! Calls that are handed over by ESL: what becomes of each, and that nobody is left on a line alone.

use crate::asker::Asker;
use crate::line::secretary;
use crate::pbx_site::{PbxSite, soon, words};
use futures_util::future::join_all;
use serde_json::json;
use sim::freeswitch::{Behaviour, Caller, Place, Source};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

const DESTINATIONS: &str = r#"
tools = ["transfer_call", "transfer_announced", "voicemail", "check_extension_available", "hold_call", "resume_call", "send_dtmf", "record_call", "end_call"]
[[destinations]]
name = "Jenny Cole"
number = "2001"
[[destinations]]
name = "Billing"
number = "5000"
kind = "queue"
[[destinations]]
name = "Partner"
number = "+15550100"
kind = "external"
"#;

/// Jenny's phone rings, and she takes it.
const ANSWERS: Behaviour = Behaviour::Answers {
    after: Duration::from_millis(50),
};

/// A call under way, and the engine that is told what to do with it.
struct Scene {
    site: PbxSite,
    engine: Asker,
    caller: Caller,
}

impl Scene {
    async fn begin(jenny: Behaviour) -> Self {
        let engine = Asker::new();
        let wanted = secretary("desk", "openai").with(DESTINATIONS);
        let site = PbxSite::start_with(wanted, "", vec![Arc::new(engine.clone())]).await;
        site.fake.extension("2001", jenny);
        let caller = site.calls();
        soon("the call begins", site.node.shows("voice_ai_calls_live 1")).await;
        Self { site, engine, caller }
    }

    /// The call goes to Jenny without a word to her.
    fn put_through(&self) {
        self.engine
            .uses("transfer_call", json!({"destination": "Jenny Cole"}));
    }

    /// Jenny is asked first.
    fn announce(&self) {
        let about = json!({"destination": "Jenny Cole", "about": "Ana, about her invoice"});
        self.engine.uses("transfer_announced", about);
    }

    /// Jenny, once her phone is called.
    async fn jenny(&self) -> Caller {
        let called = async {
            loop {
                if let Some(jenny) = self.site.fake.called("2001").pop() {
                    return jenny;
                }
                tokio::task::yield_now().await;
            }
        };
        soon("Jenny's phone rings", called).await
    }

    /// Jenny, once she is being asked.
    async fn jenny_is_asked(&self) -> Caller {
        let jenny = self.jenny().await;
        soon("Jenny is told who calls", heard(&jenny, Source::Unicast)).await;
        jenny
    }

    async fn transfers(&self, outcome: &str) {
        let line = format!("voice_ai_transfers_total{{outcome=\"{outcome}\"}} 1");
        soon(&line, self.site.node.shows(&line)).await;
    }

    /// How often FreeSWITCH was asked for the caller's audio.
    fn unicasts(&self) -> usize {
        unicasts(&self.site.fake.commands(), &self.caller)
    }

    /// The caller is with the secretary again, who knows what happened, and nobody else is on a line.
    async fn is_back(&self, tool: &str, words: &str) {
        let (ok, told) = soon("the engine is told", self.engine.told(tool)).await;
        assert!(!ok && told.contains(words), "{told}");
        soon("nobody else is on a line", self.channels(1)).await;
        soon("the caller is heard again", self.heard_again(1)).await;
        // One that stands in while the last resort is renewed is gone in a moment.
        let mut guarded = self.site.fake.tasks();
        guarded.retain(|task| !task.group.contains("renewal"));
        assert!(
            guarded.iter().any(|task| task.group == group(&self.caller)),
            "no last resort any more: {guarded:?}"
        );
        assert_eq!(guarded.len(), 1, "somebody else's is left: {guarded:?}");
    }

    /// FreeSWITCH was asked for the caller's audio once more than so often, and the caller is in park.
    async fn heard_again(&self, often: usize) {
        let again = |commands: &Vec<String>| unicasts(commands, &self.caller) > often;
        self.site.fake.until_received(again).await;
        assert_eq!(self.caller.place(), Some(Place::Parked));
    }

    async fn channels(&self, count: usize) {
        while self.site.fake.channels() != count {
            tokio::task::yield_now().await;
        }
    }

    /// FreeSWITCH was told to call Jenny from the caller's channel.
    async fn is_dialled(&self) {
        let dials = |commands: &Vec<String>| commands.iter().any(|one| one.contains("originate_timeout"));
        self.site.fake.until_received(dials).await;
    }

    async fn nothing_waits(&self) {
        while !self.site.fake.tasks().is_empty() {
            tokio::task::yield_now().await;
        }
    }

    /// All lines are free, and nothing waits to be done to any.
    async fn ends(self) {
        self.site.ends_empty().await;
        soon("every channel is gone", self.channels(0)).await;
        soon("no task waits", self.nothing_waits()).await;
    }
}

/// The group of a channel's last resort.
fn group(of: &Caller) -> String {
    format!("voiceai-{}", of.uuid())
}

fn unicasts(commands: &[String], caller: &Caller) -> usize {
    let message = format!("sendmsg {}", caller.uuid());
    let asks = |command: &&String| command.starts_with(&message) && command.contains("unicast");
    commands.iter().filter(asks).count()
}

async fn heard(by: &Caller, source: Source) {
    while !by.heard().iter().any(|heard| heard.source == source) {
        tokio::task::yield_now().await;
    }
}

async fn talk(one: &Caller, other: &Caller) {
    for (who, with) in [(one, other), (other, one)] {
        let with = Place::Bridged {
            with: with.uuid().to_string(),
        };
        soon("they talk", who.until(|place| *place == with)).await;
    }
}

#[tokio::test]
async fn whoever_does_not_take_the_call_gives_it_back_with_the_reason() {
    let cases = [
        (Behaviour::Busy, "busy", "on the phone"),
        (Behaviour::Unavailable, "no_answer", "nobody answered"),
        (Behaviour::Refuses, "refused", "cannot take the call"),
        (Behaviour::Unregistered, "unavailable", "cannot be reached"),
    ];
    let calls = cases.into_iter().flat_map(|case| {
        ["transfer_call", "transfer_announced"].map(|tool| {
            let (jenny, outcome, words) = case.clone();
            async move {
                let scene = Scene::begin(jenny).await;
                match tool {
                    "transfer_call" => scene.put_through(),
                    _ => scene.announce(),
                }
                scene.is_back(tool, words).await;
                scene.transfers(outcome).await;
                scene.caller.hang_up();
                scene.ends().await;
            }
        })
    });
    join_all(calls).await;
}

#[tokio::test]
async fn who_takes_the_call_talks_to_the_caller_and_whoever_hangs_up_ends_both() {
    for first in ["caller", "jenny"] {
        let scene = Scene::begin(ANSWERS).await;
        scene.put_through();
        let jenny = scene.jenny().await;
        talk(&scene.caller, &jenny).await;
        scene.transfers("answered").await;
        // We are out of it: no call here, and nothing of ours waits for them there.
        scene.site.ends_empty().await;
        let free = async {
            while !scene.site.fake.tasks().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        soon("the last resort is taken away", free).await;
        assert_eq!(scene.site.fake.channels(), 2);
        match first {
            "caller" => scene.caller.hang_up(),
            _ => jenny.hang_up(),
        }
        scene.ends().await;
    }
}

#[tokio::test]
async fn a_caller_who_hangs_up_while_a_phone_rings_stops_it() {
    for tool in ["transfer_call", "transfer_announced"] {
        let scene = Scene::begin(Behaviour::NoAnswer).await;
        match tool {
            "transfer_call" => scene.put_through(),
            _ => scene.announce(),
        }
        scene.jenny().await;
        scene.caller.hang_up();
        scene.transfers("caller_gone").await;
        scene.ends().await;
    }
}

#[tokio::test]
async fn what_answers_by_itself_is_reached_by_the_dialplan_and_a_caller_is_not_lost_where_nothing_does() {
    let scene = Scene::begin(Behaviour::Unregistered).await;
    scene
        .engine
        .uses("transfer_call", json!({"destination": "Billing"}));
    scene.is_back("transfer_call", "cannot be reached").await;

    let mailbox = Behaviour::Answers {
        after: Duration::ZERO,
    };
    scene.site.fake.extension("*992001", mailbox);
    scene
        .engine
        .uses("voicemail", json!({"destination": "Jenny Cole"}));
    scene.transfers("answered").await;
    let commands = scene.site.fake.commands().join("\n");
    for dialled in ["loopback/5000/default/XML", "loopback/*992001/default/XML"] {
        assert!(commands.contains(dialled), "{dialled} was not dialled");
    }
    scene.caller.hang_up();
    scene.ends().await;
}

#[tokio::test]
async fn who_is_asked_and_agrees_gets_the_caller() {
    for first in ["caller", "jenny"] {
        let scene = Scene::begin(ANSWERS).await;
        scene.announce();
        let jenny = scene.jenny_is_asked().await;
        soon("the caller hears music", heard(&scene.caller, Source::Playback)).await;
        // She is told who calls and why, not only that somebody does.
        let told = async {
            while words(&jenny).len() < 8_000 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        soon("a second of words at Jenny's ear", told).await;
        jenny.press('1');
        talk(&scene.caller, &jenny).await;
        scene.transfers("answered").await;
        scene.site.ends_empty().await;
        match first {
            "caller" => scene.caller.hang_up(),
            _ => jenny.hang_up(),
        }
        scene.ends().await;
    }
}

#[tokio::test]
async fn who_is_asked_and_declines_is_left_alone() {
    let scene = Scene::begin(ANSWERS).await;
    scene.announce();
    let jenny = scene.jenny_is_asked().await;
    jenny.press('2');
    scene.is_back("transfer_announced", "cannot take the call").await;
    scene.transfers("refused").await;
    scene.caller.hang_up();
    scene.ends().await;
}

#[tokio::test]
async fn while_somebody_is_asked_anybody_may_hang_up() {
    let jenny_does = Scene::begin(ANSWERS).await;
    jenny_does.announce();
    jenny_does.jenny_is_asked().await.hang_up();
    jenny_does
        .is_back("transfer_announced", "cannot take the call")
        .await;
    jenny_does.caller.hang_up();
    jenny_does.ends().await;

    let caller_does = Scene::begin(ANSWERS).await;
    caller_does.announce();
    caller_does.jenny_is_asked().await;
    caller_does.caller.hang_up();
    caller_does.transfers("caller_gone").await;
    caller_does.ends().await;

    let both_do = Scene::begin(ANSWERS).await;
    both_do.announce();
    let jenny = both_do.jenny_is_asked().await;
    jenny.hang_up();
    both_do.caller.hang_up();
    both_do.ends().await;

    // A key and both hang-ups at once: whatever comes first, nobody stays.
    let agreed = Scene::begin(ANSWERS).await;
    agreed.announce();
    let jenny = agreed.jenny_is_asked().await;
    jenny.press('1');
    agreed.caller.hang_up();
    agreed.site.ends_empty().await;
    jenny.hang_up();
    agreed.ends().await;
}

#[tokio::test]
async fn a_gateway_that_ends_leaves_nobody_on_a_line() {
    let Scene { site, engine, caller } = Scene::begin(ANSWERS).await;
    engine.uses(
        "transfer_announced",
        json!({"destination": "Jenny Cole", "about": "Ana"}),
    );
    let called = async {
        while site.fake.called("2001").is_empty() {
            tokio::task::yield_now().await;
        }
    };
    soon("Jenny's phone rings", called).await;
    // It is not the gateway's end that is waited for, but theirs.
    site.fake.delay_replies(Duration::from_millis(100));
    site.node.closed().await;
    assert_eq!(site.fake.channels(), 0, "somebody is left when it has ended");
    assert_eq!(caller.until_hung_up().await, "NORMAL_CLEARING");
}

#[tokio::test]
async fn two_that_cannot_be_joined_are_parted() {
    let scene = Scene::begin(ANSWERS).await;
    scene.announce();
    let jenny = scene.jenny_is_asked().await;
    scene.site.fake.refuse_next("uuid_bridge", "-ERR Bridge failed");
    jenny.press('1');
    scene.is_back("transfer_announced", "could not be bridged").await;
    scene.transfers("failed").await;
    scene.caller.hang_up();
    scene.ends().await;
}

#[tokio::test]
async fn what_becomes_of_a_transfer_is_found_out_also_where_it_is_told_to_nobody() {
    let busy = Scene::begin(Behaviour::Busy).await;
    busy.site.fake.lose_next_event("CHANNEL_EXECUTE_COMPLETE");
    busy.put_through();
    soon("Jenny's phone is called", busy.is_dialled()).await;
    // The first look comes to nothing, too.
    busy.site.fake.refuse_next("uuid_dump", "-ERR not now");
    busy.is_back("transfer_call", "on the phone").await;
    busy.transfers("busy").await;
    busy.caller.hang_up();
    busy.ends().await;

    for tool in ["transfer_call", "transfer_announced"] {
        let scene = Scene::begin(ANSWERS).await;
        scene.site.fake.lose_next_event("CHANNEL_BRIDGE");
        let jenny = match tool {
            "transfer_call" => {
                scene.put_through();
                scene.jenny().await
            }
            _ => {
                scene.announce();
                let jenny = scene.jenny_is_asked().await;
                jenny.press('1');
                jenny
            }
        };
        talk(&scene.caller, &jenny).await;
        scene.transfers("answered").await;
        scene.site.ends_empty().await;
        soon("the last resort is taken away", scene.nothing_waits()).await;
        talk(&scene.caller, &jenny).await;
        jenny.hang_up();
        scene.ends().await;
    }
}

#[tokio::test]
async fn who_agrees_and_hangs_up_at_once_gives_the_caller_back() {
    let scene = Scene::begin(ANSWERS).await;
    scene.announce();
    let jenny = scene.jenny_is_asked().await;
    scene.site.fake.leaves_before_joined();
    jenny.press('1');
    scene.is_back("transfer_announced", "could not be bridged").await;
    scene.transfers("failed").await;
    // And whoever takes the call later ends it for both as always.
    scene.put_through();
    let jenny = scene.jenny().await;
    talk(&scene.caller, &jenny).await;
    scene.transfers("answered").await;
    jenny.hang_up();
    scene.ends().await;
}

#[tokio::test]
async fn a_phone_that_is_looked_up_for_long_does_not_ring_for_a_caller_who_is_gone() {
    let scene = Scene::begin(ANSWERS).await;
    scene.site.fake.slow_directory(Duration::from_secs(6));
    scene.announce();
    let asked = |commands: &Vec<String>| commands.iter().any(|one| one.contains("originate {"));
    scene.site.fake.until_received(asked).await;
    scene.caller.hang_up();
    scene.transfers("caller_gone").await;
    let jenny = scene.jenny().await;
    soon("nobody is left waiting", jenny.until_hung_up()).await;
    scene.ends().await;
}

#[tokio::test]
async fn a_caller_on_hold_hears_music_and_then_the_secretary() {
    let scene = Scene::begin(ANSWERS).await;
    scene.engine.uses("hold_call", json!({}));
    soon("music", heard(&scene.caller, Source::Playback)).await;
    let (ok, _) = soon("the engine is told", scene.engine.told("hold_call")).await;
    assert!(ok);
    let asked = scene.unicasts();
    scene.engine.uses("resume_call", json!({}));
    soon("the caller is heard again", scene.heard_again(asked)).await;
    scene.caller.hang_up();
    scene.ends().await;
}

#[tokio::test]
async fn whether_somebody_could_take_the_call_is_looked_up() {
    let scene = Scene::begin(ANSWERS).await;
    let jenny = json!({"destination": "Jenny Cole"});
    let asked = async |status: &str| {
        scene.engine.uses("check_extension_available", jenny.clone());
        let told = async {
            loop {
                let (ok, told) = scene.engine.told("check_extension_available").await;
                if told.contains(status) {
                    return ok;
                }
                tokio::task::yield_now().await;
            }
        };
        assert!(soon(status, told).await);
    };
    asked("\"free\"").await;
    scene.site.fake.api("originate user/2001@default &park()").await;
    let jenny_talks = scene.jenny().await;
    soon(
        "Jenny is on the phone",
        jenny_talks.until(|place| *place == Place::Parked),
    )
    .await;
    asked("\"in_a_call\"").await;
    jenny_talks.hang_up();
    scene.site.fake.extension("2001", Behaviour::Unregistered);
    asked("\"not_registered\"").await;
    scene.caller.hang_up();
    scene.ends().await;
}

#[tokio::test]
async fn keys_are_sent_and_a_recording_begins_and_ends() {
    let scene = Scene::begin(ANSWERS).await;
    let call: Uuid = scene.caller.uuid();
    scene.engine.uses("send_dtmf", json!({"keys": "12#"}));
    assert!(soon("keys", scene.engine.told("send_dtmf")).await.0);
    let recorded = async |action: &str| {
        scene.engine.uses("record_call", json!({"action": action}));
        let wanted = format!("uuid_record {call} {action} ");
        let received = |commands: &Vec<String>| commands.iter().any(|command| command.contains(&wanted));
        let commands = soon(&wanted, scene.site.fake.until_received(received)).await;
        let told = soon("the engine is told", scene.engine.told("record_call")).await;
        assert!(told.0, "{told:?}");
        commands
    };
    recorded("start").await;
    let commands = recorded("stop").await;
    assert!(
        commands
            .iter()
            .any(|command| command.contains(&format!("uuid_send_dtmf {call} 12#")))
    );
    let paths: Vec<_> = commands
        .iter()
        .filter_map(|command| command.split("uuid_record ").nth(1)?.split_whitespace().nth(2))
        .collect();
    assert!(paths.len() == 2 && paths[0] == paths[1], "{paths:?}");
    assert!(paths[0].contains("/default/archive/") && paths[0].ends_with(".wav"));
    scene.caller.hang_up();
    scene.ends().await;
}

#[tokio::test]
async fn a_recording_that_could_not_be_stopped_is_not_forgotten_and_nobody_takes_it_along() {
    let scene = Scene::begin(ANSWERS).await;
    let stops = |commands: &Vec<String>| {
        let stop = format!("uuid_record {} stop", scene.caller.uuid());
        commands.iter().filter(|command| command.contains(&stop)).count()
    };
    let asked = async |action| {
        let used = scene.engine.has_used("record_call", json!({"action": action}));
        soon("the engine is told", used).await
    };
    assert!(asked("start").await.0);
    scene.site.fake.refuse_next("uuid_record", "-ERR not now");
    let (ok, told) = asked("stop").await;
    assert!(!ok, "{told}");
    // It is as if the caller were handed over at once.
    scene.site.fake.refuse_next("uuid_record", "-ERR not now");
    scene.put_through();
    scene.transfers("answered").await;
    let stopped = scene.site.fake.until_received(|commands| stops(commands) == 3);
    soon("it is stopped again", stopped).await;
    scene.caller.hang_up();
    scene.ends().await;
}
