//! One request: what is sent, and what of the answer is told.

use crate::reception::{Desk, tool};
use serde_json::{Value, json};
use sim::service::Reply;
use std::io::Write;
use std::net::TcpListener;
use tools::{ToolError, Trouble};

const CUSTOMER: &str = r#"
url = "AT/v1/customers/{cpf}"
query = { plan = "{plan}", from = "phone, {cpf}" }
arguments.required = ["cpf"]
arguments.properties.cpf = { type = "string", pattern = "^[0-9]{11}$" }
arguments.properties.plan = { type = "string", enum = ["basic", "gold"] }
"#;

const CPF: &str = "12345678909";

#[tokio::test]
async fn arguments_stand_where_the_file_wants_them() {
    let desk = Desk::with([("/v1", Reply::json("{\"name\": \"Ana\"}"))]).await;
    let tool = desk.tool(CUSTOMER);
    let told = desk.make(&tool, json!({"cpf": CPF, "plan": "gold"})).await;
    assert_eq!(told.unwrap(), "{\"name\": \"Ana\"}");
    desk.make(&tool, json!({"cpf": CPF})).await.unwrap();
    assert_eq!(
        desk.lines(),
        [
            "GET /v1/customers/12345678909?from=phone%2C+12345678909&plan=gold",
            "GET /v1/customers/12345678909?from=phone%2C+12345678909",
        ],
        "what is not given is left out"
    );
}

#[tokio::test]
async fn arguments_that_do_not_fit_the_schema_are_not_sent() {
    let desk = Desk::with([("/v1", Reply::json("{}"))]).await;
    let tool = desk.tool(CUSTOMER);
    for (arguments, told) in [
        (json!({}), "\"cpf\" is a required property"),
        (json!({"cpf": "123"}), "cpf: \"123\" does not match"),
        (
            json!({"cpf": CPF, "plan": "free"}),
            "plan: \"free\" is not one of",
        ),
        (json!(null), "is not of type \"object\""),
    ] {
        let error = desk.make(&tool, arguments).await.unwrap_err();
        assert_eq!(error.trouble(), Trouble::Arguments);
        assert!(error.to_string().contains(told), "{error}");
        assert!(!error.for_operator().contains("123"), "{}", error.for_operator());
    }
    assert!(desk.lines().is_empty());
}

#[tokio::test]
async fn a_body_has_the_arguments_as_they_are() {
    let desk = Desk::with([("/visits", Reply::json("").with(201))]).await;
    let tool = desk.tool(
        r#"
url = "AT/visits"
body = { when = { day = "{day}", hour = "{hour}" }, note = "{who} at {{{hour}}}", by = "phone", tags = ["{tag}", "new"], gone = "{tag}" }
[http_tools.arguments.properties]
day = { type = "string" }
hour = { type = "integer" }
who = { type = "string" }
tag = { type = "string" }
"#,
    );
    let told = desk
        .make(&tool, json!({"day": "\"}, 1", "hour": 9, "who": "Ana"}))
        .await;
    assert_eq!(told.unwrap(), "done", "an empty answer says so");
    let [asked] = desk.service.asked().try_into().unwrap();
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    assert_eq!(
        body,
        json!({"when": {"day": "\"}, 1", "hour": 9}, "note": "Ana at {9}", "by": "phone", "tags": ["new"]})
    );
    assert_eq!(
        (asked.method.as_str(), &asked.headers["content-type"]),
        ("POST", &"application/json".parse().unwrap())
    );
}

#[tokio::test]
async fn without_a_body_of_its_own_a_post_sends_all_arguments() {
    let desk = Desk::with([("/visits", Reply::json("{}"))]).await;
    let tool =
        desk.tool("url = \"AT/visits\"\nmethod = \"POST\"\narguments = '{\"properties\": {\"day\": {}}}'\n");
    desk.make(&tool, json!({"day": [1, 2]})).await.unwrap();
    assert_eq!(desk.service.asked()[0].body, r#"{"day":[1,2]}"#);
}

#[tokio::test]
async fn secrets_are_sent_and_shown_nowhere() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "s3cret-of-the-crm").unwrap();
    let desk = Desk::with([("/", Reply::json("{}"))]).await;
    let headers = format!(
        "url = \"AT/\"\nheaders = {{ Authorization = {{ file = {:?}, prefix = \"Bearer \" }}, X-From = \"phone\" }}\n",
        file.path()
    );
    let mut tool = desk.tool(&headers);
    tools::http::check(&tool).unwrap();
    desk.make(&tool, json!({})).await.unwrap();
    let [asked] = desk.service.asked().try_into().unwrap();
    assert_eq!(asked.headers["authorization"], "Bearer s3cret-of-the-crm");
    assert_eq!(asked.headers["x-from"], "phone");
    assert!(!format!("{tool:?}").contains("s3cret"));
    // One that cannot be had is told to the operator with its remedy, and nothing is sent without it.
    file.close().unwrap();
    assert!(
        tools::http::check(&tool)
            .unwrap_err()
            .contains("must be able to read it")
    );
    let error = desk.make(&tool, json!({})).await.unwrap_err();
    assert_eq!(error.to_string(), "look_up is not set up: go on without it");
    assert!(
        error.for_operator().contains("Authorization"),
        "{}",
        error.for_operator()
    );
    assert_eq!(desk.lines().len(), 1);
    tool.headers.clear();
    desk.make(&tool, json!({})).await.unwrap();
}

