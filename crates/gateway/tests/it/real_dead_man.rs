//! The dead man's switch on a real FreeSWITCH, as [`crate::real_freeswitch`] says, with `real_dead_man` for the name. With
//! `VOICE_AI_BINARY=target/debug/voice-ai` a server in a process of its own is killed as well.

use crate::asker::Asker;
use crate::esl_proxy::EslProxy;
use crate::line::{DOMAIN, Node, secretary};
use crate::pbx_site::soon;
use crate::real_freeswitch::{Real, real};
use crate::real_scene::{Scene, desk, is, phone, tone};
use crate::real_view::View;
use crate::sip_desk::{Desk, Line, Manner, loud_since};
use crate::sip_phone::{PCMU, Phone};
use serde_json::json;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::time::timeout;

/// FreeSWITCH acts 15 s after the last renewal; what is more is a machine that does other things besides.
const LAST_RESORT: Duration = Duration::from_secs(20);

/// FreeSWITCH has handed the caller, and nobody else is on a line. How long that took.
async fn saved(view: &mut View, from: Instant) -> f64 {
    let saved = timeout(LAST_RESORT, view.only_at("9000")).await;
    assert!(
        saved.is_ok(),
        "the caller is still alone: {:?}",
        view.channels().await
    );
    from.elapsed().as_secs_f64()
}

