//! What a caller hears when the first of a secretary's engines fails: something within 3 s of each moment at which they are owed
//! it, and the conversation from the next engine on. All moments are counted in what the caller heard.
//!
//! A wrong rate is Gemini's alone, which names the rate of each piece of audio; OpenAI's PCM has one rate, and nothing tells it.

use crate::conversations::{call, heard_of_assistant, says};
use crate::line::{Node, secretary};
use futures_util::FutureExt;
use futures_util::future::join_all;
use sim::openai::{Answer, Fault, Realtime, Script};
use sim::{Account, Outcome, Step, What, When, gemini};
use std::net::TcpListener;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use voice::gemini::Gemini;
use voice::openai::OpenAi;
use voice::{ApiKey, Engine};

const GREETING: &str = "Good morning, how can I help you?";
const APOLOGY: &str = "I am sorry, please call again later.";
const QUESTION: &str = "Which plans are there?";
const SECOND_QUESTION: &str = "And what does the large one cost?";
const FIRST_ANSWER: &str = "There are two.";
const CUT: &str = "It costs ninety a month, and a great deal more.";
const TAKEN_OVER: &str = "It costs ninety.";
/// What a stand-in answers when its script is at its end.
const UNSCRIPTED: &str = "Sim.";
/// The longest that a caller hears nothing, in milliseconds.
const LONGEST: f64 = 3_000.0;
/// Nothing here takes so long unless it is broken.
const LIMIT: Duration = Duration::from_secs(20);

/// How the first engine fails.
enum Faulty {
    /// It is at an address where there is no API.
    Nowhere(String),
    /// Its stand-in does this from the call's first answer on.
    AtOnce(Fault),
    /// Its stand-in does this instead of its second answer.
    Later(Fault),
}

/// A secretary on OpenAI and then Gemini.
struct Pair {
    node: Node,
    openai: Arc<OpenAi>,
    first: Option<Realtime>,
    gemini: Arc<Gemini>,
    second: gemini::Live,
}

impl Pair {
    async fn start(faulty: Faulty, answer_ms: u32) -> Self {
        let (url, first) = match faulty {
            Faulty::Nowhere(url) => (url, None),
            Faulty::AtOnce(fault) => stand_in(fault, 0).await,
            Faulty::Later(fault) => stand_in(fault, 1).await,
        };
        let openai = OpenAi::new(voice::openai::Config {
            url,
            ..voice::openai::Config::new(ApiKey::new("sk-sim"))
        });
        let openai = Arc::new(openai.expect("a configuration"));
        let second = gemini::Live::start(gemini::Script {
            answers: vec![gemini::Answer::tone(TAKEN_OVER, Duration::from_secs(1))],
            ..gemini::Script::default()
        });
        let second = second.await.expect("the stand-in starts");
        let gemini = gemini_at(second.url());
        let wanted = secretary("desk", "openai")
            .then("gemini")
            .greeting(GREETING)
            .apology(APOLOGY)
            .limit(&format!("answer_ms = {answer_ms}, waiting_ms = 2000"));
        let engines: Vec<Arc<dyn Engine>> = vec![openai.clone(), gemini.clone()];
        let node = Node::launch(&[&wanted], "vad.enabled = true", [], engines).await;
        Self {
            node,
            openai,
            first,
            gemini,
            second,
        }
    }

    /// No session, no socket and no call is left.
    async fn leaves_nothing(&self, name: &str) {
        self.node.ends_empty().await;
        let gone = async {
            while self.openai.live_sessions() + self.gemini.live_sessions() > 0 {
                tokio::task::yield_now().await;
            }
        };
        let left = || (self.openai.live_sessions(), self.gemini.live_sessions());
        timeout(LIMIT, gone)
            .await
            .unwrap_or_else(|_| panic!("{name}: sessions are left: {:?}", left()));
        timeout(LIMIT, self.second.until(|log| log.open == 0))
            .await
            .unwrap_or_else(|_| panic!("{name}: a socket is left"));
    }
}

