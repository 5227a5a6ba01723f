//! What a call leaves as files: the state machine with its event log, and the sound of both voices.

use super::notice::Notice;
use super::{Driver, Services};
use crate::metrics::{Dropped, ErrorKind};
use audio::SampleRate;
use call::{Call, Input, Output, Settings, Standing};
use recording::{EventLog, Place, Recorder, Sound, Subject, Written};
use secretary::Recording;
use std::time::{Duration, Instant};

/// The call's own files, paths below the data folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Files {
    /// The sound of both voices, once it is recorded, in the form that it has in the end.
    pub(super) recording: Option<String>,
    /// The event log, if it is written.
    pub(super) event_log: Option<String>,
}

/// Begins a call with these rules, and the files that it is to have, by the name of its conversation.
pub(super) fn begin(
    services: &Services,
    name: &str,
    subject: Subject<'_>,
    settings: Settings,
    rate: SampleRate,
) -> (LoggedCall, RecordedSound, Files) {
    let recorder = &services.recorder;
    let place = Place::new(subject.domain, subject.wall, name);
    let log = services
        .event_log
        .then(|| recorder.event_log(&place, &subject, &settings));
    let mut files = Files {
        recording: None,
        event_log: log.is_some().then(|| place.relative("jsonl")),
    };
    let intended = Intended {
        recorder: recorder.clone(),
        place,
        rate,
        started: subject.started,
    };
    let (sound, notice) = match subject.secretary.privacy.recording {
        Recording::Off => (RecordedSound::Off, None),
        Recording::On => (intended.begin(&mut files), None),
        Recording::Announce => (
            RecordedSound::Intended(intended),
            Some(Notice::new(settings.notice.clone())),
        ),
    };
    let call = LoggedCall {
        call: Call::new(settings, subject.started),
        log,
        notice,
        notice_was_heard: false,
    };
    (call, sound, files)
}

/// A call of which is written down what it is told and what it wants.
pub(super) struct LoggedCall {
    call: Call,
    log: Option<EventLog>,
    /// Without which there is to be no recording, until it was heard.
    notice: Option<Notice>,
    notice_was_heard: bool,
}

impl LoggedCall {
    pub(super) fn handle(&mut self, input: Input, now: Instant) {
        if let Some(notice) = &mut self.notice {
            notice.input(&input);
        }
        if let Some(log) = &mut self.log {
            log.input(&input, now);
        }
        self.call.handle(input, now);
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if let Some(log) = &mut self.log {
            log.timeout(now);
        }
        self.call.handle_timeout(now);
    }

    pub(super) fn poll_output(&mut self, now: Instant) -> Option<Output> {
        let output = self.call.poll_output()?;
        if let Some(log) = &mut self.log {
            log.output(&output, now);
        }
        self.notice_was_heard = self.notice.as_mut().is_some_and(|notice| notice.output(&output));
        if self.notice_was_heard {
            self.notice = None;
        }
        Some(output)
    }

    /// Whether the output that was polled last tells that the caller has heard that the call is recorded.
    pub(super) fn notice_was_heard(&self) -> bool {
        self.notice_was_heard
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.call.poll_timeout()
    }

    pub(super) fn is_over(&self) -> bool {
        self.call.is_over()
    }

    pub(super) fn standing(&self) -> Standing<'_> {
        self.call.standing()
    }

    pub(super) fn is_listening(&self) -> bool {
        self.call.is_listening()
    }

    /// From now on what the caller says and presses is for nobody else, or no longer is.
    pub(super) fn private(&mut self, private: bool, now: Instant) {
        if let Some(log) = &mut self.log {
            log.private(private, now);
        }
    }
}

/// The sound of a call, where it is recorded.
pub(super) enum RecordedSound {
    /// It is not, or is over.
    Off,
    /// It will be when the caller was told. Until then nothing is kept, and silence keeps its place.
    Intended(Intended),
    /// It is.
    On(Box<Sound>),
}

/// A recording that has not begun.
pub(super) struct Intended {
    recorder: Recorder,
    place: Place,
    rate: SampleRate,
    started: Instant,
}

