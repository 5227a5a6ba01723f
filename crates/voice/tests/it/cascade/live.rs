//! The local engine with parts that listen, think and speak over real connections: what overlaps, what stands in, and that nothing is
//! left.

use super::stage::{
    ONE, Puppet, TWO, engine, interrupt, line, respond, say, scribe, setup, started, transcribe,
};
use call::{EngineCommand, ToolCallId, TurnId};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secretary::Language;
use sim::llm::{Ending, LlmServer, Reply, Wire};
use sim::speech::SpeechServer;
use sim::transcription::KEY;
use sim::transcription::live::{LiveServer, Script, Trouble};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use voice::brain::llm::{Config, LanguageModel, Vendor};
use voice::cascade::Cascade;
use voice::engine::ToolSpec;
use voice::service::Access;
use voice::stt::{Listener, LiveConfig, LiveService, LiveTranscriber, LiveVendor, SttError};
use voice::tts::{Prompts, SpeechConfig, SpeechService};
use voice::{ApiKey, Engine, Event, Session, Setup, Usage};

const PATIENCE: Duration = Duration::from_secs(30);

/// A call on real connections.
struct Line {
    script: Script,
    live: LiveServer,
    llm: LlmServer,
    speech: SpeechServer,
    session: Box<dyn Session>,
    usage: Usage,
}

impl Line {
    async fn new(replies: Vec<Reply>, speech: Vec<sim::speech::Reply>, troubles: Vec<Trouble>) -> Self {
        Self::of(Wire::Chat, LiveVendor::Deepgram, replies, speech, troubles).await
    }

    async fn of(
        wire: Wire,
        ears: LiveVendor,
        replies: Vec<Reply>,
        speech: Vec<sim::speech::Reply>,
        troubles: Vec<Trouble>,
    ) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut script = Script::knowing(&["billing", "please", "stop", "thanks"]);
        script.troubles = troubles;
        let live = LiveServer::start(script.clone()).await.unwrap();
        let llm = LlmServer::start(replies).await.unwrap();
        let speech = SpeechServer::start(speech).await.unwrap();
        let key = || ApiKey::new(KEY);
        let access = Access::new("engines.local.stt", live.url()).with_key(key());
        let ears = LiveService::new(LiveConfig {
            timeout: PATIENCE,
            ..LiveConfig::new(ears, access)
        });
        let access = Access::new("engines.local.tts", speech.url()).with_key(ApiKey::new(sim::speech::KEY));
        let voice = SpeechConfig::new(voice::tts::Vendor::Deepgram, access);
        let voice = Arc::new(SpeechService::new(voice).unwrap());
        let vendor = match wire {
            Wire::Chat => Vendor::Compatible,
            Wire::Anthropic => Vendor::Anthropic,
            Wire::Gemini => Vendor::Gemini,
        };
        let brain = LanguageModel::new(Config {
            base_url: llm.base_url(wire),
            api_key: Some(key()),
            ..Config::of(vendor, "llama")
        })
        .unwrap();
        let prompts = Arc::new(Prompts::new(voice.clone(), 1 << 20));
        let cascade = Cascade::new(None, voice, prompts, Arc::new(brain)).with_live(Arc::new(ears.unwrap()));
        let tool = |name: &str| ToolSpec {
            name: name.into(),
            description: format!("Does {name}."),
            parameters: serde_json::json!({"type": "object"}),
        };
        let setup = Setup {
            tools: Arc::new(["take_message", "transfer_call"].map(tool)),
            ..setup()
        };
        let session = cascade.connect(setup).await.unwrap();
        Self {
            script,
            live,
            llm,
            speech,
            session,
            usage: Usage::default(),
        }
    }

    fn speak(&mut self, words: &[&str]) {
        for frame in self.script.sound(words).chunks(320) {
            self.session.hear(frame);
        }
    }

    /// The next event that is no audio, as a line; nothing for what differs from run to run.
    async fn next(&mut self) -> String {
        let mut pcm = Vec::new();
        loop {
            let next = poll_fn(|cx| self.session.poll_event(cx, &mut pcm));
            match tokio::time::timeout(PATIENCE, next)
                .await
                .expect("something comes")
            {
                Event::Audio { .. } | Event::Latency(_) => pcm.clear(),
                Event::Usage(usage) => self.usage += usage,
                Event::Engine(call::EngineEvent::Heard {
                    text,
                    is_final: false,
                    ..
                }) => return format!("so far {text:?}"),
                event => return line(event),
            }
        }
    }

    /// The caller says words, and has said all.
    fn turn(&mut self, turn: u32, words: &[&str]) {
        self.session.command(started(TurnId(turn)));
        self.speak(words);
        self.session.command(respond(TurnId(turn)));
    }

    fn result(&mut self, id: &str) {
        self.session.command(EngineCommand::ToolResult {
            id: ToolCallId(id.into()),
            ok: true,
            result: "done".into(),
        });
    }

    async fn until(&mut self, wanted: &str) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.last().is_none_or(|line| line != wanted) {
            lines.push(self.next().await);
        }
        lines
    }
}