/// Both hear each other for longer than a last resort waits.
async fn talk_on(caller: &Phone, jenny: &Desk) {
    let begun = Instant::now();
    while begun.elapsed() < LAST_RESORT {
        caller.say(tone(800));
        jenny.say(tone(800));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let late = begun + LAST_RESORT - Duration::from_secs(2);
    assert!(
        loud_since(&caller.heard(), late),
        "the caller does not hear Jenny any more"
    );
    assert!(
        loud_since(&jenny.heard(), late),
        "the caller was taken away from Jenny"
    );
}

/// A gateway on threads of its own, which can be stopped as `kill -9` stops it: nothing of it runs any more, and its sockets close.
struct Mortal {
    runtime: Runtime,
    scene: Scene,
}

impl Mortal {
    async fn begin(real: &Real, phones: &[(&str, &Desk)]) -> Self {
        let engine = Asker::new();
        let runtime = Runtime::new().unwrap();
        let (keys, password) = (real.keys.clone(), real.password.clone());
        let (wanted, own) = (desk(phones), engine.clone());
        let started = runtime.spawn(async move {
            let environment = [("REAL_PASSWORD", password.as_str())];
            Node::launch(&[&wanted], &keys, environment, vec![Arc::new(own)]).await
        });
        let node = started.await.unwrap();
        let scene = Scene::with(real, node, engine).await;
        Self { runtime, scene }
    }

    fn dies(self) -> Scene {
        self.runtime.shutdown_background();
        self.scene
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_dies_leaves_the_caller_with_the_fallback_whatever_they_wait_for() {
    let Some(real) = real(28_400) else { return };
    for waits in [
        "for an answer",
        "on hold",
        "while it rings",
        "while somebody is asked",
    ] {
        let rings = phone(Manner::Rings);
        let jenny = phone(Manner::Answers);
        let mortal = Mortal::begin(&real, &[("Ringing", &rings), ("Jenny Cole", &jenny)]).await;
        let scene = &mortal.scene;
        match waits {
            "on hold" => scene.engine.uses("hold_call", json!({})),
            "while it rings" => scene.transfer("transfer_call", "Ringing"),
            "while somebody is asked" => scene.transfer("transfer_announced", "Jenny Cole"),
            _ => {}
        }
        match waits {
            "on hold" => scene.hears().await,
            "while it rings" => is(&rings, Line::Ringing).await,
            "while somebody is asked" => is(&jenny, Line::Talking).await,
            _ => {}
        }
        let died = Instant::now();
        let mut scene = mortal.dies();
        let took = saved(&mut scene.view, died).await;
        println!("{waits}: the caller is with the fallback {took:.1} s after the gateway's end");
        scene.hears().await;
        let Scene { mut view, phone, .. } = scene;
        drop(phone);
        view.left(0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_talk_are_let_alone_when_the_gateway_dies() {
    let Some(real) = real(28_420) else { return };
    let jenny = phone(Manner::Answers);
    let mortal = Mortal::begin(&real, &[("Jenny Cole", &jenny)]).await;
    mortal.scene.transfer("transfer_call", "Jenny Cole");
    is(&jenny, Line::Talking).await;
    let Scene { mut view, phone, .. } = mortal.dies();
    talk_on(&phone, &jenny).await;
    // Nobody would carry a caller who came back.
    jenny.hang_up();
    view.left(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_control_is_lost_for_good_the_caller_goes_to_the_fallback_and_the_call_ends() {
    let Some(real) = real(28_440) else { return };
    let proxy = EslProxy::before(&real.address).await;
    let mut scene = Scene::begin(&real.by(proxy.port()), &[]).await;
    let cut = Instant::now();
    proxy.cut();
    let took = saved(&mut scene.view, cut).await;
    println!("the caller is with the fallback {took:.1} s after control was lost");
    scene.hears().await;
    proxy.mend();
    scene.node.ends_empty().await;
    assert_eq!(
        scene.view.channels().await.len(),
        1,
        "the fallback has the caller"
    );
    scene.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_control_comes_back_in_time_the_caller_stays() {
    let Some(real) = real(28_460) else { return };
    let proxy = EslProxy::before(&real.address).await;
    let mut scene = Scene::begin(&real.by(proxy.port()), &[]).await;
    for seconds in [1, 4] {
        proxy.cut();
        let away = Instant::now();
        while away.elapsed() < Duration::from_secs(seconds) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        proxy.mend();
        scene.talks().await;
    }
    // Longer than a last resort would wait that nobody has renewed since.
    let back = Instant::now();
    while back.elapsed() < LAST_RESORT {
        scene.talks().await;
    }
    scene.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_were_just_joined_are_let_alone_when_control_is_lost() {
    let Some(real) = real(28_480) else { return };
    let proxy = EslProxy::before(&real.address).await;
    let jenny = phone(Manner::Answers);
    let scene = Scene::begin(&real.by(proxy.port()), &[("Jenny Cole", &jenny)]).await;
    scene.transfer("transfer_announced", "Jenny Cole");
    is(&jenny, Line::Talking).await;
    let asked = Instant::now();
    soon("words at Jenny's ear", async {
        while !loud_since(&jenny.heard(), asked) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    proxy.cut_after("uuid_bridge ");
    jenny.press(1);
    talk_on(&scene.phone, &jenny).await;
    proxy.mend();
    scene.counts("answered", 1).await;
    jenny.hang_up();
    let Scene { mut view, node, .. } = scene;
    view.left(0).await;
    node.ends_empty().await;
    node.closed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_dies_sends_the_caller_to_the_fallback() {
    let Some(real) = real(28_500) else { return };
    let mut scene = Scene::begin(&real, &[]).await;
    let died = Instant::now();
    scene.engine.dies();
    // By a transfer of ours, which the dialplan answers.
    scene.counts("answered", 1).await;
    println!(
        "the caller is with the fallback {:.1} s after the engine's end",
        died.elapsed().as_secs_f64()
    );
    scene.hears().await;
    scene.node.ends_empty().await;
    scene.view.guarded(&scene.caller, false).await;
    scene.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_freeswitch_loads_anew_costs_no_call() {
    let Some(real) = real(28_520) else { return };
    let mut scene = Scene::begin(&real, &[]).await;
    for command in [
        "reloadxml",
        "reload mod_loopback",
        // One that is asked to unload itself waits for who asks.
        "bgapi reload mod_event_socket",
    ] {
        println!("{command}: {}", scene.view.api(command).await);
        scene.talks().await;
        let again = Instant::now();
        while again.elapsed() < LAST_RESORT {
            scene.talks().await;
        }
        scene.view = View::open(&real).await;
        assert!(
            scene.view.is_guarded(&scene.caller).await,
            "no last resort any more"
        );
    }
    scene.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_leaves_the_caller_with_the_fallback() {
    let Some(real) = real(28_540) else { return };
    let Ok(binary) = std::env::var("VOICE_AI_BINARY") else {
        eprintln!("skipped: VOICE_AI_BINARY names no voice-ai");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("voice-ai.toml");
    let secretary = secretary("desk", "loopback")
        .with("fallback = \"Front desk\"\n[[destinations]]\nname = \"Front desk\"\nnumber = \"9000\"\n");
    let secretaries = folder.path().join("secretaries");
    std::fs::create_dir(&secretaries).unwrap();
    std::fs::write(secretaries.join("desk.toml"), secretary.file()).unwrap();
    let text = format!(
        "{}\nserver.listen = \"127.0.0.1:0\"\nserver.control = \"127.0.0.1:0\"\nstt.model = \"\"\ndata.dir = {:?}\n\
         secretaries.dir = {secretaries:?}\n[[domains]]\nuuid = \"{DOMAIN}\"\nname = \"pbx.example.com\"\ndefault_secretary = \"desk\"\n",
        real.keys,
        folder.path(),
    );
    std::fs::write(&config, text).unwrap();
    let mut server = Command::new(binary)
        .args(["serve", "--config"])
        .arg(&config)
        .env("REAL_PASSWORD", &real.password)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut view = View::open(&real).await;
    let phone = real.call(PCMU).await;
    let caller = view.caller().await;
    view.guarded(&caller, true).await;
    let killed = Instant::now();
    server.kill().unwrap();
    server.wait().unwrap();
    let took = saved(&mut view, killed).await;
    println!("the caller is with the fallback {took:.1} s after kill -9");
    drop(phone);
    view.left(0).await;
}
