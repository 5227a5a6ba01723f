//! One conversation with an engine, without a call around it.

use super::account::{Account, Answer, Failure};
use anyhow::{Context as _, anyhow};
use audio::SampleRate;
use call::{Capabilities, Cause, EngineCommand, EngineEvent, SayId, TurnId};
use gateway::Config;
use secretary::{CallUuid, DomainUuid, Language, SAMPLE_DOMAIN, Secretary};
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use uuid::Uuid;
use voice::{Engine, Event, Session, Setup};

/// How often an engine hears a piece of the caller's silence, and how long that is: a call brings audio all the time.
const PIECE: Duration = Duration::from_millis(20);

/// The turn that is asked.
const TURN: TurnId = TurnId(1);

/// What is said word for word.
const SAY: SayId = SayId(1);

/// What an engine is tried with.
pub(super) struct Trial {
    pub(super) language: Language,
    /// What it is asked.
    pub(super) words: String,
    /// What thinks for an engine without a mind of its own.
    pub(super) brain: &'static str,
    /// How long all of it may take.
    pub(super) limit: Duration,
}

impl Trial {
    /// Tries an engine. Whatever ends it, its session is closed afterwards.
    ///
    /// # Errors
    ///
    /// When there can be no trial at all.
    pub(super) async fn of(&self, engine: &dyn Engine) -> anyhow::Result<Account> {
        let setup = Setup::new(
            DomainUuid::new(Uuid::new_v4()),
            CallUuid::new(Uuid::new_v4()),
            Arc::new(self.secretary()?),
            SampleRate::HZ_16000,
            Arc::new([]),
        );
        let mut account = Account::default();
        let ended = tokio::select! {
            ended = self.conversation(engine, setup, &mut account) => ended,
            () = tokio::time::sleep(self.limit) => Err(Failure::Late(self.limit)),
            interrupted = tokio::signal::ctrl_c() => {
                interrupted.context("interruptions cannot be waited for")?;
                Err(Failure::Interrupted)
            }
        };
        account.end(ended);
        Ok(account)
    }

    async fn conversation(
        &self,
        engine: &dyn Engine,
        setup: Setup,
        account: &mut Account,
    ) -> Result<(), Failure> {
        let begun = Instant::now();
        let session = engine.connect(setup).await?;
        account.connected = Some(begun.elapsed());
        let mut line = Line::of(session);
        line.ready().await?;
        account.ready = Some(begun.elapsed());
        line.session.ask(TURN, self.words.clone());
        line.answer(Cause::Turn(TURN), account.asked.insert(Answer::default()))
            .await?;
        let Capabilities { verbatim, .. } = engine.capabilities();
        if !verbatim {
            return Ok(());
        }
        line.session.command(EngineCommand::Say {
            say: SAY,
            text: self.words.clone(),
        });
        line.answer(Cause::Say(SAY), account.said.insert(Answer::default()))
            .await
    }

    /// The sample of the language: its script has all that it needs.
    fn secretary(&self) -> anyhow::Result<Secretary> {
        let snapshot = Config::default().snapshot();
        let snapshot = snapshot.map_err(|wrong| anyhow!("the samples are wrong: {}", wrong.join("; ")))?;
        let name = match self.language {
            Language::PtBr => "provedor",
            Language::En => "isp",
        };
        let domain = snapshot.domain(SAMPLE_DOMAIN);
        let sample = domain.and_then(|domain| domain.secretary(Some(name)));
        let sample = sample.with_context(|| format!("there is no sample {name}"))?;
        Ok(Secretary {
            brain: self.brain.into(),
            // The engine's own.
            voice: String::new(),
            ..Secretary::clone(sample)
        })
    }
}

/// A session that hears silence.
struct Line {
    session: Box<dyn Session>,
    silence: Vec<i16>,
    pieces: Interval,
    pcm: Vec<i16>,
}

impl Line {
    fn of(session: Box<dyn Session>) -> Self {
        let mut pieces = interval(PIECE);
        pieces.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            silence: vec![0; session.input_rate().frame_samples()],
            session,
            pieces,
            pcm: Vec::new(),
        }
    }

    async fn event(&mut self) -> Event {
        self.pcm.clear();
        loop {
            tokio::select! {
                biased;
                event = poll_fn(|cx| self.session.poll_event(cx, &mut self.pcm)) => return event,
                _ = self.pieces.tick() => self.session.hear(&self.silence),
            }
        }
    }

    async fn ready(&mut self) -> Result<(), Failure> {
        loop {
            match self.event().await {
                Event::Engine(EngineEvent::Ready) => return Ok(()),
                Event::Engine(EngineEvent::Failed { kind, message }) => {
                    return Err(Failure::Engine { kind, message });
                }
                _ => {}
            }
        }
    }

    /// The answer that has this cause, with what follows the tools that it calls.
    async fn answer(&mut self, wanted: Cause, answer: &mut Answer) -> Result<(), Failure> {
        let asked = Instant::now();
        let hz = u64::from(self.session.output_rate().hz());
        let mut current = None;
        let mut called = false;
        let mut samples: u64 = 0;
        loop {
            match self.event().await {
                Event::Engine(EngineEvent::AnswerStarted { answer: id, cause })
                    if cause == wanted || (called && cause == Cause::FollowUp) =>
                {
                    current = Some(id);
                    called = false;
                    answer.started.get_or_insert(asked.elapsed());
                }
                Event::Engine(EngineEvent::AnswerText { answer: id, text, .. }) if current == Some(id) => {
                    answer.first_text.get_or_insert(asked.elapsed());
                    answer.text.push_str(&text);
                }
                Event::Audio { answer: id } if current == Some(id) => {
                    answer.first_audio.get_or_insert(asked.elapsed());
                    samples += self.pcm.len() as u64;
                    answer.audio = Duration::from_millis(samples * 1_000 / hz);
                }
                Event::Engine(EngineEvent::ToolCall { id, .. }) => {
                    called = true;
                    self.session.command(EngineCommand::ToolResult {
                        id,
                        ok: false,
                        result: "this is a trial: there are no tools".into(),
                    });
                }
                Event::Engine(EngineEvent::AnswerDone { answer: id }) if current == Some(id) && !called => {
                    answer.done = Some(asked.elapsed());
                    return match samples {
                        0 => Err(Failure::Silent),
                        _ => Ok(()),
                    };
                }
                Event::Engine(EngineEvent::Failed { kind, message }) => {
                    return Err(Failure::Engine { kind, message });
                }
                _ => {}
            }
        }
    }
}
