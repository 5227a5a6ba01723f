//! Engines that take over from each other: what the call is told, and what each engine is told of what was before it. In virtual time.

use crate::rig::setup;
use audio::SampleRate;
use call::*;
use futures_util::future::{BoxFuture, FutureExt};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use voice::relay::{Health, Lineup, Relay};
use voice::{ConnectError, Engine, Event, Session, Setup};

const DIRECT: Capabilities = Capabilities {
    turns: By::Call,
    interruptions: By::Call,
    verbatim: false,
    truncation: true,
};

/// How an engine behaves when it is connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Open,
    Refuses(FailureKind),
    /// Nothing ever comes.
    Hangs,
    /// It connects, and is never ready.
    NeverReady,
}

/// An engine that does what a test says, and writes down what it is told.
struct Puppet {
    name: &'static str,
    rate: SampleRate,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    door: Option<Door>,
    told: Vec<String>,
    heard: usize,
    events: VecDeque<Event>,
    waker: Option<Waker>,
    live: usize,
}

/// A test's hand in an engine.
#[derive(Clone)]
struct Hand(Arc<Mutex<Shared>>);

impl Hand {
    fn says(&self, event: EngineEvent) {
        self.tells(Event::Engine(event));
    }

    fn tells(&self, event: Event) {
        let mut shared = self.0.lock().unwrap();
        shared.events.push_back(event);
        if let Some(waker) = shared.waker.take() {
            waker.wake();
        }
    }

    fn door(&self, door: Door) {
        self.0.lock().unwrap().door = Some(door);
    }

    /// What it was told since this was last asked.
    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().told)
    }

    /// How many samples it has heard since this was last asked.
    fn heard(&self) -> usize {
        std::mem::take(&mut self.0.lock().unwrap().heard)
    }

    fn live(&self) -> usize {
        self.0.lock().unwrap().live
    }
}

fn puppet(name: &'static str, rate: SampleRate) -> (Arc<dyn Engine>, Hand) {
    let shared = Arc::<Mutex<Shared>>::default();
    let engine = Puppet {
        name,
        rate,
        shared: shared.clone(),
    };
    (Arc::new(engine), Hand(shared))
}

impl Engine for Puppet {
    fn name(&self) -> &str {
        self.name
    }

    fn capabilities(&self) -> Capabilities {
        DIRECT
    }

    fn connect(&self, setup: Setup) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        let mut shared = self.shared.lock().unwrap();
        let door = shared.door.unwrap_or(Door::Open);
        let history: Vec<String> = setup
            .history
            .iter()
            .map(|said| format!("{:?}: {}", said.role, said.text))
            .collect();
        shared
            .told
            .push(format!("connect {} {:?}", history.join(" | "), setup.resume));
        if let Door::Refuses(kind) = door {
            let message = format!("{} refuses", self.name);
            return std::future::ready(Err(ConnectError { kind, message })).boxed();
        }
        if door == Door::Hangs {
            return std::future::pending().boxed();
        }
        shared.live += 1;
        shared.events.clear();
        if door == Door::Open {
            shared.events.push_back(Event::Engine(EngineEvent::Ready));
        }
        let session: Box<dyn Session> = Box::new(Strings {
            rate: self.rate,
            shared: self.shared.clone(),
        });
        std::future::ready(Ok(session)).boxed()
    }
}

struct Strings {
    rate: SampleRate,
    shared: Arc<Mutex<Shared>>,
}

impl Drop for Strings {
    fn drop(&mut self) {
        self.shared.lock().unwrap().live -= 1;
    }
}

impl Session for Strings {
    fn input_rate(&self) -> SampleRate {
        self.rate
    }

    fn output_rate(&self) -> SampleRate {
        self.rate
    }

    fn hear(&mut self, samples: &[i16]) {
        self.shared.lock().unwrap().heard += samples.len();
    }

    fn command(&mut self, command: EngineCommand) {
        self.shared.lock().unwrap().told.push(match command {
            EngineCommand::TurnStarted { turn } => format!("turn {turn}"),
            EngineCommand::Respond { turn } => format!("respond {turn}"),
            EngineCommand::Interrupt { answer, .. } => format!("interrupt {answer}"),
            EngineCommand::ToolResult { id, .. } => format!("result {}", id.0),
            other => format!("{other:?}"),
        });
    }

    fn ask(&mut self, turn: TurnId, words: String) {
        self.shared
            .lock()
            .unwrap()
            .told
            .push(format!("ask {turn}: {words}"));
    }

