//! The parts that do what a test tells them, and the call between them.

use audio::SampleRate;
use call::{AnswerId, EngineCommand, EngineEvent, PlayedMs, SayId, TurnId};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secretary::{Engines, Greeting, Language, Limits, Phrases, Privacy, Secretary};
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;
use voice::brain::{Brain, Mind, Stimulus, Thought};
use voice::cascade::Cascade;
use voice::engine::ToolSpec;
use voice::stt::{SttError, Transcriber};
use voice::tts::{Prompts, Speech, Spoken, Synthesizer, TtsError};
use voice::{Engine, Event, Session, Setup};

/// Gives its answers in order, each after `delay`; counts what was asked and what was given up.
#[derive(Default)]
pub(super) struct Scribe {
    pub(super) results: Mutex<VecDeque<Result<String, SttError>>>,
    pub(super) delay: Duration,
    pub(super) lengths: Mutex<Vec<usize>>,
    pub(super) given_up: Arc<AtomicUsize>,
}

/// Counts that it was dropped before it was disarmed.
pub(super) struct Tripwire(Option<Arc<AtomicUsize>>);

impl Drop for Tripwire {
    fn drop(&mut self) {
        if let Some(count) = &self.0 {
            count.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Transcriber for Scribe {
    fn transcribe(
        &self,
        samples: Arc<[i16]>,
        _: Language,
        _: &Arc<str>,
    ) -> BoxFuture<'_, Result<String, SttError>> {
        async move {
            self.lengths.lock().unwrap().push(samples.len());
            let result = self
                .results
                .lock()
                .unwrap()
                .pop_front()
                .expect("a result for each transcription");
            let mut tripwire = Tripwire(Some(self.given_up.clone()));
            tokio::time::sleep(self.delay).await;
            tripwire.0 = None;
            result
        }
        .boxed()
    }
}

/// Speaks 20 ms for each character, in two pieces, as long as `permits` last. `bad` fails.
pub(super) struct Tongue {
    pub(super) permits: Semaphore,
    pub(super) texts: Mutex<Vec<String>>,
    pub(super) stopped: Arc<AtomicUsize>,
}

impl Synthesizer for Tongue {
    fn rate(&self) -> SampleRate {
        SampleRate::HZ_16000
    }

    fn speak(&self, speech: Speech, out: mpsc::Sender<Vec<i16>>) -> BoxFuture<'_, Result<Spoken, TtsError>> {
        async move {
            let mut tripwire = Tripwire(Some(self.stopped.clone()));
            self.texts.lock().unwrap().push(speech.text.clone());
            let failed = speech.text == "bad";
            for _ in 0..2 {
                self.permits.acquire().await.unwrap().forget();
                if failed
                    || out
                        .send(vec![1; speech.text.chars().count() * 160])
                        .await
                        .is_err()
                {
                    break;
                }
            }
            tripwire.0 = None;
            if failed {
                Err(TtsError::Failed("as asked".into()))
            } else {
                Ok(Spoken::AsAsked)
            }
        }
        .boxed()
    }
}

/// A brain whose thoughts the test sends.
#[derive(Default)]
pub(super) struct Puppet {
    pub(super) told: Arc<Mutex<Vec<Stimulus>>>,
    pub(super) thoughts: Mutex<Option<mpsc::UnboundedReceiver<Thought>>>,
}

pub(super) struct PuppetMind {
    told: Arc<Mutex<Vec<Stimulus>>>,
    thoughts: mpsc::UnboundedReceiver<Thought>,
    first: Option<Instant>,
}

impl Brain for Puppet {
    fn begin(&self, _: Arc<Secretary>, _: Arc<[ToolSpec]>) -> Box<dyn Mind> {
        let thoughts = self.thoughts.lock().unwrap().take().expect("one call");
        Box::new(PuppetMind {
            told: self.told.clone(),
            thoughts,
            first: None,
        })
    }
}

impl Mind for PuppetMind {
    fn tell(&mut self, stimulus: Stimulus) {
        self.first = None;
        self.told.lock().unwrap().push(stimulus);
    }

