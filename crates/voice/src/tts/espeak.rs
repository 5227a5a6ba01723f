//! espeak-ng as a process. It is GPL-3, so it is never linked.

use super::convert::Converters;
use super::wav::WavStream;
use super::{Speech, Spoken, Synthesizer, TtsError};
use audio::SampleRate;
use futures_util::future::{BoxFuture, FutureExt};
use secretary::Language;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::{Semaphore, mpsc};

/// Wide band: the most that a phone carries, and no further conversion for a leg of 16 kHz.
const RATE: SampleRate = SampleRate::HZ_16000;

/// Bytes of text in one process at most: minutes of speech, and less than a pipe holds (64 KiB), so that writing it never
/// waits for reading the audio.
pub(super) const TEXT_LIMIT: usize = 4096;

/// How long the program may be silent before it is given up; its first audio usually takes 10 to 20 ms.
const PATIENCE: Duration = Duration::from_secs(10);

/// How espeak-ng is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EspeakConfig {
    /// The program, by name or path.
    pub program: String,
    /// How many processes may run at once on this node. One takes about 15 ms for a sentence.
    pub processes: usize,
    /// Words a minute, 80 to 450; a little slower than the program's 175, for the phone.
    pub words_per_minute: u16,
    /// Pitch, 0 to 99.
    pub pitch: u8,
}

impl Default for EspeakConfig {
    fn default() -> Self {
        Self {
            program: "espeak-ng".into(),
            processes: 8,
            words_per_minute: 160,
            pitch: 50,
        }
    }
}

/// Speaks through one `espeak-ng` process per text, at 16 kHz.
pub struct Espeak {
    config: EspeakConfig,
    places: Semaphore,
    converters: Converters,
}

impl Espeak {
    /// A synthesizer; nothing is started before the first text.
    pub fn new(config: EspeakConfig) -> Self {
        let processes = config.processes.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            config,
            places: Semaphore::new(processes),
            converters: Converters::new(RATE, processes),
        }
    }

    fn start(&self, voice: &str) -> Result<Child, TtsError> {
        // `-b 1`: the text is UTF-8. `-z`: no pause of 300 ms at its end. The text itself goes over stdin, where nothing of
        // it can be taken for an option. `-a 80`: peaks of espeak-ng's own 100 are 2 dB below full scale, too loud here.
        Command::new(&self.config.program)
            .args(["--stdin", "--stdout", "-z", "-b", "1", "-a", "80", "-v", voice])
            .args(["-s", &self.config.words_per_minute.to_string()])
            .args(["-p", &self.config.pitch.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| TtsError::Program {
                program: self.config.program.clone(),
                reason: e.to_string(),
            })
    }

    async fn run(&self, speech: Speech, out: mpsc::Sender<Vec<i16>>) -> Result<Spoken, TtsError> {
        let voice = voice(&speech)?;
        let text = plain(&speech.text, TEXT_LIMIT);
        if text.is_empty() {
            return Ok(Spoken::AsAsked);
        }
        let place = tokio::select! {
            place = self.places.acquire() => place,
            () = out.closed() => return Ok(Spoken::AsAsked),
        };
        let _place = place.map_err(|_| TtsError::Failed("the gateway is shutting down".into()))?;
        let mut child = self.start(voice)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that ends at once over its options closes the pipe; its exit status says why.
            let _ = stdin.write_all(text.as_bytes()).await;
        }
        let Some(mut stdout) = child.stdout.take() else {
            return Err(TtsError::Failed("the program has no output".into()));
        };
        let listened = tokio::select! {
            listened = stream(&mut stdout, &self.converters, &out) => listened?,
            () = out.closed() => false,
        };
        if !listened {
            return Ok(Spoken::AsAsked);
        }
        let (status, complaint) = ending(&mut child).await?;
        if status.success() {
            return Ok(Spoken::AsAsked);
        }
        Err(failure(voice, status, &complaint))
    }
}

impl Default for Espeak {
    fn default() -> Self {
        Self::new(EspeakConfig::default())
    }
}

impl Synthesizer for Espeak {
    fn rate(&self) -> SampleRate {
        RATE
    }

    fn speak(&self, speech: Speech, out: mpsc::Sender<Vec<i16>>) -> BoxFuture<'_, Result<Spoken, TtsError>> {
        self.run(speech, out).boxed()
    }
}