    fn poll_event(&mut self, cx: &mut Context<'_>, pcm: &mut Vec<i16>) -> Poll<Event> {
        let mut shared = self.shared.lock().unwrap();
        let Some(event) = shared.events.pop_front() else {
            shared.waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        if let Event::Audio { .. } = event {
            pcm.extend([1; 160]);
        }
        Poll::Ready(event)
    }
}

struct Scene {
    relay: Relay,
    first: Hand,
    second: Hand,
    health: Arc<Health>,
}

impl Scene {
    /// A call whose first engine has this door.
    fn new(door: Door) -> Self {
        let health = Arc::<Health>::default();
        let (relay, first, second) = Self::call(&health, door);
        Self {
            relay,
            first,
            second,
            health,
        }
    }

    fn call(health: &Arc<Health>, door: Door) -> (Relay, Hand, Hand) {
        let (one, first) = puppet("one", SampleRate::HZ_24000);
        let (two, second) = puppet("two", SampleRate::HZ_16000);
        first.door(door);
        let lineup = Lineup::new(vec![one, two], health.clone()).unwrap();
        (Relay::open(lineup, setup()), first, second)
    }

    /// A call that has begun with the first engine.
    async fn begun() -> Self {
        let mut scene = Self::new(Door::Open);
        assert_eq!(scene.next().await, Event::Engine(EngineEvent::Ready));
        scene.first.told();
        scene
    }

    /// The next event, within a minute of virtual time.
    async fn next(&mut self) -> Event {
        let mut pcm = Vec::new();
        let event = poll_fn(|cx| self.relay.poll_event(cx, &mut pcm));
        tokio::time::timeout(Duration::from_secs(60), event)
            .await
            .expect("an event")
    }

    /// Whether nothing is told for so long.
    async fn silent_for(&mut self, time: Duration) -> bool {
        let mut pcm = Vec::new();
        let event = poll_fn(|cx| self.relay.poll_event(cx, &mut pcm));
        tokio::time::timeout(time, event).await.is_err()
    }

    async fn engine_event(&mut self) -> EngineEvent {
        match self.next().await {
            Event::Engine(event) => event,
            other => panic!("{other:?}"),
        }
    }

    /// A turn of which the words were found, and which is to be answered.
    fn turn(&mut self, id: u32) {
        let turn = TurnId(id);
        self.relay.command(EngineCommand::TurnStarted { turn });
        self.relay.hear(&[7; 480]);
        self.relay.command(EngineCommand::Respond { turn });
    }

    async fn words(&mut self, id: u32, text: &str) {
        self.first.says(EngineEvent::Heard {
            turn: Some(TurnId(id)),
            text: text.into(),
            is_final: true,
        });
        self.next().await;
    }

