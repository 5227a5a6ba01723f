//! Files on the disk: whole, with their modes, after a crash, and when the disk is slow or full.

use audio::SampleRate;
use call::{Call, Input, LegEvent, Settings};
use jiff::Timestamp;
use recording::*;
use secretary::{DomainUuid, Privacy, Secretary};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const RATE: SampleRate = SampleRate::HZ_8000;
const DOMAIN: &str = "11111111-2222-4333-8444-555555555555";
const CALL: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000001";

pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(crate) fn options(data: &Path) -> Options {
    Options {
        data: data.to_owned(),
        build: Build {
            name: "test".into(),
            version: "0".into(),
        },
        opus: None,
        least_free: 0,
        waiting: 1 << 24,
    }
}

pub(crate) fn place(name: &str) -> Place {
    let domain: DomainUuid = DOMAIN.parse().unwrap();
    Place::new(domain, "2026-03-01T23:30:00Z".parse().unwrap(), name)
}

fn secretary() -> Secretary {
    let file = r#"
name = "echo"
language = "en"
engine = "loopback"
greeting = { text = "" }
phrases = { reprompts = [], farewell = "", apology = "", backchannels = [] }
"#;
    Secretary {
        privacy: Privacy {
            transcript: true,
            ..Privacy::default()
        },
        ..Secretary::parse("echo.toml", file).unwrap()
    }
}

fn settings() -> Settings {
    let log = Log::parse(include_str!("../data/format-1.jsonl")).unwrap();
    log.header.settings
}

/// A second of the caller saying 5 and the secretary 7.
pub(crate) fn record(sound: &mut Sound, started: Instant) {
    for index in 1..=50_u64 {
        let now = started + ms(20 * index);
        sound.tracks().unheard(0, now - ms(20));
        sound.tracks().sent(&[7; 160]);
        sound.tracks().unheard(0, now);
        sound.tracks().caller(&[5; 160], RATE, now);
        sound.flush(now);
    }
}

pub(crate) fn read(path: &Path) -> Vec<i16> {
    let mut reader = hound::WavReader::open(path).unwrap();
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.sample_rate), (2, 8_000));
    reader.samples::<i16>().map(Result::unwrap).collect()
}

/// Waits for the thread that writes.
fn until(seen: impl Fn() -> bool) {
    let begun = Instant::now();
    while !seen() {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "it never comes to that"
        );
        std::thread::yield_now();
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_recording_lies_where_its_place_says_and_is_nobody_elses() {
    let data = TempDir::new().unwrap();
    let recorder = Recorder::start(options(data.path())).unwrap();
    let started = Instant::now();
    let mut sound = recorder.sound(&place("one"), RATE, started);
    record(&mut sound, started);
    assert_eq!(sound.written(), Written::All);
    assert_eq!(sound.end(started + ms(1_000)), None, "nothing is lost");
    assert_eq!(recorder.state(), State::default());
    recorder.close();
    let relative = place("one").relative("wav");
    assert_eq!(relative, format!("recordings/{DOMAIN}/2026-03-01/one.wav"));
    let path = data.path().join(&relative);
    let samples = read(&path);
    assert_eq!(samples.len(), 16_000);
    assert_eq!(samples[..4], [5, 7, 5, 7], "left the caller, right the secretary");
    assert_eq!(mode(&path), 0o600);
    for folder in path.ancestors().skip(1).take(3) {
        assert_eq!(mode(folder), 0o700, "{folder:?}");
    }
    assert_eq!(every_form(&path).iter().filter(|path| path.exists()).count(), 1);
}

#[test]
fn an_event_log_is_whole_and_replays() {
    let data = TempDir::new().unwrap();
    let recorder = Recorder::start(options(data.path())).unwrap();
    let (started, secretary) = (Instant::now(), secretary());
    let subject = Subject {
        domain: DOMAIN.parse().unwrap(),
        call: CALL.parse().unwrap(),
        secretary: &secretary,
        started,
        wall: Timestamp::UNIX_EPOCH,
    };
    let mut log = recorder.event_log(&place("one"), &subject, &settings());
    let mut call = Call::new(settings(), started);
    for (input, at) in [
        (Input::Leg(LegEvent::Attached), 0),
        (Input::SpeechStarted, 3),
        (Input::End, 1_234),
    ] {
        let now = started + ms(at);
        log.input(&input, now);
        call.handle(input, now);
        while let Some(output) = call.poll_output() {
            log.output(&output, now);
        }
    }
    log.end(started + ms(1_300));
    recorder.close();
    let path = data.path().join(place("one").relative("jsonl"));
    assert_eq!(mode(&path), 0o600);
    let log = Log::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(
        (log.tail, log.header.call.to_string().as_str()),
        (Tail::Whole, CALL)
    );
    assert_eq!(log.header.started, "1970-01-01T00:00:00Z");
    let replay = replay(&log);
    assert_eq!((replay.verdict, replay.same), (Verdict::Same, 2));
}

/// A recording whose process died: its bytes are there, its header knows nothing of them.
fn left_behind(data: &Path) -> PathBuf {
    let recorder = Recorder::start(options(data)).unwrap();
    let started = Instant::now();
    let mut sound = recorder.sound(&place("dead"), RATE, started);
    record(&mut sound, started);
    sound.end(started + ms(1_000));
    recorder.close();
    let path = data.join(place("dead").relative("wav"));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4..8].copy_from_slice(&[0; 4]);
    bytes[40..44].copy_from_slice(&[0; 4]);
    // The last sample was cut in two.
    bytes.truncate(bytes.len() - 3);
    std::fs::remove_file(&path).unwrap();
    let part = path.with_extension("wav.part");
    std::fs::write(&part, bytes).unwrap();
    path
}

