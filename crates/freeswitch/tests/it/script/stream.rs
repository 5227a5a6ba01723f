//! A stream that does not begin, breaks, comes back or stays away.

use super::stage::{CALL, CLOSED, CONNECTED, DROPPED, REFUSED, Stage};

const ALREADY: &str = "-ERR Operation Failed\n";
const STARTED: &str = "+OK Success\n";

#[test]
fn a_module_that_says_no_sends_the_caller_to_the_fallback_at_once() {
    for no in [
        ALREADY,
        "-ERR uuid_audio_stream Command not found!\n",
        "-USAGE: <uuid> [start | stop]\n",
        "INVALID COMMAND!\n",
        "",
    ] {
        let Some(play) = Stage::with_fallback().answers_to_start(&[no]).play() else {
            return;
        };
        assert_eq!(play.of("transfer"), ["9000 XML pbx.example.com"], "{no}");
        assert_eq!(play.when("transfer", ""), Some(0), "{no}");
        assert!(play.logged("ERR", "is mod_audio_stream loaded?"));
        assert!(play.of("task left").is_empty());
    }
}

#[test]
fn a_stream_that_outlived_a_transfer_is_stopped_and_begun_anew() {
    let stage = Stage::with_fallback()
        .answers_to_start(&[ALREADY, STARTED])
        .connected();
    let Some(play) = stage.play() else {
        return;
    };
    assert_eq!(play.starts().len(), 2);
    assert_eq!(play.commands("uuid_audio_stream")[1], format!("{CALL} stop"));
    assert!(play.of("transfer").is_empty());
}

/// amigniter keeps a dead stream attached: without `stop` a second `start` is refused.
#[test]
fn a_server_that_is_absent_is_tried_again_and_then_the_fallback_has_the_caller() {
    let mut stage = Stage::with_fallback();
    for at in [5, 1700, 3400, 5100, 6800] {
        stage = stage.event(at, "error", REFUSED);
    }
    let Some(play) = stage.play() else {
        return;
    };
    assert_eq!(play.starts().len(), 4);
    let commands = play.commands("uuid_audio_stream");
    for pair in commands.windows(2) {
        assert!(
            pair[0].ends_with(" stop") != pair[1].ends_with(" stop"),
            "{commands:?}"
        );
    }
    assert_eq!(play.of("transfer"), ["9000 XML pbx.example.com"]);
    assert!(play.when("transfer", "").unwrap() < 15_000);
}

#[test]
fn a_server_that_refuses_is_not_asked_again() {
    let no = r#"{"status":"error","message":{"retries":1,"error":"Expecting status 101 (Switching Protocol), got 403","wait_time":100,"http_status":403}}"#;
    let Some(play) = Stage::with_fallback().event(5, "error", no).play() else {
        return;
    };
    assert_eq!(play.starts().len(), 1);
    assert_eq!(play.of("transfer"), ["9000 XML pbx.example.com"]);
    assert_eq!(play.when("transfer", ""), Some(500));
}

#[test]
fn a_module_that_never_tells_whether_it_connected_is_not_waited_for_longer_than_15_s() {
    let Some(play) = Stage::with_fallback().play() else {
        return;
    };
    assert_eq!(play.when("last resort", ""), Some(14_000));
    assert_eq!(play.when("task", "uuid_transfer"), Some(14_000));
}

#[test]
fn a_stream_that_the_module_mends_itself_is_not_begun_again() {
    let stage = Stage::with_fallback()
        .connected()
        .event(20_100, "disconnect", DROPPED)
        .event(20_102, "connect", CONNECTED);
    let Some(play) = stage.play() else {
        return;
    };
    assert_eq!(play.starts().len(), 1);
    assert!(play.survived());
}

#[test]
fn a_stream_that_the_module_does_not_mend_is_begun_again_with_the_same_words() {
    let stage = Stage::with_fallback()
        .connected()
        .event(20_100, "disconnect", DROPPED)
        .event(22_600, "connect", CONNECTED);
    let Some(play) = stage.play() else {
        return;
    };
    let starts = play.starts();
    assert_eq!(starts.len(), 2);
    assert_eq!(starts[0], starts[1]);
    let mut restarted = play.steps.iter().filter(|step| step.text.contains(" start "));
    assert!(restarted.next_back().unwrap().at < 22_500);
    assert!(play.survived());
}

