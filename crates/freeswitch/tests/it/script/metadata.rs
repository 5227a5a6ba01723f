//! What the server is told of the call arrives whole, whatever is in it.

use super::stage::{SECRETARY, Stage, split};
use serde_json::json;

/// The caller's name as the server reads it.
fn name_of(bytes: impl AsRef<[u8]>) -> Option<String> {
    let play = Stage::published().variable("caller_id_name", bytes).play()?;
    Some(play.metadata()["caller_name"].as_str().unwrap().to_owned())
}

#[test]
fn the_published_dialplan_tells_who_calls_and_who_answers() {
    let Some(play) = Stage::published().play() else {
        return;
    };
    assert_eq!(
        play.metadata(),
        json!({
            "secretary": SECRETARY,
            "caller_number": "2001",
            "caller_name": "Jenny Cole",
            "destination": "8000",
            "mix": "mono",
            "rate": 8000,
        })
    );
}

#[test]
fn names_arrive_as_they_are() {
    for name in [
        "Ana",
        "",
        "O'Neil",
        "''",
        "Jenny \"JC\" Cole",
        "back\\slash \\n \\u0041 \\",
        "two\nlines\r\n\tand a tab",
        "\u{1}\u{7f}",
        "José 😀 日本",
        "${caller_id_number} $1 `id`",
        " in  the   middle ",
        "}{\",\"secretary\":\"other",
        "</action> & ^^",
    ] {
        let Some(play) = Stage::published().variable("caller_id_name", name).play() else {
            return;
        };
        let told = play.metadata();
        let expected = (!name.is_empty()).then_some(name);
        assert_eq!(told["caller_name"].as_str(), expected);
        assert_eq!(told["secretary"], SECRETARY);
    }
}

#[test]
fn bytes_that_are_no_utf8_are_read_as_latin1() {
    for (bytes, expected) in [
        (&b"Jos\xe9"[..], "José"),
        (b"\xc3", "Ã"),
        (b"\xe9\x41", "éA"),
        // Overlong, a surrogate, and beyond U+10FFFF.
        (b"\xc0\xaf", "À¯"),
        (b"\xed\xa0\x80", "í\u{a0}\u{fffd}"),
        (b"\xf4\x90\x80\x80", "ô\u{fffd}\u{fffd}\u{fffd}"),
        (b"ok \xf0\x9f\x98", "ok ð\u{fffd}\u{fffd}"),
    ] {
        let Some(name) = name_of(bytes) else {
            return;
        };
        assert_eq!(name, expected);
    }
}

#[test]
fn every_byte_can_stand_in_a_name() {
    for byte in 1..=255_u8 {
        let Some(name) = name_of([b'<', byte, b'>']) else {
            return;
        };
        let expected = match byte {
            0x80..0xa0 => '\u{fffd}',
            byte => char::from(byte),
        };
        assert_eq!(name, format!("<{expected}>"), "{byte:#x}");
    }
}

#[test]
fn a_name_of_ten_kilobytes_is_cut_between_two_characters() {
    for (unit, fits) in [("a", 160), ("é", 80), ("😀", 40), ("\"", 26)] {
        let Some(name) = name_of(unit.repeat(10_000)) else {
            return;
        };
        assert_eq!(name, unit.repeat(fits));
    }
}

/// Beyond 1032 bytes the memory that sptmru sends after freeing it is soon somebody else's.
#[test]
fn the_longest_call_stays_a_small_command() {
    // The longest that is told of each, and far more than that.
    for (secretary, language, more) in [
        ("s".repeat(96), "l".repeat(24), 48),
        ("\"".repeat(10_000), "\"".repeat(10_000), 10_000),
    ] {
        let mut stage = Stage::published()
            .variable("voice_ai_url", format!("wss://{}", "h".repeat(122)))
            .variable("voice_ai_secretary", secretary)
            .variable("voice_ai_language", language)
            .variable("voice_ai_leg", "file")
            .variable("voice_ai_mix", "stereo")
            .variable("voice_ai_rate", "48000");
        for name in ["caller_id_name", "caller_id_number", "destination_number"] {
            stage = stage.variable(name, "\"".repeat(more));
        }
        let Some(play) = stage.play() else {
            return;
        };
        let command = play.commands("uuid_audio_stream")[0];
        assert!(
            command.len() < 1000 - "uuid_audio_stream ".len(),
            "{} bytes: {command}",
            command.len()
        );
        assert!(play.metadata()["caller_name"].as_str().unwrap().contains('"'));
    }
}

#[test]
fn the_test_takes_arguments_apart_as_freeswitch_does() {
    let strings = |line: &str| -> Vec<String> {
        let parts = split(line.as_bytes(), 3).into_iter();
        parts.map(|part| String::from_utf8(part).unwrap()).collect()
    };
    assert_eq!(strings("a 'b c' d e"), ["a", "b c", "d e"]);
    assert_eq!(strings(r"a b\ c \n\u0041"), ["a", r"b\ c", "\n\\u0041"]);
    assert_eq!(strings(r#"a \"b\" {"x":'y'}"#), ["a", "\"b\"", "{\"x\":y}"]);
}
