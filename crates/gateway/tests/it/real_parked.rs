//! Who else moves a parked caller on a real FreeSWITCH, as [`crate::real_freeswitch`] says, with `real_parked` for the name.

use crate::pbx_site::soon;
use crate::real_freeswitch::real;
use crate::real_scene::Scene;
use std::time::{Duration, Instant};

fn seconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}

/// The caller is somebody else's: the call is over for us, and nothing of ours would pull them back.
async fn is_let_go(scene: &mut Scene, since: Instant) {
    let ended = "voice_ai_calls_ended_total{outcome=\"transferred\"} 1";
    soon("the call ends as transferred", scene.node.shows(ended)).await;
    scene.node.ends_empty().await;
    println!(
        "the call ended {:.1} s after the operator's order",
        seconds(since)
    );
    scene.view.guarded(&scene.caller, false).await;
    scene.hears().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_an_operator_has_sent_elsewhere_stays_there() {
    let Some(real) = real(28_800) else { return };
    let mut scene = Scene::begin(&real, &[]).await;
    let order = format!("uuid_transfer {} 9000 XML default", scene.caller);
    let since = Instant::now();
    assert!(scene.view.api(&order).await.starts_with("+OK"));
    is_let_go(&mut scene, since).await;
    scene.view.only_at("9000").await;
    scene.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_an_operator_has_joined_with_another_stays_with_them() {
    let Some(real) = real(28_900) else { return };
    let mut scene = Scene::begin(&real, &[]).await;
    let operator = "originate {loopback_bowout=false}loopback/9000/default &park()";
    let operator = scene.view.api(operator).await.replace("+OK ", "");
    let order = format!("uuid_bridge {} {operator}", scene.caller);
    let since = Instant::now();
    assert!(scene.view.api(&order).await.starts_with("+OK"));
    is_let_go(&mut scene, since).await;
    scene.view.api(&format!("uuid_kill {operator}")).await;
    scene.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_announcement_is_heard_to_its_end_and_then_the_secretary() {
    let Some(real) = real(29_000) else { return };
    let mut scene = Scene::begin(&real, &[]).await;
    for seconds in [1, 8] {
        let from = Instant::now();
        let order = format!(
            "uuid_broadcast {} tone_stream://%({seconds}000,0,440) aleg",
            scene.caller
        );
        assert!(scene.view.api(&order).await.starts_with("+OK"));
        scene.hears().await;
        scene.talks().await;
        let packets = scene.phone.heard();
        let loud: Vec<_> = packets
            .iter()
            .filter(|packet| packet.at > from && packet.is_loud())
            .collect();
        let (first, last) = (loud[0].at, loud[loud.len() - 1].at);
        let heard = last.duration_since(first);
        println!(
            "of {seconds} s {:.2} s were heard, and the secretary again {:.2} s later",
            heard.as_secs_f64(),
            last.elapsed().as_secs_f64()
        );
        assert!(heard >= Duration::from_millis(seconds * 1_000 - 100), "{heard:?}");
        assert!(scene.view.is_guarded(&scene.caller).await);
    }
    scene.ends().await;
}
