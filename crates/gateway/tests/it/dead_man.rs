//! The dead man's switch: whatever dies, FreeSWITCH itself hands the caller to somebody, and leaves nobody else on a line.

use crate::asker::Asker;
use crate::esl_proxy::EslProxy;
use crate::line::{Node, Wanted, secretary};
use crate::pbx_site::{PbxSite, at, soon};
use futures_util::future::join_all;
use serde_json::json;
use sim::freeswitch::{Behaviour, Caller, Dial, FreeSwitch, Place, Setup, Task};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::time::{Instant, timeout};

/// FreeSWITCH acts up to 15 s after the last renewal.
const LAST_RESORT: Duration = Duration::from_secs(40);

const JENNY: &str = r#"
tools = ["transfer_announced", "end_call"]
[[destinations]]
name = "Jenny Cole"
number = "2001"
"#;

fn echo() -> Wanted {
    secretary("echo", "loopback")
}

/// The caller's last resort, as it waits.
fn last_resort(fake: &FreeSwitch, caller: &Caller) -> Option<Task> {
    let group = format!("voiceai-{}", caller.uuid());
    fake.tasks().into_iter().find(|task| task.group == group)
}

/// The last resort, once it waits alone and is another than this: what stands in while it is renewed is gone again, and would act beside
/// it if control were lost now.
async fn wound(fake: &FreeSwitch, caller: &Caller, before: Option<u64>) -> Task {
    let wound = async {
        loop {
            match last_resort(fake, caller) {
                Some(task) if before != Some(task.id) && is_alone(fake, caller) => return task,
                _ => tokio::task::yield_now().await,
            }
        }
    };
    soon("the last resort is wound", wound).await
}

fn is_alone(fake: &FreeSwitch, caller: &Caller) -> bool {
    let stand_in = format!("voiceai-renewal-{}", caller.uuid());
    fake.tasks().iter().all(|task| task.group != stand_in)
}