#[tokio::test]
async fn an_answer_begins_at_the_first_clause_and_a_barge_in_ends_all_that_it_started() {
    let endless = Reply::streaming().text("Of course. One moment, ").hang();
    let second = sim::speech::Reply::audio().hanging_after(640);
    let mut call = Line::new(vec![endless, Reply::saying("Bye.")], vec![second], vec![]).await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    call.session.command(started(ONE));
    call.speak(&["billing", "please"]);
    let lines = call.until("so far \"billing please\"").await;
    assert!(
        lines
            .iter()
            .all(|line| line == "ready" || line.starts_with("so far")),
        "partial words begin nothing: {lines:?}"
    );
    assert!(call.llm.seen().asked.is_empty());
    call.session.command(respond(ONE));
    let lines = call.until("1: \"Of course.\" at 0").await;
    assert_eq!(
        lines[..2],
        ["heard 1 \"billing please\"", "1: Turn(TurnId(1))"],
        "{lines:?}"
    );
    call.llm.until(|seen| seen.open == 1).await;
    call.speech.until(|seen| seen.asked.len() == 1).await;
    let at_work = tasks();

    call.session.command(interrupt(1, "Of"));
    assert_eq!(call.llm.until(|seen| seen.open == 0).await.cancelled, 1);
    call.speech.until(|seen| seen.cancelled == 1).await;
    assert!(tasks() < at_work, "{} tasks of {at_work}", tasks());

    call.session.command(started(TWO));
    call.speak(&["stop", "thanks"]);
    call.session.command(respond(TWO));
    call.until("2: done").await;
    assert_eq!(
        call.llm.seen().asked[1].messages().last().unwrap()["content"],
        "stop thanks"
    );
    assert_eq!(call.live.log().open, 1);
    let Line { live, session, .. } = call;
    drop(session);
    live.until(|log| log.open == 0).await;
}

#[tokio::test]
async fn a_whole_conversation_goes_with_every_brain_and_every_listener() {
    for (wire, ears) in [
        (Wire::Chat, LiveVendor::Deepgram),
        (Wire::Anthropic, LiveVendor::ElevenLabs),
        (Wire::Gemini, LiveVendor::Deepgram),
    ] {
        let replies = vec![
            Reply::saying("Of course. Which plan?"),
            Reply::streaming().text("We have three plans. The first ").hang(),
            Reply::using("a", "take_message", "{\"name\":\"Ana\"}"),
            Reply::saying("Noted."),
            Reply::streaming()
                .text("One moment.")
                .call(0, "b", "transfer_call", "{\"destination\":\"billing\"}")
                .stop(Ending::Tools),
        ];
        let mut call = Line::of(wire, ears, replies, vec![], vec![]).await;
        call.session.command(say(1, "Hello."));
        call.until("1: done").await;
        call.turn(1, &["billing", "please"]);
        let lines = call.until("2: done").await;
        assert!(
            lines.contains(&"heard 1 \"billing please\"".into()),
            "{wire:?}: {lines:?}"
        );
        call.turn(2, &["billing", "thanks"]);
        call.until("3: \"We have three plans.\" at 0").await;
        call.session.command(interrupt(3, "We have"));
        call.llm.until(|seen| seen.open == 0).await;
        call.turn(3, &["stop", "please"]);
        let lines = call.until("4: done").await;
        assert!(lines.contains(&"tool take_message".into()), "{wire:?}: {lines:?}");
        call.result("a");
        let lines = call.until("5: done").await;
        assert!(
            lines.contains(&"5: \"Noted.\" at 0".into()),
            "{wire:?}: {lines:?}"
        );
        call.turn(4, &["billing", "please"]);
        let lines = call.until("6: done").await;
        assert!(
            lines.contains(&"tool transfer_call".into()),
            "{wire:?}: {lines:?}"
        );
        call.result("b");
        call.until("7: done").await;
        call.session.command(say(2, "Bye."));
        call.until("8: done").await;
        let asked = call.llm.seen().asked;
        let last = asked[4].body.to_string();
        assert_eq!(asked.len(), 5, "a call that is handed over needs no more words");
        assert!(
            last.contains("We have") && !last.contains("three plans"),
            "only what was heard: {last}"
        );
        // Four turns of two words, 240 ms each; the first sound of the call is that of the first word.
        assert_eq!(call.usage.transcription_ms, 4 * 480, "{wire:?}");
        assert!(
            wire == Wire::Chat || call.usage.text_out == 4 * 9,
            "{:?}",
            call.usage
        );
        let Line { live, session, .. } = call;
        drop(session);
        live.until(|log| log.open == 0).await;
    }
}

