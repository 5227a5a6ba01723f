//! The first moments of a call: its first frame, what the metadata claims, who answers, and with which rules.

use super::waiting::Waiting;
use super::{
    Account, Attachment, Beginning, Driver, Hearing, Mute, SECOND, Services, Speaking, Work, facts, recorder,
};
use crate::calls::ModuleBuild;
use crate::config::AssumeConfig;
use crate::leg::file::ByFiles;
use crate::leg::inbound::Format;
use crate::leg::metadata::{Keys, Metadata};
use crate::leg::{Closing, Incoming, Leg};
use crate::metrics::{ErrorKind, Metrics};
use crate::pbx::{ByEsl, ByText, CallAudio, Line, Means, Pbx, PbxSettings, last_resort};
use crate::tools::Offer;
use audio::{Ear, Layout};
use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use call::{Capabilities, Digit, Input, LegEvent, Outcome, Settings};
use jiff::Timestamp;
use recording::Subject;
use secretary::{CallUuid, Domain, Language, Recording, Secretary, Tool};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout_at;
use voice::Setup;
use voice::relay::Relay;

/// How long metadata is awaited. It comes within a millisecond of the upgrade (captures); a mixed stream of an idle call sends nothing at
/// all.
const FIRST_FRAME: Duration = Duration::from_millis(250);

/// How long after the first audio. What the caller says while amigniter ec2a781 connects is gathered there, and goes at once and before
/// the metadata (source), which Nagle's algorithm may hold back until the other is acknowledged: Linux does that after 40 ms.
const OVERTAKEN: Duration = Duration::from_millis(100);

/// What is kept until the call begins, in bytes: more than a second of 48 kHz stereo, after which amigniter gives a handshake up.
const MOST_KEPT: usize = 256 * 1024;
/// A frame counts at least so many.
const LEAST_FRAME: usize = 64;

/// A text frame after the first one.
pub(super) enum TextFrame {
    /// A key.
    Dtmf(Digit),
    /// One that this leg does not know.
    Other,
}

#[derive(Deserialize)]
struct WireText {
    r#type: Option<String>,
    digit: Option<String>,
    secretary: Option<serde::de::IgnoredAny>,
}

/// Reads a text frame that is no metadata. A complaint never repeats what the frame says: keys may be a caller's secret.
pub(super) fn text_frame(text: &str) -> Result<TextFrame, String> {
    let wire: WireText = serde_json::from_str(text).map_err(|error| {
        let place = error.column();
        format!("it is no JSON object as docs/protocol.md describes them (column {place})")
    })?;
    if wire.r#type.is_none() && wire.secretary.is_some() {
        return Err(
            "metadata came too late: it is awaited for 250 ms, and for 100 ms from the first audio on".into(),
        );
    }
    if wire.r#type.as_deref() != Some("dtmf") {
        return Ok(TextFrame::Other);
    }
    let digit = wire.digit.unwrap_or_default();
    let mut keys = digit.chars();
    match (keys.next().and_then(Digit::new), keys.next()) {
        (Some(key), None) => Ok(TextFrame::Dtmf(key)),
        _ => Err("the digit of a dtmf frame is no key: use one of 0-9, *, # or A-D".into()),
    }
}

