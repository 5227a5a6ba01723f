//! The deliberate ends of a call: the server's orders, the fallback, and what goes with each.

use super::stage::{CALL, CLOSED, REFUSED, Stage};

fn ordered(order: &str) -> Stage {
    Stage::with_fallback().connected().event(20_100, "json", order)
}

#[test]
fn a_hang_up_is_carried_out_within_a_nap() {
    let Some(play) = ordered(r#"{"type":"hangup"}"#).play() else {
        return;
    };
    assert_eq!(play.of("hangup"), ["NORMAL_CLEARING"]);
    assert!(play.when("hangup", "").unwrap() <= 20_600);
    assert!(play.of("task left").is_empty());
}

/// The stream would outlive the transfer (measured on both builds), and the last resort would take the caller away again.
#[test]
fn a_transfer_ends_the_stream_and_the_last_resort_first() {
    let order = r#"{"type":"transfer","destination":"Billing","number":"2001","kind":"ring_group"}"#;
    let Some(play) = ordered(order).play() else {
        return;
    };
    assert_eq!(play.of("transfer"), ["2001 XML pbx.example.com"]);
    assert!(play.when("transfer", "").unwrap() <= 20_600);
    assert_eq!(
        play.commands("uuid_audio_stream").last().unwrap(),
        &format!("{CALL} stop")
    );
    assert!(play.order("api", &format!("{CALL} stop")) < play.order("transfer", ""));
    assert!(play.of("task left").is_empty());
}