async fn taken_away(fake: &FreeSwitch) {
    let empty = async {
        while !fake.tasks().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    soon("the last resort is taken away", empty).await;
}

/// The caller has been handed to this extension by FreeSWITCH.
async fn saved(caller: &Caller, extension: &str) {
    let saved = timeout(LAST_RESORT, caller.until(at(extension))).await;
    assert!(saved.is_ok(), "the caller is still {:?}", caller.place());
}

#[tokio::test]
async fn it_is_wound_from_the_beginning_renewed_and_taken_away_at_the_end() {
    let site = PbxSite::start(echo(), "").await;
    let caller = site.calls();
    let first = wound(&site.fake, &caller, None).await;
    let wanted = format!("uuid_transfer {} 9000 XML default", caller.uuid());
    assert_eq!(first.command, wanted);
    let next = wound(&site.fake, &caller, Some(first.id)).await;
    assert_eq!(next.command, wanted);
    assert!(
        (first.at + 3..=first.at + 8).contains(&next.at),
        "{first:?} {next:?}"
    );
    let old = |tasks: Vec<Task>| tasks.iter().any(|task| task.id == first.id);
    assert!(!old(site.fake.tasks()), "the old one is left");
    caller.hang_up();
    taken_away(&site.fake).await;

    let another = site.calls();
    wound(&site.fake, &another, None).await;
    site.node.closed().await;
    soon("our hang-up", another.until_hung_up()).await;
    taken_away(&site.fake).await;
}

#[tokio::test]
async fn the_secretarys_fallback_goes_before_the_dialplans_and_that_before_the_configured_one() {
    let desk = echo().with("fallback = \"Desk\"\n[[destinations]]\nname = \"Desk\"\nnumber = \"2002\"\n");
    let dial = || Dial {
        variables: vec![("voice_ai_fallback".to_owned(), "2003".to_owned())],
        ..Dial::default()
    };
    for (wanted, expected) in [(desk, "2002"), (echo(), "2003")] {
        let site = PbxSite::start(wanted, "").await;
        let caller = site.fake.caller(dial());
        let task = wound(&site.fake, &caller, None).await;
        assert!(
            task.command.ends_with(&format!(" {expected} XML default")),
            "{task:?}"
        );
        caller.hang_up();
        site.ends_empty().await;
    }
}

#[tokio::test]
async fn when_control_is_lost_for_good_the_caller_goes_to_the_fallback_and_the_call_ends() {
    let site = PbxSite::start(echo(), "").await;
    let takes = Behaviour::Answers {
        after: Duration::ZERO,
    };
    site.fake.extension("9000", takes);
    let caller = site.calls();
    wound(&site.fake, &caller, None).await;
    site.node.shows("voice_ai_calls_live 1").await;
    site.fake.stop();
    saved(&caller, "9000").await;
    // The caller is somebody else's when control is back, which is found out before anything is done to them.
    site.fake.restart().await.unwrap();
    site.ends_empty().await;
    taken_away(&site.fake).await;
    assert_eq!(site.fake.channels(), 2, "the caller talks to the fallback");
    // It is our loss, and told as that.
    for line in [
        "voice_ai_last_resorts_total 1",
        "voice_ai_calls_ended_total{outcome=\"stream_lost\"} 1",
    ] {
        site.node.shows(line).await;
    }
}

/// As nobody takes the caller away meanwhile, they are where they were, however often they were parked anew.
#[tokio::test]
async fn when_it_could_not_be_renewed_for_long_and_has_not_acted_the_caller_stays() {
    let engine = Asker::new();
    let wanted = secretary("desk", "openai").with("tools = [\"hold_call\", \"resume_call\"]\n");
    let site = PbxSite::start_with(wanted, "", vec![Arc::new(engine.clone())]).await;
    let caller = site.calls();
    wound(&site.fake, &caller, None).await;
    for tool in ["hold_call", "resume_call"] {
        assert!(soon(tool, engine.has_used(tool, json!({}))).await.0);
    }
    let parked = |commands: &Vec<String>| commands.iter().any(|one| one.contains("park inline"));
    soon("they are parked anew", site.fake.until_received(parked)).await;
    let heard = engine.heard();
    let heard_again = async {
        while engine.heard() < heard + 1_600 {
            caller.speak(&[8_000; 160]);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    soon("they are heard again", heard_again).await;
    site.fake.stop();
    let stopped = Instant::now();
    site.fake
        .api(&format!("sched_del voiceai-{}", caller.uuid()))
        .await;
    tokio::time::sleep_until(stopped + Duration::from_secs(16)).await;
    site.fake.restart().await.unwrap();
    wound(&site.fake, &caller, None).await;
    assert_eq!(caller.place(), Some(Place::Parked));
    site.node.shows("voice_ai_calls_live 1").await;
    site.node.shows("voice_ai_last_resorts_total 0").await;
}

#[tokio::test]
async fn when_control_comes_back_in_time_the_caller_stays() {
    let site = PbxSite::start(echo(), "").await;
    let caller = site.calls();
    let before = wound(&site.fake, &caller, None).await;
    site.fake.cut();
    let after = wound(&site.fake, &caller, Some(before.id)).await;
    assert!(after.at >= before.at);
    assert_eq!(caller.place(), Some(Place::Parked));
    caller.hang_up();
    site.ends_empty().await;
}

/// A gateway on threads of its own, which can be stopped as `kill -9` stops it: nothing of it runs any more, and its sockets close.
struct Mortal {
    fake: FreeSwitch,
    runtime: Runtime,
    _node: Node,
}

impl Mortal {
    async fn start(wanted: Wanted, engine: Asker, port: u16) -> Self {
        let fake = FreeSwitch::start(Setup::default()).await.unwrap();
        let keys = format!(
            "vad.enabled = false\npbx = [{{ name = \"fake\", port = {}, unicast_port = {port}, fallback = \"9000\" }}]",
            fake.addr().port()
        );
        let runtime = Runtime::new().unwrap();
        let started =
            runtime.spawn(async move { Node::launch(&[&wanted], &keys, [], vec![Arc::new(engine)]).await });
        let node = soon("a gateway", started).await.unwrap();
        Self {
            fake,
            runtime,
            _node: node,
        }
    }

    /// It is gone from one moment to the next. What FreeSWITCH has is left.
    fn dies(self) -> (FreeSwitch, Node) {
        self.runtime.shutdown_background();
        (self.fake, self._node)
    }
}

#[tokio::test]
async fn a_gateway_that_dies_leaves_every_caller_with_the_fallback() {
    let wanted = secretary("desk", "openai").max_calls(20);
    let mortal = Mortal::start(wanted, Asker::new(), 29_000).await;
    let callers: Vec<Caller> = (0..20).map(|_| mortal.fake.caller(Dial::default())).collect();
    for caller in &callers {
        wound(&mortal.fake, caller, None).await;
    }
    let (_fake, _node) = mortal.dies();
    join_all(callers.iter().map(|caller| saved(caller, "9000"))).await;
}

#[tokio::test]
async fn whom_a_dying_gateway_was_asking_is_hung_up_and_the_caller_saved_from_the_music() {
    let engine = Asker::new();
    let wanted = secretary("desk", "openai").with(JENNY);
    let mortal = Mortal::start(wanted, engine.clone(), 29_400).await;
    let answers = Behaviour::Answers {
        after: Duration::ZERO,
    };
    mortal.fake.extension("2001", answers);
    let caller = mortal.fake.caller(Dial::default());
    wound(&mortal.fake, &caller, None).await;
    let about = json!({"destination": "Jenny Cole", "about": "Ana"});
    engine.uses("transfer_announced", about);
    let called = async {
        loop {
            if let Some(jenny) = mortal.fake.called("2001").pop() {
                return jenny;
            }
            tokio::task::yield_now().await;
        }
    };
    let jenny = soon("Jenny's phone rings", called).await;
    soon("Jenny takes it", jenny.until(|place| *place == Place::Parked)).await;
    let (_fake, _node) = mortal.dies();
    let ended = timeout(LAST_RESORT, jenny.until_hung_up()).await;
    assert_eq!(ended.as_deref(), Ok("RECOVERY_ON_TIMER_EXPIRE"));
    saved(&caller, "9000").await;
}

#[tokio::test]
async fn two_who_were_just_joined_are_let_alone_when_control_is_lost() {
    let fake = FreeSwitch::start(Setup::default()).await.unwrap();
    let answers = Behaviour::Answers {
        after: Duration::ZERO,
    };
    fake.extension("2001", answers);
    let proxy = EslProxy::before(&fake.addr().to_string()).await;
    let keys = format!(
        "vad.enabled = false\npbx = [{{ name = \"fake\", port = {}, unicast_port = 29600, fallback = \"9000\" }}]",
        proxy.port()
    );
    let engine = Asker::new();
    let wanted = secretary("desk", "openai").with(JENNY);
    let node = Node::launch(&[&wanted], &keys, [], vec![Arc::new(engine.clone())]).await;
    let caller = fake.caller(Dial::default());
    wound(&fake, &caller, None).await;
    let about = json!({"destination": "Jenny Cole", "about": "Ana"});
    engine.uses("transfer_announced", about);
    let asked = async {
        loop {
            if let Some(jenny) = fake.called("2001").pop()
                && !jenny.heard().is_empty()
            {
                return jenny;
            }
            tokio::task::yield_now().await;
        }
    };
    let jenny = soon("Jenny is asked", asked).await;
    proxy.cut_after("uuid_bridge ");
    jenny.press('1');
    soon(
        "they talk",
        caller.until(|place| matches!(place, Place::Bridged { .. })),
    )
    .await;
    // By FreeSWITCH itself.
    taken_away(&fake).await;
    proxy.mend();
    node.shows("voice_ai_transfers_total{outcome=\"answered\"} 1")
        .await;
    taken_away(&fake).await;
    node.ends_empty().await;
    assert!(matches!(caller.place(), Some(Place::Bridged { .. })));
}

#[tokio::test]
async fn a_transfer_that_was_answered_while_control_was_lost_is_let_alone() {
    let engine = Asker::new();
    let wanted = secretary("desk", "openai")
        .with("tools = [\"transfer_call\"]\n[[destinations]]\nname = \"Jenny Cole\"\nnumber = \"2001\"\n");
    let site = PbxSite::start_with(wanted, "", vec![Arc::new(engine.clone())]).await;
    let answers = Behaviour::Answers {
        after: Duration::from_secs(2),
    };
    site.fake.extension("2001", answers);
    let caller = site.calls();
    wound(&site.fake, &caller, None).await;
    engine.uses("transfer_call", json!({"destination": "Jenny Cole"}));
    let rings = async {
        while site.fake.called("2001").is_empty() {
            tokio::task::yield_now().await;
        }
    };
    soon("Jenny's phone rings", rings).await;
    site.fake.stop();
    soon(
        "they talk",
        caller.until(|place| matches!(place, Place::Bridged { .. })),
    )
    .await;
    site.fake.restart().await.unwrap();
    site.node
        .shows("voice_ai_transfers_total{outcome=\"answered\"} 1")
        .await;
    taken_away(&site.fake).await;
    site.ends_empty().await;
    assert!(matches!(caller.place(), Some(Place::Bridged { .. })));
}
