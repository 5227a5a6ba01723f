//! How a stream is begun: what each variable does, and in which order things are done.

use super::stage::{CALL, DOMAIN, SECRETARY, Stage};

fn start_of(stage: &Stage) -> Option<(String, String, String)> {
    let play = stage.play()?;
    let starts = play.starts();
    let text = |at: usize| String::from_utf8(starts[0][at].clone()).unwrap();
    assert_eq!((text(0).as_str(), text(1).as_str()), (CALL, "start"));
    Some((text(2), text(3), text(4)))
}

#[test]
fn the_published_dialplan_streams_mono_at_the_channels_rate_to_this_machine() {
    let Some(start) = start_of(&Stage::published()) else {
        return;
    };
    let url = format!("ws://127.0.0.1:8085/stream/{DOMAIN}/{CALL}?rate=8000&mix=mono&secretary={SECRETARY}");
    assert_eq!(start, (url, "mono".to_owned(), "8000".to_owned()));
}

#[test]
fn the_server_is_where_the_variables_say() {
    let stage = Stage::published;
    for (stage, server) in [
        (
            stage().variable("voice_ai_host", "voice.example.com"),
            "ws://voice.example.com:8085",
        ),
        (
            stage().variable("voice_ai_host", "192.0.2.7:9000"),
            "ws://192.0.2.7:9000",
        ),
        (
            stage().variable("voice_ai_url", "wss://voice.example.com"),
            "wss://voice.example.com",
        ),
        (
            stage().variable("voice_ai_url", "ws://192.0.2.7:9000/"),
            "ws://192.0.2.7:9000",
        ),
        (
            stage().variable("voice_ai_url", "wss://example.com/voice/ai/"),
            "wss://example.com/voice/ai",
        ),
        (
            stage().global("voice_ai_host", "192.0.2.8"),
            "ws://192.0.2.8:8085",
        ),
        (
            stage()
                .global("voice_ai_url", "ws://192.0.2.8:1")
                .variable("voice_ai_url", "ws://192.0.2.9:1"),
            "ws://192.0.2.9:1",
        ),
    ] {
        let Some((url, _, _)) = start_of(&stage) else {
            return;
        };
        assert!(
            url.starts_with(&format!("{server}/stream/{DOMAIN}/{CALL}?rate=")),
            "{url}"
        );
    }
}

#[test]
fn a_server_that_the_modules_could_not_reach_is_no_server() {
    for url in [
        "http://127.0.0.1:8085",
        "ws://[::1]:8085",
        "ws://voice_ai:8085",
        "ws://",
        "ws://127.0.0.1:80x",
        "ws://127.0.0.1 mono",
        "ws://a/b'c",
        "ws://a/?x=y",
    ] {
        let Some(play) = Stage::with_fallback().variable("voice_ai_url", url).play() else {
            return;
        };
        assert!(play.starts().is_empty(), "{url}");
        assert!(play.logged("ERR", "voice_ai_url must be ws://HOST:PORT"), "{url}");
        assert_eq!(play.of("transfer"), ["9000 XML pbx.example.com"], "{url}");
    }
}

#[test]
fn a_domain_that_is_no_uuid_goes_to_the_fallback_with_the_remedy() {
    for stage in [
        Stage::with_fallback().without("domain_uuid"),
        Stage::with_fallback().variable("domain_uuid", "96f6142d-02b1 x"),
        Stage::with_fallback().variable("domain_uuid", format!("{DOMAIN}/../x")),
    ] {
        let Some(play) = stage.play() else {
            return;
        };
        assert!(play.starts().is_empty());
        assert!(play.logged("ERR", "domain_uuid is no UUID: set it in the dialplan"));
        assert_eq!(play.of("transfer"), ["9000 XML pbx.example.com"]);
    }
}

#[test]
fn a_channel_whose_uuid_is_none_goes_to_the_fallback() {
    let Some(play) = Stage::with_fallback().variable("uuid", "call-7").play() else {
        return;
    };
    assert!(play.starts().is_empty());
    assert_eq!(play.of("transfer"), ["9000 XML pbx.example.com"]);
}

