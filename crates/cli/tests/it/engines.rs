//! `voice-ai engines`: what is listed of a configuration, and engines tried against stand-ins of their providers.

use crate::server::voice_ai;
use serde_json::Value;
use sim::provider::{Answer, Fault};
use sim::{deepgram, gemini, openai};
use std::fs;
use std::process::{Output, Stdio};
use std::time::Duration;

/// A folder with a configuration, in which the command runs.
struct Node {
    folder: tempfile::TempDir,
}

impl Node {
    fn new(engines: &str) -> Self {
        let node = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let config = format!(
            "[stt]\nmodel = \"\"\n[secretaries]\ndir = \"secretaries\"\n\
             [[domains]]\nuuid = \"11111111-2222-4333-8444-000000000001\"\nname = \"north.example\"\ndefault_secretary = \"front\"\n{engines}"
        );
        fs::write(node.folder.path().join("voice-ai.toml"), config).unwrap();
        fs::create_dir(node.folder.path().join("secretaries")).unwrap();
        node.secretary("front", "\"local\"");
        node
    }

    fn secretary(&self, name: &str, engine: &str) {
        let sample = include_str!("../../../../samples/isp.toml");
        let text = sample
            .replace("name = \"isp\"", &format!("name = {name:?}"))
            .replace("engine = \"local\"", &format!("engine = {engine}"));
        assert!(text.contains(&format!("engine = {engine}")), "{text}");
        let file = self.folder.path().join(format!("secretaries/{name}.toml"));
        fs::write(file, text).unwrap();
    }

    /// Runs on a thread of its own: the stand-ins answer meanwhile.
    async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = voice_ai(&["engines"]);
        command
            .args(arguments)
            .args(["--config", "voice-ai.toml"])
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap()
    }

    async fn listed(&self) -> (Option<i32>, Vec<Value>, String) {
        let output = self.run(&["list", "--json"]).await;
        let all = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", errors(&output)));
        (output.status.code(), all, errors(&output))
    }

    async fn tried(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let output = self.run(&[&["test", "--json"], arguments].concat()).await;
        let account =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", errors(&output)));
        (output.status.code(), account)
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn entry<'a>(all: &'a [Value], name: &str) -> &'a Value {
    all.iter()
        .find(|entry| entry["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {all:#?}"))
}

/// A key in a file: these tests set no variables.
fn keyed(node: &Node, key: &str) {
    fs::write(node.folder.path().join("key"), key).unwrap();
}

