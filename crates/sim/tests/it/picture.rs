//! The picture of a call: what is in it, and that it is sound XML.

use crate::fake::{call, converse, ms, say, tone};
use sim::{Account, Act, Step, When};

const LATENCY: &str = r#"{"type":"latency","response_ms":480,"endpoint_ms":300,"stt_ms":90,"brain_ms":10,"token_ms":4,"tts_ms":60,"leg_ms":6}"#;

/// The same turn of an engine that is one box.
const ONE_BOX: &str = r#"{"type":"latency","response_ms":480,"endpoint_ms":300,"engine_ms":160,"leg_ms":6}"#;

/// A call with a cough, an answered turn and a barge-in.
async fn eventful() -> Account {
    eventful_with(LATENCY).await
}

async fn eventful_with(latency: &str) -> Account {
    let script = vec![
        say(ms(200), When::IntoUtterance(1, ms(500))),
        say(ms(600), When::AfterAssistant),
        say(ms(400), When::IntoNextUtterance(ms(400))),
        Step {
            when: When::AfterAssistant,
            act: Act::Press('1'),
        },
    ];
    converse(call(script), async |server| {
        server.audio(&tone(ms(2000))).await;
        server.mark("prompt-1").await;
        server.hear_onset().await;
        server.text(r#"{"type":"pause"}"#).await;
        server.wait(ms(400)).await;
        server.text(r#"{"type":"resume"}"#).await;
        server.hear_turn_and_wait(ms(0)).await;
        server.hear_turn_and_wait(ms(480)).await;
        server.text(latency).await;
        server.audio(&tone(ms(2000))).await;
        server.hear_onset().await;
        server.text(r#"{"type":"clear"}"#).await;
        server
            .text(r#"{"type":"transcript","role":"assistant","text":"<Um> & \"dois\"","final":true}"#)
            .await;
        server.hear_turn_and_wait(ms(300)).await;
        server.speak(ms(500)).await;
        server.mark("answer-2").await;
        server.wait(ms(2000)).await;
        server.text(r#"{"type":"transfer","destination":"2001"}"#).await;
    })
    .await
}

/// The names of the elements, in order; panics where one is closed that is not open.
fn elements(svg: &str) -> Vec<String> {
    let mut open = Vec::new();
    let mut all = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag has an end");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let name = tag.split(' ').next().unwrap_or_default().to_owned();
        if !tag.ends_with('/') {
            open.push(name.clone());
        }
        all.push(name);
    }
    assert!(open.is_empty(), "{open:?} is not closed");
    all
}

fn count(svg: &str, part: &str) -> usize {
    svg.matches(part).count()
}

#[tokio::test(start_paused = true)]
async fn everything_that_happened_is_drawn() {
    let account = eventful().await;
    let svg = sim::picture::draw(&account);
    let turn = format!("turn 1: {:.0} ms", account.summary.response_ms[0]);
    assert!(
        elements(&svg)
            .iter()
            .all(|name| name != "script" && name != "image" && name != "foreignObject")
    );
    for part in [
        "prefers-color-scheme:dark",
        &turn,
        "&lt;Um&gt; &amp; &quot;dois&quot;",
        "transfer to 2001",
    ] {
        assert!(svg.contains(part), "no {part:?} in {svg}");
    }
    assert_eq!(count(&svg, r#"<path class="caller""#), 1);
    assert_eq!(count(&svg, r#"<path class="assistant""#), 1);
    // In the call and in the legend.
    assert_eq!(count(&svg, r#"<rect class="held""#), 2);
    assert_eq!(count(&svg, r#"<rect class="stop""#), 2);
    assert_eq!(count(&svg, r#"<rect class="went-on""#), 2);
    for part in ["endpoint", "stt", "token", "brain", "tts", "leg"] {
        assert_eq!(count(&svg, &format!(r#"<rect class="{part}""#)), 2, "{part}");
    }
    assert_eq!(count(&svg, r#"<rect class="key""#), 1);
}

#[tokio::test(start_paused = true)]
async fn the_parts_of_a_latency_fill_its_span() {
    let account = eventful().await;
    let svg = sim::picture::draw(&account);
    let rest = account.summary.response_ms[0] - 466.0;
    assert!(
        svg.contains(&format!("not accounted for {rest:.0} ms</title>")),
        "{rest}"
    );
    for (name, ms) in [
        ("end of turn", 300),
        ("speech to text", 90),
        ("first token", 4),
        ("brain", 6),
        ("voice", 60),
        ("leg", 6),
    ] {
        assert!(
            svg.contains(&format!("{name} {ms} ms</title>")),
            "{name} of {ms} ms"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_is_one_box_is_drawn_as_one() {
    let svg = sim::picture::draw(&eventful_with(ONE_BOX).await);
    for part in ["endpoint", "engine", "leg"] {
        assert_eq!(count(&svg, &format!(r#"<rect class="{part}""#)), 2, "{part}");
    }
    assert!(svg.contains("engine 160 ms</title>"), "{svg}");
    assert_eq!(count(&svg, r#"<rect class="brain""#), 0);
}

#[tokio::test(start_paused = true)]
async fn a_long_call_is_wrapped_into_rows() {
    let account = converse(call(vec![]), async |server| {
        server.audio(&tone(ms(38_000))).await;
        server.mark("prompt-1").await;
    })
    .await;
    let svg = sim::picture::draw(&account);
    elements(&svg);
    assert_eq!(count(&svg, r#"<g class="row""#), 3);
    assert_eq!(count(&svg, r#"<path class="assistant""#), 3);
}

#[tokio::test(start_paused = true)]
async fn a_call_in_which_nothing_happened_is_still_a_picture() {
    let account = converse(call(vec![]), async |server| server.close().await).await;
    let svg = sim::picture::draw(&account);
    elements(&svg);
    assert!(svg.contains("no turn was answered"));
}
