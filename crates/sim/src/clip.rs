//! What the caller says: a recording, or a text that espeak-ng speaks.

use crate::line::Line;
use crate::resample;
use audio::SampleRate;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// Softer samples than this never count as speech; A-law's silence is ±8.
const FLOOR: i16 = 200;
/// And none softer than this part of the clip's peak (30 dB below it), as in the noise of a real recording.
const BELOW_PEAK: i16 = 32;

/// One thing the caller says, as it comes out of the caller's line at the leg's rate.
#[derive(Debug, Clone)]
pub struct Clip {
    text: String,
    samples: Vec<i16>,
    onset: usize,
    end: usize,
}

/// Why there is nothing to say.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// The file cannot be read as WAV.
    #[error("cannot read {path} as a WAV file: {source}")]
    Wav {
        /// The file.
        path: PathBuf,
        /// What hound says.
        source: hound::Error,
    },
    /// Nothing in it is loud enough to be speech.
    #[error("{0} is silent: no sample reaches {FLOOR} of 32767, so there is no speech to measure from")]
    Silent(String),
    /// espeak-ng is not installed.
    #[error(
        "cannot run espeak-ng, which speaks the caller's texts ({0}): install it (apt install espeak-ng) or use --wav"
    )]
    NoVoice(std::io::Error),
    /// espeak-ng refused.
    #[error("espeak-ng could not say {text:?} with the voice {voice:?}: {reason}")]
    Unspeakable {
        /// The text.
        text: String,
        /// The voice.
        voice: String,
        /// What it wrote.
        reason: String,
    },
}

/// Words a minute, as people speak on the phone.
const PACE: &str = "160";

impl Clip {
    /// A clip of samples at the leg's rate, through the caller's line. `text` is how an account names it.
    pub fn from_samples(text: &str, samples: &[i16], leg: SampleRate, line: Line) -> Result<Self, ClipError> {
        Self::carried(text.to_owned(), samples, leg.hz(), leg, line)
    }

    /// A WAV file of any rate and any number of channels, which are averaged.
    pub fn from_wav(path: &Path, leg: SampleRate, line: Line) -> Result<Self, ClipError> {
        let wrong = |source| ClipError::Wav {
            path: path.to_owned(),
            source,
        };
        let reader = hound::WavReader::open(path).map_err(wrong)?;
        let hz = reader.spec().sample_rate;
        let samples = mono(reader).map_err(wrong)?;
        Self::carried(path.display().to_string(), &samples, hz, leg, line)
    }

    /// A text spoken by espeak-ng in a language as `pt-BR` or `en`, or by one of its voices by name.
    pub async fn spoken(text: &str, language: &str, leg: SampleRate, line: Line) -> Result<Self, ClipError> {
        let voice = espeak_voice(language);
        let output = Command::new("espeak-ng")
            .args(["-v", &voice, "-s", PACE, "--stdout", "--", text])
            .output()
            .await
            .map_err(ClipError::NoVoice)?;
        let unspeakable = |reason: String| ClipError::Unspeakable {
            text: text.to_owned(),
            voice: voice.clone(),
            reason,
        };
        if !output.status.success() {
            return Err(unspeakable(
                String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            ));
        }
        let reader = hound::WavReader::new(Cursor::new(with_true_length(output.stdout)))
            .map_err(|source| unspeakable(source.to_string()))?;
        let hz = reader.spec().sample_rate;
        let samples = mono(reader).map_err(|source| unspeakable(source.to_string()))?;
        Self::carried(text.to_owned(), &samples, hz, leg, line)
    }

    fn carried(
        text: String,
        samples: &[i16],
        hz: u32,
        leg: SampleRate,
        line: Line,
    ) -> Result<Self, ClipError> {
        let mut on_line = resample::whole(samples, hz, line.rate(leg).hz());
        for sample in &mut on_line {
            *sample = line.carry(*sample);
        }
        let samples = resample::whole(&on_line, line.rate(leg).hz(), leg.hz());
        let peak = samples
            .iter()
            .map(|sample| sample.saturating_abs())
            .max()
            .unwrap_or(0);
        let loud = |sample: &i16| sample.saturating_abs() >= FLOOR.max(peak / BELOW_PEAK);
        let Some((onset, last)) = samples.iter().position(loud).zip(samples.iter().rposition(loud)) else {
            return Err(ClipError::Silent(text));
        };
        Ok(Self {
            text,
            samples,
            onset,
            end: last + 1,
        })
    }

    /// The words, or the file's name.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The samples at the leg's rate.
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    /// The first loud sample: where speech begins.
    pub fn onset(&self) -> usize {
        self.onset
    }

    /// One past the last loud sample: where speech ends.
    pub fn end(&self) -> usize {
        self.end
    }
}

fn espeak_voice(language: &str) -> String {
    match language.to_ascii_lowercase().as_str() {
        "en" => "en-us".to_owned(),
        // Of 24 variants Whisper base understands this one best: the plain voice's "financeiro" in 6 of 14 renderings, this
        // one's in all. It is also another voice than the secretary's.
        "pt" | "pt-br" => "pt-br+m7".to_owned(),
        other => other.to_owned(),
    }
}

/// espeak-ng writes to a pipe without knowing the length, and says 2 GB: the header is given the length there is.
fn with_true_length(mut wav: Vec<u8>) -> Vec<u8> {
    let Some(data) = wav.windows(4).position(|name| name == b"data") else {
        return wav;
    };
    let length = u32::try_from(wav.len().saturating_sub(data + 8)).unwrap_or(u32::MAX);
    if let Some(field) = wav.get_mut(data + 4..data + 8) {
        field.copy_from_slice(&(length & !1).to_le_bytes());
    }
    wav
}

fn mono(reader: hound::WavReader<impl std::io::Read>) -> Result<Vec<i16>, hound::Error> {
    let spec = reader.spec();
    if spec.sample_rate == 0 || spec.channels == 0 {
        return Err(hound::Error::FormatError("no rate or no channels"));
    }
    let values: Vec<f32> = match spec.sample_format {
        hound::SampleFormat::Float => reader.into_samples::<f32>().collect::<Result<_, _>>()?,
        hound::SampleFormat::Int => {
            let full = 2f32.powi(i32::from(spec.bits_per_sample) - 1);
            reader
                .into_samples::<i32>()
                .map(|sample| Ok(sample? as f32 / full))
                .collect::<Result<_, hound::Error>>()?
        }
    };
    let channels = usize::from(spec.channels);
    let averaged = values
        .chunks(channels)
        .map(|frame| frame.iter().sum::<f32>() / channels as f32);
    Ok(averaged.map(|value| (value * 32768.0).round() as i16).collect())
}