#[test]
fn the_rate_is_the_channels_or_the_one_asked_for() {
    for (read_rate, asked, rate) in [
        ("8000", "", "8000"),
        ("16000", "", "16000"),
        ("48000", "", "48000"),
        ("", "", "8000"),
        ("11025", "", "8000"),
        ("8000", "16000", "16000"),
        ("8000", "16k", "16000"),
        ("16000", "8k", "8000"),
        ("16000", "11025", "16000"),
        ("16000", "0", "16000"),
        ("16000", "96000", "16000"),
        ("16000", "fast", "16000"),
    ] {
        let stage = Stage::published()
            .variable("read_rate", read_rate)
            .variable("voice_ai_rate", asked);
        let Some(play) = stage.play() else {
            return;
        };
        assert_eq!(play.starts()[0][4], rate.as_bytes(), "{read_rate} {asked}");
        assert_eq!(play.metadata()["rate"].to_string(), rate);
        let refused = !asked.is_empty() && !asked.contains("16") && !asked.contains("8k");
        assert_eq!(play.logged("WARNING", "voice_ai_rate"), refused, "{asked}");
    }
}

#[test]
fn mix_and_leg_are_one_of_their_words() {
    for (mix, leg, told_mix, told_leg, warnings) in [
        ("", "", "mono", None, 0),
        ("mono", "auto", "mono", None, 0),
        ("mixed", "file", "mixed", Some("file"), 0),
        ("stereo", "raw", "stereo", Some("raw"), 0),
        ("both", "wav", "mono", None, 2),
    ] {
        let stage = Stage::published()
            .connected()
            .variable("voice_ai_mix", mix)
            .variable("voice_ai_leg", leg);
        let Some(play) = stage.play() else {
            return;
        };
        let told = play.metadata();
        assert_eq!(play.starts()[0][3], told_mix.as_bytes());
        assert_eq!(
            (told["mix"].as_str(), told["leg"].as_str()),
            (Some(told_mix), told_leg)
        );
        assert_eq!(play.of("log WARNING").len(), warnings, "{mix} {leg}");
    }
}

#[test]
fn a_module_that_plays_binary_frames_is_told_to_at_the_streams_rate() {
    let stage = Stage::published()
        .variable("voice_ai_leg", "raw")
        .variable("read_rate", "16000");
    let Some(play) = stage.play() else {
        return;
    };
    assert!(play.of("set").contains(&"STREAM_PLAYBACK=true"));
    assert!(play.of("set").contains(&"STREAM_SAMPLE_RATE=16000"));
    assert!(play.order("set", "STREAM_SAMPLE_RATE") < play.order("api", "uuid_audio_stream"));
}

#[test]
fn a_secretary_by_name_goes_before_the_published_uuid() {
    let stage = Stage::published()
        .variable("voice_ai_secretary", "isp")
        .variable("voice_ai_language", "pt-BR");
    let Some(play) = stage.play() else {
        return;
    };
    assert_eq!(play.metadata()["secretary"], "isp");
    assert_eq!(play.metadata()["language"], "pt-BR");
}

#[test]
fn a_token_is_shown_in_a_header_and_stays_nowhere() {
    let token = "s3cret/+='x\"\\y~";
    let Some(play) = Stage::published()
        .connected()
        .variable("voice_ai_token", token)
        .play()
    else {
        return;
    };
    let variables = play.commands("uuid_setvar");
    let header = variables[1]
        .strip_prefix(&format!("{CALL} STREAM_EXTRA_HEADERS "))
        .unwrap();
    assert!(!header.contains(' '));
    let header: serde_json::Value = serde_json::from_str(header).unwrap();
    assert_eq!(header["Authorization"], format!("Bearer {token}"));
    assert_eq!(variables[0], format!("{CALL} voice_ai_token"));
    assert_eq!(variables[2], format!("{CALL} STREAM_EXTRA_HEADERS"));
    assert_eq!(variables.len(), 3);
    let told: Vec<_> = play
        .steps
        .iter()
        .filter(|step| step.text.contains("s3cret"))
        .collect();
    assert_eq!(told.len(), 1, "told elsewhere too: {told:?}");
}