#[test]
fn an_order_is_read_however_its_json_is_written() {
    for (order, extension) in [
        (r#" { "number" : "2001" , "type" : "transfer" } "#, "2001"),
        (r#"{"type":"trans\u0066er","number":"\u0032001"}"#, "2001"),
        (
            r#"{"type":"transfer","destination":"a \"number\":\"666\" \\","number":"2001"}"#,
            "2001",
        ),
        (
            r#"{"type":"transfer","destination":"Zé 😀 \ud83d\ude00","number":"+5511999990000","kind":"external"}"#,
            "+5511999990000",
        ),
        (
            r#"{"type":"transfer","seconds":3.5,"urgent":true,"note":null,"number":"*42"}"#,
            "*42",
        ),
    ] {
        let Some(play) = ordered(order).play() else {
            return;
        };
        assert_eq!(
            play.of("transfer"),
            [format!("{extension} XML pbx.example.com")],
            "{order}"
        );
    }
}

#[test]
fn what_is_no_order_changes_nothing() {
    for text in [
        r#"{"type":"transcript","role":"user","text":"{\"type\":\"hangup\"}","final":true}"#,
        r#"{"type":"transcript","text":"transfer","final":true}"#,
        r#"{"type":"mark","name":"answer-3"}"#,
        r#"{"type":"hangup""#,
        r#"{"type":"hangup"} and more"#,
        r#"{"type":"hangup","data":{}}"#,
        r#"["hangup"]"#,
        "hangup",
        "",
        r#"{"type":"hangup\u00"}"#,
        r#"{"#,
        "\"",
        r#"{"a":"\"#,
    ] {
        let Some(play) = ordered(text).play() else {
            return;
        };
        assert!(play.survived(), "{text}");
        assert!(
            play.of("transfer").is_empty() && play.of("hangup").is_empty(),
            "{text}"
        );
    }
}

#[test]
fn a_transfer_to_what_cannot_be_dialled_goes_to_the_fallback() {
    for number in [
        r#","number":"2001 XML evil""#,
        r#","number":"-bleg""#,
        r#","number":"""#,
        r#","number":"\n2001""#,
        r#","number":"20\u00e91""#,
        "",
    ] {
        let order = format!(r#"{{"type":"transfer","destination":"somebody"{number}}}"#);
        let Some(play) = ordered(&order).play() else {
            return;
        };
        assert_eq!(play.of("transfer"), ["9000 XML pbx.example.com"], "{order}");
    }
}

#[test]
fn a_mailbox_is_reached_by_the_prefix_of_the_pbx() {
    let voicemail = |number: &str| {
        format!(r#"{{"type":"transfer","destination":"Ana","number":"{number}","kind":"voicemail"}}"#)
    };
    for (stage, dialled) in [
        (ordered(&voicemail("2001")), "*992001"),
        (ordered(&voicemail("*972001")), "*972001"),
        (
            ordered(&voicemail("2001")).variable("voice_ai_voicemail_prefix", "7"),
            "72001",
        ),
    ] {
        let Some(play) = stage.play() else {
            return;
        };
        assert_eq!(play.of("transfer"), [format!("{dialled} XML pbx.example.com")]);
    }
}

#[test]
fn without_a_fallback_the_caller_hears_that_it_failed_and_is_hung_up_on() {
    let no = REFUSED.replace("\"code\":6", "\"http_status\":503");
    for stage in [
        Stage::published().connected().event(20_100, "disconnect", CLOSED),
        Stage::published().event(5, "error", &no),
        Stage::published().answers_to_start(&["-ERR Operation Failed\n"]),
        Stage::published().without("domain_uuid"),
    ] {
        let Some(play) = stage.play() else {
            return;
        };
        let tones = play.of("execute");
        assert_eq!(tones.len(), 1);
        assert!(tones[0].starts_with("gentones %(330,0,950)"), "{tones:?}");
        assert_eq!(play.of("hangup"), ["NORMAL_TEMPORARY_FAILURE"]);
        assert!(play.order("execute", "") < play.order("hangup", ""));
        assert!(play.of("task left").is_empty());
    }
}

#[test]
fn a_fault_of_the_script_itself_sends_the_caller_to_the_fallback() {
    for broken in ["EventConsumer", "setInputCallback", "sleep", "pop", "setVariable"] {
        let stage = Stage::with_fallback()
            .connected()
            .lua(&format!("broken = {broken:?}"));
        let Some(play) = stage.play() else {
            return;
        };
        assert!(play.logged("ERR", "is broken"), "{broken}");
        assert_eq!(play.of("transfer"), ["9000 XML pbx.example.com"], "{broken}");
        assert!(play.of("task left").is_empty(), "{broken}");
    }
}

#[test]
fn without_a_call_the_script_says_how_it_is_run() {
    let Some(play) = Stage::published().lua("session = nil").play() else {
        return;
    };
    assert!(play.logged("ERR", "run it by the dialplan's application lua"));
}

fn unicast() -> Stage {
    Stage::with_fallback().variable("voice_ai_leg", "unicast")
}

#[test]
fn without_a_module_the_call_is_parked_for_the_server() {
    let Some(play) = unicast().play() else {
        return;
    };
    assert!(play.commands("uuid_audio_stream").is_empty());
    assert_eq!(play.of("execute"), ["park "]);
    let park = play.order("execute", "park");
    assert!(play.order("answer", "") < park);
    assert!(play.order("set", "voice_ai=true") < park);
    assert!(play.order("api", "sched_api +14") < park);
    // Park's silence would come between the server's frames.
    assert!(play.order("set", "send_silence_when_idle=0") < park);
}

#[test]
fn a_parked_call_that_no_server_takes_goes_to_the_fallback_within_15_s() {
    let Some(play) = unicast().play() else {
        return;
    };
    assert_eq!(play.when("last resort", ""), Some(14_000));
    let taken = unicast()
        .happens(1000, "gateway = true")
        .happens(6000, "transfer = true");
    let Some(play) = taken.play() else {
        return;
    };
    assert!(play.of("last resort").is_empty());
    assert_eq!(play.of("task left"), ["gateway"]);
}

#[test]
fn a_park_that_ends_by_itself_goes_to_the_fallback() {
    let Some(play) = unicast().lua("park = 3000").play() else {
        return;
    };
    assert_eq!(play.of("transfer"), ["9000 XML pbx.example.com"]);
    assert!(play.of("task left").is_empty());
}