    async fn replaced(&mut self) -> FailureKind {
        match self.engine_event().await {
            EngineEvent::Replaced { kind, engine } => {
                assert_eq!(engine, DIRECT);
                kind
            }
            other => panic!("{other:?}"),
        }
    }
}

fn failed(kind: FailureKind) -> EngineEvent {
    EngineEvent::Failed {
        kind,
        message: "it failed".into(),
    }
}

fn started(answer: u64, turn: u32) -> EngineEvent {
    EngineEvent::AnswerStarted {
        answer: AnswerId(answer),
        cause: Cause::Turn(TurnId(turn)),
    }
}

fn done(answer: u64) -> EngineEvent {
    EngineEvent::AnswerDone {
        answer: AnswerId(answer),
    }
}

fn said(answer: u64, text: &str) -> EngineEvent {
    EngineEvent::AnswerText {
        answer: AnswerId(answer),
        text: text.into(),
        at_ms: None,
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_cannot_be_reached_is_replaced_and_the_next_call_does_not_try() {
    for (door, kind) in [
        (
            Door::Refuses(FailureKind::Unauthorized),
            FailureKind::Unauthorized,
        ),
        (Door::Refuses(FailureKind::Transient), FailureKind::Transient),
        (Door::Hangs, FailureKind::Transient),
        (Door::NeverReady, FailureKind::Transient),
    ] {
        let mut scene = Scene::new(door);
        let begun = tokio::time::Instant::now();
        assert_eq!(scene.replaced().await, kind, "{door:?}");
        assert!(begun.elapsed() <= Duration::from_secs(5), "{door:?}");
        assert_eq!(scene.engine_event().await, EngineEvent::Ready);
        assert_eq!(scene.relay.engine(), "two");
        assert_eq!(scene.first.live(), 0, "{door:?}");
        if kind == FailureKind::Unauthorized {
            let (relay, ..) = Scene::call(&scene.health, door);
            assert_eq!(
                relay.engine(),
                "two",
                "the next caller does not wait for the same"
            );
            assert_eq!(scene.health.resting(tokio::time::Instant::now()).len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn when_nobody_is_left_the_engine_has_failed() {
    let mut scene = Scene::new(Door::Refuses(FailureKind::Quota));
    scene.second.door(Door::Refuses(FailureKind::Quota));
    scene.replaced().await;
    let EngineEvent::Failed { kind, message } = scene.engine_event().await else {
        panic!("nobody is left");
    };
    assert_eq!((kind, message.as_str()), (FailureKind::Quota, "two refuses"));
    assert!(scene.silent_for(Duration::from_secs(30)).await);
    scene.turn(1);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_owed_is_asked_by_its_words_with_what_was_before() {
    let mut scene = Scene::begun().await;
    scene.turn(1);
    scene.words(1, "Bom dia").await;
    for event in [started(1, 1), said(1, "Bom dia! Pois não?"), done(1)] {
        scene.first.says(event);
        scene.next().await;
    }
    scene.turn(2);
    scene.words(2, "Qual é o horário?").await;
    for event in [started(2, 2), said(2, "Das oi")] {
        scene.first.says(event);
        scene.next().await;
    }
    scene.first.says(failed(FailureKind::Transient));
    assert_eq!(scene.replaced().await, FailureKind::Transient);
    assert_eq!(scene.engine_event().await, done(2), "what came of it is all");
    assert_eq!(scene.engine_event().await, EngineEvent::Ready);
    assert_eq!(
        scene.second.told(),
        [
            "connect User: Bom dia | Assistant: Bom dia! Pois não? None",
            "ask 2: Qual é o horário?"
        ]
    );
    scene.second.says(started(1, 2));
    assert_eq!(scene.engine_event().await, started(3, 2), "a number of its own");
    scene.relay.command(EngineCommand::Interrupt {
        answer: AnswerId(3),
        heard: PlayedMs(0),
        text: String::new(),
    });
    scene.relay.command(EngineCommand::Interrupt {
        answer: AnswerId(2),
        heard: PlayedMs(300),
        text: "Das oi".into(),
    });
    assert_eq!(
        scene.second.told(),
        ["interrupt 1"],
        "of the other's it knows nothing"
    );
    assert_eq!(scene.first.live(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_turn_whose_words_are_not_known_is_heard_again_at_the_rate_of_whoever_hears_it() {
    let mut scene = Scene::begun().await;
    assert_eq!(scene.relay.input_rate(), SampleRate::HZ_24000);
    let turn = TurnId(1);
    scene.relay.command(EngineCommand::TurnStarted { turn });
    for _ in 0..50 {
        scene.relay.hear(&[7; 480]);
    }
    scene.relay.command(EngineCommand::Respond { turn });
    scene.first.says(failed(FailureKind::Protocol));
    scene.replaced().await;
    assert_eq!(scene.engine_event().await, EngineEvent::Ready);
    assert_eq!(scene.second.told()[1..], ["turn 1", "respond 1"]);
    let heard = scene.second.heard();
    assert!((15_500..=16_000).contains(&heard), "{heard} of 16000 samples");
    assert_eq!(scene.relay.input_rate(), SampleRate::HZ_16000);
}

#[tokio::test(start_paused = true)]
async fn who_speaks_while_an_engine_is_reached_is_heard_by_it() {
    let mut scene = Scene::new(Door::Open);
    let rate = scene.relay.input_rate();
    assert_eq!(rate, SampleRate::HZ_8000, "as the leg has it");
    let turn = TurnId(1);
    scene.relay.command(EngineCommand::TurnStarted { turn });
    scene.relay.hear(&[7; 8_000]);
    assert_eq!(scene.engine_event().await, EngineEvent::Ready);
    assert_eq!(scene.first.told()[1..], ["turn 1"]);
    let heard = scene.first.heard();
    assert!((23_000..=24_000).contains(&heard), "{heard} of 24000 samples");
}

#[tokio::test(start_paused = true)]
async fn a_tool_is_used_once_and_its_result_told_to_whoever_has_the_call() {
    let mut scene = Scene::begun().await;
    scene.turn(1);
    scene.words(1, "Anote um recado").await;
    let id = ToolCallId("t".into());
    scene.first.says(EngineEvent::ToolCall {
        id: id.clone(),
        name: "take_message".into(),
        arguments: serde_json::json!({}),
    });
    scene.next().await;
    scene.first.says(failed(FailureKind::Transient));
    scene.replaced().await;
    assert_eq!(scene.engine_event().await, EngineEvent::Ready);
    assert_eq!(scene.second.told().len(), 1, "not before the tool has ended");
    scene.relay.command(EngineCommand::ToolResult {
        id,
        ok: true,
        result: "noted".into(),
    });
    let told = scene.second.told();
    assert!(
        told.len() == 1
            && told[0].starts_with("ask 1: Anote um recado")
            && told[0].contains("take_message noted"),
        "{told:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_comes_from_the_other_and_the_last_engine_is_tried_once_more() {
    let mut scene = Scene::begun().await;
    scene.turn(1);
    scene.words(1, "Alô").await;
    scene.relay.replace();
    assert_eq!(scene.replaced().await, FailureKind::Transient);
    assert_eq!(scene.engine_event().await, EngineEvent::Ready);
    assert_eq!(scene.second.told()[1..], ["ask 1: Alô"]);
    scene.relay.replace();
    assert_eq!(scene.replaced().await, FailureKind::Transient, "once more, anew");
    assert_eq!(scene.engine_event().await, EngineEvent::Ready);
    assert_eq!(scene.second.told()[1..], ["ask 1: Alô"]);
    scene.relay.replace();
    assert!(matches!(scene.engine_event().await, EngineEvent::Failed { .. }));
}

#[tokio::test(start_paused = true)]
async fn engines_that_fail_in_turns_do_not_do_so_for_ever() {
    let mut scene = Scene::begun().await;
    let mut takeovers = 0;
    loop {
        let hand = match scene.relay.engine() {
            "one" => scene.first.clone(),
            _ => scene.second.clone(),
        };
        hand.says(started(1, 1));
        hand.tells(Event::Audio { answer: AnswerId(1) });
        scene.next().await;
        scene.next().await;
        hand.says(failed(FailureKind::Transient));
        match scene.engine_event().await {
            EngineEvent::Replaced { .. } => takeovers += 1,
            EngineEvent::Failed { .. } => break,
            other => panic!("{other:?}"),
        }
        while scene.engine_event().await != EngineEvent::Ready {}
    }
    assert_eq!(takeovers, 8);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_soon_is_renewed_in_a_quiet_moment_and_nobody_notices() {
    let mut scene = Scene::begun().await;
    scene.turn(1);
    scene.words(1, "Bom dia").await;
    scene.first.says(started(1, 1));
    scene.next().await;
    scene.first.tells(Event::Expiring {
        within: Duration::from_secs(60),
        resume: Some("handle".into()),
    });
    assert!(scene.silent_for(Duration::from_secs(5)).await);
    assert_eq!(scene.first.live(), 1, "somebody is speaking");
    scene.first.says(said(1, "Pois não?"));
    scene.next().await;
    scene.first.says(done(1));
    assert_eq!(scene.next().await, Event::Engine(done(1)));
    scene.first.told();
    assert!(
        scene.silent_for(Duration::from_secs(5)).await,
        "the call is told nothing"
    );
    assert_eq!(
        scene.first.told(),
        ["connect User: Bom dia | Assistant: Pois não? Some(\"handle\")"]
    );
    assert_eq!(scene.first.live(), 1, "the one before is gone");
    scene.turn(2);
    assert_eq!(scene.first.told(), ["turn 2", "respond 2"]);
    scene.first.says(started(1, 2));
    assert_eq!(scene.engine_event().await, started(2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_cannot_be_renewed_goes_on_and_is_tried_again_without_its_handle() {
    let mut scene = Scene::begun().await;
    scene.first.door(Door::Refuses(FailureKind::Transient));
    scene.first.tells(Event::Expiring {
        within: Duration::from_secs(60),
        resume: Some("handle".into()),
    });
    assert!(scene.silent_for(Duration::from_secs(1)).await);
    assert_eq!(scene.first.told(), ["connect  Some(\"handle\")"]);
    scene.first.door(Door::Open);
    assert!(scene.silent_for(Duration::from_secs(10)).await);
    assert_eq!(scene.first.told(), ["connect  None"]);
    assert_eq!(scene.first.live(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_before_its_renewal_is_followed_by_another_of_the_same_engine() {
    let mut scene = Scene::begun().await;
    scene.first.says(failed(FailureKind::Expired));
    assert_eq!(scene.replaced().await, FailureKind::Expired);
    assert_eq!(scene.engine_event().await, EngineEvent::Ready);
    assert_eq!(scene.relay.engine(), "one");
    assert_eq!(scene.health.resting(tokio::time::Instant::now()).len(), 0);
}