#[test]
fn a_stream_that_breaks_again_and_again_is_given_up() {
    let mut stage = Stage::with_fallback();
    for at in (1..40).map(|second| second * 1000) {
        stage = stage
            .event(at, "connect", CONNECTED)
            .event(at + 2, "disconnect", DROPPED);
    }
    let Some(play) = stage.event(40_000, "connect", CONNECTED).play() else {
        return;
    };
    // The module mends it every second, within the time that it is given: it is not ours to begin again.
    assert_eq!(play.starts().len(), 1);

    let mut stage = Stage::with_fallback();
    for at in (0..40).map(|count| count * 3000 + 3) {
        stage = stage
            .event(at, "connect", CONNECTED)
            .event(at + 1000, "disconnect", DROPPED);
    }
    let Some(play) = stage.play() else {
        return;
    };
    assert_eq!(play.starts().len(), 4);
    assert_eq!(play.of("transfer"), ["9000 XML pbx.example.com"]);
}

/// The server ends a call with 1000, and has then said before what becomes of the caller.
#[test]
fn after_a_good_bye_without_an_order_the_fallback_has_the_caller() {
    let stage = Stage::with_fallback()
        .connected()
        .event(20_100, "disconnect", CLOSED);
    let Some(play) = stage.play() else {
        return;
    };
    assert_eq!(play.starts().len(), 1);
    let transferred = play.when("transfer", "9000").unwrap();
    assert!((22_000..24_000).contains(&transferred), "{transferred}");
}

/// sptmru connects again 2 ms after a good-bye, and the server answers 410.
#[test]
fn a_module_that_comes_back_after_a_good_bye_changes_nothing() {
    let gone = r#"{"status":"error","message":{"retries":1,"error":"Expecting status 101, got 410","wait_time":100,"http_status":410}}"#;
    let stage = Stage::with_fallback()
        .connected()
        .event(20_100, "disconnect", CLOSED)
        .event(20_104, "error", gone)
        .event(20_900, "json", r#"{"type":"hangup"}"#);
    let Some(play) = stage.play() else {
        return;
    };
    assert_eq!(play.of("hangup"), ["NORMAL_CLEARING"]);
    assert!(play.of("transfer").is_empty());
}

#[test]
fn what_happens_to_other_calls_is_theirs() {
    let stage = Stage::with_fallback()
        .connected()
        .event_of_another(2000, "error", REFUSED)
        .event_of_another(3000, "disconnect", CLOSED)
        .event_of_another(4000, "json", r#"{"type":"hangup"}"#);
    let Some(play) = stage.play() else {
        return;
    };
    assert!(play.survived());
    assert_eq!(play.starts().len(), 1);
}

#[test]
fn keys_reach_the_server_as_text() {
    let stage = Stage::with_fallback()
        .connected()
        .happens(1000, "key = \"1\"")
        .happens(1200, "key = \"#\"")
        .happens(1400, "key = \"D\"")
        .happens(1600, "key = \"w\"");
    let Some(play) = stage.play() else {
        return;
    };
    let sent: Vec<_> = play
        .commands("uuid_audio_stream")
        .into_iter()
        .filter_map(|command| command.strip_prefix(&format!("{CALL} send_text ")))
        .collect();
    let key = |digit| format!(r#"{{"type":"dtmf","digit":"{digit}"}}"#);
    assert_eq!(sent, [key("1"), key("#"), key("D")]);
}

#[test]
fn keys_before_the_stream_and_with_control_of_the_pbx_are_not_sent() {
    let stage = Stage::with_fallback()
        .happens(1, "key = \"1\"")
        .with_control(120_000, &[5000])
        .lua("table.insert(happenings, 4, {at = 110, key = \"2\"})")
        .lua("table.insert(happenings, 6, {at = 6000, key = \"3\"})");
    let Some(play) = stage.play() else {
        return;
    };
    assert!(
        play.commands("uuid_audio_stream")
            .iter()
            .all(|command| !command.contains("send_text"))
    );
}
