//! A log as a picture: the account of a call for `sim::picture`, as far as a log knows it.

use anyhow::Context as _;
use audio::SampleRate;
use call::{
    Input, LegCommand, Outcome as Ended, Output, PlayedMs, PlayoutEvent, Record, Role, TransferOutcome,
    Utterance,
};
use recording::{Log, What as Told};
use sim::{Account, BargeIn, Event, Facts, Line, Mix, Module, Outcome, Spoken, Summary, What};
use std::collections::BTreeMap;
use std::path::Path;

/// The rate of tracks that are drawn without a recording.
const DRAWN: SampleRate = SampleRate::HZ_8000;
/// How loud a voice is drawn of which no recording is there.
const LOUD: i16 = 6_000;
/// No call is longer; what a log tells beyond is no time of a call's.
const LONGEST_MS: f64 = 24.0 * 3_600_000.0;
/// A key: logs do not tell which.
const KEY: char = '•';

/// Draws the call, with the recording beside its log if there is one.
pub(super) fn draw(log: &Log, file: &Path) -> anyhow::Result<String> {
    let drawing = Drawing::of(log);
    anyhow::ensure!(
        drawing.end <= LONGEST_MS,
        "a call of {:.0} h cannot be drawn: the log was changed or damaged",
        drawing.end / 3_600_000.0
    );
    let mut account = drawing.account(log);
    let wav = file.with_extension("wav");
    let waves = wav.exists();
    if waves {
        let (rate, caller, heard) = read(&wav).with_context(|| format!("cannot read {}", wav.display()))?;
        (account.rate, account.caller, account.heard) = (rate, caller, heard);
    }
    let source = if waves {
        "waves of the recording"
    } else if file.with_extension("opus").exists() {
        "the recording is Opus, which is not read (opusdec makes a WAV of it): who spoke when"
    } else {
        "no recording beside the log: who spoke when"
    };
    let facts = format!(
        "call {}  ·  {}  ·  engine {}  ·  {source}",
        log.header.call, log.header.started, log.header.secretary.engine
    );
    Ok(sim::picture::draw_with(&account, &facts))
}

/// The rate and both tracks of a recording.
fn read(wav: &Path) -> anyhow::Result<(SampleRate, Vec<i16>, Vec<i16>)> {
    let mut reader = hound::WavReader::open(wav)?;
    let spec = reader.spec();
    anyhow::ensure!(spec.channels == 2, "it has {} channels, not 2", spec.channels);
    let rate = SampleRate::new(spec.sample_rate)?;
    let samples: Vec<i16> = reader.samples().collect::<Result<_, _>>()?;
    let track = |channel: usize| samples.iter().skip(channel).step_by(2).copied().collect();
    Ok((rate, track(0), track(1)))
}

/// What a log tells of who spoke when.
#[derive(Default)]
struct Drawing {
    events: Vec<Event>,
    /// From when to when somebody spoke, in ms.
    caller: Vec<(f64, f64)>,
    secretary: Vec<(f64, f64)>,
    /// When each utterance began to be heard, and how much of it was by then.
    heard: BTreeMap<Utterance, (f64, PlayedMs)>,
    /// The last utterance that was heard.
    utterances: u32,
    speaking_since: Option<f64>,
    /// The last silence of the caller's that nothing has answered.
    silent_at: Option<f64>,
    onset: Option<f64>,
    held_at: Option<f64>,
    holds: Vec<(f64, f64)>,
    responses: Vec<f64>,
    duck: Vec<f64>,
    stop: Vec<f64>,
    false_barge_ins: u32,
    outcome: Option<Outcome>,
    end: f64,
}

impl Drawing {
    fn of(log: &Log) -> Self {
        let mut drawing = Self::default();
        for numbered in &log.lines {
            let at = numbered.line.at as f64 / 1e6;
            drawing.end = drawing.end.max(at);
            match &numbered.line.what {
                Told::Input(input) => drawing.input(input, at),
                Told::Output(output) => drawing.output(output, at),
                _ => {}
            }
        }
        let end = drawing.end;
        drawing.falls_silent(end);
        drawing
            .events
            .sort_by(|one, other| one.at_ms.total_cmp(&other.at_ms));
        drawing
    }

    fn event(&mut self, at_ms: f64, what: What) {
        self.events.push(Event { at_ms, what });
    }

    fn input(&mut self, input: &Input, at: f64) {
        match input {
            Input::SpeechStarted => {
                self.speaking_since = Some(at);
                self.onset = Some(at);
                let text = String::new();
                self.event(at, What::CallerSpeaks { text });
            }
            Input::SpeechEnded => {
                self.falls_silent(at);
                self.silent_at = Some(at);
                self.event(at, What::CallerSpoke);
            }
            Input::Dtmf(_) => self.event(at, What::Digit { digit: KEY }),
            Input::Playout(PlayoutEvent::Position { utterance, played }) if *played > PlayedMs(0) => {
                self.heard.entry(*utterance).or_insert((at, *played));
            }
            _ => {}
        }
    }

    fn falls_silent(&mut self, at: f64) {
        let since = self.speaking_since.take();
        self.caller.extend(since.map(|since| (since, at)));
    }

    fn output(&mut self, output: &Output, at: f64) {
        match output {
            Output::Leg(command) => self.leg(command, at),
            Output::Record(record) => self.record(record, at),
            _ => {}
        }
    }