fn mended(repaired: &[Repaired]) -> Vec<Mended> {
    repaired.iter().map(|one| *one.mended.as_ref().unwrap()).collect()
}

#[test]
fn a_recording_of_a_dead_process_is_mended_once() {
    let data = TempDir::new().unwrap();
    let path = left_behind(data.path());
    let repaired = repair(data.path()).unwrap();
    assert_eq!(mended(&repaired), [Mended::Header { ms: 999 }]);
    assert_eq!(repaired[0].path, path);
    let samples = read(&path);
    assert_eq!(samples.len(), 15_998);
    assert_eq!(samples[15_996..], [5, 7]);
    assert!(repair(data.path()).unwrap().is_empty(), "nothing is left to do");
}

#[test]
fn an_empty_recording_is_removed_and_half_an_encoding_too() {
    let data = TempDir::new().unwrap();
    let path = left_behind(data.path());
    let part = path.with_extension("wav.part");
    let head = std::fs::read(&part).unwrap()[..20].to_vec();
    std::fs::write(&part, head).unwrap();
    std::fs::write(path.with_extension("opus.part"), "half").unwrap();
    let repaired = repair(data.path()).unwrap();
    assert_eq!(mended(&repaired), [Mended::Removed, Mended::Removed]);
    assert!(every_form(&path).iter().all(|path| !path.exists()));
}

#[test]
fn a_recording_that_is_being_written_is_left_alone() {
    let data = TempDir::new().unwrap();
    let recorder = Recorder::start(options(data.path())).unwrap();
    let started = Instant::now();
    let mut sound = recorder.sound(&place("live"), RATE, started);
    record(&mut sound, started);
    let path = data.path().join(place("live").relative("wav"));
    until(|| path.with_extension("wav.part").exists());
    let seen = loop {
        // Between its making and its lock lies a moment.
        let repaired = repair(data.path()).unwrap();
        if let Some(one) = repaired.into_iter().next() {
            break one;
        }
    };
    assert_eq!(seen.mended.unwrap(), Mended::InUse);
    sound.end(started + ms(1_000));
    recorder.close();
    assert_eq!(read(&path).len(), 16_000);
}

#[test]
fn nothing_recorded_is_nothing_to_repair() {
    let data = TempDir::new().unwrap();
    assert!(repair(data.path()).unwrap().is_empty());
    assert!(repair(&data.path().join("missing")).unwrap().is_empty());
}

/// Three seconds of the caller saying 5, of which two are settled and handed over at once; the rest at the end. What was lost of the
/// first and of the rest, and the caller's track in the file.
fn handed_over(data: &Path, waiting: usize) -> ([Option<Duration>; 2], Vec<i16>) {
    let recorder = Recorder::start(Options {
        waiting,
        ..options(data)
    })
    .unwrap();
    let started = Instant::now();
    let mut sound = recorder.sound(&place("slow"), RATE, started);
    for index in 1..=150 {
        sound.tracks().caller(&[5; 160], RATE, started + ms(20 * index));
    }
    sound.flush(started + ms(3_000));
    let lost = sound.lost();
    assert_eq!(sound.lost(), None, "told once");
    let lost = [lost, sound.end(started + ms(3_000))];
    let all = lost.into_iter().flatten().sum::<Duration>();
    assert_eq!(u128::from(recorder.state().lost_ms), all.as_millis());
    recorder.close();
    let samples = read(&data.join(place("slow").relative("wav")));
    (lost, samples.into_iter().step_by(2).collect())
}

