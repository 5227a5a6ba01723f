//! Calls that are parked for us and cannot be carried, or no longer: nobody waits in park, and nobody is taken from whom they talk to.

use crate::asker::Asker;
use crate::chime::said;
use crate::line::secretary;
use crate::pbx_site::{LIMIT, PbxSite, at, hears, soon};
use audio::SampleRate;
use serde_json::json;
use sim::freeswitch::{Behaviour, Caller, Codec, Dial, FreeSwitch, Place, Source};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// FreeSWITCH acts up to 15 s after the last renewal, and a leg that stays mute is not given up at once.
const LAST_RESORT: Duration = Duration::from_secs(60);

/// After so long without a datagram the line is looked at.
const SILENT_CORE: Duration = Duration::from_secs(5);

/// How often it is looked again.
const AGAIN: Duration = Duration::from_millis(5);

/// The caller's own voice comes back, and nothing takes it for an echo.
async fn echoing(keys: &str) -> PbxSite {
    PbxSite::start(
        secretary("echo", "loopback"),
        &format!("stream.echo = \"off\"\n{keys}"),
    )
    .await
}

/// A line that changes no sample.
fn clear() -> Dial {
    Dial {
        codec: Codec {
            name: "L16".to_owned(),
            rate: SampleRate::HZ_8000,
            ptime: Duration::from_millis(20),
        },
        ..Dial::default()
    }
}

async fn begun(site: &PbxSite) {
    soon("the call begins", site.node.shows("voice_ai_calls_live 1")).await;
}

/// Waits until nothing would take the caller from where they are.
async fn is_let_alone(fake: &FreeSwitch) {
    let free = async {
        while !fake.tasks().is_empty() {
            tokio::time::sleep(AGAIN).await;
        }
    };
    soon("the last resort is taken away", free).await;
}

/// The next few times that FreeSWITCH is told to send audio it says yes, and does nothing: its port is taken (measured).
fn is_deaf(fake: &FreeSwitch, times: usize) {
    for _ in 0..times {
        fake.refuse_next("sendmsg", "+OK\n");
    }
}

fn transferred(site: &PbxSite) -> bool {
    let ended = "voice_ai_calls_ended_total{outcome=\"transferred\"} 1";
    site.node.metrics().contains(ended)
}

#[tokio::test]
async fn whom_an_operator_has_sent_elsewhere_stays_there() {
    let site = echoing("").await;
    let takes = Behaviour::Answers {
        after: Duration::ZERO,
    };
    site.fake.extension("2005", takes);
    let caller = site.fake.caller(clear());
    begun(&site).await;
    let moved = format!("uuid_transfer {} 2005 XML default", caller.uuid());
    let begun_to_move = Instant::now();
    assert_eq!(site.fake.api(&moved).await, "+OK\n");
    soon("the operator's phone", caller.until(at("2005"))).await;
    soon("the call ends", site.ends_empty()).await;
    // FreeSWITCH tells that they have left park: it is not waited until the datagrams' absence is noticed.
    assert!(
        begun_to_move.elapsed() < SILENT_CORE,
        "{:?}",
        begun_to_move.elapsed()
    );
    assert!(transferred(&site), "{}", site.node.metrics());
    is_let_alone(&site.fake).await;
    assert_eq!(times_parked(&caller), 1, "{:?}", caller.places());
    // And whoever sends them back has them taken up again.
    site.fake.extension("8000", Behaviour::Parks);
    let back = format!("uuid_transfer {} 8000 XML default", caller.uuid());
    assert_eq!(site.fake.api(&back).await, "+OK\n");
    begun(&site).await;
    caller.speak(&said().take(8_000).collect::<Vec<_>>());
    hears(&caller, 2_000).await;
    caller.hang_up();
    site.ends_empty().await;
    is_let_alone(&site.fake).await;
}

