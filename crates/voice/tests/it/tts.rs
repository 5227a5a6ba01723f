//! Text to speech: espeak-ng as it is installed, services by their stand-in, and the cache of prompts.

mod failures;
mod official;
mod services;
mod stand_in;

use audio::SampleRate;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secretary::Language;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Notify, mpsc};
use voice::tts::{Espeak, EspeakConfig, Piper, Prompts, Speech, Spoken, Synthesizer, TtsError};

fn speech(text: &str, language: Language) -> Speech {
    Speech {
        text: text.into(),
        language,
        voice: String::new(),
    }
}

/// True if espeak-ng is there; else says why the test proves nothing here.
fn installed() -> bool {
    let there = std::process::Command::new("espeak-ng")
        .arg("--version")
        .output()
        .is_ok();
    if !there {
        eprintln!("skipped: espeak-ng is not installed; `apt-get install espeak-ng` installs it");
    }
    there
}

async fn speak(synthesizer: &dyn Synthesizer, speech: Speech) -> Result<Vec<i16>, TtsError> {
    let (out, mut pieces) = mpsc::channel(4);
    let collect = async {
        let mut samples = Vec::new();
        while let Some(piece) = pieces.recv().await {
            samples.extend(piece);
        }
        samples
    };
    let (done, samples) = tokio::join!(synthesizer.speak(speech, out), collect);
    done.map(|_| samples)
}

fn milliseconds(samples: &[i16]) -> u128 {
    SampleRate::HZ_16000.duration_of(samples.len() as u64).as_millis()
}

#[tokio::test]
async fn espeak_speaks_both_languages_at_16_khz() {
    if !installed() {
        return;
    }
    let espeak = Espeak::default();
    assert_eq!(espeak.rate(), SampleRate::HZ_16000);
    let text = "Bom dia, em que posso ajudar?";
    let portuguese = speak(&espeak, speech(text, Language::PtBr)).await.unwrap();
    let english = speak(&espeak, speech(text, Language::En)).await.unwrap();
    for samples in [&portuguese, &english] {
        assert!(
            (1_000..4_000).contains(&milliseconds(samples)),
            "{} ms",
            milliseconds(samples)
        );
        let peak = samples.iter().map(|s| s.unsigned_abs()).max().unwrap();
        assert!((8_000..32_000).contains(&peak), "peak {peak}");
    }
    assert_ne!(portuguese, english, "the language chooses the voice");
    let again = speak(&espeak, speech(text, Language::PtBr)).await.unwrap();
    assert_eq!(
        again, portuguese,
        "the pieces in which the pipe gives it do not matter"
    );
}

