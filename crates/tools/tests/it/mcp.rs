//! Servers made with the official Python SDK.

use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tools::Trouble;
use tools::http::given_headers;
use tools::mcp::{Launch, Server, Servers, Standing};

const PATIENCE: Duration = Duration::from_secs(60);
const CPF: &str = "12345678909";

/// The interpreter that has the `mcp` package, if it was installed.
fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    let has_package = std::process::Command::new(&python)
        .args(["-c", "import mcp.server.mcpserver"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !has_package {
        println!("skipped: no .venv with the mcp package; `make test` makes it");
    }
    has_package.then_some(python)
}

fn script() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/python/mcp_server.py");
    script.display().to_string()
}

async fn started(launch: Launch, timeout: Duration) -> Servers {
    let servers = Servers::start(vec![Server {
        name: "crm".into(),
        launch,
        timeout,
    }]);
    servers.settled(PATIENCE).await;
    servers
}

/// The server as a process of ours.
async fn process(python: &Path, timeout: Duration) -> Servers {
    let launch = Launch::Process {
        command: python.display().to_string(),
        args: vec![script()],
        env: BTreeMap::from([("CRM_TOKEN".into(), "s3cret".into())]),
    };
    started(launch, timeout).await
}

/// The server as a service of its own.
struct Service {
    _child: Child,
    port: u16,
}

impl Service {
    async fn start(python: &Path) -> Self {
        let mut child = Command::new(python)
            .args([script(), "http".into()])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut port = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut port).await.unwrap();
        Self {
            _child: child,
            port: port.trim().parse().unwrap(),
        }
    }

    async fn reached(&self) -> Servers {
        let launch = Launch::Http {
            url: format!("http://127.0.0.1:{}/mcp", self.port),
            headers: given_headers(&BTreeMap::new()).unwrap(),
            allow_private: true,
        };
        started(launch, PATIENCE).await
    }
}

async fn talks(servers: &Servers) {
    assert_eq!(servers.standings().collect::<Vec<_>>(), [("crm", Standing::Up)]);
    let tools = servers.tools("crm");
    let find = tools.iter().find(|tool| tool.name == "find_customer").unwrap();
    assert_eq!(find.description, "Finds a customer by their CPF.");
    assert_eq!(find.arguments["properties"]["cpf"]["type"], "string");
    assert_eq!(find.arguments["required"], json!(["cpf"]));

    let told = servers.call("crm", "find_customer", json!({"cpf": CPF})).await;
    assert_eq!(told.unwrap(), format!("Ana, plan gold, {CPF}"));
    let error = servers
        .call("crm", "find_customer", json!({"cpf": "1"}))
        .await
        .unwrap_err();
    assert_eq!(error.trouble(), Trouble::Refused);
    assert!(error.to_string().contains("there is no such customer"), "{error}");
    assert_eq!(error.for_operator(), "it answered an error");
    let error = servers.call("crm", "no_such_tool", json!({})).await.unwrap_err();
    assert_eq!(error.trouble(), Trouble::Refused, "{error:?}");
    let error = servers
        .call("crm", "find_customer", json!("x"))
        .await
        .unwrap_err();
    assert_eq!(error.trouble(), Trouble::Arguments);

    let told = servers.call("crm", "long_story", json!({})).await.unwrap();
    assert!(told.len() < 17_000 && told.contains("cut"), "{}", told.len());
    assert_eq!(
        servers.call("crm", "picture", json!(null)).await.unwrap(),
        "(a picture)"
    );
}

#[tokio::test]
async fn a_process_of_the_official_sdk_is_asked_over_its_input_and_output() {
    let Some(python) = python() else { return };
    let servers = process(&python, PATIENCE).await;
    talks(&servers).await;
    let environment = servers.call("crm", "environment", json!({})).await.unwrap();
    let has = |name: &str| environment.split(' ').any(|one| one == name);
    assert!(has("PATH") && has("CRM_TOKEN"), "{environment}");
    assert!(
        !has("CARGO_MANIFEST_DIR"),
        "what is ours stays ours: {environment}"
    );
}

#[tokio::test]
async fn a_service_of_the_official_sdk_is_asked_over_http() {
    let Some(python) = python() else { return };
    let service = Service::start(&python).await;
    talks(&service.reached().await).await;
}

/// Waits until the server offers this.
async fn offers(servers: &Servers, tool: &str) {
    let offered = async {
        while !servers.tools("crm").iter().any(|known| known.name == tool) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, offered).await.unwrap();
}

#[tokio::test]
async fn a_server_that_learns_a_tool_is_asked_for_its_tools_again() {
    let Some(python) = python() else { return };
    let service = Service::start(&python).await;
    for servers in [process(&python, PATIENCE).await, service.reached().await] {
        servers.call("crm", "learn", json!({})).await.unwrap();
        offers(&servers, "sing").await;
        assert_eq!(servers.call("crm", "sing", json!({})).await.unwrap(), "la la la");
    }
}

#[tokio::test]
async fn what_takes_too_long_is_called_off_at_the_server_too() {
    let Some(python) = python() else { return };
    let service = Service::start(&python).await;
    for servers in [process(&python, PATIENCE).await, service.reached().await] {
        // The call that wanted it is over.
        let abandoned = servers.call("crm", "hang", json!({}));
        let over = servers.call("crm", "find_customer", json!({"cpf": CPF}));
        tokio::select! {
            biased;
            never = abandoned => panic!("{never:?}"),
            told = over => drop(told.unwrap()),
        }
        let told = servers.call("crm", "until_called_off", json!({})).await;
        assert_eq!(told.unwrap(), "called off");
    }
    let impatient = process(&python, Duration::from_millis(300)).await;
    let error = impatient.call("crm", "hang", json!({})).await.unwrap_err();
    assert_eq!(error.to_string(), "hang did not answer in time: go on without it");
    assert_eq!(
        impatient
            .call("crm", "until_called_off", json!({}))
            .await
            .unwrap(),
        "called off"
    );
}

#[tokio::test]
async fn a_server_that_dies_is_started_again_and_its_tools_stay_known() {
    let Some(python) = python() else { return };
    let servers = process(&python, PATIENCE).await;
    let error = servers.call("crm", "die", json!({})).await.unwrap_err();
    assert_eq!(error.to_string(), "die cannot be reached now: go on without it");
    assert!(
        servers
            .tools("crm")
            .iter()
            .any(|tool| tool.name == "find_customer")
    );
    let again = async {
        while servers
            .call("crm", "find_customer", json!({"cpf": CPF}))
            .await
            .is_err()
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, again).await.unwrap();
}

#[tokio::test]
async fn a_server_ends_when_it_is_told_to() {
    let Some(python) = python() else { return };
    let servers = process(&python, PATIENCE).await;
    servers.end(PATIENCE).await;
    let error = servers
        .call("crm", "find_customer", json!({"cpf": CPF}))
        .await
        .unwrap_err();
    assert_eq!(error.trouble(), Trouble::Unreachable);
}
