//! The OpenAI adapter against a stand-in for the API, over a real socket.

mod dialects;
mod live;
mod official;
mod others;
mod talk;
mod trouble;

use audio::SampleRate;
use call::{AnswerId, EngineCommand, EngineEvent};
use secretary::Secretary;
use serde_json::json;
use sim::openai::{Realtime, Script};
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use voice::ApiKey;
use voice::engine::ToolSpec;
use voice::openai::{Config, OpenAi};
use voice::{ConnectError, Engine, Event, Session, Setup, Usage};

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

fn setup() -> Setup {
    let tool = ToolSpec {
        name: "transfer_call".into(),
        description: "Hands the call to somebody.".into(),
        parameters: json!({"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]}),
    };
    Setup::new(
        "22222222-3333-4444-8555-666666666666".parse().unwrap(),
        "11111111-2222-4333-8444-555555555555".parse().unwrap(),
        Arc::new(Secretary::parse("clara.toml", SECRETARY).unwrap()),
        SampleRate::HZ_8000,
        Arc::new([tool]),
    )
}

/// A call's end of a session with a stand-in.
struct Rig {
    server: Realtime,
    engine: OpenAi,
    session: Box<dyn Session>,
    pcm: Vec<i16>,
    usage: Usage,
}

fn config(server: &Realtime) -> Config {
    Config {
        url: server.url(),
        ..Config::new(ApiKey::new("sk-sim"))
    }
}

async fn connect(config: Config) -> Result<(OpenAi, Box<dyn Session>), ConnectError> {
    let engine = OpenAi::new(config).unwrap();
    let session = limited(engine.connect(setup())).await?;
    Ok((engine, session))
}

async fn limited<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what)
        .await
        .expect("it took too long")
}

impl Rig {
    async fn start(script: Script) -> Self {
        Self::start_with(script, |config| config).await
    }

    async fn start_with(script: Script, change: impl FnOnce(Config) -> Config) -> Self {
        let server = Realtime::start(script).await.unwrap();
        let (engine, session) = connect(change(config(&server))).await.unwrap();
        Self {
            server,
            engine,
            session,
            pcm: Vec::new(),
            usage: Usage::default(),
        }
    }

    async fn ready(script: Script) -> Self {
        let mut rig = Self::start(script).await;
        assert_eq!(rig.event().await, EngineEvent::Ready);
        rig
    }

    async fn next(&mut self) -> Event {
        limited(poll_fn(|cx| self.session.poll_event(cx, &mut self.pcm))).await
    }

    /// The next event that is no audio.
    async fn event(&mut self) -> EngineEvent {
        loop {
            match self.next().await {
                Event::Engine(event) => return event,
                Event::Usage(usage) => self.usage += usage,
                _ => {}
            }
        }
    }

    /// All events up to one that is wanted, audio as its answers.
    async fn until(&mut self, wanted: impl Fn(&EngineEvent) -> bool) -> Vec<EngineEvent> {
        let mut events = Vec::new();
        loop {
            events.push(self.event().await);
            if events.last().is_some_and(&wanted) {
                return events;
            }
        }
    }

    async fn answer_done(&mut self, answer: u64) -> Vec<EngineEvent> {
        let done = EngineEvent::AnswerDone {
            answer: AnswerId(answer),
        };
        self.until(|event| *event == done).await
    }

    fn tell(&mut self, command: EngineCommand) {
        self.session.command(command);
    }

    /// Speech, then silence that ends the turn, in frames of 20 ms.
    async fn speak(&mut self, speech_ms: usize) {
        let tone: Vec<i16> = (0..480)
            .map(|n| if n % 40 < 20 { 6_000 } else { -6_000 })
            .collect();
        for frame in 0..speech_ms / 20 + 30 {
            let speaks = frame < speech_ms / 20;
            self.session.hear(if speaks { &tone } else { &[0; 480] });
            // The task takes it at its own pace, and no more than two seconds wait.
            tokio::task::yield_now().await;
        }
    }
}