impl Intended {
    fn begin(self, files: &mut Files) -> RecordedSound {
        let Self {
            recorder,
            place,
            rate,
            started,
        } = self;
        files.recording = Some(place.relative(recorder.sound_extension()));
        RecordedSound::On(Box::new(recorder.sound(&place, rate, started)))
    }
}

impl RecordedSound {
    fn live(&mut self) -> Option<&mut Sound> {
        match self {
            Self::On(sound) => Some(sound),
            Self::Off | Self::Intended(_) => None,
        }
    }

    /// It is recorded no more; what there was.
    fn take(&mut self) -> Option<Box<Sound>> {
        match std::mem::replace(self, Self::Off) {
            Self::On(sound) => Some(sound),
            Self::Off | Self::Intended(_) => None,
        }
    }

    /// A frame of the caller's, as the leg brought it.
    pub(super) fn caller(&mut self, frame: &[i16], rate: SampleRate, now: Instant) {
        if let Some(sound) = self.live() {
            sound.tracks().caller(frame, rate, now);
        }
    }

    /// A frame goes to the leg.
    pub(super) fn sent(&mut self, frame: &[i16]) {
        if let Some(sound) = self.live() {
            sound.tracks().sent(frame);
        }
    }

    /// Of what went there so many samples are still to be heard.
    pub(super) fn unheard(&mut self, count: u64, now: Instant) {
        if let Some(sound) = self.live() {
            sound.tracks().unheard(count, now);
        }
    }

    /// What was still to be heard will not be.
    pub(super) fn called_back(&mut self) {
        if let Some(sound) = self.live() {
            sound.tracks().called_back();
        }
    }
}

impl Driver {
    /// The caller was told: from here on the sound is kept.
    pub(super) fn begin_sound(&mut self) {
        self.sound = match std::mem::replace(&mut self.sound, RecordedSound::Off) {
            RecordedSound::Intended(intended) => intended.begin(&mut self.files),
            other => other,
        };
    }

    /// Hands over what there is by now, and notes what the disk was too slow for.
    pub(super) fn write_files(&mut self, now: Instant) {
        self.sound.unheard(self.speaking.unheard(now), now);
        let lost = self.sound.live().and_then(|sound| {
            sound.flush(now);
            sound.lost()
        });
        if let Some(lost) = lost {
            self.sound_lost(lost, now);
        }
        if let Some(log) = &mut self.call.log {
            log.flush(now);
        }
    }

    fn sound_lost(&mut self, lost: Duration, now: Instant) {
        let lost_ms = lost.as_millis() as u64;
        if self.sound_lost.is_zero() {
            tracing::warn!(call = %self.id, "the disk is too slow: part of a recording is lost; how much is told when the call is over");
        }
        self.sound_lost += lost;
        self.services.metrics.dropped_ms(Dropped::Recording, lost_ms);
        if let Some(log) = &mut self.call.log {
            log.sound_lost(lost, now);
        }
    }

    /// The call is over: its files are.
    pub(super) fn finish_files(&mut self, now: Instant) {
        self.write_files(now);
        if let Some(sound) = self.sound.take() {
            let written = sound.written();
            self.check(written, ErrorKind::Recording, |files| &mut files.recording);
            if let Some(lost) = sound.end(now) {
                self.sound_lost(lost, now);
            }
        }
        if !self.sound_lost.is_zero() {
            let lost_ms = self.sound_lost.as_millis() as u64;
            tracing::warn!(call = %self.id, lost_ms, "so much of the recording is lost: the disk was too slow");
        }
        if let Some(log) = self.call.log.take() {
            let written = log.written();
            self.check(written, ErrorKind::EventLog, |files| &mut files.event_log);
            log.end(now);
        }
        tracing::debug!(call = %self.id, recording = ?self.files.recording, event_log = ?self.files.event_log, "what is kept");
    }

    /// Counts a file that is not whole, and forgets the path of one that is not there.
    fn check(&mut self, written: Written, kind: ErrorKind, path: fn(&mut Files) -> &mut Option<String>) {
        if written != Written::All {
            self.services.metrics.error(kind);
        }
        if written == Written::Nothing {
            *path(&mut self.files) = None;
        }
    }
}