#[tokio::test]
async fn whom_an_operator_has_joined_with_another_stays_with_them() {
    let site = echoing("").await;
    let takes = Behaviour::Answers {
        after: Duration::ZERO,
    };
    site.fake.extension("2005", takes);
    let caller = site.calls();
    begun(&site).await;
    let operator = site.fake.api("originate user/2005@example.com &park()").await;
    let operator = operator.trim().trim_start_matches("+OK ").to_owned();
    let joined = format!("uuid_bridge {} {operator}", caller.uuid());
    assert!(site.fake.api(&joined).await.starts_with("+OK"));
    soon(
        "they talk",
        caller.until(|place| matches!(place, Place::Bridged { .. })),
    )
    .await;
    soon("the call ends", site.ends_empty()).await;
    assert!(transferred(&site), "{}", site.node.metrics());
    is_let_alone(&site.fake).await;
    assert!(matches!(caller.place(), Some(Place::Bridged { .. })));
}

#[tokio::test]
async fn somebody_elses_announcement_is_heard_to_its_end_and_then_the_secretary() {
    let site = echoing("").await;
    let caller = site.fake.caller(clear());
    begun(&site).await;
    // Longer than the silence after which the audio is asked for again.
    let tone = format!(
        "uuid_broadcast {} tone_stream://%(7000,0,440) aleg",
        caller.uuid()
    );
    site.fake.api(&tone).await;
    let played = |caller: &Caller| -> usize {
        let heard = caller.heard();
        let tone = heard.iter().filter(|heard| heard.source == Source::Playback);
        tone.map(|heard| heard.samples.len()).sum()
    };
    let opened = async {
        while played(&caller) < 7 * 8_000 {
            assert_eq!(unicasts(&site.fake), 1, "the announcement was cut");
            tokio::time::sleep(AGAIN).await;
        }
        while unicasts(&site.fake) < 2 {
            tokio::time::sleep(AGAIN).await;
        }
    };
    soon("the audio is opened again", opened).await;
    caller.speak(&said().take(8_000).collect::<Vec<_>>());
    hears(&caller, 2_000).await;
    caller.hang_up();
    site.ends_empty().await;
}

fn times_parked(caller: &Caller) -> usize {
    let places = caller.places();
    places.iter().filter(|place| **place == Place::Parked).count()
}

/// How often FreeSWITCH was told to send a caller's audio.
fn unicasts(fake: &FreeSwitch) -> usize {
    let asks = |command: &&String| command.to_ascii_lowercase().contains("call-command: unicast");
    fake.commands().iter().filter(asks).count()
}

#[tokio::test]
async fn a_leg_that_stays_mute_ends_the_call_and_the_caller_is_not_left_in_silence() {
    let site = echoing("").await;
    let caller = site.calls();
    begun(&site).await;
    is_deaf(&site.fake, 3);
    let announced = format!("uuid_broadcast {} tone_stream://%(200,0,440) aleg", caller.uuid());
    site.fake.api(&announced).await;
    let saved = timeout(LAST_RESORT, caller.until(at("9000"))).await;
    assert!(saved.is_ok(), "the caller is still {:?}", caller.place());
    site.ends_empty().await;
}

#[tokio::test]
async fn what_is_said_while_the_audio_is_opened_again_is_heard_all_the_same() {
    let engine = Asker::talking_of_failures();
    let wanted = secretary("desk", "openai")
        .with("tools = [\"transfer_call\"]\n[[destinations]]\nname = \"Jenny Cole\"\nnumber = \"2001\"\n");
    let site = PbxSite::start_with(wanted, "", vec![Arc::new(engine.clone())]).await;
    site.fake.extension("2001", Behaviour::Busy);
    let caller = site.fake.caller(clear());
    begun(&site).await;
    engine.uses("transfer_call", json!({"destination": "Jenny Cole"}));
    let all = 8_000;
    let heard = hears(&caller, all).await;
    assert!(
        heard.iter().copied().eq(said().take(all)),
        "its beginning is missing: {:?}",
        heard.first()
    );
    caller.hang_up();
    site.ends_empty().await;
}

