//! The task that takes the caller away when nobody carries the call any more: who puts it off, and when it goes.

use super::stage::{CALL, CONNECTED, DROPPED, Stage};

#[test]
fn a_call_that_is_carried_puts_it_off_at_each_sign_of_life() {
    let Some(play) = Stage::with_fallback().connected().play() else {
        return;
    };
    let set = play.scheduled();
    assert!(set.len() > 20, "{set:?}");
    assert!(set.windows(2).all(|pair| pair[1] - pair[0] <= 6000), "{set:?}");
    assert!(play.of("last resort").is_empty());
    assert!(play.of("task left").is_empty());
}

#[test]
fn without_an_extension_it_ends_the_call() {
    let Some(play) = Stage::published().play() else {
        return;
    };
    assert_eq!(
        play.commands("sched_api")[0],
        format!("+14 voiceai-{CALL} uuid_kill {CALL} RECOVERY_ON_TIMER_EXPIRE")
    );
}

#[test]
fn an_extension_that_would_break_out_of_the_command_is_none() {
    for extension in [
        "9000 XML evil",
        "-bleg",
        "9000\nx",
        "${x}",
        "9'0",
        &"9".repeat(65),
    ] {
        let Some(play) = Stage::published().variable("voice_ai_fallback", extension).play() else {
            return;
        };
        assert!(play.commands("sched_api")[0].contains("uuid_kill"), "{extension}");
        assert!(
            play.logged("ERR", "voice_ai_fallback cannot be dialled"),
            "{extension}"
        );
    }
}

#[test]
fn a_context_that_would_break_out_of_the_command_is_the_default_one() {
    let Some(play) = Stage::with_fallback().variable("context", "a b").play() else {
        return;
    };
    assert!(play.commands("sched_api")[0].ends_with(" 9000 XML default"));
}

/// Playback and bridges that were queued for the channel run inside the sleep, for as long as they like.
#[test]
fn a_sleep_that_lasts_long_is_the_only_time_in_which_it_is_not_put_off() {
    let stage = Stage::with_fallback()
        .connected()
        .happens(10_200, "bridge = 9000")
        .happens(40_200, "bridge = 9000");
    let Some(play) = stage.play() else {
        return;
    };
    assert!(play.survived());
}