impl Driver {
    /// Waits for the first frame and sets the call up. None if the stream is gone before anything came.
    pub(super) async fn open(beginning: Beginning) -> Option<Self> {
        let Beginning {
            services,
            domain,
            charge,
            call: id,
            attachment,
            arrivals,
            stop,
            overseen,
            presence,
        } = beginning;
        let Attachment {
            mut leg,
            peer,
            build,
            address,
            line,
        } = *attachment;
        let Some(first) = First::of(&mut leg).await else {
            tracing::info!(call = %id, %peer, "the stream closed before anything came");
            return None;
        };
        let claims = claims(&services.metrics, id, address, first.metadata.as_deref());
        let metadata = match &line {
            Some(line) => facts::before_claims(&line.channel, &domain, claims, &services.metrics),
            None => claims,
        };
        let Some(secretary) = who_answers(&domain, metadata.secretary.as_deref(), metadata.language, id)
        else {
            tracing::error!(call = %id, domain = %domain.name, "the domain has no secretary: give it one and make it the default");
            return None;
        };
        let Some(lineup) = services.lineup(&secretary) else {
            tracing::error!(call = %id, engines = %secretary.engines, "the secretary's engines are not configured");
            return None;
        };
        // Reached while the PBX still answers.
        let rate = format(&leg, build, line.as_ref(), &metadata, &services.stream.assume).rate;
        let offer = Offer::of(&secretary, &services.means);
        let session = Relay::open(
            lineup,
            Setup::new(domain.uuid, id, secretary.clone(), rate, offer.specs()),
        );
        let pbx = control(&services, &leg, line.as_ref(), &secretary);
        let format = format(&leg, build, line.as_ref(), &metadata, &services.stream.assume);
        let by_files = by_files(&services, build, line.as_ref(), &metadata);
        let leg = leg.played(by_files.as_ref());
        let speaking = Speaking::new(leg.playout(format.rate, by_files.as_ref(), &services.stream));
        tracing::info!(call = %id, %peer, domain = %domain.name, ?build, secretary = %secretary.name, engine = session.engine(),
            rate = format.rate.hz(), mix = ?format.layout, leg = leg.kind(), asked = metadata.leg.as_deref(),
            pbx = line.as_ref().map(|line| line.switch.name()), codec = line.as_ref().map(|line| line.channel.codec.as_str()),
            "a call begins");
        tracing::debug!(call = %id, caller = ?metadata.caller_number, name = ?metadata.caller_name, destination = ?metadata.destination, "claims");

        let now = Instant::now();
        let settings = settings(
            &secretary,
            session.capabilities(),
            pbx.tells_outcomes(),
            offer.waiting_words(),
        );
        let account = Account::begin(
            services.books.clone(),
            domain.uuid,
            id,
            secretary.clone(),
            session.engine(),
            &metadata,
        );
        let (call, sound, files) = recorder::begin(
            &services,
            &account.conversation().to_string(),
            Subject {
                domain: domain.uuid,
                call: id,
                secretary: &secretary,
                started: now,
                wall: Timestamp::now(),
            },
            settings,
            speaking.rate(),
        );
        let ear = services.ear.clone().map(Ear::new);
        presence.seen(now);
        let mute = Mute::new(services.stream.mute_limit(), now);
        let mut driver = Self {
            call,
            sound,
            files,
            hearing: Hearing::new(id, format, build, ear, speaking.rate(), &services.stream, now),
            speaking,
            latency: services.metrics.latency_sheet(),
            waiting: Waiting::default(),
            leg: Some(leg),
            by_files,
            pbx,
            session: Some(session),
            hangover: Duration::ZERO,
            detached_at: None,
            left_script: false,
            last_heard: now,
            mute,
            next_second: now + SECOND,
            heard_words: None,
            sound_lost: Duration::ZERO,
            outcome: Outcome::CallerHungUp,
            cost_micros: 0,
            stopping: false,
            listening: true,
            work: Work::default(),
            offer,
            services,
            charge,
            account,
            id,
            secretary,
            arrivals,
            stop,
            overseen,
            presence,
        };
        driver.show(&domain, line.as_ref());
        driver.call.handle(Input::Leg(LegEvent::Attached), now);
        driver.catch_up(first, now);
        Some(driver)
    }

    /// Takes in what came before the call began. The audio is heard when the engine is there, or with what comes next.
    fn catch_up(&mut self, first: First, now: Instant) {
        for kept in first.kept {
            match kept {
                Kept::Audio(bytes) => self.hearing.take(&bytes, now),
                Kept::Text(text) => self.text(&text, now),
            }
        }
        if let Some(closing) = first.closing {
            self.closed(closing, now);
        }
    }
}

