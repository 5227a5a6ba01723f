//! The local engine with parts that do exactly what a test tells them. Time is virtual: it moves only when every task waits,
//! so "nothing more comes" is a fact and no guess.

use audio::SampleRate;
use call::{
    AnswerId, By, Digit, EngineCommand, EngineEvent, FailureKind, PlayedMs, SayId, ToolCallId, TurnId,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secretary::{Greeting, Language, Limits, Phrases, Secretary};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use voice::brain::{Brain, Mind, Stimulus, Thought};
use voice::cascade::Cascade;
use voice::engine::ToolSpec;
use voice::stt::{SttError, Transcriber};
use voice::tts::{Prompts, Speech, Synthesizer, TtsError};
use voice::{Engine, Event, Session, Setup};

/// Gives its answers in order, each after `delay`; counts what was asked and what was given up.
#[derive(Default)]
struct Scribe {
    results: Mutex<VecDeque<Result<String, SttError>>>,
    delay: Duration,
    lengths: Mutex<Vec<usize>>,
    given_up: Arc<AtomicUsize>,
}

/// Counts that it was dropped before it was disarmed.
struct Tripwire(Option<Arc<AtomicUsize>>);

impl Drop for Tripwire {
    fn drop(&mut self) {
        if let Some(count) = &self.0 {
            count.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Transcriber for Scribe {
    fn transcribe(&self, samples: Arc<[i16]>, _: Language) -> BoxFuture<'_, Result<String, SttError>> {
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
struct Tongue {
    permits: Semaphore,
    texts: Mutex<Vec<String>>,
    stopped: Arc<AtomicUsize>,
}

impl Synthesizer for Tongue {
    fn rate(&self) -> SampleRate {
        SampleRate::HZ_16000
    }

    fn speak(&self, speech: Speech, out: mpsc::Sender<Vec<i16>>) -> BoxFuture<'_, Result<(), TtsError>> {
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
                Ok(())
            }
        }
        .boxed()
    }
}

/// A brain whose thoughts the test sends.
#[derive(Default)]
struct Puppet {
    told: Arc<Mutex<Vec<Stimulus>>>,
    thoughts: Mutex<Option<mpsc::UnboundedReceiver<Thought>>>,
}

struct PuppetMind {
    told: Arc<Mutex<Vec<Stimulus>>>,
    thoughts: mpsc::UnboundedReceiver<Thought>,
}

impl Brain for Puppet {
    fn begin(&self, _: Arc<Secretary>, _: Arc<[ToolSpec]>) -> Box<dyn Mind> {
        let thoughts = self.thoughts.lock().unwrap().take().expect("one call");
        Box::new(PuppetMind {
            told: self.told.clone(),
            thoughts,
        })
    }
}

impl Mind for PuppetMind {
    fn tell(&mut self, stimulus: Stimulus) {
        self.told.lock().unwrap().push(stimulus);
    }

    fn poll_thought(&mut self, cx: &mut Context<'_>) -> Poll<Thought> {
        match self.thoughts.poll_recv(cx) {
            Poll::Ready(Some(thought)) => Poll::Ready(thought),
            _ => Poll::Pending,
        }
    }
}

/// A call and the strings of its puppets.
struct Stage {
    session: Box<dyn Session>,
    scribe: Arc<Scribe>,
    tongue: Arc<Tongue>,
    told: Arc<Mutex<Vec<Stimulus>>>,
    thoughts: mpsc::UnboundedSender<Thought>,
}

fn scribe(results: &[&str]) -> Scribe {
    let results = results.iter().map(|&text| Ok(text.to_owned())).collect();
    Scribe {
        results: Mutex::new(results),
        delay: Duration::from_millis(300),
        ..Scribe::default()
    }
}

async fn stage(scribe: Scribe) -> Stage {
    let tongue = Tongue {
        permits: Semaphore::new(1_000),
        texts: Mutex::default(),
        stopped: Arc::default(),
    };
    let (thoughts, receiver) = mpsc::unbounded_channel();
    let puppet = Puppet {
        thoughts: Mutex::new(Some(receiver)),
        ..Puppet::default()
    };
    let (scribe, tongue, told) = (Arc::new(scribe), Arc::new(tongue), puppet.told.clone());
    let engine = engine(Some(scribe.clone()), &tongue, puppet);
    let session = engine.connect(setup()).await.unwrap();
    Stage {
        session,
        scribe,
        tongue,
        told,
        thoughts,
    }
}

fn engine(scribe: Option<Arc<dyn Transcriber>>, tongue: &Arc<Tongue>, puppet: Puppet) -> Cascade {
    let prompts = Arc::new(Prompts::new(tongue.clone(), 1 << 20));
    Cascade::new(scribe, tongue.clone(), prompts, Arc::new(puppet))
}

fn setup() -> Setup {
    let secretary = Secretary {
        name: "clara".into(),
        language: Language::En,
        voice: String::new(),
        engine: "local".into(),
        brain: "script".into(),
        script: String::new(),
        instructions: String::new(),
        greeting: Greeting {
            text: "Hello.".into(),
            interruptible: true,
        },
        phrases: Phrases {
            reprompts: vec![],
            farewell: String::new(),
            apology: String::new(),
            backchannels: vec![],
        },
        limits: Limits::default(),
        fallback: None,
    };
    Setup {
        call: "11111111-2222-4333-8444-555555555555".parse().unwrap(),
        secretary: Arc::new(secretary),
        rate: SampleRate::HZ_16000,
        tools: Arc::new([]),
    }
}

impl Stage {
    /// All that is reported until every task waits, one line each; consecutive audio of an answer is added up.
    async fn seen(&mut self) -> Vec<String> {
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

    fn command(&mut self, command: EngineCommand) {
        self.session.command(command);
    }

    /// The caller speaks for so many milliseconds and pauses.
    fn hear(&mut self, ms: usize) {
        for _ in 0..ms / 20 {
            self.session.hear(&[7; 320]);
        }
    }

    fn clauses(&self, clauses: &[&str]) {
        for clause in clauses {
            self.think(Thought::Clause((*clause).into()));
        }
    }

    fn think(&self, thought: Thought) {
        self.thoughts.send(thought).unwrap();
    }

    fn told(&self) -> Vec<Stimulus> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }

    fn transcriptions(&self) -> usize {
        self.scribe.lengths.lock().unwrap().len()
    }
}

fn line(event: Event) -> String {
    match event {
        Event::Latency(l) => format!(
            "{}: stt {} brain {} tts {}",
            l.answer, l.stt_ms, l.brain_ms, l.tts_ms
        ),
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

const ONE: TurnId = TurnId(1);
const TWO: TurnId = TurnId(2);

fn started(turn: TurnId) -> EngineCommand {
    EngineCommand::TurnStarted { turn }
}

fn transcribe(turn: TurnId) -> EngineCommand {
    EngineCommand::Transcribe { turn }
}

fn respond(turn: TurnId) -> EngineCommand {
    EngineCommand::Respond { turn }
}

fn say(say: u32, text: &str) -> EngineCommand {
    EngineCommand::Say {
        say: SayId(say),
        text: text.into(),
    }
}

fn interrupt(answer: u64, heard: &str) -> EngineCommand {
    EngineCommand::Interrupt {
        answer: AnswerId(answer),
        heard: PlayedMs(100),
        text: heard.into(),
    }
}

fn words(text: &str) -> Stimulus {
    Stimulus::Words(text.into())
}

#[tokio::test(start_paused = true)]
async fn it_is_ready_at_once_and_leaves_the_turns_to_the_call() {
    let mut stage = stage(scribe(&[])).await;
    assert_eq!(stage.seen().await, ["ready"]);
    assert_eq!(stage.session.input_rate(), SampleRate::HZ_16000);
    assert_eq!(stage.session.output_rate(), SampleRate::HZ_16000);
    let engine = engine(None, &stage.tongue, Puppet::default());
    let can = engine.capabilities();
    assert_eq!(
        (engine.name(), can.turns, can.interruptions),
        ("local", By::Call, By::Call)
    );
    assert!(can.verbatim && can.truncation);
}

#[tokio::test(start_paused = true)]
async fn words_found_in_the_pause_are_used_again() {
    let mut stage = stage(scribe(&["billing please"])).await;
    stage.hear(2_000);
    stage.command(started(ONE));
    stage.hear(1_000);
    stage.command(transcribe(ONE));
    assert_eq!(stage.seen().await, ["ready", "heard 1 \"billing please\""]);
    stage.hear(600);
    stage.command(respond(ONE));
    assert_eq!(stage.seen().await, ["1: Turn(TurnId(1))"]);
    assert_eq!(stage.told(), [words("billing please")]);
    stage.clauses(&["Of course.", "One moment"]);
    stage.think(Thought::Done);
    assert_eq!(
        stage.seen().await,
        [
            "1: \"Of course.\" at 0",
            // A minute is what `seen` waited before the brain was allowed to think.
            "1: stt 0 brain 60000 tts 0",
            // 10 characters of 20 ms, a sentence's pause of 250 ms, and 10 more.
            "1: 450 ms",
            "1: \" One moment\" at 450",
            "1: 200 ms",
            "1: done"
        ]
    );
    assert_eq!(
        *stage.scribe.lengths.lock().unwrap(),
        [1_400 * 16],
        "once, with 400 ms before the start"
    );
}

#[tokio::test(start_paused = true)]
async fn a_search_under_way_is_waited_for_and_its_time_is_told() {
    let mut stage = stage(scribe(&["hello"])).await;
    stage.command(started(ONE));
    stage.hear(500);
    stage.command(transcribe(ONE));
    stage.command(respond(ONE));
    stage.clauses(&["Hi."]);
    stage.think(Thought::Done);
    assert_eq!(
        stage.seen().await,
        [
            "ready",
            "heard 1 \"hello\"",
            "1: Turn(TurnId(1))",
            "1: \"Hi.\" at 0",
            "1: stt 300 brain 0 tts 0",
            "1: 60 ms",
            "1: done"
        ]
    );
    assert_eq!(stage.transcriptions(), 1);
}

#[tokio::test(start_paused = true)]
async fn speech_after_the_pause_is_transcribed_with_what_came_before() {
    let mut stage = stage(scribe(&["I would", "I would like to pay"])).await;
    stage.command(started(ONE));
    stage.hear(500);
    stage.command(transcribe(ONE));
    assert_eq!(stage.seen().await, ["ready", "heard 1 \"I would\""]);
    stage.command(started(ONE));
    stage.hear(700);
    stage.command(respond(ONE));
    assert_eq!(
        stage.seen().await,
        ["heard 1 \"I would like to pay\"", "1: Turn(TurnId(1))"]
    );
    assert_eq!(stage.told(), [words("I would like to pay")]);
    assert_eq!(*stage.scribe.lengths.lock().unwrap(), [500 * 16, 1_200 * 16]);
}

#[tokio::test(start_paused = true)]
async fn a_newer_search_replaces_the_one_under_way() {
    let mut stage = stage(scribe(&["too", "too late"])).await;
    stage.command(started(ONE));
    stage.hear(200);
    stage.command(transcribe(ONE));
    tokio::task::yield_now().await;
    stage.hear(200);
    stage.command(transcribe(ONE));
    assert_eq!(stage.seen().await, ["ready", "heard 1 \"too late\""]);
    assert_eq!(stage.scribe.given_up.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_goes_on_before_the_words_are_there_is_not_answered_yet() {
    let mut stage = stage(scribe(&["half", "the whole"])).await;
    stage.command(started(ONE));
    stage.hear(300);
    stage.command(respond(ONE));
    tokio::task::yield_now().await;
    stage.command(started(ONE));
    stage.hear(300);
    stage.command(respond(ONE));
    assert_eq!(
        stage.seen().await,
        ["ready", "heard 1 \"the whole\"", "1: Turn(TurnId(1))"]
    );
    assert_eq!(stage.told(), [words("the whole")]);
    assert_eq!(*stage.scribe.lengths.lock().unwrap(), [300 * 16, 600 * 16]);
}

#[tokio::test(start_paused = true)]
async fn a_discarded_turn_is_forgotten_and_the_next_does_not_contain_it() {
    let mut stage = stage(scribe(&["cough", "yes"])).await;
    stage.command(started(ONE));
    stage.hear(200);
    stage.command(transcribe(ONE));
    tokio::task::yield_now().await;
    stage.command(EngineCommand::Discard { turn: ONE });
    assert_eq!(stage.seen().await, ["ready"]);
    assert_eq!(stage.scribe.given_up.load(Ordering::SeqCst), 1);
    stage.hear(1_000);
    stage.command(started(TWO));
    stage.hear(100);
    stage.command(respond(TWO));
    assert_eq!(stage.seen().await, ["heard 2 \"yes\"", "1: Turn(TurnId(2))"]);
    assert_eq!(stage.scribe.lengths.lock().unwrap()[1], 500 * 16);
}

#[tokio::test(start_paused = true)]
async fn a_turn_without_words_gets_an_answer_without_audio() {
    let mut stage = stage(scribe(&["  "])).await;
    stage.command(started(ONE));
    stage.hear(200);
    stage.command(respond(ONE));
    stage.command(respond(TurnId(9)));
    assert_eq!(
        stage.seen().await,
        [
            "ready",
            "heard 1 \"  \"",
            "1: Turn(TurnId(1))",
            "1: done",
            "2: Turn(TurnId(9))",
            "2: done"
        ],
        "also a turn that was never begun"
    );
    assert_eq!(stage.told(), []);
}

#[tokio::test(start_paused = true)]
async fn speech_that_cannot_be_understood_is_told_to_the_brain() {
    let busy = || Err(SttError::Busy { waiting: 9 });
    let mut broken = scribe(&[]);
    broken.results = Mutex::new([Err(SttError::NoModel), busy(), Ok("yes".into()), busy(), busy()].into());
    let mut stage = stage(broken).await;
    for (turn, told) in [(1, Stimulus::Unheard), (2, words("yes")), (3, Stimulus::Unheard)] {
        let turn = TurnId(turn);
        stage.command(started(turn));
        stage.hear(200);
        stage.command(transcribe(turn));
        assert!(
            !stage.seen().await.iter().any(|line| line.starts_with("heard")),
            "a failure is no silence"
        );
        stage.command(respond(turn));
        stage.clauses(&["Press 1."]);
        stage.think(Thought::Done);
        let seen = stage.seen().await;
        assert_eq!(seen.last(), Some(&format!("{turn}: done")), "{seen:?}");
        assert_eq!(stage.told(), [told]);
    }
    assert_eq!(
        stage.transcriptions(),
        5,
        "no model stays so; a full queue may have room by now"
    );
}

#[tokio::test(start_paused = true)]
async fn without_speech_to_text_every_turn_is_unheard() {
    let tongue = stage(scribe(&[])).await.tongue;
    let (thoughts, receiver) = mpsc::unbounded_channel();
    let puppet = Puppet {
        thoughts: Mutex::new(Some(receiver)),
        ..Puppet::default()
    };
    let told = puppet.told.clone();
    let session = engine(None, &tongue, puppet).connect(setup()).await.unwrap();
    let mut stage = Stage {
        session,
        scribe: Arc::default(),
        tongue,
        told,
        thoughts,
    };
    stage.command(started(ONE));
    stage.hear(200);
    stage.command(transcribe(ONE));
    assert_eq!(stage.seen().await, ["ready"]);
    stage.command(respond(ONE));
    assert_eq!(stage.seen().await, ["1: Turn(TurnId(1))"]);
    assert_eq!(stage.told(), [Stimulus::Unheard]);
}

#[tokio::test(start_paused = true)]
async fn a_text_is_said_sentence_by_sentence_and_rendered_once() {
    let mut stage = stage(scribe(&[])).await;
    stage.command(say(7, "Good morning. Who is it?"));
    let first = stage.seen().await;
    assert_eq!(
        first,
        [
            "ready",
            "1: Say(SayId(7))",
            "1: \"Good morning.\" at 0",
            "1: stt 0 brain 0 tts 0",
            "1: 510 ms",
            "1: \" Who is it?\" at 510",
            "1: 200 ms",
            "1: done"
        ]
    );
    assert_eq!(stage.told(), [Stimulus::Said("Good morning. Who is it?".into())]);
    stage.command(say(8, "Good morning. Who is it?"));
    assert_eq!(
        stage.seen().await[1..],
        first[2..]
            .iter()
            .map(|l| l.replace("1: ", "2: "))
            .collect::<Vec<_>>()
    );
    assert_eq!(
        stage.tongue.texts.lock().unwrap().len(),
        2,
        "the second time from the cache"
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_waits_for_the_one_under_way() {
    let mut stage = stage(scribe(&["hello"])).await;
    stage.command(started(ONE));
    stage.command(respond(ONE));
    stage.hear(100);
    assert_eq!(
        stage.seen().await[..],
        ["ready", "heard 1 \"\"", "1: Turn(TurnId(1))", "1: done"]
    );
    stage.command(started(TWO));
    stage.hear(100);
    stage.command(respond(TWO));
    assert_eq!(stage.seen().await, ["heard 2 \"hello\"", "2: Turn(TurnId(2))"]);
    stage.command(say(1, "Bye."));
    stage.command(EngineCommand::Dtmf {
        digit: Digit::new('5').unwrap(),
    });
    stage.clauses(&["Hi."]);
    let seen = stage.seen().await;
    assert!(seen.iter().all(|line| line.starts_with("2: ")), "{seen:?}");
    assert_eq!(
        stage.told(),
        [words("hello")],
        "the key would end the brain's answer"
    );
    stage.think(Thought::Done);
    let seen = stage.seen().await;
    assert_eq!(
        (&*seen[0], &*seen[1], &*seen[6]),
        ("2: done", "3: Say(SayId(1))", "4: FollowUp"),
        "{seen:?}"
    );
    assert_eq!(
        stage.told(),
        [
            Stimulus::Said("Bye.".into()),
            Stimulus::Key(Digit::new('5').unwrap())
        ]
    );
    stage.think(Thought::Done);
    assert_eq!(stage.seen().await, ["4: done"]);
}

#[tokio::test(start_paused = true)]
async fn the_next_clause_is_spoken_ahead_but_no_more_than_that() {
    let mut stage = stage(scribe(&["hello"])).await;
    stage.tongue.permits.forget_permits(1_000);
    stage.command(started(ONE));
    stage.hear(100);
    stage.command(respond(ONE));
    stage.clauses(&["one", "two", "three", "four", "five"]);
    assert_eq!(stage.seen().await.last().unwrap(), "1: \"one\" at 0");
    assert_eq!(
        *stage.tongue.texts.lock().unwrap(),
        ["one"],
        "it must be audible before it is overtaken"
    );
    stage.tongue.permits.add_permits(1);
    assert_eq!(stage.seen().await.len(), 2);
    assert_eq!(*stage.tongue.texts.lock().unwrap(), ["one", "two"]);
    stage.tongue.permits.add_permits(100);
    let texts = stage
        .seen()
        .await
        .iter()
        .filter(|line| line.contains(" at "))
        .count();
    assert_eq!((texts, stage.tongue.texts.lock().unwrap().len()), (4, 5));
}

#[tokio::test(start_paused = true)]
async fn nothing_of_an_interrupted_answer_is_reported_any_more() {
    let mut stage = stage(scribe(&["hello", "stop"])).await;
    stage.tongue.permits.forget_permits(1_000);
    stage.command(started(ONE));
    stage.hear(100);
    stage.command(respond(ONE));
    stage.clauses(&["a long story", "that goes on"]);
    stage.tongue.permits.add_permits(1);
    assert_eq!(stage.seen().await.last().unwrap(), "1: 120 ms");
    stage.command(interrupt(1, "a long"));
    stage.tongue.permits.add_permits(100);
    assert_eq!(stage.seen().await, [""; 0]);
    assert_eq!(
        stage.told(),
        [
            words("hello"),
            Stimulus::Interrupted {
                heard: "a long".into()
            }
        ]
    );
    assert_eq!(
        stage.tongue.stopped.load(Ordering::SeqCst),
        2,
        "the clause under way and the one ahead"
    );
    stage.command(started(TWO));
    stage.hear(100);
    stage.command(respond(TWO));
    stage.clauses(&["Yes."]);
    stage.think(Thought::Done);
    assert_eq!(stage.seen().await.last().unwrap(), "2: done");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_only_still_being_heard_can_be_interrupted() {
    let mut stage = stage(scribe(&[])).await;
    stage.command(say(1, "Good morning."));
    assert_eq!(stage.seen().await.last().unwrap(), "1: done");
    stage.command(interrupt(1, "Good"));
    stage.command(interrupt(2, "never begun"));
    assert_eq!(stage.seen().await, [""; 0]);
    let heard = Stimulus::Interrupted { heard: "Good".into() };
    assert_eq!(stage.told(), [Stimulus::Said("Good morning.".into()), heard]);
}

#[tokio::test(start_paused = true)]
async fn of_several_interrupted_answers_the_brain_is_told_of_its_latest() {
    let mut stage = stage(scribe(&["hello", " "])).await;
    stage.command(say(1, "Good morning."));
    assert_eq!(stage.seen().await.last().unwrap(), "1: done");
    stage.command(started(ONE));
    stage.hear(100);
    stage.command(respond(ONE));
    assert_eq!(stage.seen().await.last().unwrap(), "2: Turn(TurnId(1))");
    stage.told();
    stage.command(interrupt(1, "Good"));
    assert_eq!(
        stage.told(),
        [],
        "it would end the second answer, which nobody has interrupted"
    );
    stage.clauses(&["Hi."]);
    stage.think(Thought::Done);
    assert_eq!(stage.seen().await.last().unwrap(), "2: done");
    stage.command(started(TWO));
    stage.hear(100);
    stage.command(respond(TWO));
    assert_eq!(
        stage.seen().await.last().unwrap(),
        "3: done",
        "no words, no brain"
    );
    stage.command(interrupt(2, "H"));
    stage.command(interrupt(3, ""));
    assert_eq!(stage.told(), [Stimulus::Interrupted { heard: "H".into() }]);
}

#[tokio::test(start_paused = true)]
async fn a_tool_is_called_and_its_result_is_answered() {
    let mut stage = stage(scribe(&["opening hours"])).await;
    stage.command(started(ONE));
    stage.hear(100);
    stage.command(respond(ONE));
    stage.clauses(&["Let me look."]);
    let id = ToolCallId("t1".into());
    let arguments = serde_json::json!({"topic": "hours"});
    stage.think(Thought::Tool {
        id: id.clone(),
        name: "get_business_info".into(),
        arguments,
    });
    stage.think(Thought::Done);
    let seen = stage.seen().await;
    assert!(seen.contains(&"tool get_business_info".into()), "{seen:?}");
    assert_eq!(seen.last().unwrap(), "1: done");
    stage.command(EngineCommand::ToolResult {
        id: id.clone(),
        ok: true,
        result: "9 to 5".into(),
    });
    stage.clauses(&["From nine to five."]);
    stage.think(Thought::Done);
    let seen = stage.seen().await;
    assert_eq!(seen[..2], ["2: FollowUp", "2: \"From nine to five.\" at 0"]);
    assert_eq!(seen.last().unwrap(), "2: done");
    let result = Stimulus::ToolResult {
        id,
        ok: true,
        result: "9 to 5".into(),
    };
    assert_eq!(stage.told(), [words("opening hours"), result]);
}

#[tokio::test(start_paused = true)]
async fn silence_is_told_and_not_answered() {
    let mut stage = stage(scribe(&[])).await;
    stage.command(EngineCommand::NoInput);
    assert_eq!(stage.seen().await, ["ready"]);
    assert_eq!(stage.told(), [Stimulus::NoInput]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_the_last_thing_reported() {
    let mut stage = stage(scribe(&[])).await;
    stage.command(say(1, "bad"));
    stage.command(say(2, "good"));
    let seen = stage.seen().await;
    let last = "failed Transient: text to speech failed: as asked";
    assert_eq!(seen, ["ready", "1: Say(SayId(1))", "1: \"bad\" at 0", last]);
    stage.command(say(3, "more"));
    stage.hear(100);
    assert_eq!(stage.seen().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_brain_that_fails_ends_the_session_with_its_own_reason() {
    let mut stage = stage(scribe(&[])).await;
    stage.command(EngineCommand::Dtmf {
        digit: Digit::new('1').unwrap(),
    });
    stage.think(Thought::Failed {
        kind: FailureKind::Quota,
        message: "no credit left".into(),
    });
    assert_eq!(
        stage.seen().await,
        ["ready", "1: FollowUp", "failed Quota: no credit left"]
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_session_started_ends_with_it() {
    let mut stage = stage(scribe(&["hello", "never"])).await;
    stage.tongue.permits.forget_permits(1_000);
    stage.command(started(ONE));
    stage.hear(100);
    stage.command(respond(ONE));
    stage.clauses(&["one"]);
    stage.seen().await;
    stage.command(started(TWO));
    stage.hear(100);
    stage.command(transcribe(TWO));
    // The search begins, and is far from its end.
    tokio::task::yield_now().await;
    let (searches, clauses) = (stage.scribe.given_up.clone(), stage.tongue.stopped.clone());
    assert_eq!(
        (
            stage.transcriptions(),
            searches.load(Ordering::SeqCst),
            clauses.load(Ordering::SeqCst)
        ),
        (2, 0, 0)
    );
    drop(stage.session);
    tokio::task::yield_now().await;
    assert_eq!(
        (searches.load(Ordering::SeqCst), clauses.load(Ordering::SeqCst)),
        (1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn the_queue_of_answers_is_bounded() {
    let mut stage = stage(scribe(&[])).await;
    for _ in 0..40 {
        stage.command(EngineCommand::Dtmf {
            digit: Digit::new('0').unwrap(),
        });
    }
    for _ in 0..40 {
        stage.think(Thought::Done);
    }
    let done = stage
        .seen()
        .await
        .iter()
        .filter(|line| line.ends_with("done"))
        .count();
    assert_eq!((done, stage.told().len()), (16, 16));
}