    fn poll_thought(&mut self, cx: &mut Context<'_>) -> Poll<Thought> {
        match self.thoughts.poll_recv(cx) {
            Poll::Ready(Some(thought)) => {
                self.first.get_or_insert_with(Instant::now);
                Poll::Ready(thought)
            }
            _ => Poll::Pending,
        }
    }

    /// Any thought is made of tokens.
    fn first_token(&self) -> Option<Instant> {
        self.first
    }

    /// What follows the pound key is for nobody else.
    fn is_private(&self) -> bool {
        matches!(self.told.lock().unwrap().last(), Some(Stimulus::Key(key)) if key.key() == '#')
    }
}

/// A call and the strings of its puppets.
pub(super) struct Stage {
    pub(super) session: Box<dyn Session>,
    pub(super) scribe: Arc<Scribe>,
    pub(super) tongue: Arc<Tongue>,
    pub(super) told: Arc<Mutex<Vec<Stimulus>>>,
    pub(super) thoughts: mpsc::UnboundedSender<Thought>,
}

pub(super) fn scribe(results: &[&str]) -> Scribe {
    let results = results.iter().map(|&text| Ok(text.to_owned())).collect();
    Scribe {
        results: Mutex::new(results),
        delay: Duration::from_millis(300),
        ..Scribe::default()
    }
}

pub(super) async fn stage(scribe: Scribe) -> Stage {
    let scribe = Arc::new(scribe);
    cast(scribe.clone(), Some(scribe)).await
}

/// A call without speech to text.
pub(super) async fn deaf_stage() -> Stage {
    cast(Arc::default(), None).await
}

async fn cast(scribe: Arc<Scribe>, transcriber: Option<Arc<dyn Transcriber>>) -> Stage {
    let tongue = Arc::new(Tongue {
        permits: Semaphore::new(1_000),
        texts: Mutex::default(),
        stopped: Arc::default(),
    });
    let (thoughts, receiver) = mpsc::unbounded_channel();
    let puppet = Puppet {
        thoughts: Mutex::new(Some(receiver)),
        ..Puppet::default()
    };
    let told = puppet.told.clone();
    let session = engine(transcriber, &tongue, puppet)
        .connect(setup())
        .await
        .unwrap();
    Stage {
        session,
        scribe,
        tongue,
        told,
        thoughts,
    }
}

pub(super) fn engine(scribe: Option<Arc<dyn Transcriber>>, tongue: &Arc<Tongue>, puppet: Puppet) -> Cascade {
    let prompts = Arc::new(Prompts::new(tongue.clone(), 1 << 20));
    Cascade::new(scribe, tongue.clone(), prompts, Arc::new(puppet))
}

pub(super) fn setup() -> Setup {
    let secretary = Secretary {
        uuid: None,
        name: "clara".into(),
        language: Language::En,
        voice: String::new(),
        engines: Engines::default(),
        brain: "script".into(),
        script: String::new(),
        persona: String::new(),
        rules: String::new(),
        tools: Vec::new(),
        http_tools: Vec::new(),
        mcp: Vec::new(),
        greeting: Greeting {
            text: "Hello.".into(),
            interruptible: true,
        },
        phrases: Phrases {
            reprompts: vec![],
            farewell: String::new(),
            apology: String::new(),
            waiting: String::new(),
            bridge: String::new(),
            recording_notice: String::new(),
            backchannels: vec![],
            wait: String::new(),
        },
        limits: Limits::default(),
        fallback: None,
        facts: BTreeMap::new(),
        hours: None,
        destinations: Vec::new(),
        privacy: Privacy::default(),
    };
    Setup::new(
        "22222222-3333-4444-8555-666666666666".parse().unwrap(),
        "11111111-2222-4333-8444-555555555555".parse().unwrap(),
        Arc::new(secretary),
        SampleRate::HZ_16000,
        Arc::new([]),
    )
}

impl Stage {
    /// All that is reported until every task waits, one line each; consecutive audio of an answer is added up.
    pub(super) async fn seen(&mut self) -> Vec<String> {
        let mut lines = Vec::<String>::new();
        let mut audio: Option<(AnswerId, usize)> = None;
        let mut pcm = Vec::new();
        loop {
            let next = poll_fn(|cx| self.session.poll_event(cx, &mut pcm));
            let event = tokio::time::timeout(Duration::from_secs(60), next).await.ok();
            if let Some(Event::Audio { answer }) = event {
                assert!(
                    audio.is_none_or(|(before, _)| before == answer),
                    "answers are not mixed"
                );
                audio = Some((answer, audio.map_or(0, |(_, ms)| ms) + pcm.len() / 16));
                pcm.clear();
                continue;
            }
            assert!(pcm.is_empty(), "samples come with an audio event alone");
            lines.extend(audio.take().map(|(answer, ms)| format!("{answer}: {ms} ms")));
            match event {
                Some(event) => lines.push(line(event)),
                None => return lines,
            }
        }
    }

