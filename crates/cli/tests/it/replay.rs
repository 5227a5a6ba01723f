//! `voice-ai replay` and `voice-ai recordings` as processes: what they print, what they write, and with which code they end.

use crate::server::{Server, voice_ai};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

const LOG: &str = include_str!("../../../recording/tests/data/format-1.jsonl");

fn written(folder: &Path, text: &str) -> PathBuf {
    let file = folder.join("call.jsonl");
    std::fs::write(&file, text).unwrap();
    file
}

fn replay(text: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), text);
    voice_ai(&["replay"]).arg(file).args(arguments).output().unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_call_is_told_and_is_the_same_to_the_letter() {
    let output = replay(LOG, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let told = printed(&output);
    for part in [
        "provedor answers in pt-BR by local",
        "   13.50  understood  “Quero deixar um recado para o José, 00 00000-0000”",
        "secretary   was heard: “Você” (0.4 s, cut)",
        "an interruption, decided after 700 ms",
        "no interruption: a sound or a murmur",
        "presses a key",
        "over: the secretary said good-bye",
        "  replay           the same to the letter:",
    ] {
        assert!(told.contains(part), "no {part:?} in\n{told}");
    }
}

#[test]
fn where_a_call_parts_is_told_with_what_came_before() {
    let output = replay(&LOG.replacen(r#""hang_up""#, r#""pause""#, 1), &[]);
    assert_eq!(output.status.code(), Some(3));
    let told = printed(&output);
    let line = LOG
        .lines()
        .position(|line| line.contains(r#""hang_up""#))
        .unwrap()
        + 1;
    for part in [
        format!("parts at line {line}"),
        r#"the log   {"leg":"pause"}"#.into(),
        r#"this call {"leg":"hang_up"}"#.into(),
        r#"{"leg":"attached"}"#.into(),
    ] {
        assert!(told.contains(&part), "no {part:?} in\n{told}");
    }
    assert!(!told.contains("the two builds"), "it is of this build");
    let older = LOG.replacen(r#""hang_up""#, r#""pause""#, 1).replacen(
        r#""version":"0.1.0""#,
        r#""version":"0.0.9""#,
        1,
    );
    let told = printed(&replay(&older, &[]));
    assert!(told.contains("The log is of voice-ai 0.0.9"), "{told}");
}

#[test]
fn a_program_gets_json() {
    let output = replay(LOG, &["--json", "--speed", "1000"]);
    let told = printed(&output);
    let lines: Vec<serde_json::Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["header"]["format"], 1);
    assert_eq!(lines.len(), LOG.lines().count() + 1);
    let summary = &lines[lines.len() - 1]["summary"];
    assert_eq!(summary["verdict"], "same");
    assert_eq!(summary["barge_in_ms"], serde_json::json!([700]));
}

#[test]
fn what_is_no_log_or_has_a_hole_has_a_code_of_its_own() {
    for (text, code) in [
        (String::new(), 4),
        ("RIFF".to_owned(), 4),
        (r#"{"format":99}"#.to_owned(), 4),
        (LOG.replacen(r#""input":"speech_started""#, r#""lost":3"#, 1), 5),
        (LOG.lines().take(20).map(|line| format!("{line}\n")).collect(), 0),
    ] {
        assert_eq!(replay(&text, &[]).status.code(), Some(code), "{text}");
    }
    assert_eq!(
        voice_ai(&["replay", "/nonexistent"]).status().unwrap().code(),
        Some(1)
    );
    for speed in ["0", "1e-300", "inf", "fast"] {
        assert_eq!(replay(LOG, &["--speed", speed]).status.code(), Some(2), "{speed}");
    }
}

#[test]
fn words_of_a_call_give_a_terminal_no_orders() {
    let told = printed(&replay(&LOG.replace("Bom dia,", r"Bom\u001b[2J\ndia,"), &[]));
    assert!(told.contains("Bom\u{fffd}[2J dia,"), "{told}");
    assert!(!told.contains('\u{1b}'), "{told}");
}

#[test]
fn the_log_of_this_build_is_the_log_itself() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), LOG);
    let out = folder.path().join("again.jsonl");
    let status = voice_ai(&["replay"])
        .arg(&file)
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap()
        .status;
    assert_eq!(status.code(), Some(0));
    let again = std::fs::read_to_string(out).unwrap();
    let kept = LOG.lines().filter(|line| !line.contains(r#""private""#));
    assert_eq!(again.lines().collect::<Vec<_>>(), kept.collect::<Vec<_>>());
}

#[test]
fn a_call_is_drawn_with_its_recording_and_without() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), LOG);
    let svg = folder.path().join("call.svg");
    let draw = || {
        let output = voice_ai(&["replay"])
            .arg(&file)
            .arg("--picture")
            .arg(&svg)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        std::fs::read_to_string(&svg).unwrap()
    };
    let picture = draw();
    for part in [
        "no recording beside the log",
        "Quero deixar",
        "barge-in",
        r#"class="caller""#,
        r#"class="assistant""#,
    ] {
        assert!(picture.contains(part), "no {part:?}");
    }
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(folder.path().join("call.wav"), spec).unwrap();
    for index in 0..8_000 * 18 {
        wav.write_sample((index % 90 * 100) as i16).unwrap();
        wav.write_sample(0_i16).unwrap();
    }
    wav.finalize().unwrap();
    let picture = draw();
    assert!(picture.contains("waves of the recording"));
    assert!(
        !picture.contains(r#"<path class="assistant""#),
        "that track is silent"
    );
}

#[test]
fn recordings_of_a_dead_process_are_mended_by_hand_too() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("recordings/d/2026-01-01");
    std::fs::create_dir_all(&place).unwrap();
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let part = place.join("one.wav.part");
    let mut wav = hound::WavWriter::create(&part, spec).unwrap();
    for _ in 0..32_000 {
        wav.write_sample(1_i16).unwrap();
    }
    wav.finalize().unwrap();
    let mut bytes = std::fs::read(&part).unwrap();
    bytes[40..44].copy_from_slice(&[0; 4]);
    std::fs::write(&part, bytes).unwrap();
    std::fs::write(place.join("two.wav.part"), "").unwrap();
    let repair = || {
        let output = voice_ai(&["recordings", "repair"])
            .arg(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        printed(&output)
    };
    let told = repair();
    assert!(
        told.contains("one.wav: 2.0 s") && told.contains("two.wav.part: nothing was recorded"),
        "{told}"
    );
    let samples = hound::WavReader::open(place.join("one.wav")).unwrap().duration();
    assert_eq!(samples, 16_000);
    assert!(repair().starts_with("nothing to mend"));
}

/// Waits until this is so.
fn until(mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "it never comes to that"
        );
        std::thread::yield_now();
    }
}

/// The recordings below a data folder that have this extension, with their lengths.
fn recordings(data: &Path, extension: &str) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    let mut folders = vec![data.join("recordings")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == extension) {
                found.push((path, entry.metadata().unwrap().len()));
            }
        }
    }
    found
}