/// A machine that vanishes closes no connection, and neither module notices for a quarter of an hour.
#[test]
fn a_server_that_says_nothing_any_more_is_not_waited_for_longer_than_15_s() {
    for at in (20_000..24_000).step_by(250) {
        let stage = Stage::with_fallback()
            .connected()
            .happens(at, "dead = true")
            .event_of_another(at + 2000, "json", r#"{"type":"alive","control":false}"#);
        let Some(play) = stage.play() else {
            return;
        };
        let caught = play.when("last resort", "").unwrap() - at;
        assert!((9_500..=14_500).contains(&caught), "{caught}");
    }
}

#[test]
fn a_server_that_never_says_that_it_is_there_has_the_call_for_15_s() {
    let stage = Stage::with_fallback().happens(1, "dead = true").connected();
    let Some(play) = stage.play() else {
        return;
    };
    let caught = play.when("last resort", "").unwrap();
    assert!((14_000..15_000).contains(&caught), "{caught}");
}

#[test]
fn a_server_with_control_puts_it_off_itself() {
    let Some(play) = Stage::with_fallback().with_control(56_100, &[5000]).play() else {
        return;
    };
    assert!(!play.of("deaf").is_empty(), "still hears what other calls say");
    // From the server's last renewal on the task counts, though the stream is as it was and the server says that it is there.
    assert_eq!(play.when("last resort", ""), Some(55_100 + 15_000));
    assert!(play.of("task left").is_empty(), "{:?}", play.of("task left"));
}

/// Each sentence of each call is told to whoever hears them.
#[test]
fn what_other_calls_say_is_not_heard_while_the_server_is_on_time() {
    let stage = Stage::with_fallback().with_control(120_000, &[4000, 6000, 5000, 4500, 5900]);
    let Some(play) = stage.play() else {
        return;
    };
    assert!(play.survived());
    let hears = play.of("hears");
    let sentences = hears.iter().filter(|name| name.ends_with("::json"));
    assert_eq!(sentences.count(), 1, "{hears:?}");
    assert_eq!(play.of("deaf").len(), 1);
}

#[test]
fn a_server_that_loses_its_control_has_the_script_put_it_off() {
    for lost in (50_200..60_100).step_by(700) {
        let last = 100 + (lost - 100) / 5000 * 5000;
        let stage = Stage::with_fallback()
            .with_control(last, &[5000])
            .happens(lost, "control = \"false\"");
        let Some(play) = stage.play() else {
            return;
        };
        assert!(play.survived(), "{lost}: {:?}", play.when("last resort", ""));
        // Then it dies.
        let Some(play) = stage.happens(90_000, "dead = true").play() else {
            return;
        };
        let caught = play.when("last resort", "").unwrap() - 90_000;
        assert!((9_500..=14_500).contains(&caught), "{caught}");
    }
}

/// Control is noticed to be lost 6 s after the last time that it was used, at worst.
#[test]
fn a_loss_of_control_that_is_noticed_late_is_in_time() {
    let stage = Stage::with_fallback()
        .with_control(50_100, &[5000])
        .happens(56_100, "control = \"false\"");
    let Some(play) = stage.play() else {
        return;
    };
    assert!(play.survived());
    assert!(play.when("last resort", "").is_none());
}

#[test]
fn a_server_that_loses_its_control_while_it_puts_it_off_leaves_nothing_that_takes_the_caller_away() {
    let stage = Stage::with_fallback()
        .with_control(10_100, &[5000])
        .happens(15_100, "gateway = \"half\"")
        .happens(15_200, "control = \"false\"");
    let Some(play) = stage.play() else {
        return;
    };
    assert!(play.survived());
}

#[test]
fn a_server_that_has_its_control_back_puts_it_off_again() {
    let mut stage = Stage::with_fallback()
        .with_control(10_100, &[5000])
        .happens(11_000, "control = \"false\"")
        .happens(41_000, "control = \"true\"");
    for at in (41_000..=61_000).step_by(5000) {
        stage = stage.happens(at, "gateway = true");
    }
    let Some(play) = stage.play() else {
        return;
    };
    assert_eq!(play.when("last resort", ""), Some(61_000 + 15_000));
}

#[test]
fn a_server_without_control_that_comes_after_one_with_it_is_protected_too() {
    let stage = Stage::with_fallback()
        .with_control(6000, &[5000])
        .happens(10_050, "control = \"false\"")
        .event(10_100, "disconnect", DROPPED)
        .event(10_102, "connect", CONNECTED)
        .event(
            60_000,
            "json",
            r#"{"type":"transfer","destination":"Billing","number":"2002"}"#,
        );
    let Some(play) = stage.play() else {
        return;
    };
    assert_eq!(play.of("transfer"), ["2002 XML pbx.example.com"]);
    assert!(play.of("last resort").is_empty());
}

#[test]
fn a_stream_that_is_broken_puts_nothing_off() {
    let stage = Stage::with_fallback()
        .connected()
        .event(20_000, "disconnect", DROPPED);
    let Some(play) = stage.play() else {
        return;
    };
    let late = play
        .steps
        .iter()
        .filter(|step| step.text.starts_with("sched_api") && step.at > 20_600);
    assert_eq!(late.count(), 0);
    let caught = play
        .when("last resort", "")
        .or(play.when("transfer", "9000"))
        .unwrap();
    assert!(caught < 35_600, "{caught}");
}

#[test]
fn a_clock_that_is_set_puts_it_off_early_and_never_late() {
    for ahead in [-3_600_000, 3_600_000] {
        let stage = Stage::with_fallback()
            .connected()
            .happens(30_100, &format!("clock = {ahead}"));
        let Some(play) = stage.play() else {
            return;
        };
        assert!(play.survived(), "{ahead}");
    }
}

#[test]
fn sleeps_that_return_early_neither_spin_nor_forget_it() {
    for naps in ["short", "none"] {
        let stage = Stage::with_fallback()
            .connected()
            .lua(&format!("naps = {naps:?}"))
            .lua("ends = 30000");
        let Some(play) = stage.play() else {
            return;
        };
        assert!(play.survived());
        assert!(play.of("sleep").len() < 2000, "{}", play.of("sleep").len());
        assert!(play.of("last resort").is_empty());
    }
}

/// Somebody else who takes the call, as an operator with `uuid_transfer`, must not lose it again to the last resort.
#[test]
fn a_call_that_somebody_else_takes_keeps_no_task_and_no_stream() {
    let stage = Stage::with_fallback()
        .connected()
        .happens(20_100, "transfer = true");
    let Some(play) = stage.play() else {
        return;
    };
    assert!(play.of("task left").is_empty());
    assert_eq!(
        play.commands("uuid_audio_stream").last().unwrap(),
        &format!("{CALL} stop")
    );
}

#[test]
fn what_the_server_has_scheduled_is_left_to_it() {
    let stage = Stage::with_fallback()
        .with_control(10_100, &[5000])
        .happens(14_900, "transfer = true");
    let Some(play) = stage.play() else {
        return;
    };
    assert_eq!(play.of("task left"), ["gateway"]);
}