fn table(name: &str, kind: &str, url: &str, key: &std::path::Path) -> String {
    format!("[engines.{name}]\nkind = {kind:?}\nurl = {url:?}\napi_key = {{ file = {key:?} }}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_configured_is_listed_with_who_uses_it() {
    let node = Node::new("");
    keyed(&node, "gm-1");
    let file = node.folder.path().join("key");
    let config = node.folder.path().join("voice-ai.toml");
    let text = fs::read_to_string(&config).unwrap()
        + &format!("[engines.gemini]\nmodel = \"gemini-live-x\"\napi_key = {{ file = {file:?} }}\n");
    fs::write(&config, text).unwrap();
    node.secretary("front", "[\"gemini\", \"local\"]");
    node.secretary("nights", "\"local\"");
    let (code, all, told) = node.listed().await;
    assert_eq!((code, told.as_str()), (Some(0), ""));
    let names: Vec<&str> = all.iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["gemini", "local", "loopback", "openai"]);
    let gemini = entry(&all, "gemini");
    assert_eq!(
        (
            &gemini["kind"],
            &gemini["model"],
            &gemini["state"],
            &gemini["lacks"]
        ),
        (
            &"gemini".into(),
            &"gemini-live-x".into(),
            &"ready".into(),
            &Value::Null
        )
    );
    assert_eq!(gemini["secretaries"][0]["secretary"], "front");
    assert_eq!(gemini["secretaries"][0]["place"], 1);
    let local = entry(&all, "local");
    assert_eq!(local["state"], "reduced");
    assert!(local["lacks"].as_str().unwrap().contains("stt.model"), "{local}");
    let places: Vec<_> = local["secretaries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| {
            (
                user["secretary"].as_str().unwrap(),
                user["place"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(places, [("front", 2), ("nights", 1)]);
    let openai = entry(&all, "openai");
    assert_eq!(openai["state"], "absent");
    assert!(
        openai["lacks"].as_str().unwrap().contains("openai.api_key"),
        "{openai}"
    );

    let people = node.run(&["list"]).await;
    let text = out(&people);
    assert_eq!(people.status.code(), Some(0));
    assert!(text.starts_with("NAME"), "{text}");
    assert!(
        text.contains("north.example/front (2), north.example/nights (1)"),
        "{text}"
    );
    assert!(!text.contains("gm-1"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_engines_lack_is_told_with_code_2() {
    let node = Node::new(
        "[engines.gemini]\n[engines.fast]\nkind = \"gemmini\"\n[engines.talk]\nkind = \"cascade\"\nllm = { kind = \"openai\" }\n",
    );
    node.secretary("front", "[\"gemini\", \"fast\"]");
    node.secretary("nights", "\"openai\"");
    node.secretary("noon", "\"elsewhere\"");
    let (code, all, told) = node.listed().await;
    assert_eq!(code, Some(2));
    for (name, state, lack) in [
        ("gemini", "faulty", "engines.gemini.api_key is missing"),
        ("fast", "faulty", "engines.fast.kind: \"gemmini\" is none"),
        ("talk", "faulty", "engines.talk.llm"),
        ("openai", "absent", "set openai.api_key"),
        ("elsewhere", "absent", "there is no engine \"elsewhere\""),
    ] {
        let entry = entry(&all, name);
        assert_eq!(entry["state"], state, "{entry}");
        assert!(entry["lacks"].as_str().unwrap().contains(lack), "{entry}");
        assert!(told.contains(lack), "no {lack:?} in {told}");
    }
    assert_eq!(entry(&all, "local")["secretaries"], serde_json::json!([]));
    let faulty = node.run(&["test", "gemini"]).await;
    assert_eq!(faulty.status.code(), Some(1));
    assert!(
        errors(&faulty).contains("cannot be tried: engines.gemini.api_key is missing"),
        "{}",
        errors(&faulty)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_none_is_met_with_the_one_that_is_meant() {
    let node = Node::new("");
    let near = node.run(&["test", "locall"]).await;
    assert_eq!((near.status.code(), out(&near).as_str()), (Some(1), ""));
    assert!(
        errors(&near).contains("did you mean \"local\"?"),
        "{}",
        errors(&near)
    );
    let keyless = node.run(&["test", "openai"]).await;
    assert_eq!(keyless.status.code(), Some(1));
    assert!(
        errors(&keyless).contains("set openai.api_key"),
        "{}",
        errors(&keyless)
    );
    let echo = node.run(&["test", "loopback"]).await;
    assert_eq!(echo.status.code(), Some(1));
    assert!(errors(&echo).contains("voice-ai call"), "{}", errors(&echo));
}

/// What a trial that succeeded tells of an answer.
fn assert_answered(account: &Value, words: &str) {
    assert_eq!(account["ok"], true, "{account:#}");
    let asked = &account["asked"];
    assert_eq!(asked["text"], words, "{account:#}");
    assert!(asked["audio_ms"].as_u64().unwrap() > 0, "{account:#}");
    for (before, after) in [("started_ms", "first_audio_ms"), ("first_audio_ms", "done_ms")] {
        assert!(
            asked[before].as_u64().unwrap() <= asked[after].as_u64().unwrap(),
            "{account:#}"
        );
    }
    assert!(account["connected_ms"].as_u64().unwrap() <= account["ready_ms"].as_u64().unwrap());
    assert_eq!(account["failure"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn gemini_is_asked_and_its_answer_told() {
    let provider = gemini::Live::start(gemini::Script {
        answers: vec![Answer::tone("Boa tarde! Sou a Ana.", Duration::from_millis(600)); 2],
        ..gemini::Script::default()
    })
    .await
    .unwrap();
    let key = tempfile::NamedTempFile::new().unwrap();
    fs::write(key.path(), "gm-sim").unwrap();
    let node = Node::new(&table("gemini", "gemini", &provider.url(), key.path()));
    let (code, account) = node.tried(&["gemini", "--say", "Quem fala?"]).await;
    assert_answered(&account, "Boa tarde! Sou a Ana.");
    assert_eq!(code, Some(0));
    assert_eq!(account["asked"]["audio_ms"], 600);
    assert_eq!(
        (&account["words"], &account["said"]),
        (&"Quem fala?".into(), &Value::Null)
    );
    let log = format!("{:?}", provider.log());
    assert!(log.contains("Quem fala?"), "{log}");

    let people = node.run(&["test", "gemini"]).await;
    let text = out(&people);
    assert_eq!(people.status.code(), Some(0), "{text}");
    for told in [
        "gemini (gemini)",
        "first audio",
        "0.6 s",
        "Boa tarde! Sou a Ana.",
        "Diga em uma frase",
    ] {
        assert!(text.contains(told), "no {told:?} in {text}");
    }
    assert!(text.ends_with("ok\n") && !text.contains("gm-sim"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deepgram_also_says_the_words_themselves() {
    let provider = deepgram::VoiceAgent::start(deepgram::Script {
        answers: vec![Answer::tone("Hello, this is Ana.", Duration::from_millis(400))],
        ..deepgram::Script::default()
    })
    .await
    .unwrap();
    let key = tempfile::NamedTempFile::new().unwrap();
    fs::write(key.path(), "dg-sim").unwrap();
    let node = Node::new(&table("voz", "deepgram", &provider.url(), key.path()));
    let (code, account) = node
        .tried(&["voz", "--language", "en", "--say", "Who is there?"])
        .await;
    assert_answered(&account, "Hello, this is Ana.");
    assert_eq!(code, Some(0));
    assert_eq!(account["kind"], "deepgram");
    assert_eq!(account["said"]["text"], "Who is there?", "{account:#}");
    assert!(account["said"]["audio_ms"].as_u64().unwrap() > 0, "{account:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn openai_is_asked_and_a_refused_key_told_with_its_remedy() {
    let provider = openai::Realtime::start(openai::Script {
        answers: vec![openai::Answer::tone(
            "Olá, aqui é a Ana.",
            Duration::from_millis(500),
        )],
        ..openai::Script::default()
    })
    .await
    .unwrap();
    let key = tempfile::NamedTempFile::new().unwrap();
    fs::write(key.path(), "sk-sim").unwrap();
    let node = Node::new(&format!(
        "[openai]\nurl = {:?}\napi_key = {{ file = {:?} }}\n",
        provider.url(),
        key.path()
    ));
    let (code, account) = node.tried(&["openai"]).await;
    assert_answered(&account, "Olá, aqui é a Ana.");
    assert_eq!(code, Some(0));

    fs::write(key.path(), "sk-wrong-and-secret").unwrap();
    let (code, account) = node.tried(&["openai"]).await;
    assert_eq!((code, &account["ok"]), (Some(1), &false.into()));
    assert_eq!(account["failure"]["kind"], "unauthorized", "{account:#}");
    assert!(
        account["failure"]["remedy"]
            .as_str()
            .unwrap()
            .contains("openai.api_key"),
        "{account:#}"
    );
    assert_eq!(account["connected_ms"], Value::Null);
    assert!(!account.to_string().contains("sk-wrong-and-secret"), "{account}");
    let people = node.run(&["test", "openai"]).await;
    assert_eq!(people.status.code(), Some(1));
    let text = out(&people);
    assert!(
        text.contains("failed: unauthorized: ") && text.contains("remedy: "),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_hangs_is_given_up_and_where() {
    let provider = gemini::Live::start(gemini::Script {
        fault: Some(Fault::Stall),
        ..gemini::Script::default()
    })
    .await
    .unwrap();
    let key = tempfile::NamedTempFile::new().unwrap();
    fs::write(key.path(), "gm-sim").unwrap();
    let node = Node::new(&table("gemini", "gemini", &provider.url(), key.path()));
    let (code, account) = node.tried(&["gemini", "--limit", "2"]).await;
    assert_eq!(code, Some(1));
    assert_eq!(account["failure"]["kind"], "late", "{account:#}");
    assert!(
        account["failure"]["message"]
            .as_str()
            .unwrap()
            .ends_with("was not there after 2 s"),
        "{account:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_engine_answers_without_any_key() {
    let node = Node::new("");
    let (code, account) = node
        .tried(&["local", "--language", "en", "--say", "My internet is down."])
        .await;
    assert_eq!((code, &account["ok"]), (Some(0), &true.into()), "{account:#}");
    assert!(
        !account["asked"]["text"].as_str().unwrap().is_empty(),
        "{account:#}"
    );
    assert!(account["asked"]["audio_ms"].as_u64().unwrap() > 0, "{account:#}");
    assert_eq!(account["said"]["text"], "My internet is down.", "{account:#}");
}
