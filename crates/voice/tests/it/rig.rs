//! A call's end of a session, whatever the engine.

use audio::SampleRate;
use call::{AnswerId, EngineCommand, EngineEvent, Role};
use secretary::Secretary;
use serde_json::json;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use voice::engine::ToolSpec;
use voice::{Event, Exchange, Session, Setup, Usage};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

const SECRETARY: &str = r#"
name = "clara"
language = "pt-BR"
engine = "openai"
persona = "Você é a Clara, secretária de um provedor de internet."
[greeting]
text = "Bom dia!"
[phrases]
reprompts = []
farewell = ""
apology = ""
backchannels = []
"#;

/// What a call begins with.
pub(crate) fn setup() -> Setup {
    let tool = ToolSpec {
        name: "transfer_call".into(),
        description: "Hands the call to somebody.".into(),
        parameters: json!({"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]}),
    };
    Setup::new(
        "99999999-8888-4777-8666-555555555555".parse().unwrap(),
        "11111111-2222-4333-8444-555555555555".parse().unwrap(),
        Arc::new(Secretary::parse("clara.toml", SECRETARY).unwrap()),
        SampleRate::HZ_8000,
        Arc::new([tool]),
    )
}

/// The same, when somebody has said something before.
pub(crate) fn continued() -> Setup {
    let exchange = |role, text: &str| Exchange {
        role,
        text: text.into(),
    };
    Setup {
        history: Arc::new([
            exchange(Role::User, "Aqui é a Ana."),
            exchange(Role::Assistant, "Bom dia, Ana."),
        ]),
        ..setup()
    }
}

pub(crate) async fn limited<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what)
        .await
        .expect("it took too long")
}

/// The call's end.
pub(crate) struct Rig {
    pub(crate) session: Box<dyn Session>,
    pub(crate) pcm: Vec<i16>,
    pub(crate) usage: Usage,
    pub(crate) expiring: Option<(Duration, Option<String>)>,
}

impl Rig {
    pub(crate) fn new(session: Box<dyn Session>) -> Self {
        Self {
            session,
            pcm: Vec::new(),
            usage: Usage::default(),
            expiring: None,
        }
    }

    pub(crate) async fn next(&mut self) -> Event {
        let event = limited(poll_fn(|cx| self.session.poll_event(cx, &mut self.pcm))).await;
        match &event {
            Event::Usage(usage) => self.usage += *usage,
            Event::Expiring { within, resume } => self.expiring = Some((*within, resume.clone())),
            _ => {}
        }
        event
    }

    /// The next event that is for the call.
    pub(crate) async fn event(&mut self) -> EngineEvent {
        loop {
            if let Event::Engine(event) = self.next().await {
                return event;
            }
        }
    }

    /// All events for the call up to one that is wanted.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&EngineEvent) -> bool) -> Vec<EngineEvent> {
        let mut events = Vec::new();
        loop {
            events.push(self.event().await);
            if events.last().is_some_and(&wanted) {
                return events;
            }
        }
    }

    pub(crate) async fn answer_done(&mut self, answer: u64) -> Vec<EngineEvent> {
        let done = EngineEvent::AnswerDone {
            answer: AnswerId(answer),
        };
        self.until(|event| *event == done).await
    }

    pub(crate) async fn failure(&mut self) -> (call::FailureKind, String) {
        match self
            .until(|e| matches!(e, EngineEvent::Failed { .. }))
            .await
            .pop()
        {
            Some(EngineEvent::Failed { kind, message }) => (kind, message),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn tell(&mut self, command: EngineCommand) {
        self.session.command(command);
    }

    /// Speech, then silence that ends the turn, in frames of 20 ms.
    pub(crate) async fn speak(&mut self, speech_ms: usize) {
        let samples = self.session.input_rate().frame_samples();
        let tone: Vec<i16> = (0..samples)
            .map(|n| if n % 16 < 8 { 6_000 } else { -6_000 })
            .collect();
        let quiet = vec![0; samples];
        for frame in 0..speech_ms / 20 + 30 {
            let speaks = frame < speech_ms / 20;
            self.session.hear(if speaks { &tone } else { &quiet });
            // The task takes it at its own pace, and no more than two seconds wait.
            tokio::task::yield_now().await;
        }
    }
}

/// The words of an answer among events.
pub(crate) fn text_of(events: &[EngineEvent]) -> String {
    events
        .iter()
        .filter_map(|event| match event {
            EngineEvent::AnswerText { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}