#[tokio::test]
async fn a_refused_caller_is_sent_away_again_where_freeswitch_did_not_do_it() {
    let site = echoing("server.max_calls = 1").await;
    let carried = site.calls();
    begun(&site).await;
    for _ in 0..2 {
        site.fake.refuse_next("uuid_transfer", "-ERR no reply\n");
    }
    let refused = site.calls();
    soon("the fallback", refused.until(at("9000"))).await;
    carried.hang_up();
    site.ends_empty().await;
    is_let_alone(&site.fake).await;
}

#[tokio::test]
async fn the_last_resort_is_wound_before_the_audio_is_there() {
    let site = echoing("").await;
    is_deaf(&site.fake, 3);
    let caller = site.calls();
    let command = format!("uuid_transfer {} 9000 XML default", caller.uuid());
    let wound = async {
        while !site.fake.tasks().iter().any(|task| task.command == command) {
            tokio::time::sleep(AGAIN).await;
        }
    };
    soon("the last resort", wound).await;
    soon("the fallback", caller.until(at("9000"))).await;
    assert!(
        site.node.metrics().contains("reason=\"no_audio\"} 1"),
        "{}",
        site.node.metrics()
    );
    is_let_alone(&site.fake).await;
}

#[tokio::test]
async fn a_caller_whom_the_last_resort_has_taken_is_not_pulled_back() {
    let site = echoing("").await;
    let takes = Behaviour::Answers {
        after: Duration::ZERO,
    };
    site.fake.extension("9000", takes);
    // The first try finds no audio; while it waits, the dialplan's own last resort acts.
    is_deaf(&site.fake, 1);
    let caller = site.calls();
    soon("the first try", async {
        while unicasts(&site.fake) == 0 {
            tokio::time::sleep(AGAIN).await;
        }
    })
    .await;
    let moved = format!("uuid_transfer {} 9000 XML default", caller.uuid());
    site.fake.api(&moved).await;
    soon("the fallback", caller.until(at("9000"))).await;
    is_let_alone(&site.fake).await;
    site.ends_empty().await;
    assert_eq!(times_parked(&caller), 1, "{:?}", caller.places());
    assert_eq!(unicasts(&site.fake), 1);
}

#[tokio::test]
async fn where_parked_calls_are_not_wanted_they_go_to_the_fallback() {
    for leg in ["file", "raw"] {
        let wanted = secretary("echo", "loopback");
        let site = PbxSite::start_on(
            wanted,
            "",
            &format!("fallback = \"9000\", leg = {leg:?}"),
            Vec::new(),
        )
        .await;
        let caller = site.calls();
        soon("the fallback", caller.until(at("9000"))).await;
        assert!(
            site.node.metrics().contains("reason=\"leg\"} 1"),
            "{}",
            site.node.metrics()
        );
        is_let_alone(&site.fake).await;
    }
}

#[tokio::test]
async fn a_fallback_that_is_a_mailbox_is_dialled_as_one_whether_the_call_is_refused_or_lost() {
    let wanted = secretary("desk", "loopback").with(
        "fallback = \"Desk\"\n[[destinations]]\nname = \"Desk\"\nnumber = \"2002\"\nkind = \"voicemail\"\n",
    );
    let site = PbxSite::start(wanted, "server.max_calls = 1").await;
    let carried = site.calls();
    begun(&site).await;
    let wound = async {
        loop {
            let tasks = site.fake.tasks();
            match tasks
                .iter()
                .find(|task| task.command.contains(&carried.uuid().to_string()))
            {
                Some(task) => return task.command.clone(),
                None => tokio::time::sleep(AGAIN).await,
            }
        }
    };
    let wound = soon("the last resort", wound).await;
    assert!(wound.ends_with(" *992002 XML default"), "{wound}");
    let refused = site.calls();
    soon("the mailbox", refused.until(at("*992002"))).await;
    // A channel that names no context is in the default one, there and here.
    let nowhere = site.fake.caller(Dial {
        context: String::new(),
        ..Dial::default()
    });
    timeout(LIMIT, nowhere.until(at("*992002")))
        .await
        .expect("the mailbox");
    carried.hang_up();
    site.ends_empty().await;
}
