//! The caller's audio on its way in: bytes of the leg → frames → what the ear and the engine hear.

use super::echo::Echo;
use super::recorder::RecordedSound;
use crate::calls::ModuleBuild;
use crate::config::StreamConfig;
use crate::leg::inbound::{ByteRate, Format, Verdict};
use audio::{Ear, Edge, Framer, Layout, Resampler, SampleRate};
use secretary::CallUuid;
use std::time::{Duration, Instant};
use voice::Session;

/// More than this at once is a burst: the module held audio back and sends it now. The rest of it is awaited, so that the oldest
/// part can be dropped before any of it is heard.
const BURST: Duration = Duration::from_millis(200);
/// How long the rest of a burst is awaited.
const GATHER: Duration = Duration::from_millis(10);

/// The way of the caller's audio.
pub(super) struct Hearing {
    call: CallUuid,
    format: Format,
    build: ModuleBuild,
    framer: Framer,
    byte_rate: ByteRate,
    /// Bytes that came and were not heard yet.
    pending: Vec<u8>,
    /// What has come since the call began.
    arrived: Duration,
    gathering: Option<Instant>,
    /// Takes our own voice out between the recording and whoever hears.
    pub(super) echo: Echo,
    clean: Vec<i16>,
    paths: Paths,
    limit: Duration,
    dropped: Duration,
    told_ms: u64,
    told_engine_ms: u64,
    /// When to complain that nothing has come, until something has.
    silence_due: Option<Instant>,
}

/// Who hears a frame, each at a rate of its own.
struct Paths {
    ear: Option<Ear>,
    to_wide: Resampler,
    wide: Vec<i16>,
    engine: Option<SampleRate>,
    to_engine: Resampler,
    narrow: Vec<i16>,
}

impl Paths {
    fn new(ear: Option<Ear>, from: SampleRate, engine: Option<SampleRate>) -> Self {
        Self {
            ear,
            to_wide: Resampler::new(from, SampleRate::HZ_16000),
            wide: Vec::new(),
            engine,
            to_engine: Resampler::new(from, engine.unwrap_or(from)),
            narrow: Vec::new(),
        }
    }

    /// The engine is another, which may hear at another rate.
    fn engine_hears_at(&mut self, engine: Option<SampleRate>, from: SampleRate) {
        if engine != self.engine {
            self.engine = engine;
            self.to_engine = Resampler::new(from, engine.unwrap_or(from));
        }
    }

    /// One conversion for each rate that somebody hears; none where the leg has it already.
    fn hear(
        &mut self,
        frame: &[i16],
        from: SampleRate,
        session: Option<&mut (dyn Session + 'static)>,
    ) -> Option<Edge> {
        let wide_wanted = self.ear.is_some() || self.engine == Some(SampleRate::HZ_16000);
        let wide: &[i16] = if from == SampleRate::HZ_16000 {
            frame
        } else if wide_wanted {
            self.wide.clear();
            self.to_wide.push(frame, &mut self.wide);
            &self.wide
        } else {
            &[]
        };
        if let (Some(rate), Some(session)) = (self.engine, session) {
            match rate {
                _ if rate == from => session.hear(frame),
                SampleRate::HZ_16000 => session.hear(wide),
                _ => {
                    self.narrow.clear();
                    self.to_engine.push(frame, &mut self.narrow);
                    session.hear(&self.narrow);
                }
            }
        }
        self.ear.as_mut()?.hear(wide)
    }
}

impl Hearing {
    pub(super) fn new(
        call: CallUuid,
        format: Format,
        build: ModuleBuild,
        ear: Option<Ear>,
        played: SampleRate,
        config: &StreamConfig,
        now: Instant,
    ) -> Self {
        Self {
            call,
            format,
            build,
            framer: Framer::new(format.rate, format.layout),
            byte_rate: ByteRate::new(format),
            pending: Vec::new(),
            arrived: Duration::ZERO,
            gathering: None,
            echo: Echo::new(call, format, played, config.echo),
            clean: Vec::new(),
            paths: Paths::new(ear, format.rate, None),
            limit: config.backlog(),
            dropped: Duration::ZERO,
            told_ms: 0,
            told_engine_ms: 0,
            silence_due: config.idle_warning().map(|after| now + after),
        }
    }

    /// Another stream carries on; it is measured anew.
    pub(super) fn restart(&mut self, build: ModuleBuild) {
        self.build = build;
        self.framer = Framer::new(self.format.rate, self.format.layout);
        self.byte_rate = ByteRate::new(self.format);
        self.echo.restart(self.format);
        self.pending.clear();
        self.gathering = None;
    }

    /// What comes, and which module sends it, as far as is known by now.
    pub(super) fn stream(&self) -> (Format, ModuleBuild) {
        (self.format, self.build)
    }