#[tokio::test]
async fn what_a_service_refuses_is_told_with_its_words() {
    let desk = Desk::with([
        ("/none", Reply::of("text/plain", "no such customer\n").with(404)),
        (
            "/broken",
            Reply::of("text/html", "<h1>Internal error</h1>").with(500),
        ),
    ])
    .await;
    let error = desk
        .make(&desk.tool("url = \"AT/none\"\n"), json!({}))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "look_up answered 404 Not Found: no such customer"
    );
    assert_eq!(error.for_operator(), "it answered 404 Not Found");
    let error = desk
        .make(&desk.tool("url = \"AT/broken\"\n"), json!({}))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "look_up answered 500 Internal Server Error");
}

#[tokio::test]
async fn only_text_is_told_and_no_more_of_it_than_a_model_reads() {
    let desk = Desk::with([
        ("/endless", Reply::endless("la ".repeat(1_000))),
        ("/picture", Reply::of("image/png", "PNG")),
        ("/untyped", Reply::of("text/plain", "olá").untyped()),
        ("/problem", Reply::of("application/problem+json", "{}")),
    ])
    .await;
    let at = |path: &str| desk.tool(&format!("url = \"AT/{path}\"\n"));
    let told = desk.make(&at("endless"), json!({})).await.unwrap();
    assert!(
        told.len() < 17_000 && told.ends_with("longer than 16384 bytes)"),
        "{}",
        told.len()
    );
    let error = desk.make(&at("picture"), json!({})).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "look_up answered with image/png, which cannot be told: go on without it"
    );
    assert_eq!(desk.make(&at("untyped"), json!({})).await.unwrap(), "olá");
    assert_eq!(desk.make(&at("problem"), json!({})).await.unwrap(), "{}");
}

#[tokio::test]
async fn a_service_that_says_nothing_is_given_up() {
    let desk = Desk::with([("/", Reply::none())]).await;
    let tool = desk.tool("url = \"AT/\"\ntimeout_ms = 50\n");
    let error = desk.make(&tool, json!({})).await.unwrap_err();
    assert_eq!(
        error,
        ToolError::Late {
            tool: "look_up".into()
        }
    );
}

#[tokio::test]
async fn a_service_that_is_not_there_is_told_as_that() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let desk = Desk::with([]).await;
    let tool = tool(&format!(
        "allow_private = true\nurl = \"http://{gone}/customers/{{id}}\"\narguments = {{ required = [\"id\"], properties = {{ id = {{}} }} }}\n"
    ));
    let error = desk.make(&tool, json!({"id": CPF})).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "look_up cannot be reached now: go on without it"
    );
    let told = error.for_operator();
    assert!(told.contains("refused") && !told.contains(CPF), "{told}");
}

#[tokio::test]
async fn nothing_private_is_reached_unless_that_is_allowed() {
    let desk = Desk::with([("/", Reply::json("{\"secret\": 1}"))]).await;
    let port = desk.service.address().port();
    for (url, told) in [
        (
            format!("https://127.0.0.1:{port}/"),
            "private or reserved address",
        ),
        (format!("https://[::1]:{port}/"), "private or reserved address"),
        (format!("https://0x7f.1:{port}/"), "private or reserved address"),
        (
            format!("https://169.254.169.254:{port}/latest"),
            "private or reserved address",
        ),
        (format!("http://127.0.0.1:{port}/"), "not with http:"),
        (format!("https://ana:pass@localhost:{port}/"), "password"),
    ] {
        let tool = tool(&format!("url = {url:?}\n"));
        assert!(tools::http::check(&tool).unwrap_err().contains(told), "{url}");
        let error = desk.make(&tool, json!({})).await.unwrap_err();
        assert!(
            error.for_operator().contains(told),
            "{url}: {}",
            error.for_operator()
        );
    }
    // A name is looked up when the connection is made, and that connection goes to what was found.
    let tool = tool(&format!("url = \"https://localhost:{port}/\"\n"));
    let error = desk.make(&tool, json!({})).await.unwrap_err();
    assert!(
        error
            .for_operator()
            .contains("private or reserved addresses alone"),
        "{}",
        error.for_operator()
    );
    assert!(desk.lines().is_empty());
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let desk = Desk::with([
        ("/moved", Reply::moved("/inside")),
        ("/inside", Reply::json("{}")),
    ])
    .await;
    let error = desk
        .make(&desk.tool("url = \"AT/moved\"\n"), json!({}))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("302 Found: it has moved"), "{error}");
    assert_eq!(desk.lines(), ["GET /moved"]);
}

#[test]
fn a_schema_that_is_none_is_told_before_a_call_needs_it() {
    for (schema, told) in [
        ("{ a = { type = \"txt\" } }", "no JSON Schema"),
        ("{ a = { type = \"string\", pattern = \"(\" } }", "no JSON Schema"),
        (
            "{ a = { \"$ref\" = \"https://example.com/schema.json\" } }",
            "no JSON Schema",
        ),
    ] {
        let tool = tool(&format!(
            "url = \"https://example.com/\"\narguments = {{ properties = {schema} }}\n"
        ));
        let error = tools::http::check(&tool).unwrap_err();
        assert!(error.contains(told), "{error}");
    }
}
