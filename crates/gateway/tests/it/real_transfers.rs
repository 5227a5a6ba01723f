//! Transfers on a real FreeSWITCH, as [`crate::real_freeswitch`] says, with `real_transfers` for the name.

use crate::pbx_site::soon;
use crate::real_freeswitch::real;
use crate::real_scene::{Scene, is, phone, to, tone};
use crate::sip_desk::{Line, Manner, loud_since};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

const TOOLS: [&str; 2] = ["transfer_call", "transfer_announced"];

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_does_not_take_the_call_gives_it_back_as_often_as_it_is_tried() {
    let Some(real) = real(28_200) else { return };
    let busy = [(); 2].map(|()| phone(Manner::Refuses(486)));
    let declines = [(); 2].map(|()| phone(Manner::Refuses(603)));
    let away = [(); 2].map(|()| phone(Manner::Refuses(480)));
    let unknown = [(); 2].map(|()| phone(Manner::Refuses(404)));
    let broken = [(); 2].map(|()| phone(Manner::Refuses(503)));
    let cases = [
        ("busy", &busy),
        ("refused", &declines),
        ("no_answer", &away),
        ("unavailable", &unknown),
        ("failed", &broken),
    ];
    let names: Vec<[String; 2]> = cases
        .iter()
        .map(|(outcome, _)| TOOLS.map(|tool| format!("{outcome} {tool}")))
        .collect();
    let phones: Vec<_> = cases
        .iter()
        .zip(&names)
        .flat_map(|((_, desks), names)| [(names[0].as_str(), &desks[0]), (names[1].as_str(), &desks[1])])
        .collect();
    // One call, and ten transfers of it that come to nothing.
    let mut scene = Scene::begin(&real, &phones).await;
    for (number, tool) in TOOLS.into_iter().enumerate() {
        for ((outcome, _), names) in cases.iter().zip(&names) {
            let asked = Instant::now();
            let told = scene.comes_back(tool, &names[number]).await;
            println!(
                "{tool}: {outcome} {:.0} ms after it was asked for: {told}",
                ms(asked)
            );
            scene.counts(outcome, number + 1).await;
            scene.talks().await;
            println!(
                "{tool}: {outcome}, and the caller talks to the secretary again after {:.0} ms",
                ms(asked)
            );
            scene.view.left(1).await;
            assert!(
                scene.view.is_guarded(&scene.caller).await,
                "no last resort any more"
            );
        }
    }
    scene.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_nobody_picks_up_gives_the_caller_back() {
    let Some(real) = real(28_220) else { return };
    let desks = [(); 2].map(|()| phone(Manner::Rings));
    let mut scene = Scene::begin(&real, &[(TOOLS[0], &desks[0]), (TOOLS[1], &desks[1])]).await;
    for (tool, desk) in TOOLS.into_iter().zip(&desks) {
        let asked = Instant::now();
        scene.transfer(tool, tool);
        is(desk, Line::Ringing).await;
        println!("{tool}: it rings after {:.0} ms", ms(asked));
        scene.hears().await;
        println!(
            "{tool}: the caller hears ringing or music after {:.0} ms",
            ms(asked)
        );
        let heard = scene.engine.heard();
        scene.phone.say(tone(40_000));
        let (ok, told) = tokio::time::timeout(Duration::from_secs(60), async {
            while desk.line() == Line::Ringing {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            scene.engine.told(tool).await
        })
        .await
        .expect("the ringing ends");
        assert!(!ok && told.contains("nobody answered"), "{told}");
        println!("{tool}: no_answer after {:.1} s", asked.elapsed().as_secs_f64());
        assert_eq!(
            scene.engine.heard(),
            heard,
            "the engine has heard somebody who waits"
        );
        scene.talks().await;
        scene.view.left(1).await;
    }
    scene.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_nothing_answers_to_is_known_at_once() {
    let Some(real) = real(28_240) else { return };
    let mut scene = Scene::begin(&real, &[]).await;
    for tool in TOOLS {
        let asked = Instant::now();
        let told = scene.comes_back(tool, "Nobody").await;
        println!("{tool}: unavailable after {:.0} ms: {told}", ms(asked));
        scene.talks().await;
    }
    scene.counts("unavailable", 2).await;
    scene.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_talk_are_let_alone_and_whoever_hangs_up_ends_both() {
    let Some(real) = real(28_260) else { return };
    for tool in TOOLS {
        for first in ["caller", "called"] {
            let jenny = phone(Manner::Answers);
            let mut scene = Scene::begin(&real, &[("Jenny Cole", &jenny)]).await;
            let asked = Instant::now();
            scene.transfer(tool, "Jenny Cole");
            is(&jenny, Line::Talking).await;
            if tool == "transfer_announced" {
                // She is told who calls.
                soon("words at Jenny's ear", async {
                    while !loud_since(&jenny.heard(), asked) {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                })
                .await;
                let pressed = Instant::now();
                jenny.press(1);
                scene.counts("answered", 1).await;
                println!("{tool}: answered {:.0} ms after the key", ms(pressed));
            } else {
                scene.counts("answered", 1).await;
                println!("{tool}: answered {:.0} ms after it was asked for", ms(asked));
            }
            scene.node.ends_empty().await;
            scene.view.guarded(&scene.caller, false).await;
            // Long enough for FreeSWITCH to take its loopback channels out, and to see that nothing comes between them.
            let from = Instant::now();
            while from.elapsed() < Duration::from_secs(4) {
                scene.phone.say(tone(800));
                jenny.say(tone(800));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            let late = from + Duration::from_secs(3);
            assert!(
                loud_since(&scene.phone.heard(), late) && loud_since(&jenny.heard(), late),
                "they do not talk"
            );
            let Scene {
                mut view,
                node,
                phone,
                ..
            } = scene;
            match first {
                "caller" => drop(phone),
                _ => jenny.hang_up(),
            }
            view.left(0).await;
            is(&jenny, Line::Over).await;
            node.closed().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_hangs_up_while_it_rings_stops_it() {
    let Some(real) = real(28_280) else { return };
    for tool in TOOLS {
        let jenny = phone(Manner::Rings);
        let scene = Scene::begin(&real, &[("Jenny Cole", &jenny)]).await;
        scene.transfer(tool, "Jenny Cole");
        is(&jenny, Line::Ringing).await;
        let hung_up = Instant::now();
        let Scene {
            mut view,
            node,
            phone,
            ..
        } = scene;
        drop(phone);
        is(&jenny, Line::Over).await;
        println!(
            "{tool}: it rings no more {:.0} ms after the caller's end",
            ms(hung_up)
        );
        view.left(0).await;
        node.ends_empty().await;
        node.closed().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_asked_may_decline_and_anybody_may_hang_up_meanwhile() {
    let Some(real) = real(28_300) else { return };
    let [declines, leaves, asked] = [(); 3].map(|()| phone(Manner::Answers));
    let phones = [("Declines", &declines), ("Leaves", &leaves), ("Asked", &asked)];
    let mut scene = Scene::begin(&real, &phones).await;
    for (name, desk) in &phones {
        scene.transfer("transfer_announced", name);
        is(desk, Line::Talking).await;
        scene.hears().await;
        let from = Instant::now();
        soon("words at the ear of who is asked", async {
            while !loud_since(&desk.heard(), from) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        let heard = scene.engine.heard();
        scene.phone.say(tone(8_000));
        let decided = Instant::now();
        match *name {
            "Declines" => desk.press(2),
            "Leaves" => desk.hang_up(),
            _ => break,
        }
        let times = if *name == "Declines" { 1 } else { 2 };
        scene.counts("refused", times).await;
        println!("{name}: refused after {:.0} ms", ms(decided));
        is(desk, Line::Over).await;
        assert_eq!(
            scene.engine.heard(),
            heard,
            "the engine has heard somebody who waits"
        );
        scene.talks().await;
        println!("{name}: the caller is back after {:.0} ms", ms(decided));
        scene.view.left(1).await;
    }
    let Scene {
        mut view,
        node,
        phone,
        ..
    } = scene;
    let hung_up = Instant::now();
    drop(phone);
    is(&asked, Line::Over).await;
    println!(
        "who was asked is free {:.0} ms after the caller's end",
        ms(hung_up)
    );
    view.left(0).await;
    node.ends_empty().await;
    node.closed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_on_hold_hears_music_that_the_engine_does_not_and_then_both_hear_each_other() {
    let Some(real) = real(28_320) else { return };
    let mut scene = Scene::begin(&real, &[]).await;
    for _ in 0..3 {
        let asked = Instant::now();
        assert!(
            soon("hold", scene.engine.has_used("hold_call", json!({})))
                .await
                .0
        );
        scene.hears().await;
        println!("music after {:.0} ms", ms(asked));
        let heard = scene.engine.heard();
        scene.phone.say(tone(8_000));
        // More than what was said lasts.
        let music = Instant::now();
        while music.elapsed() < Duration::from_millis(1_300) {
            scene.hears().await;
        }
        assert_eq!(
            scene.engine.heard(),
            heard,
            "the engine has heard somebody who is on hold"
        );
        let asked = Instant::now();
        assert!(
            soon("resume", scene.engine.has_used("resume_call", json!({})))
                .await
                .0
        );
        scene.talks().await;
        println!(
            "both hear each other again {:.0} ms after hold was to end",
            ms(asked)
        );
    }
    scene.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_heard_by_the_caller_a_recording_has_both_and_a_mailbox_takes_the_call() {
    let Some(real) = real(28_340) else { return };
    let mut scene = Scene::begin(&real, &[]).await;
    let keys = |scene: &Scene| -> Vec<u8> {
        let mut keys: Vec<u8> = scene
            .phone
            .heard()
            .iter()
            .filter_map(|packet| packet.key)
            .collect();
        // A release is told three times.
        keys.dedup();
        keys
    };
    let (ok, told) = soon("keys", scene.engine.has_used("send_dtmf", json!({"keys": "12"}))).await;
    assert!(ok, "{told}");
    soon("the keys at the caller's phone", async {
        while keys(&scene) != [1, 2] {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    scene.talks().await;

    let engine = scene.engine.clone();
    let record = async |action: &str| {
        let used = engine.has_used("record_call", json!({"action": action}));
        let (ok, told) = soon("recording", used).await;
        assert!(ok, "{told}");
    };
    record("start").await;
    scene.talks().await;
    let folder = scene.view.api("global_getvar recordings_dir").await;
    record("stop").await;
    let archive = Path::new(&folder).join("default/archive");
    let file = soon("the recording", async {
        loop {
            if let Some(file) = find(&archive, &scene.caller) {
                return file;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let samples = std::fs::read(&file).unwrap();
    let loud = samples[44..]
        .chunks_exact(2)
        .filter(|two| i16::from_le_bytes([two[0], two[1]]).unsigned_abs() > 400)
        .count();
    assert!(loud > 1_000, "{} has {loud} loud samples", file.display());
    scene.talks().await;

    let asked = Instant::now();
    scene.engine.uses("voicemail", to("Ana"));
    scene.counts("answered", 1).await;
    println!("the mailbox has the caller after {:.0} ms", ms(asked));
    scene.hears().await;
    scene.ends().await;
}

/// The file below a folder whose name has this in it.
fn find(folder: &Path, name: &str) -> Option<std::path::PathBuf> {
    std::fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
        let path = entry.path();
        match path.is_dir() {
            true => find(&path, name),
            false => path.to_str()?.contains(name).then_some(path),
        }
    })
}
