//! Opus by the real opusenc, checked by the real opusdec.

use crate::files::{ms, options, place, read, record};
use audio::SampleRate;
use recording::{Options, Recorder};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Records a call and waits for what becomes of it.
fn recorded(data: &Path, program: &str, until: impl Fn(&Path) -> bool) -> PathBuf {
    let with_opus = Options {
        opus: Some(program.into()),
        ..options(data)
    };
    let recorder = Recorder::start(with_opus).unwrap();
    assert_eq!(recorder.sound_extension(), "opus");
    let started = Instant::now();
    let mut sound = recorder.sound(&place("one"), SampleRate::HZ_8000, started);
    record(&mut sound, started);
    sound.end(started + ms(1_000));
    let wav = data.join(place("one").relative("wav"));
    let begun = Instant::now();
    while !until(&wav) {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "it never comes to that"
        );
        std::thread::yield_now();
    }
    recorder.close();
    wav
}

#[test]
fn a_recording_becomes_opus_and_the_wav_goes() {
    if Command::new("opusenc").arg("--version").output().is_err() {
        println!("skipped: no opusenc; install opus-tools");
        return;
    }
    let data = TempDir::new().unwrap();
    let wav = recorded(data.path(), "opusenc", |wav| {
        wav.with_extension("opus").exists() && !wav.exists()
    });
    let opus = wav.with_extension("opus");
    let again = data.path().join("again.wav");
    let output = Command::new("opusdec")
        .args(["--quiet", "--rate", "8000"])
        .args([&opus, &again])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(read(&again).len(), 16_000, "as long as it was, in two channels");
}

#[test]
fn a_recording_that_cannot_be_encoded_stays_a_wav() {
    for program in ["false", "/nonexistent/opusenc"] {
        let data = TempDir::new().unwrap();
        let wav = recorded(data.path(), program, Path::exists);
        assert_eq!(read(&wav).len(), 16_000, "{program}");
        let there = std::fs::read_dir(wav.parent().unwrap()).unwrap().count();
        assert_eq!(there, 1, "{program} leaves nothing behind");
    }
}