    /// Takes bytes as they came.
    pub(super) fn take(&mut self, bytes: &[u8], now: Instant) {
        if self.silence_due.take().is_some() {
            self.build = self.build.or_by_first_frame(self.format.duration_of(bytes.len()));
            tracing::debug!(call = %self.call, first_bytes = bytes.len(), format = ?self.format, build = ?self.build, "audio flows");
        }
        self.arrived += self.format.duration_of(bytes.len());
        self.pending.extend_from_slice(bytes);
        if self.pending.len() > 2 * self.format.bytes_in(self.limit) {
            self.drop_backlog();
        }
        if let Some(verdict) = self.byte_rate.arrived(bytes.len(), self.build, now) {
            self.judged(verdict);
        }
    }

    fn judged(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Confirmed => {
                tracing::debug!(call = %self.call, format = ?self.format, "the byte rate confirms the format");
            }
            Verdict::NotResampled(rate) => {
                tracing::warn!(call = %self.call, asked = %self.format.rate, found = %rate,
                    "this build of mod_audio_stream (sptmru) does not resample: its audio is taken at the rate found. Ask for that rate in the script");
                self.format.rate = rate;
                self.framer = Framer::new(rate, self.format.layout);
                self.paths = Paths::new(self.paths.ear.take(), rate, self.paths.engine);
                self.echo.restart(self.format);
            }
            Verdict::Odd(measured) => {
                tracing::warn!(call = %self.call, format = ?self.format, expected = self.format.bytes_per_second(), measured,
                    "the stream's bytes a second do not fit its format: give the true rate and mix in the metadata, or in [stream] assume");
            }
        }
    }

    /// Lets ear and engine hear what has come, unless it is the beginning of a burst. Edges in their order.
    pub(super) fn hear(
        &mut self,
        mut session: Option<&mut (dyn Session + 'static)>,
        sound: &mut RecordedSound,
        now: Instant,
    ) -> Vec<Edge> {
        if self.still_gathering(now) {
            return Vec::new();
        }
        self.drop_backlog();
        let mut edges = Vec::new();
        let Self {
            framer,
            paths,
            pending,
            format,
            echo,
            clean,
            ..
        } = self;
        paths.engine_hears_at(session.as_ref().map(|session| session.input_rate()), format.rate);
        framer.push(pending, |frame| {
            sound.caller(frame, format.rate, now);
            clean.clear();
            echo.hear(frame, now, clean);
            for piece in clean.chunks(frame.len()) {
                edges.extend(paths.hear(piece, format.rate, session.as_deref_mut()));
            }
        });
        pending.clear();
        edges
    }

    /// Keeps of what waits the newest part.
    fn drop_backlog(&mut self) {
        let excess = self
            .pending
            .len()
            .saturating_sub(self.format.bytes_in(self.limit));
        let dropped = self.format.duration_of(excess);
        self.dropped += dropped;
        self.echo.missed(self.format.rate.samples_in(dropped));
        self.pending.drain(..excess);
    }

    fn still_gathering(&mut self, now: Instant) -> bool {
        match self.gathering {
            Some(until) if now < until => true,
            Some(_) => {
                self.gathering = None;
                false
            }
            None if self.format.duration_of(self.pending.len()) > BURST => {
                self.gathering = Some(now + GATHER);
                true
            }
            None => false,
        }
    }

    /// When [`Hearing::hear`] or [`Hearing::complain_of_silence`] is wanted without new audio.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.gathering.into_iter().chain(self.silence_due).min()
    }

    /// Tells the operator once why the call may be silent.
    pub(super) fn complain_of_silence(&mut self, now: Instant) {
        if self.silence_due.is_none_or(|due| now < due) {
            return;
        }
        self.silence_due = None;
        let cause = match self.format.layout {
            Layout::Mixed | Layout::Stereo => {
                "a mixed or stereo stream sends nothing while nothing is played to the caller: start it as mono, or set the channel \
                 variable send_silence_when_idle=-1 before it starts"
            }
            Layout::Mono => {
                "the module sends nothing: is the channel answered, and does its media reach FreeSWITCH?"
            }
        };
        tracing::warn!(call = %self.call, cause, "no audio has come since the stream began");
    }

    /// The last 8 s at 16 kHz, for the end-of-turn model.
    pub(super) fn recent(&self) -> Option<Vec<i16>> {
        self.paths.ear.as_ref().map(Ear::recent)
    }

    /// What has come since the call began.
    pub(super) fn arrived(&self) -> Duration {
        self.arrived
    }

    /// Milliseconds of backlog dropped since this was last asked.
    pub(super) fn new_backlog_ms(&mut self) -> u64 {
        let all = self.dropped.as_millis() as u64;
        all - std::mem::replace(&mut self.told_ms, all)
    }

    /// Milliseconds that its session has dropped, by its count, since this was last asked.
    pub(super) fn new_engine_drops(&mut self, session_ms: u64) -> u64 {
        session_ms.saturating_sub(std::mem::replace(&mut self.told_engine_ms, session_ms))
    }
}