/// The PBX of the call: by ESL where its channel is on a FreeSWITCH that is controlled.
fn control(services: &Services, leg: &Leg, line: Option<&Line>, secretary: &Secretary) -> Box<dyn Pbx> {
    let Some((line, controlled)) = line.and_then(|line| Some((line, services.switches.of(line)?))) else {
        return Box::new(ByText::default());
    };
    let settings = PbxSettings {
        last_resort: last_resort(Some(secretary), &line.channel, &controlled.config),
        music: controlled.config.music(),
        mailbox_prefix: controlled.config.mailbox_prefix.clone(),
        language: secretary.language,
        voice: secretary.voice.clone(),
        audio: match leg {
            Leg::Unicast(_) => CallAudio::Core,
            _ => CallAudio::Module,
        },
        means: Means {
            prompts: services.prompts.clone(),
            ear: services.ear.clone(),
            words: services.words.clone(),
            controlled: controlled.clone(),
        },
    };
    Box::new(ByEsl::new(line.clone(), settings))
}

/// How the stream is played, where that is by files.
fn by_files(
    services: &Services,
    build: ModuleBuild,
    line: Option<&Line>,
    metadata: &Metadata,
) -> Option<ByFiles> {
    let line = line?;
    let controlled = services.switches.of(line)?;
    ByFiles::chosen(controlled.config.leg, metadata.leg.as_deref(), build, line)
}

fn claims(metrics: &Metrics, call: CallUuid, address: Keys, frame: Option<&str>) -> Metadata {
    let (metadata, complaints) = Metadata::of(address, frame);
    for complaint in complaints {
        metrics.error(ErrorKind::Metadata);
        tracing::warn!(%call, %complaint, "what the stream says of its call cannot be used");
    }
    metadata
}

/// What came of a stream before its call began.
#[derive(Default)]
struct First {
    metadata: Option<Utf8Bytes>,
    kept: Vec<Kept>,
    /// Of what is kept.
    size: usize,
    closing: Option<Closing>,
}

/// What is for the call itself.
enum Kept {
    Audio(Bytes),
    Text(Utf8Bytes),
}

impl First {
    /// Waits for the metadata; datagrams carry none. None if the stream is gone before anything came.
    async fn of(leg: &mut Leg) -> Option<Self> {
        let mut first = Self::default();
        if let Leg::Unicast(_) = leg {
            return Some(first);
        }
        let mut until = Instant::now() + FIRST_FRAME;
        while first.size < MOST_KEPT {
            let now = Instant::now();
            let incoming = poll_fn(|cx| leg.poll_incoming(cx, now));
            let Ok(incoming) = timeout_at(until.into(), incoming).await else {
                break;
            };
            match incoming {
                Incoming::Text(text) if first.kept.is_empty() || is_metadata(&text) => {
                    first.metadata = Some(text);
                    break;
                }
                Incoming::Text(text) => first.keep(text.len(), Kept::Text(text)),
                Incoming::Audio(bytes) => {
                    if first.kept.is_empty() {
                        until = until.min(Instant::now() + OVERTAKEN);
                    }
                    first.keep(bytes.len(), Kept::Audio(bytes));
                }
                Incoming::Closed(_) if first.kept.is_empty() => return None,
                Incoming::Closed(closing) => {
                    first.closing = Some(closing);
                    break;
                }
                Incoming::Alive | Incoming::Begins { .. } | Incoming::Dropped => {}
            }
        }
        Some(first)
    }

    fn keep(&mut self, size: usize, frame: Kept) {
        self.size += size.max(LEAST_FRAME);
        self.kept.push(frame);
    }
}

