//! Tools beyond the PBX in whole calls: what the engine is told, and what of it stands anywhere.

use crate::estate::{CALL, Estate, Keys, NORTH};
use crate::log::Log;
use crate::talker::{Talk, Talker};
use serde_json::json;
use sim::service::{Reply, Service};
use std::path::Path;
use std::sync::Arc;

const METADATA: &str = r#"{"rate":16000,"mix":"mono"}"#;
const CPF: &str = "12345678909";

/// A node whose secretaries have these lines, and a call on it whose engine uses these tools.
struct Conversation {
    estate: Estate,
    told: Vec<(bool, String)>,
}

impl Conversation {
    async fn of(
        node: &str,
        secretary: &str,
        up: Option<&str>,
        tools: Vec<(&'static str, serde_json::Value)>,
    ) -> Self {
        let talker = Talker::new(Talk {
            words: "Who am I?".into(),
            answer: "Let me see.".into(),
            tools,
            ..Talk::default()
        });
        let keys = Keys {
            node: node.into(),
            secretary: secretary.into(),
            ..Keys::default()
        };
        let estate = Estate::start("openai", Some(Arc::new(talker.clone())), &keys).await;
        if let Some(line) = up {
            estate.shows(line).await;
        }
        let mut phone = estate.open(NORTH, CALL).await;
        phone.text(METADATA).await;
        phone.audio().await;
        let told = talker.answered().await;
        phone.hang_up().await;
        Self { estate, told }
    }

    /// The event log of its call.
    async fn event_log(self) -> String {
        let (_, folder) = self.estate.closed().await;
        let mut found = Vec::new();
        logs(&folder.path().join("data/recordings"), &mut found);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }
}

/// The texts of all event logs below a folder.
fn logs(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            logs(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "jsonl") {
            found.push(std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// A tool that asks the service.
fn find_customer(service: &Service) -> String {
    format!(
        "[privacy]\ntranscript = true\nsensitive = [\"cpf\"]\n\
         [[http_tools]]\nname = \"find_customer\"\ndescription = \"Finds a customer.\"\nsay = \"One moment, please.\"\n\
         url = \"http://{}/customers/{{cpf}}\"\nallow_private = true\ntimeout_ms = 1500\n\
         arguments = {{ required = [\"cpf\"], properties = {{ cpf = {{ type = \"string\", minLength = 11 }} }} }}\n",
        service.address()
    )
}

#[tokio::test]
async fn an_engine_is_told_what_a_service_answers_and_the_log_is_not() {
    let (log, _guard) = Log::listen();
    let service = Service::start([("/customers", Reply::json("{\"name\":\"Ana\",\"cpf\":\"Kappa\"}"))])
        .await
        .unwrap();
    let call = Conversation::of(
        "",
        &find_customer(&service),
        None,
        vec![
            ("find_customer", json!({"cpf": CPF})),
            ("find_customer", json!({"cpf": "987"})),
            ("find_nobody", json!({})),
        ],
    )
    .await;
    let told = |what: &str| call.told.iter().any(|(_, told)| told.contains(what));
    assert!(
        call.told
            .contains(&(true, "{\"name\":\"Ana\",\"cpf\":\"Kappa\"}".into())),
        "{:?}",
        call.told
    );
    assert!(told("find_customer was not used: cpf: "), "{:?}", call.told);
    assert!(
        told("there is no tool \"find_nobody\" here; there is take_message, end_call, find_customer"),
        "{:?}",
        call.told
    );
    assert_eq!(service.asked().len(), 1);
    let metrics = call.estate.metrics();
    for line in [
        "voice_ai_tool_uses_total{kind=\"http\",outcome=\"done\"} 1",
        "voice_ai_tool_uses_total{kind=\"http\",outcome=\"arguments\"} 1",
        "voice_ai_tool_seconds_count{kind=\"http\"} 2",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    let events = call.event_log().await;
    assert!(
        events.contains("find_customer") && events.contains("Ana"),
        "{events}"
    );
    for private in [CPF, "Kappa"] {
        assert!(!events.contains(private), "{private}: {events}");
    }
    let said = log.text();
    assert!(said.contains("a tool was used"), "{said}");
    for private in [CPF, "Kappa", "\"987\""] {
        assert!(!said.contains(private), "{private}: {said}");
    }
}

#[tokio::test]
async fn a_caller_is_told_that_a_slow_service_takes_a_while() {
    let service = Service::start([("/customers", Reply::none())]).await.unwrap();
    let call = Conversation::of(
        "",
        &find_customer(&service),
        None,
        vec![("find_customer", json!({"cpf": CPF}))],
    )
    .await;
    assert_eq!(
        call.told,
        [(
            false,
            "find_customer did not answer in time: go on without it".into()
        )]
    );
    let events = call.event_log().await;
    assert!(
        events.contains("play_prompt") && events.contains("One moment, please."),
        "{events}"
    );
}

#[tokio::test]
async fn a_secretary_has_of_an_mcp_server_what_its_file_names() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let python = format!("{root}/.venv/bin/python");
    let has_package = std::process::Command::new(&python)
        .args(["-c", "import mcp.server.mcpserver"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !has_package {
        println!("skipped: no .venv with the mcp package; `make test` makes it");
        return;
    }
    let call = Conversation::of(
        &format!("mcp.crm = {{ command = {python:?}, args = [\"{root}/tests/python/mcp_server.py\"] }}"),
        "mcp = [\"crm.find_customer\"]",
        Some("voice_ai_mcp_up{server=\"crm\"} 1"),
        vec![("crm_find_customer", json!({"cpf": CPF})), ("crm_die", json!({}))],
    )
    .await;
    assert!(
        call.told.contains(&(true, format!("Ana, plan gold, {CPF}"))),
        "{:?}",
        call.told
    );
    let refused = call
        .told
        .iter()
        .any(|(ok, told)| !ok && told.contains("there is no tool \"crm_die\" here"));
    assert!(refused, "{:?}", call.told);
}

#[tokio::test]
async fn a_secretary_whose_tools_cannot_work_is_refused_with_the_remedy() {
    let service = Service::start([]).await.unwrap();
    let wrong = [
        ("mcp = [\"bank.*\"]".to_owned(), "write a section [mcp.bank]"),
        (
            find_customer(&service).replace("allow_private = true\n", ""),
            "find_customer: its url: a URL begins with https://",
        ),
        (
            find_customer(&service).replace("minLength = 11", "minLength = \"x\""),
            "find_customer: its arguments are no JSON Schema",
        ),
        (
            format!(
                "{}headers = {{ Authorization = {{ file = \"/no/such/secret\" }} }}\n",
                find_customer(&service)
            ),
            "the header Authorization: /no/such/secret: ",
        ),
    ];
    for (lines, told) in wrong {
        let folder = tempfile::tempdir().unwrap();
        let file = format!(
            "name = \"provedor\"\nlanguage = \"en\"\nengine = \"loopback\"\ngreeting = {{ text = \"\" }}\n\
             phrases = {{ reprompts = [], farewell = \"\", apology = \"\", backchannels = [] }}\n{lines}\n"
        );
        std::fs::write(folder.path().join("a.toml"), file).unwrap();
        let text = format!("stt.model = \"\"\nsecretaries.dir = {:?}\n", folder.path());
        let config = gateway::Config::parse(Some(("test.toml", &text)), []).unwrap();
        let problems = gateway::Gateway::check(&config).unwrap_err();
        assert!(
            problems.len() == 1 && problems[0].contains(told),
            "{told}: {problems:?}"
        );
    }
}
