//! The `file` leg on a real FreeSWITCH, heard at the caller's RTP, as [`crate::real_freeswitch`] says, with `real_files` for the name.
//!
//! One of the open builds of mod_audio_stream must be loaded, the published script be in the folder of scripts, and the dialplan have
//! the extensions of `tests/data/real_freeswitch_files.xml`.

use crate::chime::{Chime, FIRST, said};
use crate::esl_proxy::EslProxy;
use crate::line::{Node, secretary};
use crate::pbx_site::soon;
use crate::real_freeswitch::{Real, real};
use crate::real_view::View;
use crate::sip_phone::{PCMU, Packet, Phone, Speech};
use audio::g711::Law;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use voice::Engine;

/// Faster than it is heard, as engines speak.
const PACE: Duration = Duration::from_millis(150);
/// FreeSWITCH acts 15 s after the last renewal; what is more is a machine that does other things besides.
const LAST_RESORT: Duration = Duration::from_secs(25);

const L16: Speech = Speech {
    codec: "L16",
    rate: 16000,
    ptime_ms: 20,
};

/// None, and said so, where no FreeSWITCH is named or it has no audio module.
pub(crate) async fn real_with_module(first_port: u16) -> Option<Real> {
    let real = real(first_port)?;
    let mut view = View::open(&real).await;
    if view.api("module_exists mod_audio_stream").await != "true" {
        eprintln!("skipped: {} has no mod_audio_stream loaded", real.address);
        return None;
    }
    Some(real)
}

async fn node(real: &Real, engine: &str, own: Vec<Arc<dyn Engine>>, more: &str) -> Node {
    let keys = real.keys.replace("unicast_port", &format!("{more}unicast_port"));
    let environment = [("REAL_PASSWORD", real.password.as_str())];
    let node = Node::launch(&[&secretary("tester", engine)], &keys, environment, own).await;
    soon(
        "control of FreeSWITCH",
        node.shows("voice_ai_pbx_up{pbx=\"real\"} 1"),
    )
    .await;
    node
}

/// Calls the node by the script, at the stream's rate that `way` stands for.
async fn call(real: &Real, node: &Node, way: &str, speech: Speech) -> Phone {
    call_by(real, node.stream_addr().port(), way, speech).await
}

/// The same, where the node is reached by this port.
async fn call_by(real: &Real, port: u16, way: &str, speech: Speech) -> Phone {
    let (sip, extension) = (real.sip, format!("{way}{port}"));
    tokio::task::spawn_blocking(move || Phone::call(sip, &extension, speech))
        .await
        .unwrap()
}

fn loud(phone: &Phone) -> Vec<Packet> {
    phone.heard().into_iter().filter(Packet::is_loud).collect()
}

fn samples(packets: &[Packet]) -> Vec<i16> {
    packets
        .iter()
        .flat_map(|packet| packet.samples.iter().copied())
        .collect()
}

async fn until(what: &str, done: impl Fn() -> bool) {
    let poll = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    soon(what, poll).await;
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The audio module's files that are left, where FreeSWITCH is on this machine.
async fn files_left(view: &mut View, call: &str) -> usize {
    let folder = view.api("global_getvar temp_dir").await;
    let names = std::fs::read_dir(folder.trim()).into_iter().flatten().flatten();
    names
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(call))
        .count()
}

