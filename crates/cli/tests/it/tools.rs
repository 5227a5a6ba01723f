//! `voice-ai tools`: what is offered, and one tool tried.

use crate::server::voice_ai;
use sim::service::{Reply, Service};
use std::process::Output;

struct Office {
    folder: tempfile::TempDir,
}

impl Office {
    /// A configuration with a secretary that asks this service.
    fn open(service: &Service) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "stt.model = \"\"\nsecretaries.dir = {:?}\n[mcp.crm]\ncommand = \"/no/such/server\"\n\
             [[domains]]\nuuid = \"11111111-2222-4333-8444-000000000001\"\nname = \"north.example\"\ndefault_secretary = \"front\"\n",
            folder.path()
        );
        let secretary = format!(
            "name = \"front\"\nlanguage = \"en\"\nengine = \"loopback\"\ntools = [\"end_call\"]\nmcp = [\"crm.*\"]\n\
             greeting = {{ text = \"\" }}\nphrases = {{ reprompts = [], farewell = \"\", apology = \"\", backchannels = [] }}\n\
             [[http_tools]]\nname = \"find_customer\"\ndescription = \"Finds a customer.\"\nallow_private = true\n\
             url = \"http://{}/customers/{{cpf}}\"\narguments = {{ required = [\"cpf\"], properties = {{ cpf = {{}} }} }}\n",
            service.address()
        );
        std::fs::write(folder.path().join("voice-ai.conf"), config).unwrap();
        std::fs::write(folder.path().join("front.toml"), secretary).unwrap();
        Self { folder }
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = voice_ai(&["tools"]);
        command
            .args(arguments)
            .arg("--config")
            .arg(self.folder.path().join("voice-ai.conf"));
        tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap()
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn what_an_engine_is_offered_is_listed_and_tried() {
    let service = Service::start([("/customers/7", Reply::json("{\"name\": \"Ana\"}"))])
        .await
        .unwrap();
    let office = Office::open(&service);
    let listed = office.run(&["list"]).await;
    assert_eq!(
        text(&listed.stdout),
        "NAME           PLACE    WHAT IT DOES\n\
         end_call       gateway  Ends the call after your last words have been heard. Say good-bye first.\n\
         find_customer  http     Finds a customer.\n"
    );
    assert!(
        text(&listed.stderr)
            .contains("the MCP server crm does not answer: /no/such/server cannot be started"),
        "{}",
        text(&listed.stderr)
    );
    assert!(listed.status.success());

    let tried = office
        .run(&["test", "find_customer", "--arguments", "{\"cpf\": 7}"])
        .await;
    assert_eq!(text(&tried.stdout), "{\"name\": \"Ana\"}\n");
    assert!(tried.status.success() && text(&tried.stderr).contains("find_customer answered in"));

    for (arguments, code, told) in [
        (
            ["test", "find_customer", "--arguments", "{\"cpf\": 8}"],
            1,
            "404 Not Found",
        ),
        (
            ["test", "find_customer", "--arguments", "{}"],
            1,
            "do not fit its schema",
        ),
        (
            ["test", "end_call", "--arguments", "{}"],
            1,
            "used in calls alone",
        ),
        (
            ["test", "find_cust", "--arguments", "{}"],
            1,
            "there is end_call, find_customer",
        ),
        (
            ["test", "find_customer", "--arguments", "[]"],
            2,
            "write an object",
        ),
        (
            ["test", "find_customer", "--secretary", "back"],
            1,
            "no secretary \"back\"",
        ),
    ] {
        let tried = office.run(&arguments).await;
        assert_eq!(tried.status.code(), Some(code), "{arguments:?}");
        assert!(
            text(&tried.stderr).contains(told),
            "{arguments:?}: {}",
            text(&tried.stderr)
        );
    }
}