async fn stand_in(fault: Fault, spared: usize) -> (String, Option<Realtime>) {
    let fake = Realtime::start(Script {
        heard: vec![QUESTION.into(), SECOND_QUESTION.into()],
        answers: vec![
            Answer::tone(FIRST_ANSWER, Duration::from_secs(1)),
            Answer::tone(CUT, Duration::from_secs(3)),
        ],
        fault: Some(fault),
        spared,
        ..Script::default()
    });
    let fake = fake.await.expect("the stand-in starts");
    (fake.url(), Some(fake))
}

fn gemini_at(url: String) -> Arc<Gemini> {
    let engine = Gemini::new(voice::gemini::Config {
        url,
        ..voice::gemini::Config::new(ApiKey::new("gm-sim"))
    });
    Arc::new(engine.expect("a configuration"))
}

async fn questions(count: usize) -> Vec<Step> {
    let asked = [QUESTION, SECOND_QUESTION].into_iter().take(count);
    join_all(asked.map(|question| says(When::AfterAssistant, question))).await
}

/// How long the caller heard nothing at most: from the beginning, and from the end of each thing that they said.
fn longest_silence(account: &Account) -> f64 {
    let owed = account.events.iter().filter_map(|event| match event.what {
        What::Connected(_) | What::CallerSpoke => Some(event.at_ms),
        _ => None,
    });
    owed.map(|owed| {
        let heard = account.events.iter().find_map(|event| match event.what {
            What::AssistantSpeaks { .. } if event.at_ms >= owed => Some(event.at_ms),
            _ => None,
        });
        heard.map_or(f64::INFINITY, |heard| heard - owed)
    })
    .fold(0.0, f64::max)
}

/// How often the answer of the engine that takes over was heard: once, if all is well.
fn times_answered(heard: &[&str]) -> usize {
    heard.iter().filter(|said| **said == TAKEN_OVER).count()
}

fn is_never_left_alone(name: &str, account: &Account) {
    let silence = longest_silence(account);
    assert!(silence <= LONGEST, "{name}: {silence} ms: {:#?}", account.events);
}

/// The first engine is of no use from the beginning.
async fn is_answered_by_the_second(name: &str, faulty: Faulty) -> Pair {
    let pair = Pair::start(faulty, 4_000).await;
    let account = call(&pair.node, questions(1).await).await;
    is_never_left_alone(name, &account);
    let heard = heard_of_assistant(&account);
    assert_eq!(heard.first(), Some(&GREETING), "{name}: {heard:?}");
    assert_eq!(times_answered(&heard), 1, "{name}: {heard:?}");
    assert!(!heard.contains(&UNSCRIPTED), "{name}: answered twice: {heard:?}");
    pair.leaves_nothing(name).await;
    pair
}

/// The first engine fails at its second answer.
async fn goes_on_with_the_second(name: &str, fault: Fault) {
    let pair = Pair::start(Faulty::Later(fault), 1_500).await;
    let account = call(&pair.node, questions(2).await).await;
    is_never_left_alone(name, &account);
    let heard = heard_of_assistant(&account);
    assert_eq!(heard[..2], [GREETING, FIRST_ANSWER], "{name}: {heard:?}");
    assert_eq!(times_answered(&heard), 1, "{name}: {heard:?}");
    assert!(!heard.contains(&UNSCRIPTED), "{name}: answered twice: {heard:?}");
    let log = pair.second.log();
    let told = log.having(gemini::Side::Client, "/clientContent/turns");
    let told = serde_json::to_string(&told).expect("JSON");
    for said in [QUESTION, FIRST_ANSWER] {
        assert!(told.contains(said), "{name}: {said:?} is missing: {told}");
    }
    assert_eq!(log.connections, 1, "{name}");
    pair.node.shows("voice_ai_engines_replaced_total 1").await;
    pair.leaves_nothing(name).await;
    drop(pair.first);
}

/// All of a table are tried, side by side, before one that failed fails the test.
async fn all_pass<T>(trials: impl IntoIterator<Item = impl Future<Output = T>>) {
    let tried = trials
        .into_iter()
        .map(|trial| AssertUnwindSafe(trial).catch_unwind());
    let failed = join_all(tried).await.into_iter().filter(Result::is_err).count();
    assert_eq!(failed, 0, "see above");
}