#[tokio::test]
async fn a_text_that_looks_like_an_option_is_spoken() {
    if !installed() {
        return;
    }
    let espeak = Espeak::default();
    assert!(milliseconds(&speak(&espeak, speech("--version", Language::En)).await.unwrap()) > 300);
    assert!(
        speak(&espeak, speech(" \u{7} ", Language::En))
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn another_voice_sounds_different_and_an_unknown_one_is_named() {
    if !installed() {
        return;
    }
    let espeak = Espeak::default();
    let with = |voice: &str| Speech {
        voice: voice.into(),
        ..speech("hello", Language::En)
    };
    let usual = speak(&espeak, with("")).await.unwrap();
    assert_ne!(speak(&espeak, with("en-us+f3")).await.unwrap(), usual);
    let unknown = speak(&espeak, with("marin")).await.unwrap_err();
    assert!(
        matches!(&unknown, TtsError::Voice { name, .. } if name == "marin"),
        "{unknown}"
    );
    assert!(unknown.to_string().contains("espeak-ng --voices"), "{unknown}");
}

#[tokio::test]
async fn a_missing_program_is_named_with_its_cure() {
    let espeak = Espeak::new(EspeakConfig {
        program: "/nowhere/espeak-ng".into(),
        ..EspeakConfig::default()
    });
    let error = speak(&espeak, speech("oi", Language::PtBr))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("/nowhere/espeak-ng") && error.contains("apt-get install espeak-ng"),
        "{error}"
    );
}

/// A program in espeak-ng's place that writes its process id, then a header and some samples, and then hangs.
fn hanging_program(folder: &std::path::Path) -> (PathBuf, PathBuf) {
    let (program, pid) = (folder.join("hangs"), folder.join("pid"));
    let header =
        r"RIFF\0\0\0\0WAVEfmt \020\0\0\0\001\0\001\0\200\076\0\0\0\175\0\0\002\0\020\0data\0\0\0\0abcd";
    let script = format!(
        "#!/bin/sh\necho $$ > {}\nprintf '{header}'\nexec sleep 600\n",
        pid.display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    (program, pid)
}

/// Returns when the process is gone or nothing more than its entry in the table.
async fn gone(pid: &std::path::Path) {
    let number = std::fs::read_to_string(pid).unwrap();
    let stat = format!("/proc/{}/stat", number.trim());
    while std::fs::read_to_string(&stat).is_ok_and(|line| !line.contains(") Z ")) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_process_dies_with_the_future_and_with_the_receiver() {
    let folder = tempfile::tempdir().unwrap();
    let (program, pid) = hanging_program(folder.path());
    let config = EspeakConfig {
        program: program.display().to_string(),
        processes: 1,
        ..EspeakConfig::default()
    };
    let espeak = Arc::new(Espeak::new(config));
    for drop_the_receiver in [true, false] {
        let (out, mut pieces) = mpsc::channel(4);
        let work = tokio::spawn({
            let espeak = espeak.clone();
            async move { espeak.speak(speech("oi", Language::PtBr), out).await }
        });
        // With one place, the second round also proves that the first gave its place back.
        assert_eq!(
            pieces.recv().await.unwrap(),
            [0x6261, 0x6463],
            "audio comes before the program ends"
        );
        if drop_the_receiver {
            drop(pieces);
            work.await.unwrap().unwrap();
        } else {
            work.abort();
            assert!(work.await.unwrap_err().is_cancelled());
        }
        gone(&pid).await;
    }
}

#[tokio::test]
async fn an_installed_piper_voice_speaks_at_16_khz() {
    let Some(voice) = std::env::var_os("VOICE_AI_TEST_PIPER").map(PathBuf::from) else {
        eprintln!("skipped: VOICE_AI_TEST_PIPER names no Piper voice (….onnx with ….onnx.json beside it)");
        return;
    };
    if !installed() {
        return;
    }
    let piper = Piper::load(&voice, "espeak-ng", 1).unwrap();
    for text in [
        "Good morning.",
        "Good morning. Billing is on the second floor, how may I help you?",
    ] {
        let begun = std::time::Instant::now();
        let samples = speak(&piper, speech(text, Language::En)).await.unwrap();
        let took = begun.elapsed().as_millis();
        eprintln!("{} ms of speech in {took} ms", milliseconds(&samples));
        let expected = text.chars().count() as u128 * 65;
        assert!(
            (expected / 2..expected * 2).contains(&milliseconds(&samples)),
            "{} ms",
            milliseconds(&samples)
        );
        let peak = samples.iter().map(|s| s.unsigned_abs()).max().unwrap();
        assert!(peak > 5_000, "peak {peak}");
    }
}

#[test]
fn a_piper_voice_that_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("voice.onnx");
    let error = |model| Piper::load(model, "espeak-ng", 1).err().unwrap().to_string();
    assert!(
        error(&model).contains("voice.onnx.json cannot be read"),
        "{}",
        error(&model)
    );
    std::fs::write(folder.path().join("voice.onnx.json"), "{}").unwrap();
    assert!(error(&model).contains("missing field"), "{}", error(&model));
}

/// Speaks every text as its bytes and counts; a text that begins with `!` waits for the gate and then fails.
#[derive(Default)]
struct Counting {
    spoken: AtomicUsize,
    gate: Notify,
}

impl Synthesizer for Counting {
    fn rate(&self) -> SampleRate {
        SampleRate::HZ_16000
    }

    fn speak(&self, speech: Speech, out: mpsc::Sender<Vec<i16>>) -> BoxFuture<'_, Result<Spoken, TtsError>> {
        async move {
            self.spoken.fetch_add(1, Ordering::SeqCst);
            if speech.text.starts_with('!') {
                self.gate.notified().await;
                return Err(TtsError::Failed("as asked".into()));
            }
            tokio::task::yield_now().await;
            let _ = out.send(speech.text.bytes().map(i16::from).collect()).await;
            Ok(Spoken::AsAsked)
        }
        .boxed()
    }
}

fn counted(limit: usize) -> (Arc<Counting>, Prompts) {
    let counting = Arc::new(Counting::default());
    (counting.clone(), Prompts::new(counting, limit))
}

#[tokio::test]
async fn a_prompt_is_rendered_once_for_all() {
    let (counting, prompts) = counted(1_000);
    let ask = || prompts.render(speech("abc", Language::En));
    let (first, second, third) = tokio::join!(ask(), ask(), ask());
    let prompt = first.unwrap();
    assert_eq!(
        (&*prompt.samples, prompt.rate),
        (&[97, 98, 99][..], SampleRate::HZ_16000)
    );
    assert!(Arc::ptr_eq(&prompt.samples, &second.unwrap().samples) && prompt == third.unwrap());
    assert!(Arc::ptr_eq(&prompt.samples, &ask().await.unwrap().samples));
    assert_eq!(counting.spoken.load(Ordering::SeqCst), 1);
    prompts.render(speech("abc", Language::PtBr)).await.unwrap();
    assert_eq!(
        counting.spoken.load(Ordering::SeqCst),
        2,
        "another language is another prompt"
    );
}

#[tokio::test]
async fn the_least_recently_used_prompt_goes_first() {
    let (counting, prompts) = counted(16);
    for text in ["aaaa", "bbbb", "aaaa", "cccc", "aaaa"] {
        prompts.render(speech(text, Language::En)).await.unwrap();
        assert!(prompts.bytes() <= 16);
    }
    assert_eq!(
        counting.spoken.load(Ordering::SeqCst),
        3,
        "`aaaa` was used last and stayed"
    );
    prompts.render(speech("bbbb", Language::En)).await.unwrap();
    assert_eq!(counting.spoken.load(Ordering::SeqCst), 4, "`bbbb` had gone");
    let large = prompts
        .render(speech("much too large", Language::En))
        .await
        .unwrap();
    assert_eq!(
        (large.samples.len(), prompts.bytes()),
        (14, 16),
        "given, not kept"
    );
}

#[tokio::test]
async fn whoever_waits_goes_on_when_the_first_gives_up_and_a_failure_is_not_kept() {
    let (counting, prompts) = counted(1_000);
    let mut first = prompts.render(speech("!", Language::En)).boxed();
    assert!(futures_util::poll!(&mut first).is_pending());
    let mut second = prompts.render(speech("!", Language::En)).boxed();
    assert!(futures_util::poll!(&mut second).is_pending());
    assert_eq!(counting.spoken.load(Ordering::SeqCst), 1);
    drop(first);
    assert!(futures_util::poll!(&mut second).is_pending());
    counting.gate.notify_one();
    assert!(second.await.is_err());
    assert_eq!((counting.spoken.load(Ordering::SeqCst), prompts.bytes()), (2, 0));
}