/// Whether a text frame that does not come first is metadata all the same: the others have a type.
fn is_metadata(text: &str) -> bool {
    serde_json::from_str::<WireText>(text).is_ok_and(|wire| wire.r#type.is_none())
}

/// What the leg's audio is. FreeSWITCH knows it where nothing between converts it: datagrams are the channel's own, and sptmru does
/// not resample (measured on 5f179d6). What another module sends is what it was asked for.
fn format(
    leg: &Leg,
    build: ModuleBuild,
    line: Option<&Line>,
    metadata: &Metadata,
    assume: &AssumeConfig,
) -> Format {
    let layout = metadata.mix.unwrap_or(assume.mix);
    match (leg, line) {
        (Leg::Unicast(_), Some(line)) => Format {
            rate: line.channel.rate,
            layout: Layout::Mono,
        },
        (_, Some(line)) if build == ModuleBuild::Sptmru => Format {
            rate: line.channel.rate,
            layout,
        },
        _ => Format {
            rate: metadata.rate.unwrap_or(assume.rate),
            layout,
        },
    }
}

/// The secretary that is named, else the domain's default, else (for a language that the default does not speak) the first by name
/// that speaks it. Only ever one of this domain.
pub(crate) fn who_answers(
    domain: &Domain,
    name: Option<&str>,
    language: Option<Language>,
    call: CallUuid,
) -> Option<Arc<Secretary>> {
    if let Some(name) = name {
        if let Some(secretary) = domain.secretary(Some(name)) {
            return Some(secretary.clone());
        }
        tracing::warn!(%call, asked = name, domain = %domain.name, has = ?domain.secretaries.keys(), "the call names no secretary of this domain; the default one answers");
    }
    let default = domain.secretary(None)?;
    let speaks = |secretary: &Secretary| language.is_none_or(|language| secretary.language == language);
    if speaks(default) {
        return Some(default.clone());
    }
    Some(
        domain
            .secretaries
            .values()
            .find(|secretary| speaks(secretary))
            .unwrap_or(default)
            .clone(),
    )
}

/// The rules of the call, from the secretary's limits.
fn settings(
    secretary: &Secretary,
    engine: Capabilities,
    tells_outcomes: bool,
    waiting_words: BTreeMap<String, String>,
) -> Settings {
    let limits = &secretary.limits;
    let ms = |ms: u32| Duration::from_millis(ms.into());
    let phrases = &secretary.phrases;
    // Nobody may be recorded who has not heard that he is.
    let notice = match secretary.privacy.recording {
        Recording::Announce => phrases.recording_notice.clone(),
        Recording::Off | Recording::On => String::new(),
    };
    Settings {
        engine,
        notice,
        greeting: secretary.greeting.text.trim().to_owned(),
        greeting_interruptible: secretary.greeting.interruptible,
        reprompts: phrases.reprompts.clone(),
        farewell: phrases.farewell.clone(),
        apology: phrases.apology.clone(),
        waiting: phrases.waiting.clone(),
        bridge: phrases.bridge.clone(),
        patience: ms(limits.waiting_ms),
        backchannels: phrases.backchannels.clone(),
        min_speech: ms(limits.min_speech_ms),
        hold_limit: HOLD_LIMIT,
        turn_silence: ms(limits.turn_silence_ms),
        answer_limit: ms(limits.answer_ms),
        silence: ms(limits.silence_ms),
        total: ms(limits.total_ms),
        tool_limit: ms(limits.tool_ms),
        waiting_words,
        transfer_limit: tells_outcomes.then_some(TRANSFER_LIMIT),
        longest_hold: Settings::LONGEST_HOLD,
        farewell_limit: FAREWELL_LIMIT,
        refuses_end_call: !secretary.tools.contains(&Tool::EndCall),
        refuses_hold: !secretary.tools.contains(&Tool::HoldCall),
        fallback: secretary.fallback.clone(),
    }
}

/// Long enough for the words of a short sound on a busy machine, short enough to sound like a breath.
const HOLD_LIMIT: Duration = Duration::from_millis(1_000);
/// Longer than anybody lets a phone ring, and then is asked whether to take the call.
const TRANSFER_LIMIT: Duration = Duration::from_secs(90);
/// No farewell is longer.
const FAREWELL_LIMIT: Duration = Duration::from_secs(20);