async fn no_file_is_left(view: &mut View, call: &str) {
    let gone = async {
        while files_left(view, call).await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    soon("the module's files are gone", gone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_chunks_are_heard_soon_and_without_a_hole() {
    let Some(real) = real_with_module(28_600).await else {
        return;
    };
    let mut view = View::open(&real).await;
    for (speech, way) in [
        (PCMU, "81"),
        (PCMU, "82"),
        (
            Speech {
                codec: "PCMA",
                ptime_ms: 30,
                ..PCMU
            },
            "81",
        ),
        (Speech { ptime_ms: 10, ..PCMU }, "81"),
        (L16, "81"),
    ] {
        let chime = Chime::new(10, PACE);
        let node = node(&real, "openai", vec![Arc::new(chime.clone())], "").await;
        let phone = call(&real, &node, way, speech).await;
        let caller = view.caller().await;
        let all = 2 * speech.rate as usize;
        until("two seconds of speech", || {
            samples(&loud(&phone)).len() >= all - 400
        })
        .await;
        until("its end", || {
            phone.heard().last().is_some_and(|last| !last.is_loud())
        })
        .await;
        let heard = loud(&phone);
        let first = ms(heard[0]
            .at
            .duration_since(chime.began().expect("the engine has spoken")));
        let gaps = heard.windows(2).map(|two| two[1].at.duration_since(two[0].at));
        let longest = gaps.max().unwrap_or_default();
        let inside = |packet: &Packet| packet.at > heard[0].at && packet.at < heard[heard.len() - 1].at;
        // What FreeSWITCH fills a hole with, where the script has it write silence.
        let between: Vec<_> = phone.heard().into_iter().filter(inside).collect();
        let silent = between.iter().filter(|packet| !packet.is_loud()).count();
        if let Some(at) = between.iter().position(|packet| !packet.is_loud()) {
            println!("the first hole comes after {} packets", at + 1);
        }
        println!(
            "{} {} Hz {} ms, stream {way}: first audio {first:.1} ms after the engine's first chunk; longest gap {:.1} ms, {silent} silent packets",
            speech.codec,
            speech.rate,
            speech.ptime_ms,
            ms(longest),
        );
        assert_eq!(silent, 0, "a hole");
        let told = samples(&heard);
        assert!(
            told.len() <= all + speech.rate as usize / 25,
            "something was heard twice"
        );
        if speech.codec == "PCMU" && speech.ptime_ms == 20 && way == "81" {
            let coded = |sample| Law::Mu.decode_byte(Law::Mu.encode_sample(sample));
            assert!(
                told.iter().copied().take(all).eq(said().map(coded).take(all)),
                "not as it was said"
            );
        }
        drop(phone);
        node.ends_empty().await;
        node.closed().await;
        no_file_is_left(&mut view, &caller).await;
        view.left(0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_ends_with_the_decision_and_its_position_is_true() {
    let Some(real) = real_with_module(28_620).await else {
        return;
    };
    let mut view = View::open(&real).await;
    let chime = Chime::new(50, Duration::ZERO);
    let node = node(&real, "openai", vec![Arc::new(chime.clone())], "").await;
    for packets in [50, 63, 77, 84, 98] {
        let phone = call(&real, &node, "81", PCMU).await;
        let caller = view.caller().await;
        until("speech", || loud(&phone).len() >= packets).await;
        phone.press(5);
        until("the decision", || chime.interrupted().is_some()).await;
        let (decided, told_ms) = chime.interrupted().expect("it was interrupted");
        until("silence", || {
            let heard = phone.heard();
            heard
                .last()
                .is_some_and(|last| !last.is_loud() && last.at > decided + Duration::from_millis(200))
        })
        .await;
        let heard = loud(&phone);
        let tail = ms(heard
            .last()
            .expect("speech")
            .at
            .saturating_duration_since(decided));
        let heard_ms = heard.iter().filter(|packet| packet.at <= decided).count() * 20;
        println!(
            "after the decision the last packet of speech came within {tail:.1} ms; {heard_ms} ms had been heard, and {told_ms} ms told"
        );
        assert!(tail <= 60.0 && (heard_ms as i64 - told_ms as i64).abs() <= 60);
        drop(phone);
        node.ends_empty().await;
        no_file_is_left(&mut view, &caller).await;
    }
    node.closed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_caller_is_heard_by_either_leg() {
    let Some(real) = real_with_module(28_640).await else {
        return;
    };
    for (leg, way) in [("file", "81"), ("file", "82"), ("raw", "81"), ("raw", "82")] {
        let chime = Chime::new(0, Duration::ZERO);
        let more = format!("leg = \"{leg}\", ");
        let node = node(&real, "openai", vec![Arc::new(chime.clone())], &more).await;
        let phone = call(&real, &node, way, PCMU).await;
        soon("the call begins", node.shows("voice_ai_calls_live 1")).await;
        until("silence at the engine", || !chime.heard().is_empty()).await;
        let from = Instant::now();
        phone.say(said().take(8_000));
        until("the caller at the engine", || {
            chime.heard().iter().any(|sample| *sample >= FIRST)
        })
        .await;
        println!(
            "{leg}, stream {way}: the caller is heard within {:.1} ms",
            ms(from.elapsed())
        );
        until("all of it", || {
            chime.heard().iter().filter(|sample| **sample >= FIRST).count() >= 7_600
        })
        .await;
        drop(phone);
        node.ends_empty().await;
        node.closed().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_caller_is_heard_while_something_is_said() {
    let Some(real) = real_with_module(28_700).await else {
        return;
    };
    // Each file costs a packet, and an engine that is little faster than it is heard has many.
    for (every, at_least) in [(PACE, 80), (Duration::ZERO, 95)] {
        let chime = Chime::new(40, every);
        let node = node(&real, "openai", vec![Arc::new(chime.clone())], "").await;
        let phone = call(&real, &node, "81", PCMU).await;
        until("speech", || loud(&phone).len() >= 10).await;
        phone.say(said().take(16_000));
        until("two seconds of speech", || loud(&phone).len() >= 130).await;
        let heard = chime.heard().iter().filter(|sample| **sample >= FIRST).count();
        println!(
            "of two seconds that the caller said over ours {:.0} ms were heard",
            heard as f64 / 8.0
        );
        assert!(heard >= 16_000 * at_least / 100);
        drop(phone);
        node.ends_empty().await;
        node.closed().await;
    }
}

/// The script begins amigniter's stream again. sptmru connects again by itself, 2 ms later; where that is refused it gives up, and the
/// stream that the script begins then brings no audio (seen of 5f179d6): the caller goes to the fallback, which is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_lost_comes_back_and_the_caller_with_it() {
    let Some(real) = real_with_module(28_680).await else {
        return;
    };
    let mut view = View::open(&real).await;
    let node = node(&real, "loopback", Vec::new(), "").await;
    let proxy = EslProxy::before(&node.stream_addr().to_string()).await;
    let phone = call_by(&real, proxy.port(), "81", PCMU).await;
    let caller = view.caller().await;
    soon("the call begins", node.shows("voice_ai_calls_live 1")).await;
    phone.say(said().take(8_000));
    until("the echo", || !loud(&phone).is_empty()).await;
    let lost = Instant::now();
    proxy.cut();
    soon("the loss", node.shows("voice_ai_calls_detached_total 1")).await;
    proxy.mend();
    soon("the stream", node.shows("voice_ai_calls_reattached_total 1")).await;
    println!("the stream is there again after {:.0} ms", ms(lost.elapsed()));
    until("silence", || {
        phone.heard().last().is_some_and(|last| !last.is_loud())
    })
    .await;
    let (again, before) = (Instant::now(), phone.heard().len());
    phone.say(said().take(8_000));
    let loud_again = || phone.heard()[before..].iter().any(Packet::is_loud);
    let heard = tokio::time::timeout(LAST_RESORT, async {
        while !loud_again() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    heard.await.expect("the echo again, or the fallback's tone");
    let rows = view.channels().await;
    let whose = if rows.iter().any(|row| row["dest"] == "9000") {
        "the fallback"
    } else {
        "the echo"
    };
    println!("the caller hears {whose} after {:.0} ms", ms(again.elapsed()));
    assert!(
        lost.elapsed() < Duration::from_secs(15),
        "the caller was alone for too long"
    );
    drop(phone);
    node.ends_empty().await;
    assert!(
        node.metrics().contains("voice_ai_calls_started_total 1"),
        "{}",
        node.metrics()
    );
    node.closed().await;
    no_file_is_left(&mut view, &caller).await;
    view.left(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_dies_leaves_the_caller_with_the_fallback() {
    let Some(real) = real_with_module(28_660).await else {
        return;
    };
    let mut view = View::open(&real).await;
    let runtime = Runtime::new().unwrap();
    let chime = Chime::new(100, Duration::ZERO);
    let own = chime.clone();
    // The same FreeSWITCH, named once more.
    let there = crate::real_freeswitch::real(28_660).expect("it is named");
    let started = runtime.spawn(async move { node(&there, "openai", vec![Arc::new(own)], "").await });
    let node = started.await.unwrap();
    let phone = call(&real, &node, "81", PCMU).await;
    until("speech", || loud(&phone).len() >= 50).await;
    let died = Instant::now();
    runtime.shutdown_background();
    let saved = tokio::time::timeout(LAST_RESORT, view.only_at("9000")).await;
    assert!(
        saved.is_ok(),
        "the caller is still alone: {:?}",
        view.channels().await
    );
    println!(
        "the caller is with the fallback {:.1} s after the gateway's end",
        died.elapsed().as_secs_f64()
    );
    drop(phone);
    view.left(0).await;
}
