//! A call as a picture: who spoke when, how long the caller waited, and what happened on the way. SVG without scripts,
//! for light and dark.

mod axis;
mod row;
mod scene;
mod style;
mod svg;
mod turn;
mod wave;
mod words;

use crate::caller::Account;
use crate::event::Outcome;
use axis::{Axis, LEFT, WIDTH};
use row::Row;
use scene::Scene;
use style::{DEFINITIONS, STYLE, width_of};
use svg::{Rect, Svg};

/// Draws the call.
pub fn draw(account: &Account) -> String {
    draw_with(account, &facts(account))
}

/// Draws the call with other words on what it was made of: an account that was put together from something else than a call.
pub fn draw_with(account: &Account, facts: &str) -> String {
    let axis = Axis::new(account.summary.duration_ms);
    let scene = Scene::of(account);
    let mut svg = Svg::new(WIDTH);
    let title = title(account);
    svg.text("title", (28.0, 40.0), &title);
    svg.text("facts", (28.0, 63.0), facts);
    svg.text("facts", (28.0, 83.0), &figures(account));
    let mut y = 104.0;
    for index in 0..axis.rows() {
        let row = Row::new(account, &scene, &axis, index, y);
        row.draw(&mut svg);
        y = row.bottom();
    }
    let height = legend(&mut svg, &scene, y + 8.0);
    svg.finish(height, &title, STYLE, DEFINITIONS)
}

fn title(account: &Account) -> String {
    let seconds = account.summary.duration_ms / 1000.0;
    let ended = match &account.summary.outcome {
        Outcome::Completed => "heard to its end".to_owned(),
        Outcome::HungUp => "hung up by the server".to_owned(),
        Outcome::Transferred(destination) => format!("transferred to {destination}"),
        Outcome::Closed(code) => format!("closed by the server with {code}"),
        Outcome::TimedOut => "cut at its longest time".to_owned(),
        Outcome::Stopped => "stopped".to_owned(),
    };
    let secretary = account
        .facts
        .secretary
        .as_deref()
        .map_or(String::new(), |name| format!(" to “{name}”"));
    format!("A call{secretary} of {seconds:.1} s, {ended}")
}

fn facts(account: &Account) -> String {
    let facts = &account.facts;
    format!(
        "{}  ·  {} {} Hz  ·  {} line  ·  module {}",
        facts.address, facts.mix, facts.rate, facts.line, facts.module
    )
}

fn figures(account: &Account) -> String {
    let summary = &account.summary;
    let list = |name: &str, ms: &[f64]| {
        let each: Vec<String> = ms.iter().map(|ms| format!("{ms:.0}")).collect();
        (!each.is_empty()).then(|| format!("{name} {} ms", each.join(", ")))
    };
    let counts = [
        (summary.false_barge_ins, "false barge-in"),
        (summary.underruns, "underrun"),
    ];
    let counted = counts.map(|(count, name)| {
        (count > 0).then(|| format!("{count} {name}{}", if count == 1 { "" } else { "s" }))
    });
    let known: Vec<String> = [
        list("response", &summary.response_ms),
        list("barge-in to hold", &summary.duck_ms),
        list("to silence", &summary.barge_in_stop_ms),
    ]
    .into_iter()
    .chain(counted)
    .flatten()
    .collect();
    if known.is_empty() {
        "no turn was answered".to_owned()
    } else {
        known.join("  ·  ")
    }
}

/// Explains the colours that occur. Returns the height of the picture.
fn legend(svg: &mut Svg, scene: &Scene, y: f64) -> f64 {
    let part = |wanted: fn(&crate::LatencyParts) -> Option<f64>| {
        scene
            .turns
            .iter()
            .any(|turn| turn.parts.as_ref().and_then(wanted).is_some_and(|ms| ms > 0.0))
    };
    let split = scene.turns.iter().any(|turn| turn.parts.is_some());
    let entries = [
        (
            scene.turns.iter().any(|turn| turn.parts.is_none()),
            "response",
            "end of speech to answer",
        ),
        (part(|parts| parts.endpoint_ms), "endpoint", "end of turn"),
        (part(|parts| parts.stt_ms), "stt", "speech to text"),
        (part(|parts| parts.token_ms), "token", "the model's first token"),
        (part(|parts| parts.brain_ms), "brain", "brain"),
        (part(|parts| parts.tts_ms), "tts", "voice"),
        (part(|parts| parts.engine_ms), "engine", "engine"),
        (part(|parts| parts.leg_ms), "leg", "on to the leg"),
        (split, "rest", "on the way, and not accounted for"),
        (
            scene.interruptions.iter().any(|it| it.stopped),
            "stop",
            "barge-in: onset to silence",
        ),
        (
            scene.interruptions.iter().any(|it| !it.stopped),
            "went-on",
            "spoken over, went on",
        ),
        (!scene.holds.is_empty(), "held", "held"),
        (!scene.underruns.is_empty(), "underrun", "underrun"),
        (!scene.marks.is_empty(), "mark", "mark reached"),
    ];
    let mut x = LEFT;
    let mut y = y;
    for (_, class, name) in entries.into_iter().filter(|(shown, ..)| *shown) {
        let width = 20.0 + width_of(name, 12.0) + 22.0;
        if x + width > WIDTH {
            x = LEFT;
            y += 20.0;
        }
        svg.rect(
            class,
            Rect {
                x,
                y,
                width: 14.0,
                height: 12.0,
            },
            "",
        );
        svg.text("legend", (x + 20.0, y + 10.5), name);
        x += width;
    }
    y + 34.0
}
