//! Servers that are none, or never answer. None of them holds up anybody.

use serde_json::json;
use sim::service::{Reply, Service};
use std::collections::BTreeMap;
use std::time::Duration;
use tools::Trouble;
use tools::http::given_headers;
use tools::mcp::{Launch, Server, Servers, Standing};

const PATIENCE: Duration = Duration::from_secs(30);

fn process(command: &str, args: &[&str]) -> Launch {
    Launch::Process {
        command: command.into(),
        args: args.iter().map(|one| (*one).to_owned()).collect(),
        env: BTreeMap::new(),
    }
}

fn http(url: String, allow_private: bool) -> Launch {
    Launch::Http {
        url,
        headers: given_headers(&BTreeMap::new()).unwrap(),
        allow_private,
    }
}

fn start(launch: Launch) -> Servers {
    Servers::start(vec![Server {
        name: "crm".into(),
        launch,
        timeout: PATIENCE,
    }])
}

/// Why the server is down.
async fn down(launch: Launch) -> String {
    let servers = start(launch);
    servers.settled(PATIENCE).await;
    let (_, Standing::Down { why }) = servers.standings().next().unwrap() else {
        panic!("it is not down");
    };
    assert!(servers.tools("crm").is_empty());
    let error = servers.call("crm", "find_customer", json!({})).await.unwrap_err();
    assert_eq!(error.trouble(), Trouble::Unreachable);
    why
}

#[tokio::test]
async fn what_cannot_be_started_is_told_with_its_remedy() {
    let why = down(process("/no/such/program", &[])).await;
    assert!(
        why.contains("/no/such/program cannot be started") && why.contains("command must name"),
        "{why}"
    );
}

#[tokio::test]
async fn a_program_that_is_no_server_is_down() {
    down(process("true", &[])).await;
    down(process("sh", &["-c", "echo hello; exit 1"])).await;
}

#[tokio::test]
async fn a_server_that_never_says_hello_holds_up_nobody() {
    let servers = start(process("sleep", &["600"]));
    servers.settled(Duration::from_millis(100)).await;
    assert_eq!(servers.standings().next(), Some(("crm", Standing::Starting)));
    assert!(servers.tools("crm").is_empty());
    let error = servers.call("crm", "find_customer", json!({})).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "find_customer cannot be reached now: go on without it"
    );
}

#[tokio::test]
async fn a_service_that_is_no_server_is_down() {
    let service = Service::start([("/page", Reply::of("text/html", "<h1>Hello</h1>"))])
        .await
        .unwrap();
    let at = |path: &str| format!("http://{}{path}?key=s3cret", service.address());
    for url in [at("/page"), at("/nothing")] {
        let why = down(http(url, true)).await;
        assert!(!why.contains("s3cret"), "{why}");
    }
}

#[tokio::test]
async fn a_private_address_is_reached_only_where_that_is_allowed() {
    let why = down(http("https://127.0.0.1/mcp".into(), false)).await;
    assert!(why.contains("allow_private"), "{why}");
    let why = down(http("https://localhost:1/mcp".into(), false)).await;
    assert!(why.contains("allow_private"), "{why}");
}

#[tokio::test]
async fn there_is_nothing_of_a_server_that_is_not_configured() {
    let servers = Servers::default();
    assert!(servers.tools("crm").is_empty());
    let error = servers.call("crm", "x", json!({})).await.unwrap_err();
    assert!(error.for_operator().contains("no such server"), "{error:?}");
}