#[test]
fn what_was_recorded_before_a_kill_is_heard_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let secretary = "name = \"echo\"\nlanguage = \"en\"\nengine = \"loopback\"\ngreeting = { text = \"\" }\n\
         phrases = { reprompts = [], farewell = \"\", apology = \"\", backchannels = [] }\nprivacy = { recording = \"on\" }\n";
    std::fs::create_dir(folder.path().join("secretaries")).unwrap();
    std::fs::write(folder.path().join("secretaries/echo.toml"), secretary).unwrap();
    std::fs::write(
        folder.path().join("voice-ai.toml"),
        "[stt]\nmodel = \"\"\n[secretaries]\ndir = \"secretaries\"\n[[domains]]\ndefault_secretary = \"echo\"\n",
    )
    .unwrap();
    let serve = || Server::start_in(folder.path());
    let mut server = serve();
    let url = format!("ws://{}", server.address());
    let mut call = voice_ai(&["call", "--url", &url, "--hold", "30s"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let data = folder.path().join("data");
    until(|| recordings(&data, "part").iter().any(|(_, bytes)| *bytes > 60_000));
    server.signal("-KILL");
    call.wait().unwrap();
    drop(server);
    assert!(recordings(&data, "wav").is_empty());
    let mut server = serve();
    server.until("a recording of a process that died was mended");
    let mended = recordings(&data, "wav");
    let wav = hound::WavReader::open(&mended[0].0).unwrap();
    assert!(wav.duration() >= 15_000, "{} samples", wav.duration());
    let (log, _) = recordings(&data, "jsonl").remove(0);
    let told = voice_ai(&["replay"]).arg(log).output().unwrap();
    assert!(printed(&told).contains("the same so far"), "{told:?}");
}

#[test]
fn times_that_run_backwards_or_without_end_do_not_stop_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("call.svg");
    let picture = picture.to_str().unwrap();
    let (header, rest) = LOG.split_once('\n').unwrap();
    let backwards: Vec<&str> = rest.lines().rev().collect();
    let backwards = format!("{header}\n{}\n", backwards.join("\n"));
    let output = replay(&backwards, &["--picture", picture]);
    assert_eq!(
        output.status.code(),
        Some(3),
        "another call, and drawn: {output:?}"
    );
    let late = format!("{header}\n{{\"at\":{},\"timeout\":{{}}}}\n", u64::MAX);
    let output = replay(&late, &["--picture", picture]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("cannot be drawn"), "{told}");
}

#[test]
fn a_recording_that_is_opus_is_told_to_be_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), LOG);
    std::fs::write(file.with_extension("opus"), "OggS").unwrap();
    let picture = folder.path().join("call.svg");
    let output = voice_ai(&["replay"])
        .arg(file)
        .arg("--picture")
        .arg(&picture)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let svg = std::fs::read_to_string(picture).unwrap();
    assert!(
        svg.contains("Opus, which is not read") && !svg.contains("no recording"),
        "it is there"
    );
}
