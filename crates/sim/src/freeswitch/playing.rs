//! Playing of files, tones and silence, frame by frame.

use super::channel::Channel;
use super::exchange::Exchange;
use super::sound::Source;
use audio::{Resampler, SampleRate};
use std::f64::consts::TAU;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Whether keys that are pressed during a playback are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    Told,
    Kept,
}

/// What is played.
enum Sound {
    Samples(Vec<i16>),
    /// For ever: silence, music, a tone.
    Endless(f64),
}

impl Exchange {
    /// `switch_ivr_play_file`. False when there is no such file.
    pub(super) async fn play(self: &Arc<Self>, channel: &Arc<Channel>, file: &str, keys: Keys) -> bool {
        let Some(sound) = Sound::open(file, channel.codec.rate) else {
            channel.state().response = Some("FILE NOT FOUND".to_owned());
            return false;
        };
        self.tell_with(channel, "PLAYBACK_START", &[("Playback-File-Path", file)]);
        let (samples, broken) = self.frames(channel, &sound, keys).await;
        let ms = channel.codec.rate.duration_of(samples as u64).as_millis();
        {
            let mut state = channel.state();
            state.set("playback_last_offset_pos", samples.to_string());
            state.set("playback_seconds", (ms / 1000).to_string());
            state.set("playback_ms", ms.to_string());
            state.set("playback_samples", samples.to_string());
            // A channel that is called away has not played it.
            let response = if state.leaving.is_some() {
                "PLAYBACK ERROR"
            } else {
                "FILE PLAYED"
            };
            state.response = Some(response.to_owned());
        }
        let status = if broken { "break" } else { "done" };
        self.tell_with(
            channel,
            "PLAYBACK_STOP",
            &[("Playback-File-Path", file), ("Playback-Status", status)],
        );
        Self::end_unicast(channel);
        true
    }

    /// The samples that were heard, and whether a break ended it.
    async fn frames(self: &Arc<Self>, channel: &Arc<Channel>, sound: &Sound, keys: Keys) -> (usize, bool) {
        let ptime = channel.codec.ptime;
        let frame = channel.codec.rate.samples_in(ptime) as usize;
        let mut at = 0;
        let mut next = Instant::now();
        loop {
            if !channel.ready() {
                return (at, false);
            }
            if std::mem::take(&mut channel.state().broken) {
                return (at, true);
            }
            if keys == Keys::Told {
                self.tell_digits(channel);
            }
            if let Some(message) = channel.next_unlocked() {
                self.obey(channel, &message).await;
                next = Instant::now();
                continue;
            }
            let Some(samples) = sound.frame(at, frame, channel.codec.rate) else {
                return (at, false);
            };
            at += samples.len();
            channel.sound().hear(samples, Source::Playback);
            next += ptime;
            tokio::time::sleep_until(next).await;
        }
    }
}

impl Channel {
    /// What was sent to be obeyed at once: nothing while `event-lock` holds.
    fn next_unlocked(&self) -> Option<super::channel::Message> {
        let mut state = self.state();
        if state.locked {
            return None;
        }
        state.messages.pop_front()
    }
}

impl Sound {
    fn open(name: &str, rate: SampleRate) -> Option<Self> {
        if let Some(scheme) = name.split_once("://").map(|(scheme, _)| scheme) {
            return match scheme {
                "silence_stream" => Some(Self::silence(name, rate)),
                "local_stream" => Some(Self::Endless(330.0)),
                "tone_stream" => Some(tone(name, rate)),
                _ => None,
            };
        }
        let path = Path::new(name);
        match path.extension()?.to_str()? {
            "wav" => wav(path, rate),
            raw => {
                let hz = raw.strip_prefix('r')?.parse::<u32>().ok()? * 1000;
                let from = SampleRate::new(hz).ok()?;
                let bytes = std::fs::read(path).ok()?;
                let samples = bytes
                    .chunks_exact(2)
                    .map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
                Some(Self::Samples(resampled(samples.collect(), from, rate)))
            }
        }
    }

    /// `silence_stream://<ms>`; -1 is for ever.
    fn silence(name: &str, rate: SampleRate) -> Self {
        let ms = name.trim_start_matches("silence_stream://").split(',').next();
        match ms.and_then(|ms| ms.parse::<u64>().ok()) {
            Some(ms) => Self::Samples(vec![0; rate.samples_in(Duration::from_millis(ms)) as usize]),
            None => Self::Endless(0.0),
        }
    }

    /// The samples from `at` on, a frame at most; none at the end.
    fn frame(&self, at: usize, frame: usize, rate: SampleRate) -> Option<Vec<i16>> {
        match self {
            Self::Samples(samples) => {
                let rest = samples.get(at..).filter(|rest| !rest.is_empty())?;
                Some(rest[..frame.min(rest.len())].to_vec())
            }
            Self::Endless(hz) => Some(sine(*hz, at..at + frame, rate)),
        }
    }
}

/// `tone_stream://%(on ms, off ms, hz);loops=-1`: the tone alone.
fn tone(name: &str, rate: SampleRate) -> Sound {
    let inner = name.split_once("%(").and_then(|(_, rest)| rest.split_once(')'));
    let numbers: Vec<f64> = inner
        .map(|(inner, _)| {
            inner
                .split(',')
                .filter_map(|one| one.trim().parse().ok())
                .collect()
        })
        .unwrap_or_default();
    let hz = numbers.get(2).copied().unwrap_or(440.0);
    if name.contains("loops=-1") {
        return Sound::Endless(hz);
    }
    let on = Duration::from_secs_f64(numbers.first().copied().unwrap_or(1000.0) / 1000.0);
    Sound::Samples(sine(hz, 0..rate.samples_in(on) as usize, rate))
}

fn sine(hz: f64, samples: std::ops::Range<usize>, rate: SampleRate) -> Vec<i16> {
    let step = TAU * hz / f64::from(rate.hz());
    samples
        .map(|at| (8000.0 * (step * at as f64).sin()) as i16)
        .collect()
}

fn wav(path: &Path, rate: SampleRate) -> Option<Sound> {
    let mut reader = hound::WavReader::open(path).ok()?;
    let spec = reader.spec();
    let from = SampleRate::new(spec.sample_rate).ok()?;
    let samples = reader
        .samples::<i16>()
        .step_by(usize::from(spec.channels))
        .collect::<Result<Vec<_>, _>>()
        .ok()?;
    Some(Sound::Samples(resampled(samples, from, rate)))
}

fn resampled(samples: Vec<i16>, from: SampleRate, to: SampleRate) -> Vec<i16> {
    if from == to {
        return samples;
    }
    let mut out = Vec::new();
    Resampler::new(from, to).push(&samples, &mut out);
    out
}