    pub(super) fn command(&mut self, command: EngineCommand) {
        self.session.command(command);
    }

    /// The caller speaks for so many milliseconds and pauses.
    pub(super) fn hear(&mut self, ms: usize) {
        for _ in 0..ms / 20 {
            self.session.hear(&[7; 320]);
        }
    }

    pub(super) fn clauses(&self, clauses: &[&str]) {
        for clause in clauses {
            self.think(Thought::Clause((*clause).into()));
        }
    }

    pub(super) fn think(&self, thought: Thought) {
        self.thoughts.send(thought).unwrap();
    }

    pub(super) fn told(&self) -> Vec<Stimulus> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }

    pub(super) fn transcriptions(&self) -> usize {
        self.scribe.lengths.lock().unwrap().len()
    }
}

pub(super) fn line(event: Event) -> String {
    match event {
        Event::Latency(l) => {
            // Most puppets think at once.
            let token = l.token_ms.filter(|token| *token != l.brain_ms);
            let token = token.map_or(String::new(), |token| format!(" (token {token})"));
            let (answer, stt, brain, tts) = (l.answer, l.stt_ms, l.brain_ms, l.tts_ms);
            format!("{answer}: stt {stt} brain {brain}{token} tts {tts}")
        }
        Event::Sensitive(private) => format!("sensitive {private}"),
        Event::Usage(usage) => format!("{} tokens read", usage.text_in),
        Event::Engine(EngineEvent::Ready) => "ready".into(),
        Event::Engine(EngineEvent::Heard {
            turn: Some(turn),
            text,
            is_final: true,
        }) => {
            format!("heard {turn} {text:?}")
        }
        Event::Engine(EngineEvent::AnswerStarted { answer, cause }) => format!("{answer}: {cause:?}"),
        Event::Engine(EngineEvent::AnswerText {
            answer,
            text,
            at_ms: Some(at),
        }) => {
            format!("{answer}: {text:?} at {at}")
        }
        Event::Engine(EngineEvent::AnswerDone { answer }) => format!("{answer}: done"),
        Event::Engine(EngineEvent::ToolCall { name, .. }) => format!("tool {name}"),
        Event::Engine(EngineEvent::Failed { kind, message }) => format!("failed {kind:?}: {message}"),
        other => panic!("unexpected: {other:?}"),
    }
}

pub(super) const ONE: TurnId = TurnId(1);
pub(super) const TWO: TurnId = TurnId(2);

pub(super) fn started(turn: TurnId) -> EngineCommand {
    EngineCommand::TurnStarted { turn }
}

pub(super) fn transcribe(turn: TurnId) -> EngineCommand {
    EngineCommand::Transcribe { turn }
}

pub(super) fn respond(turn: TurnId) -> EngineCommand {
    EngineCommand::Respond { turn }
}

pub(super) fn say(say: u32, text: &str) -> EngineCommand {
    EngineCommand::Say {
        say: SayId(say),
        text: text.into(),
    }
}

pub(super) fn interrupt(answer: u64, heard: &str) -> EngineCommand {
    EngineCommand::Interrupt {
        answer: AnswerId(answer),
        heard: PlayedMs(100),
        text: heard.into(),
    }
}

pub(super) fn words(text: &str) -> Stimulus {
    Stimulus::Words(text.into())
}