#[test]
fn where_the_dialplan_has_no_token_the_file_beside_the_script_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let beside = folder.path().join("voice_secretary.token");
    let stage = || {
        Stage::published()
            .connected()
            .global("script_dir", folder.path().to_str().unwrap())
    };
    let Some(play) = stage().play() else {
        return;
    };
    assert!(play.commands("uuid_setvar").is_empty(), "there is no file");
    std::fs::write(&beside, "s3cret\n").unwrap();
    let shown = |stage: Stage| stage.play().unwrap().commands("uuid_setvar").concat();
    let by_file = shown(stage());
    assert!(by_file.contains("Bearer\\u0020s3cret"), "{by_file}");
    let by_row = shown(stage().variable("voice_ai_token", "other"));
    assert!(
        by_row.contains("Bearer\\u0020other") && !by_row.contains("s3cret"),
        "{by_row}"
    );
    std::fs::write(&beside, "s3cret\r\nX-Other: 1").unwrap();
    let play = stage().play().unwrap();
    assert!(play.commands("uuid_setvar").is_empty());
    assert!(play.logged("ERR", "voice_secretary.token is no token"));
}

#[test]
fn a_token_that_could_add_a_header_is_not_shown() {
    let stage = Stage::published().variable("voice_ai_token", "abc\r\nX-Other: 1");
    let Some(play) = stage.play() else {
        return;
    };
    assert!(
        play.commands("uuid_setvar")
            .iter()
            .all(|set| !set.contains("EXTRA"))
    );
    assert!(play.logged("ERR", "voice_ai_token is no token"));
    assert!(!play.logged("ERR", "abc"));
}

#[test]
fn without_a_token_the_dialplans_own_headers_are_left_alone() {
    let stage = Stage::published().variable("STREAM_EXTRA_HEADERS", "{\"X-A\":\"b\"}");
    let Some(play) = stage.play() else {
        return;
    };
    assert!(play.commands("uuid_setvar").is_empty());
}

/// Caller audio flows from the first moment, and no moment is without a last resort.
#[test]
fn silence_and_the_last_resort_come_before_the_stream() {
    let Some(play) = Stage::with_fallback().play() else {
        return;
    };
    let stream = play.order("api", "uuid_audio_stream");
    assert!(play.order("answer", "") < play.order("set", "send_silence_when_idle=-1"));
    assert!(play.order("set", "send_silence_when_idle=-1") < stream);
    assert!(play.order("api", "sched_api") < stream);
    for event in ["connect", "disconnect", "error", "json"] {
        assert!(play.order("hears", &format!("mod_audio_stream::{event}")) < stream);
    }
    assert_eq!(
        play.commands("sched_api")[0],
        format!("+14 voiceai-{CALL} uuid_transfer {CALL} 9000 XML pbx.example.com")
    );
}

#[test]
fn every_nap_is_long_enough_for_freeswitch_to_write_silence() {
    let Some(play) = Stage::published().connected().play() else {
        return;
    };
    let naps = play.of("sleep");
    assert!(naps.len() > 100);
    assert!(naps.iter().all(|nap| nap.parse::<u32>().unwrap() > 100));
}

#[test]
fn nothing_of_the_caller_is_logged() {
    let Some(play) = Stage::with_fallback()
        .connected()
        .event(9000, "error", super::stage::REFUSED)
        .play()
    else {
        return;
    };
    for step in play.steps.iter().filter(|step| step.what.starts_with("log")) {
        assert!(
            !step.text.contains("Jenny") && !step.text.contains("2001"),
            "{step:?}"
        );
    }
}