/// Passes the audio on as it comes, until the program closes its output. False if nobody listens any more.
async fn stream(
    stdout: &mut ChildStdout,
    converters: &Converters,
    out: &mpsc::Sender<Vec<i16>>,
) -> Result<bool, TtsError> {
    let (mut wav, mut converter) = (WavStream::default(), None);
    let (mut bytes, mut native) = (vec![0; 8192], Vec::new());
    loop {
        let count = patiently(stdout.read(&mut bytes)).await?;
        native.clear();
        let Some(rate) = wav.push(&bytes[..count], &mut native)? else {
            if count == 0 {
                return Ok(true);
            }
            continue;
        };
        let mut in_use = match converter.take() {
            Some(converter) => converter,
            None => converters.take(rate)?,
        };
        let mut piece = Vec::new();
        in_use.push(&native, &mut piece)?;
        if count == 0 {
            in_use.finish(&mut piece)?;
            converters.put_back(in_use);
        } else {
            converter = Some(in_use);
        }
        if !piece.is_empty() && out.send(piece).await.is_err() {
            return Ok(false);
        }
        if count == 0 {
            return Ok(true);
        }
    }
}

/// How a program ended that has closed its output, and what it complained of.
async fn ending(child: &mut Child) -> Result<(ExitStatus, String), TtsError> {
    let mut complaint = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        patiently(stderr.take(2048).read_to_end(&mut complaint)).await?;
    }
    let status = patiently(child.wait()).await?;
    Ok((status, String::from_utf8_lossy(&complaint).into_owned()))
}

async fn patiently<T>(work: impl Future<Output = std::io::Result<T>>) -> Result<T, TtsError> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done.map_err(|e| TtsError::Failed(format!("its pipe broke: {e}"))),
        Err(_) => Err(TtsError::Failed(format!(
            "the program said nothing for {} s",
            PATIENCE.as_secs()
        ))),
    }
}

fn failure(voice: &str, status: ExitStatus, complaint: &str) -> TtsError {
    if complaint.contains("voice") {
        return TtsError::Voice {
            name: voice.into(),
            remedy: "`espeak-ng --voices` lists those that are installed",
        };
    }
    let first = complaint.lines().next().unwrap_or("it said nothing");
    TtsError::Failed(format!(
        "espeak-ng ended with {status}: {}",
        first.chars().take(200).collect::<String>()
    ))
}

/// The voice of a text: its own, or the language's. A name is no path: no `/`, no `.`, and no `-` in front.
fn voice(speech: &Speech) -> Result<&str, TtsError> {
    if speech.voice.is_empty() {
        return Ok(match speech.language {
            Language::PtBr => "pt-br",
            Language::En => "en-us",
        });
    }
    let name = speech.voice.as_str();
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+');
    if name.len() <= 64 && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(letters)
    {
        return Ok(name);
    }
    Err(TtsError::Voice {
        name: name.chars().take(64).collect(),
        remedy: "a name of espeak-ng's has only letters, digits, `-`, `_` and `+`, such as pt-br or en-us+f3",
    })
}

/// The text without what espeak-ng would take for a command (control characters, `[[phonemes]]`), at most `limit` bytes.
pub(super) fn plain(text: &str, limit: usize) -> String {
    let mut plain = text.replace("[[", " ");
    plain.truncate(plain.floor_char_boundary(limit));
    let words = plain
        .split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_is_a_name_and_never_a_path_or_an_option() {
        let chosen = |name: &str, language| {
            voice(&Speech {
                text: String::new(),
                language,
                voice: name.into(),
            })
            .map(str::to_owned)
            .ok()
        };
        assert_eq!(chosen("", Language::PtBr).as_deref(), Some("pt-br"));
        assert_eq!(chosen("", Language::En).as_deref(), Some("en-us"));
        assert_eq!(chosen("en-us+f3", Language::PtBr).as_deref(), Some("en-us+f3"));
        for bad in [
            "../x",
            "/etc/passwd",
            "gmw/en",
            "-w",
            "a b",
            "x\0",
            "a.b",
            &"v".repeat(65),
        ] {
            assert_eq!(chosen(bad, Language::En), None, "{bad:?}");
        }
    }

    #[test]
    fn a_text_loses_its_commands_and_its_excess() {
        assert_eq!(plain(" bom\u{1}dia,\r\n\tsenhor ", 99), "bom dia, senhor");
        assert_eq!(plain("[[h@'loU]]", 99), "h@'loU]]");
        assert_eq!(plain("\u{7}\n", 99), "");
        assert_eq!(plain("ééé", 5), "éé", "cut between characters");
    }
}