    fn leg(&mut self, command: &LegCommand, at: f64) {
        match command {
            LegCommand::Pause => {
                self.held_at = Some(at);
                self.event(at, What::Paused);
            }
            LegCommand::Resume => {
                let held = self.held_at.take();
                self.holds.extend(held.map(|held| (held, at)));
                self.event(at, What::Resumed);
            }
            LegCommand::Clear { .. } => self.event(at, What::Cleared { dropped_ms: 0.0 }),
            LegCommand::Transcript { role, text, is_final } => {
                let role = match role {
                    Role::User => sim::Role::User,
                    Role::Assistant => sim::Role::Assistant,
                };
                let spoken = Spoken {
                    role,
                    text: text.clone(),
                    is_final: *is_final,
                };
                self.event(at, What::Transcript(spoken));
            }
            LegCommand::Hold | LegCommand::Unhold => {}
            LegCommand::Transfer { destination, .. } | LegCommand::Voicemail { destination } => {
                self.outcome = Some(Outcome::Transferred(destination.clone()));
                let destination = destination.clone();
                self.event(
                    at,
                    What::Transfer {
                        destination,
                        number: None,
                        kind: None,
                    },
                );
            }
            LegCommand::HangUp => {
                self.outcome = Some(Outcome::HungUp);
                self.event(at, What::Hangup);
            }
        }
    }

    fn record(&mut self, record: &Record, at: f64) {
        match record {
            Record::Heard {
                utterance,
                played,
                cut,
                ..
            } => self.was_heard(*utterance, *played, *cut, at),
            Record::BargeIn { .. } => self.barge_in(at, true),
            Record::FalseBargeIn => {
                self.false_barge_ins += 1;
                // A murmur asks for no answer.
                self.silent_at = None;
                self.barge_in(at, false);
            }
            // The caller is back: it was no end.
            Record::TransferEnded {
                outcome: transfer, ..
            } if !matches!(transfer, TransferOutcome::Answered) => self.outcome = None,
            Record::Ended { outcome } => {
                let stopped = matches!(outcome, Ended::Stopped);
                let other = if stopped {
                    Outcome::Stopped
                } else {
                    Outcome::Completed
                };
                self.outcome.get_or_insert(other);
            }
            _ => {}
        }
    }

    fn was_heard(&mut self, utterance: Utterance, played: PlayedMs, cut: bool, at: f64) {
        let known = self.heard.remove(&utterance);
        // One that was held is longer on the clock than by its own count.
        let begin = known.map_or(at - played.0 as f64, |(at, played)| at - played.0 as f64);
        // What is cut was last heard when it was held.
        let end = match self.held_at.take() {
            Some(held) if cut => held,
            _ => at,
        };
        let begin = begin.clamp(0.0, end);
        self.utterances += 1;
        let response_ms = self
            .silent_at
            .take_if(|silent| *silent <= begin)
            .map(|silent| begin - silent);
        self.responses.extend(response_ms);
        let number = self.utterances;
        self.event(
            begin,
            What::AssistantSpeaks {
                utterance: number,
                response_ms,
            },
        );
        self.event(
            end,
            What::AssistantSpoke {
                utterance: number,
                cut,
            },
        );
        self.secretary.push((begin, end));
    }

    fn barge_in(&mut self, at: f64, stopped: bool) {
        let Some(onset) = self.onset else { return };
        let stop = stopped.then_some(at - onset);
        self.duck.push(0.0);
        self.stop.extend(stop);
        let barge_in = BargeIn {
            onset_ms: onset,
            duck_ms: Some(0.0),
            stop_ms: stop,
        };
        self.event(at, What::BargeIn(barge_in));
    }

    fn account(self, log: &Log) -> Account {
        let header = &log.header;
        let samples = DRAWN.samples_in(std::time::Duration::from_secs_f64(self.end / 1_000.0)) as usize;
        let fill = |track: &mut Vec<i16>, spans: &[(f64, f64)], loudness: i16| {
            let place = |ms: f64| ((ms * f64::from(DRAWN.hz()) / 1_000.0) as usize).min(samples);
            for (from, to) in spans {
                // A log that was changed by hand may run backwards.
                if let Some(span) = track.get_mut(place(*from)..place(*to)) {
                    span.fill(loudness);
                }
            }
        };
        let (mut caller, mut heard) = (vec![0; samples], vec![0; samples]);
        fill(&mut caller, &self.caller, LOUD);
        fill(&mut heard, &self.secretary, LOUD);
        fill(&mut heard, &self.holds, 0);
        Account {
            facts: Facts {
                address: header.call.to_string(),
                module: Module::Plain,
                line: Line::Pcm,
                mix: Mix::Mono,
                rate: DRAWN.hz(),
                secretary: Some(header.secretary.name.clone()),
            },
            rate: DRAWN,
            caller,
            heard,
            summary: Summary {
                response_ms: self.responses,
                barge_in_stop_ms: self.stop,
                duck_ms: self.duck,
                false_barge_ins: self.false_barge_ins,
                underruns: 0,
                frames_in: 0,
                frames_out: 0,
                utterances: self.utterances,
                duration_ms: self.end,
                outcome: self.outcome.unwrap_or(Outcome::Completed),
                transcript: Vec::new(),
            },
            events: self.events,
        }
    }
}