#[test]
fn what_a_slow_disk_loses_is_counted_and_is_silence() {
    let data = TempDir::new().unwrap();
    // Two seconds of stereo are 64000 bytes.
    let (lost, caller) = handed_over(data.path(), 63_999);
    assert_eq!(lost, [Some(ms(2_000)), None]);
    let expected: Vec<i16> = [vec![0; 16_000], vec![5; 8_000]].concat();
    assert_eq!(caller, expected, "what was not lost is in its place");
    let data = TempDir::new().unwrap();
    let (lost, caller) = handed_over(data.path(), 1_000);
    assert_eq!(lost, [Some(ms(2_000)), Some(ms(1_000))], "the end too");
    assert_eq!(caller, vec![0; 24_000]);
}

#[test]
fn lines_that_a_slow_disk_loses_are_a_hole_that_a_replay_tells() {
    let data = TempDir::new().unwrap();
    let slow = Options {
        waiting: 150,
        ..options(data.path())
    };
    let recorder = Recorder::start(slow).unwrap();
    let (started, secretary) = (Instant::now(), secretary());
    let subject = Subject {
        domain: DOMAIN.parse().unwrap(),
        call: CALL.parse().unwrap(),
        secretary: &secretary,
        started,
        wall: Timestamp::UNIX_EPOCH,
    };
    let mut log = recorder.event_log(&place("slow"), &subject, &settings());
    for _ in 0..10 {
        log.input(&Input::SpeechStarted, started);
    }
    log.flush(started);
    log.flush(started);
    log.end(started);
    recorder.close();
    let text = std::fs::read_to_string(data.path().join(place("slow").relative("jsonl"))).unwrap();
    let log = Log::parse(&text).unwrap();
    assert_eq!(log.tail, Tail::Whole, "{text}");
    assert_eq!(replay(&log).verdict, Verdict::Hole { line: 2, lost: 10 });
}

#[test]
fn without_space_nothing_is_recorded_and_logs_are_written_all_the_same() {
    let data = TempDir::new().unwrap();
    let full = Options {
        least_free: u64::MAX,
        ..options(data.path())
    };
    let recorder = Recorder::start(full).unwrap();
    let (started, secretary) = (Instant::now(), secretary());
    let subject = Subject {
        domain: DOMAIN.parse().unwrap(),
        call: CALL.parse().unwrap(),
        secretary: &secretary,
        started,
        wall: Timestamp::UNIX_EPOCH,
    };
    let log = recorder.event_log(&place("none"), &subject, &settings());
    let mut sound = recorder.sound(&place("none"), RATE, started);
    record(&mut sound, started);
    until(|| sound.written() == Written::Nothing);
    assert_eq!(log.written(), Written::All);
    sound.end(started + ms(1_000));
    log.end(started + ms(1_000));
    let told = State {
        short: true,
        cut: 1,
        lost_ms: 0,
    };
    assert_eq!(recorder.state(), told);
    recorder.close();
    let wav = data.path().join(place("none").relative("wav"));
    assert!(every_form(&wav).iter().all(|path| !path.exists()));
    let log = std::fs::read_to_string(wav.with_extension("jsonl")).unwrap();
    assert_eq!(Log::parse(&log).unwrap().tail, Tail::Whole);
}

#[test]
fn a_data_folder_that_cannot_be_used_costs_the_files_alone() {
    let data = TempDir::new().unwrap();
    let file = data.path().join("file");
    std::fs::write(&file, "").unwrap();
    let recorder = Recorder::start(options(&file)).unwrap();
    let started = Instant::now();
    let mut sound = recorder.sound(&place("one"), RATE, started);
    record(&mut sound, started);
    until(|| sound.written() == Written::Nothing);
    sound.end(started + ms(1_000));
    assert_eq!(recorder.state().cut, 1);
    recorder.close();
    assert_eq!(std::fs::read(&file).unwrap(), b"");
}
