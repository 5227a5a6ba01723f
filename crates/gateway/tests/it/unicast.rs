//! Calls that FreeSWITCH has parked, carried by `unicast`.

use crate::asker::Asker;
use crate::chime::{Chime, FIRST, said};
use crate::line::{DOMAIN, secretary};
use crate::pbx_site::{PbxSite, at, hears, soon, words};
use audio::SampleRate;
use serde_json::json;
use sim::freeswitch::{Codec, Dial, FreeSwitch, Place, Source};
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;

/// A line that changes no sample.
fn clear(rate: SampleRate, ptime_ms: u64) -> Codec {
    Codec {
        name: "L16".to_owned(),
        rate,
        ptime: Duration::from_millis(ptime_ms),
    }
}

fn dials(codec: Codec) -> Dial {
    Dial {
        codec,
        ..Dial::default()
    }
}

async fn chiming(chime: &Chime) -> PbxSite {
    PbxSite::start_with(secretary("chime", "openai"), "", vec![Arc::new(chime.clone())]).await
}

/// The caller's own voice comes back, and nothing takes it for an echo.
async fn echoing(keys: &str) -> PbxSite {
    PbxSite::start(
        secretary("echo", "loopback"),
        &format!("stream.echo = \"off\"\n{keys}"),
    )
    .await
}

/// The ports that FreeSWITCH was told to send to, in order.
fn ports(fake: &FreeSwitch) -> Vec<u16> {
    let commands = fake.commands();
    let lines = commands.iter().flat_map(|command| command.lines());
    lines
        .filter_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("remote-port: ")?
                .trim()
                .parse()
                .ok()
        })
        .collect()
}

#[tokio::test]
async fn every_sample_of_ten_chunks_is_heard_in_its_place() {
    for (rate, ptime) in [(8000, 20), (16000, 20), (8000, 10), (8000, 30), (16000, 40)] {
        let rate = SampleRate::new(rate).unwrap();
        let chime = Chime::new(10, Duration::from_millis(200));
        let site = chiming(&chime).await;
        let caller = site.fake.caller(dials(clear(rate, ptime)));
        let all = 2 * rate.hz() as usize;
        let heard = hears(&caller, all).await;
        assert!(
            heard.iter().copied().eq(said().take(all)),
            "{rate}, {ptime} ms: something is missing or twice"
        );
        let packet = rate.samples_in(Duration::from_millis(ptime)) as usize;
        let lengths: Vec<_> = caller.heard().iter().map(|heard| heard.samples.len()).collect();
        assert!(
            lengths.iter().all(|length| *length == packet),
            "not one packet a datagram: {lengths:?}"
        );
        caller.hang_up();
        site.ends_empty().await;
    }
}

#[tokio::test]
async fn the_caller_is_echoed_at_the_rate_of_the_channel() {
    for (rate, ptime) in [(8000, 20), (16000, 20), (8000, 30)] {
        let rate = SampleRate::new(rate).unwrap();
        let site = echoing("").await;
        let caller = site.fake.caller(dials(clear(rate, ptime)));
        let says: Vec<i16> = said().take(rate.hz() as usize).collect();
        // What was said before the call is up is said to nobody.
        soon("the call begins", site.node.shows("voice_ai_calls_live 1")).await;
        caller.speak(&says);
        let heard = hears(&caller, says.len() / 2).await;
        let begin = usize::try_from(heard[0] - FIRST).unwrap();
        assert_eq!(heard[..], says[begin..begin + heard.len()], "{rate}, {ptime} ms");
        caller.hang_up();
        site.ends_empty().await;
    }
}

