//! One conversation that every realtime engine must be able to have: question, barge-in, tool, transfer, farewell. The greeting is
//! the call's own: the engine must not speak first.

use audio::SampleRate;
use call::{AnswerId, By, Capabilities, Cause, EngineCommand, EngineEvent, PlayedMs, TurnId};
use secretary::Secretary;
use serde_json::json;
use sim::provider::{Answer, ToolUse};
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use voice::engine::ToolSpec;
use voice::{ConnectError, Engine, Event, Session, Setup};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

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

pub(crate) fn setup() -> Setup {
    let tool = |name: &str, parameter: &str| ToolSpec {
        name: name.into(),
        description: "Does what its name says.".into(),
        parameters: json!({"type": "object", "properties": {parameter: {"type": "string"}}, "required": [parameter]}),
    };
    Setup::new(
        "99999999-2222-4333-8444-555555555555".parse().unwrap(),
        "11111111-2222-4333-8444-555555555555".parse().unwrap(),
        Arc::new(Secretary::parse("clara.toml", SECRETARY).unwrap()),
        SampleRate::HZ_8000,
        Arc::new([
            tool("check_extension_available", "destination"),
            tool("transfer_call", "destination"),
            tool("end_call", "reason"),
        ]),
    )
}

/// What the stand-in hears, turn after turn.
pub(crate) fn heard() -> Vec<String> {
    [
        "Qual é o horário de vocês?",
        "A Ana está?",
        "Então me passe para ela.",
        "Obrigado, tchau.",
    ]
    .map(String::from)
    .to_vec()
}

/// What it answers, one after the other.
pub(crate) fn answers() -> Vec<Answer> {
    let short = Duration::from_millis(600);
    vec![
        Answer::tone("Atendemos das oito às dezoito horas.", Duration::from_secs(2)).held(),
        Answer::tools(vec![ToolUse::new(
            "check_extension_available",
            json!({"destination": "Ana"}),
        )]),
        Answer::tone("A Ana está disponível.", short),
        Answer {
            tools: vec![ToolUse::new("transfer_call", json!({"destination": "Ana"}))],
            ..Answer::tone("Vou transferir.", short)
        },
        Answer::tone("Ela não atendeu.", short),
        Answer {
            tools: vec![ToolUse::new("end_call", json!({"reason": "goodbye"}))],
            ..Answer::tone("Até logo!", short)
        },
    ]
}

/// A caller on a session.
pub(crate) struct Caller {
    pub(crate) session: Box<dyn Session>,
    pub(crate) capabilities: Capabilities,
    pub(crate) pcm: Vec<i16>,
    /// What the provider told of itself ending: how long it lasts, and what resumes it.
    pub(crate) expiring: Option<(Duration, Option<String>)>,
    pub(crate) usage: voice::Usage,
}

pub(crate) async fn limited<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what)
        .await
        .expect("it took too long")
}

impl Caller {
    pub(crate) async fn connect(engine: &dyn Engine) -> Result<Self, ConnectError> {
        Self::connect_with(engine, setup()).await
    }

    pub(crate) async fn connect_with(engine: &dyn Engine, setup: Setup) -> Result<Self, ConnectError> {
        let session = limited(engine.connect(setup)).await?;
        Ok(Self {
            session,
            capabilities: engine.capabilities(),
            pcm: Vec::new(),
            expiring: None,
            usage: voice::Usage::default(),
        })
    }

    /// The next event that is no audio.
    pub(crate) async fn event(&mut self) -> EngineEvent {
        loop {
            match limited(poll_fn(|cx| self.session.poll_event(cx, &mut self.pcm))).await {
                Event::Engine(event) => return event,
                Event::Usage(usage) => self.usage += usage,
                Event::Expiring { within, resume } => self.expiring = Some((within, resume)),
                Event::Audio { .. } | Event::Latency(_) | Event::Sensitive(_) => {}
            }
        }
    }

    /// All events up to one that is wanted. What the engine has decided is answered as a call does.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&EngineEvent) -> bool) -> Vec<EngineEvent> {
        let mut events = Vec::new();
        loop {
            let event = self.event().await;
            if let EngineEvent::Interrupted { answer } = event {
                self.interrupt(answer);
            }
            events.push(event);
            if events.last().is_some_and(&wanted) {
                return events;
            }
        }
    }

    pub(crate) fn interrupt(&mut self, answer: AnswerId) {
        self.session.command(EngineCommand::Interrupt {
            answer,
            heard: PlayedMs(500),
            text: String::new(),
        });
    }

    pub(crate) async fn ready(&mut self) {
        assert_eq!(self.event().await, EngineEvent::Ready);
    }

    /// Says something as a turn, and hears how it is understood and answered: all events up to the one that is wanted.
    pub(crate) async fn turn(
        &mut self,
        turn: u32,
        wanted: impl Fn(&EngineEvent) -> bool,
    ) -> Vec<EngineEvent> {
        let turn = TurnId(turn);
        self.session.command(EngineCommand::TurnStarted { turn });
        self.speak().await;
        let mut events = self.until(|e| *e == EngineEvent::TurnEnded).await;
        self.session.command(EngineCommand::Respond { turn });
        events.extend(self.until(wanted).await);
        events
    }

    /// 400 ms of speech and 800 ms of silence, in frames of 20 ms.
    pub(crate) async fn speak(&mut self) {
        let frame = self.session.input_rate().frame_samples();
        let tone: Vec<i16> = (0..frame)
            .map(|n| if n % 40 < 20 { 6_000 } else { -6_000 })
            .collect();
        let silence = vec![0; frame];
        for number in 0..60 {
            let speaks = number < 20;
            self.session.hear(if speaks { &tone } else { &silence });
            // The task takes it at its own pace, and no more than two seconds wait.
            tokio::task::yield_now().await;
        }
    }
}

