//! The caller may hang up at any moment, and the script then leaves nothing behind.

use super::stage::{CLOSED, CONNECTED, DROPPED, Stage};

/// Plays a call again and again, with the caller gone before its first, second, third… step.
fn hang_up_everywhere(stage: &Stage) {
    let Some(whole) = stage.play() else {
        return;
    };
    let steps: u32 = whole.of("end")[0]
        .split(' ')
        .next_back()
        .unwrap()
        .parse()
        .unwrap();
    assert!(steps > 10);
    for at in 1..=steps {
        let play = stage.clone().lua(&format!("hang_up_at = {at}")).play().unwrap();
        // What the server has scheduled is the server's.
        let left = play.of("task left");
        assert!(left.iter().all(|task| *task == "gateway"), "step {at}: {left:?}");
        let Some(gone) = play.steps.iter().position(|step| step.what == "caller hung up") else {
            // What was there to be done came to its end before.
            continue;
        };
        let after = &play.steps[gone..];
        let naps = after.iter().filter(|step| step.what == "sleep").count();
        assert!(naps <= 1, "step {at}: goes on after the hang-up");
        let begun = after
            .iter()
            .filter(|step| step.text.contains(" start ws"))
            .count();
        // Between the last look at the caller and the command there is always a moment.
        assert!(begun <= 2, "step {at}: a stream is begun for nobody");
        assert!(after.len() < 40, "step {at}: {after:#?}");
    }
}

#[test]
fn at_each_step_of_a_call_that_is_transferred() {
    hang_up_everywhere(
        &Stage::with_fallback()
            .variable("voice_ai_token", "s3cret")
            .connected()
            .event(
                11_000,
                "json",
                r#"{"type":"transfer","destination":"Billing","number":"2001"}"#,
            ),
    );
}

#[test]
fn at_each_step_of_a_call_whose_stream_breaks_and_comes_back() {
    hang_up_everywhere(
        &Stage::with_fallback()
            .connected()
            .event(700, "disconnect", DROPPED)
            .event(2500, "connect", CONNECTED)
            .event(8000, "json", r#"{"type":"hangup"}"#),
    );
}

#[test]
fn at_each_step_of_a_call_whose_server_loses_its_control() {
    hang_up_everywhere(
        &Stage::with_fallback()
            .with_control(2100, &[2000])
            .happens(2200, "control = \"false\"")
            .event(14_000, "json", r#"{"type":"hangup"}"#),
    );
}

#[test]
fn at_each_step_of_a_call_that_nobody_takes() {
    hang_up_everywhere(&Stage::published().connected().event(700, "disconnect", CLOSED));
}

#[test]
fn at_each_step_of_a_parked_call() {
    hang_up_everywhere(
        &Stage::with_fallback()
            .variable("voice_ai_leg", "unicast")
            .lua("park = 2000"),
    );
}

#[test]
fn during_a_sleep() {
    let stage = Stage::with_fallback()
        .connected()
        .happens(20_100, "hang_up = true");
    let Some(play) = stage.play() else {
        return;
    };
    assert!(play.of("task left").is_empty());
    // The module ends the stream itself; a second end at the same moment is what sptmru's source does not expect.
    assert_eq!(play.commands("uuid_audio_stream").len(), 1);
}