fn refused() -> Fault {
    Fault::Refuse {
        status: 401,
        code: "invalid_api_key".into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_not_to_be_had_costs_the_caller_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let never_answered = format!("ws://{}/", silent.local_addr().expect("an address"));
    let (plain, _plain) = stand_in(Fault::Hang, 0).await;
    let no_tls = plain.replace("ws://", "wss://");
    let trials = [
        ("401", Faulty::AtOnce(refused())),
        // Nothing listens there.
        ("connection refused", Faulty::Nowhere("ws://127.0.0.1:9/".into())),
        ("TLS failure", Faulty::Nowhere(no_tls)),
        ("upgrade never answered", Faulty::Nowhere(never_answered)),
        ("session never configured", Faulty::AtOnce(Fault::Hang)),
        ("malformed JSON", Faulty::AtOnce(Fault::Malformed)),
    ];
    Box::pin(all_pass(
        trials.map(|(name, faulty)| is_answered_by_the_second(name, faulty)),
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_fails_in_mid_call_is_followed_by_one_that_knows_what_was_said() {
    let trials = [
        ("closes mid-word", Fault::CloseMidAnswer(1011)),
        ("breaks mid-word", Fault::BreakMidAnswer),
        ("malformed JSON", Fault::Malformed),
        ("answers nothing", Fault::NoAnswer),
        ("stalls mid-answer", Fault::StallMidAnswer),
    ];
    Box::pin(all_pass(
        trials.map(|(name, fault)| goes_on_with_the_second(name, fault)),
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_caller_does_not_wait_for_the_same_failure() {
    let pair = is_answered_by_the_second("401", Faulty::AtOnce(refused())).await;
    pair.node.shows("voice_ai_engines_replaced_total 1").await;
    let account = call(&pair.node, questions(1).await).await;
    is_never_left_alone("the next caller", &account);
    // The first engine was not even tried.
    pair.node.shows("voice_ai_engines_replaced_total 1").await;
    assert_eq!(pair.second.log().connections, 2);
    pair.leaves_nothing("the next caller").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn audio_of_another_rate_is_not_played_and_the_other_engine_answers() {
    let wrong = gemini::Live::start(gemini::Script {
        fault: Some(gemini::Fault::WrongFormat),
        ..gemini::Script::default()
    });
    let wrong = wrong.await.expect("the stand-in starts");
    let well = Realtime::start(Script {
        answers: vec![Answer::tone(TAKEN_OVER, Duration::from_secs(1))],
        ..Script::default()
    });
    let well = well.await.expect("the stand-in starts");
    let gemini = gemini_at(wrong.url());
    let wanted = secretary("desk", "gemini").then("openai").greeting(GREETING);
    let keys = format!("openai.url = {:?}\nvad.enabled = true", well.url());
    let key = [("VOICE_AI__OPENAI__API_KEY", "sk-sim")];
    let node = Node::launch(&[&wanted], &keys, key, vec![gemini.clone()]).await;
    let account = call(&node, questions(1).await).await;
    is_never_left_alone("wrong rate", &account);
    assert_eq!(times_answered(&heard_of_assistant(&account)), 1);
    node.ends_empty().await;
    assert_eq!(gemini.live_sessions(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_engine_is_left_the_caller_hears_an_apology() {
    let wanted = secretary("desk", "openai")
        .then("gemini")
        .greeting(GREETING)
        .apology(APOLOGY);
    let key = [("VOICE_AI__OPENAI__API_KEY", "sk-sim")];
    // Nothing listens at either.
    let keys = "openai.url = \"ws://127.0.0.1:9/\"\nvad.enabled = true";
    let gemini = gemini_at("ws://127.0.0.1:9/".into());
    let node = Node::launch(&[&wanted], keys, key, vec![gemini.clone()]).await;
    let account = call(&node, vec![]).await;
    is_never_left_alone("none left", &account);
    assert_eq!(account.summary.outcome, Outcome::HungUp, "{:?}", account.summary);
    assert_eq!(heard_of_assistant(&account).last(), Some(&APOLOGY));
    node.shows("voice_ai_calls_ended_total{outcome=\"engine_failed\"} 1")
        .await;
    node.ends_empty().await;
    assert_eq!(gemini.live_sessions(), 0);
}