fn is_done(event: &EngineEvent) -> bool {
    matches!(event, EngineEvent::AnswerDone { .. })
}

fn is_tool(event: &EngineEvent) -> bool {
    matches!(event, EngineEvent::ToolCall { .. })
}

fn words_of(events: &[EngineEvent]) -> String {
    let words = events.iter().filter_map(|e| match e {
        EngineEvent::AnswerText { text, .. } => Some(text.as_str()),
        _ => None,
    });
    words.collect()
}

/// The last words that were heard of a turn.
fn heard_of(events: &[EngineEvent], turn: u32) -> Option<&str> {
    events.iter().rev().find_map(|e| match e {
        EngineEvent::Heard {
            turn: Some(of),
            text,
            is_final: true,
        } if *of == TurnId(turn) => Some(text.as_str()),
        _ => None,
    })
}

fn causes_of(events: &[EngineEvent]) -> Vec<Cause> {
    let causes = events.iter().filter_map(|e| match e {
        EngineEvent::AnswerStarted { cause, .. } => Some(*cause),
        _ => None,
    });
    causes.collect()
}

/// Uses the tool that the last event calls for.
fn use_tool(caller: &mut Caller, events: &[EngineEvent], wanted: &str, ok: bool, result: &str) {
    let Some(EngineEvent::ToolCall { id, name, arguments }) = events.iter().rev().find(|e| is_tool(e)) else {
        panic!("no tool was called: {events:?}");
    };
    assert_eq!(name, wanted);
    assert!(arguments.is_object(), "{arguments}");
    caller.session.command(EngineCommand::ToolResult {
        id: id.clone(),
        ok,
        result: result.into(),
    });
}

/// Has the whole conversation. The stand-in's script has [`heard`] and [`answers`].
pub(crate) async fn whole(caller: &mut Caller) {
    caller.ready().await;
    let rate = caller.session.output_rate();

    // A question, and an answer that goes on.
    let is_last_word =
        |e: &EngineEvent| matches!(e, EngineEvent::AnswerText { text, .. } if text.ends_with("horas."));
    let events = caller.turn(1, is_last_word).await;
    assert_eq!(
        heard_of(&events, 1),
        Some("Qual é o horário de vocês?"),
        "{events:?}"
    );
    assert_eq!(causes_of(&events), [Cause::Turn(TurnId(1))]);
    assert_eq!(words_of(&events), "Atendemos das oito às dezoito horas.");

    // The caller speaks into it. What interrupts is the engine's or the call's to say.
    if caller.capabilities.interruptions == By::Call {
        caller.interrupt(AnswerId(1));
        caller.until(is_done).await;
    }
    let events = caller.turn(2, is_tool).await;
    if caller.capabilities.interruptions == By::Engine {
        let interrupted = EngineEvent::Interrupted { answer: AnswerId(1) };
        assert!(events.contains(&interrupted), "{events:?}");
        assert!(
            events.contains(&EngineEvent::AnswerDone { answer: AnswerId(1) }),
            "{events:?}"
        );
    }
    assert_eq!(heard_of(&events, 2), Some("A Ana está?"), "{events:?}");
    let heard_samples = caller.pcm.len() as u64;
    assert!(heard_samples > 0 && heard_samples <= rate.samples_in(Duration::from_secs(2)));

    // A tool, whose result is spoken.
    use_tool(
        caller,
        &events,
        "check_extension_available",
        true,
        "{\"available\":true}",
    );
    caller.pcm.clear();
    let events = caller
        .until(|e| matches!(e, EngineEvent::AnswerText { text, .. } if text.ends_with("disponível.")))
        .await;
    assert!(words_of(&events).starts_with("A Ana está"), "{events:?}");
    caller.until(is_done).await;
    assert_eq!(
        caller.pcm.len() as u64,
        rate.samples_in(Duration::from_millis(600))
    );

    // A transfer that comes to nothing.
    let events = caller.turn(3, is_tool).await;
    assert_eq!(
        heard_of(&events, 3),
        Some("Então me passe para ela."),
        "{events:?}"
    );
    assert_eq!(words_of(&events), "Vou transferir.");
    use_tool(caller, &events, "transfer_call", false, "no answer");
    let events = caller
        .until(|e| matches!(e, EngineEvent::AnswerText { text, .. } if text.ends_with("atendeu.")))
        .await;
    assert!(
        causes_of(&events).iter().all(|c| *c == Cause::FollowUp),
        "{events:?}"
    );
    caller.until(is_done).await;

    // Farewell.
    let events = caller.turn(4, is_tool).await;
    assert_eq!(words_of(&events), "Até logo!");
    use_tool(caller, &events, "end_call", true, "{}");
    assert_eq!(caller.session.dropped_ms(), 0);
}