#[tokio::test]
async fn a_turn_at_which_the_service_fails_is_unheard_and_the_next_is_heard() {
    let replies = vec![Reply::saying("Pardon?"), Reply::saying("Of course.")];
    let mut call = Line::new(replies, vec![], vec![Trouble::Breaks]).await;
    call.session.command(started(ONE));
    call.speak(&["billing", "please"]);
    call.session.command(respond(ONE));
    call.until("1: done").await;
    let told = call.llm.seen().asked[0].messages().last().unwrap()["content"].clone();
    assert_eq!(told, "[the caller's words could not be understood]");
    call.session.command(started(TWO));
    call.speak(&["billing", "please"]);
    call.session.command(transcribe(TWO));
    call.session.command(respond(TWO));
    let lines = call.until("2: done").await;
    assert!(
        lines.contains(&"heard 2 \"billing please\"".to_owned()),
        "{lines:?}"
    );
}

/// Gives scripted results, and counts what it is told.
#[derive(Default)]
struct Parrot {
    results: Arc<Mutex<VecDeque<Result<String, SttError>>>>,
    told: Arc<Mutex<Vec<String>>>,
}

impl LiveTranscriber for Parrot {
    fn listen(&self, _: Language, _: &Arc<str>) -> Box<dyn Listener> {
        Box::new(Parrot {
            results: self.results.clone(),
            told: self.told.clone(),
        })
    }
}

impl Listener for Parrot {
    fn begin(&mut self) {
        self.told.lock().unwrap().push("begin".into());
    }

    fn hear(&mut self, samples: &[i16]) {
        let mut told = self.told.lock().unwrap();
        let before = told
            .last()
            .and_then(|last| last.strip_suffix(" ms")?.parse::<usize>().ok());
        if before.is_some() {
            told.pop();
        }
        told.push(format!("{} ms", before.unwrap_or_default() + samples.len() / 16));
    }

    fn words(&mut self) -> BoxFuture<'static, Result<String, SttError>> {
        self.told.lock().unwrap().push("words".into());
        let result = self
            .results
            .lock()
            .unwrap()
            .pop_front()
            .expect("a result for each search");
        async move { result }.boxed()
    }

    fn poll_partial(&mut self, _: &mut Context<'_>) -> Poll<String> {
        Poll::Pending
    }
}

async fn reported(session: &mut Box<dyn Session>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut pcm = Vec::new();
    loop {
        let next = poll_fn(|cx| session.poll_event(cx, &mut pcm));
        match tokio::time::timeout(Duration::from_secs(60), next).await {
            Ok(event) => lines.push(line(event)),
            Err(_) => return lines,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_sound_of_a_turn_is_passed_on_once_and_of_no_pause_between() {
    let stage = super::stage::stage(scribe(&[])).await;
    let parrot = Parrot::default();
    parrot
        .results
        .lock()
        .unwrap()
        .extend(["a", "a b", "c"].map(|words| Ok(words.to_owned())));
    let told = parrot.told.clone();
    let (_thoughts, thoughts) = tokio::sync::mpsc::unbounded_channel();
    let puppet = Puppet {
        thoughts: Mutex::new(Some(thoughts)),
        ..Puppet::default()
    };
    let cascade = engine(None, &stage.tongue, puppet).with_live(Arc::new(parrot));
    let mut session = cascade.connect(setup()).await.unwrap();
    let hear = |session: &mut Box<dyn Session>, ms: usize| (0..ms / 20).for_each(|_| session.hear(&[7; 320]));
    hear(&mut session, 2_000);
    session.command(started(ONE));
    hear(&mut session, 500);
    session.command(transcribe(ONE));
    hear(&mut session, 200);
    // The caller goes on.
    session.command(started(ONE));
    hear(&mut session, 300);
    session.command(respond(ONE));
    // Nobody's: not passed on, unless the next turn begins with it.
    hear(&mut session, 1_000);
    let lines = reported(&mut session).await;
    assert!(lines.contains(&"heard 1 \"a b\"".to_owned()), "{lines:?}");
    session.command(started(TWO));
    hear(&mut session, 100);
    session.command(respond(TWO));
    reported(&mut session).await;
    assert_eq!(
        *told.lock().unwrap(),
        [
            "begin", "900 ms", "words", "500 ms", "words", "begin", "500 ms", "words"
        ],
        "400 ms are from before each turn was told"
    );
}

#[tokio::test(start_paused = true)]
async fn a_transcriber_stands_in_for_a_listener_that_fails() {
    let stage = super::stage::stage(scribe(&["billing please"])).await;
    let parrot = Parrot::default();
    parrot.results.lock().unwrap().push_back(Err(SttError::NoModel));
    let (_thoughts, thoughts) = tokio::sync::mpsc::unbounded_channel();
    let puppet = Puppet {
        thoughts: Mutex::new(Some(thoughts)),
        ..Puppet::default()
    };
    let cascade = engine(Some(stage.scribe.clone()), &stage.tongue, puppet).with_live(Arc::new(parrot));
    let mut session = cascade.connect(setup()).await.unwrap();
    session.command(started(ONE));
    session.hear(&[7; 3_200]);
    session.command(respond(ONE));
    let lines = reported(&mut session).await;
    assert!(
        lines.contains(&"heard 1 \"billing please\"".to_owned()),
        "{lines:?}"
    );
    session.command(EngineCommand::Discard { turn: ONE });
    assert_eq!(stage.transcriptions(), 1);
}