#[tokio::test]
async fn a_key_silences_what_is_being_said() {
    let chime = Chime::new(100, Duration::ZERO);
    let site = chiming(&chime).await;
    let caller = site.fake.caller(dials(clear(SampleRate::HZ_8000, 20)));
    hears(&caller, 4_000).await;
    caller.press('5');
    let interrupted = async {
        loop {
            match chime.interrupted() {
                Some((_, heard_ms)) => return heard_ms,
                None => tokio::task::yield_now().await,
            }
        }
    };
    let heard_ms = soon("the key interrupts", interrupted).await;
    // What follows the speech is silence, sent after all of it.
    let silent = async {
        while caller
            .heard()
            .last()
            .is_none_or(|last| last.samples.iter().any(|sample| *sample != 0))
        {
            tokio::task::yield_now().await;
        }
    };
    soon("silence", silent).await;
    let after = words(&caller).len();
    let tail_ms = (after as u64 / 8).saturating_sub(heard_ms);
    assert!(
        tail_ms <= 30,
        "{tail_ms} ms were sent after the decision, or ahead of it"
    );
    caller.hang_up();
    site.ends_empty().await;
    assert_eq!(words(&caller).len(), after, "and nothing came later");
}

#[tokio::test]
async fn a_phone_to_which_nothing_is_said_still_gets_packets() {
    // The engine says nothing at all.
    let site = chiming(&Chime::new(0, Duration::ZERO)).await;
    let caller = site.fake.caller(dials(clear(SampleRate::HZ_8000, 20)));
    let packets = async {
        while caller.heard().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    soon("a packet", packets).await;
    assert!(words(&caller).is_empty());
}

#[tokio::test]
async fn a_call_that_has_ended_gives_its_ports_back() {
    // One pair of ports for all calls, one after the other.
    let site = echoing("server.max_calls = 1").await;
    for call in 1..=3 {
        let caller = site.calls();
        soon("the call begins", site.node.shows("voice_ai_calls_live 1")).await;
        caller.speak(&said().take(1_600).collect::<Vec<_>>());
        hears(&caller, 400).await;
        caller.hang_up();
        site.ends_empty().await;
        assert_eq!(ports(&site.fake).len(), call);
    }
    let used = ports(&site.fake);
    assert_eq!(used, [used[0]; 3]);
    // Nobody has it now.
    drop(UdpSocket::bind(("127.0.0.1", used[0])).unwrap());
}

#[tokio::test]
async fn whom_nobody_carries_goes_to_the_fallback_at_once() {
    let site = echoing("server.max_calls = 1").await;
    let carried = site.calls();
    soon("the first call", site.node.shows("voice_ai_calls_live 1")).await;

    let configured = site.calls();
    soon("the fallback of the configuration", configured.until(at("9000"))).await;
    let with = |name: &str, value: &str| Dial {
        variables: vec![(name.to_owned(), value.to_owned())],
        ..Dial::default()
    };
    let of_dialplan = site.fake.caller(with("voice_ai_fallback", "2001"));
    soon("the fallback of the dialplan", of_dialplan.until(at("2001"))).await;
    assert!(
        site.node.metrics().contains("reason=\"node_full\"} 2"),
        "{}",
        site.node.metrics()
    );
    carried.hang_up();
    site.ends_empty().await;

    let stranger = "99999999-2222-4333-8444-555555555555";
    let unknown = site.fake.caller(with("domain_uuid", stranger));
    soon("an unknown tenant's call", unknown.until(at("9000"))).await;
    assert!(
        site.node.metrics().contains("reason=\"domain\"} 1"),
        "{}",
        site.node.metrics()
    );
    let known = site.fake.caller(with("domain_uuid", DOMAIN));
    soon("the tenant's call", site.node.shows("voice_ai_calls_live 1")).await;

    site.node.drain().await;
    let late = site.calls();
    soon("a call to a node that drains", late.until(at("9000"))).await;
    assert_eq!(
        known.place(),
        Some(Place::Parked),
        "the call that was there stays"
    );
    known.hang_up();
    soon("the last call's end", site.node.ended()).await;
}

#[tokio::test]
async fn without_any_fallback_the_call_is_ended() {
    let wanted = secretary("echo", "loopback");
    let site = PbxSite::start_on(wanted, "server.max_calls = 1", "fallback = \"\"", Vec::new()).await;
    let carried = site.calls();
    soon("the first call", site.node.shows("voice_ai_calls_live 1")).await;
    let lost = site.calls();
    assert_eq!(
        soon("the end", lost.until_hung_up()).await,
        "NORMAL_TEMPORARY_FAILURE"
    );
    assert_eq!(carried.place(), Some(Place::Parked));
}

// The gateway and the fake FreeSWITCH each have a core, as far as there are two: on one, where others build beside, last resorts fire.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_calls_come_at_once() {
    let site = PbxSite::start(
        secretary("echo", "loopback").max_calls(30),
        "server.max_calls = 30",
    )
    .await;
    // Half as many packets as most lines have: the machine is to be busy with calls that begin.
    let line = || site.fake.caller(dials(clear(SampleRate::HZ_8000, 40)));
    let callers: Vec<_> = (0..30).map(|_| line()).collect();
    let all = async {
        while !site.node.metrics().contains("voice_ai_calls_live 30") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    // As many as a busy machine takes in a debug build: a hundred were taken on idle cores, and refused where others built beside.
    tokio::time::timeout(Duration::from_secs(60), all)
        .await
        .unwrap_or_else(|_| panic!("{}", site.node.metrics()));
    for caller in &callers {
        caller.speak(&said().take(1_600).collect::<Vec<_>>());
    }
    for caller in &callers {
        hears(caller, 160).await;
        assert_eq!(caller.place(), Some(Place::Parked));
    }
    for caller in &callers {
        caller.hang_up();
    }
    site.ends_empty().await;
}

#[tokio::test]
async fn what_strangers_send_to_a_calls_port_is_not_heard() {
    let chime = Chime::new(0, Duration::ZERO);
    let site = chiming(&chime).await;
    let caller = site.fake.caller(dials(clear(SampleRate::HZ_8000, 20)));
    soon("the call begins", site.node.shows("voice_ai_calls_live 1")).await;
    let port = *ports(&site.fake).last().unwrap();
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let noise: Vec<u8> = std::iter::repeat_n((-7_777_i16).to_le_bytes(), 160)
        .flatten()
        .collect();
    for _ in 0..300 {
        stranger.send_to(&noise, ("127.0.0.1", port)).unwrap();
        tokio::task::yield_now().await;
    }
    caller.speak(&said().take(4_000).collect::<Vec<_>>());
    let heard = async {
        while !chime.heard().contains(&(FIRST + 2_000)) {
            tokio::task::yield_now().await;
        }
    };
    soon("the caller is heard", heard).await;
    assert!(!chime.heard().contains(&-7_777), "a stranger was heard");
    caller.hang_up();
    site.ends_empty().await;
}

#[tokio::test]
async fn the_loss_of_control_ends_no_call() {
    let site = echoing("").await;
    let caller = site.fake.caller(dials(clear(SampleRate::HZ_8000, 20)));
    soon("the call begins", site.node.shows("voice_ai_calls_live 1")).await;
    site.fake.stop();
    caller.speak(&said().take(4_000).collect::<Vec<_>>());
    hears(&caller, 2_000).await;
    site.fake.restart().await.unwrap();
    soon("control is back", async {
        while site.fake.connections() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    caller.hang_up();
    site.ends_empty().await;
}

#[tokio::test]
async fn a_gateway_that_begins_again_takes_its_callers_up() {
    let site = echoing("").await;
    let caller = site.fake.caller(dials(clear(SampleRate::HZ_8000, 20)));
    soon("the call begins", site.node.shows("voice_ai_calls_live 1")).await;
    let site = site.begins_again(secretary("echo", "loopback")).await;
    soon("the call begins again", site.node.shows("voice_ai_calls_live 1")).await;
    let before = words(&caller).len();
    caller.speak(&said().take(8_000).collect::<Vec<_>>());
    hears(&caller, before + 2_000).await;
    let parked = caller
        .places()
        .iter()
        .filter(|place| **place == Place::Parked)
        .count();
    assert_eq!(parked, 2, "a second unicast in the same park would do nothing");
    caller.hang_up();
    site.ends_empty().await;
}

#[tokio::test]
async fn a_gateway_that_begins_again_takes_up_a_caller_who_was_played_something() {
    let site = echoing("").await;
    let caller = site.fake.caller(dials(clear(SampleRate::HZ_8000, 20)));
    soon("the call begins", site.node.shows("voice_ai_calls_live 1")).await;
    let marked = |commands: &Vec<String>| commands.iter().any(|command| command.contains("voice_ai_at"));
    soon("the mark", site.fake.until_received(marked)).await;
    // What is executed in park stays the current application, also after its end.
    site.fake.stop();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("announcement.r8");
    std::fs::write(&file, [0; 1_600]).unwrap();
    let broadcast = format!("uuid_broadcast {} {} aleg", caller.uuid(), file.display());
    site.fake.api(&broadcast).await;
    let site = site.begins_again(secretary("echo", "loopback")).await;
    soon("the call begins again", site.node.shows("voice_ai_calls_live 1")).await;
    let before = words(&caller).len();
    caller.speak(&said().take(8_000).collect::<Vec<_>>());
    hears(&caller, before + 2_000).await;
    caller.hang_up();
    site.ends_empty().await;
}

#[tokio::test]
async fn a_gateway_that_begins_again_takes_back_whom_the_one_before_has_put_on_hold() {
    let engine = Asker::new();
    let wanted = secretary("desk", "openai").with("tools = [\"hold_call\", \"resume_call\"]\n");
    let site = PbxSite::start_with(wanted, "stream.echo = \"off\"", vec![Arc::new(engine.clone())]).await;
    let caller = site.fake.caller(dials(clear(SampleRate::HZ_8000, 20)));
    soon("the call begins", site.node.shows("voice_ai_calls_live 1")).await;
    assert!(soon("hold", engine.has_used("hold_call", json!({}))).await.0);
    let music = async {
        while !caller
            .heard()
            .iter()
            .any(|heard| heard.source == Source::Playback)
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon("music", music).await;
    let site = site.begins_again(secretary("echo", "loopback")).await;
    soon("the call begins again", site.node.shows("voice_ai_calls_live 1")).await;
    let before = words(&caller).len();
    caller.speak(&said().take(8_000).collect::<Vec<_>>());
    hears(&caller, before + 2_000).await;
    assert_eq!(
        caller.place(),
        Some(Place::Parked),
        "the last resort was not needed"
    );
    caller.hang_up();
    site.ends_empty().await;
}

#[tokio::test]
async fn a_caller_who_was_played_something_is_heard_again() {
    let site = echoing("").await;
    let caller = site.fake.caller(dials(clear(SampleRate::HZ_8000, 20)));
    soon("the call begins", site.node.shows("voice_ai_calls_live 1")).await;
    let uuid = caller.uuid();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("announcement.r8");
    std::fs::write(&file, [0; 1_600]).unwrap();
    let file = file.display();
    // Twice, as what parks a channel once may not do so again.
    for times in [2, 3] {
        // Somebody else's announcement, which ends the audio.
        site.fake.api(&format!("uuid_broadcast {uuid} {file} aleg")).await;
        let opened = async {
            while ports(&site.fake).len() < times {
                tokio::task::yield_now().await;
            }
        };
        soon("the audio is opened again", opened).await;
        let before = words(&caller).len();
        caller.speak(&said().take(8_000).collect::<Vec<_>>());
        hears(&caller, before + 2_000).await;
    }
    caller.hang_up();
    site.ends_empty().await;
}
