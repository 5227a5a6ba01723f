//! Tools beyond the PBX, as a file declares them.

use secretary::{Given, HttpTool, Method, Secretary, Template};
use serde_json::json;

const HEAD: &str = r#"
name = "reception"
language = "pt-BR"
engine = "loopback"
mcp = ["crm.find_customer", "agenda.*"]
greeting = { text = "" }
limits = { tool_ms = 8000 }

[phrases]
reprompts = []
farewell = ""
apology = ""
backchannels = []
wait = "Um momento, por favor."
"#;

const FIND: &str = r#"
[[http_tools]]
name = "find_customer"
description = "Finds a customer by their CPF."
say = "Vou consultar."
url = "https://crm.example.com/v1/customers/{cpf}"
query = { plan = "{plan}", from = "phone" }
headers = { Authorization = { env = "CRM_TOKEN", prefix = "Bearer " }, Accept-Language = "pt-BR" }

[http_tools.arguments]
required = ["cpf"]

[http_tools.arguments.properties]
cpf = { type = "string", pattern = "^[0-9]{11}$", description = "the CPF, digits alone" }
plan = { type = "string", enum = ["basic", "gold"] }
"#;

fn one(tool: &str) -> HttpTool {
    let secretary = Secretary::parse("reception.toml", &format!("{HEAD}{tool}")).unwrap();
    let [tool] = secretary.http_tools.try_into().unwrap();
    tool
}

/// The problems and remedies, without the place.
fn refusals(text: &str) -> Vec<String> {
    let faults = Secretary::parse("reception.toml", text).unwrap_err();
    let told = faults
        .iter()
        .map(|fault| format!("{}; {}", fault.problem, fault.remedy));
    told.collect()
}

/// The only thing that is wrong with a file in which this was put in the place of that.
fn refusal(from: &str, to: &str) -> String {
    let text = format!("{HEAD}{FIND}");
    assert!(text.contains(from), "{from}");
    let mut all = refusals(&text.replacen(from, to, 1));
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

#[test]
fn a_request_is_declared_with_its_schema() {
    let tool = one(FIND);
    assert_eq!((tool.method, tool.timeout_ms), (Method::Get, 8_000));
    assert_eq!(tool.say.as_deref(), Some("Vou consultar."));
    assert_eq!(
        tool.url,
        Template::parse("https://crm.example.com/v1/customers/{cpf}").unwrap()
    );
    assert_eq!(tool.query["from"].to_string(), "phone");
    assert_eq!(
        tool.headers["Authorization"],
        Given::Env {
            env: "CRM_TOKEN".into(),
            prefix: "Bearer ".into()
        }
    );
    assert_eq!(tool.headers["Accept-Language"], Given::Text("pt-BR".into()));
    assert_eq!(
        tool.arguments,
        json!({"type": "object", "required": ["cpf"], "properties": {
            "cpf": {"type": "string", "pattern": "^[0-9]{11}$", "description": "the CPF, digits alone"},
            "plan": {"type": "string", "enum": ["basic", "gold"]}}})
    );
}

#[test]
fn a_schema_may_be_written_as_json_and_a_body_makes_a_post() {
    let tool = one(r#"
[[http_tools]]
name = "book"
description = "Books a visit."
url = "https://crm.example.com/visits"
arguments = '''{"properties": {"day": {"type": "string"}, "hours": {"type": "array"}}}'''
body = { day = "{day}", at = "{hours}", note = "day {day}, {{phone}}", priority = 2 }
timeout_ms = 2500
"#);
    assert_eq!((tool.method, tool.timeout_ms), (Method::Post, 2_500));
    assert_eq!(
        tool.body,
        Some(json!({"day": "{day}", "at": "{hours}", "note": "day {day}, {{phone}}", "priority": 2}))
    );
}

#[test]
fn a_file_names_what_it_wants_of_mcp_servers() {
    let secretary = Secretary::parse("reception.toml", HEAD).unwrap();
    assert_eq!(secretary.phrases.wait, "Um momento, por favor.");
    let wanted = |server, tool| secretary.mcp.iter().any(|tools| tools.includes(server, tool));
    assert!(wanted("crm", "find_customer") && wanted("agenda", "book"));
    assert!(!wanted("crm", "delete_customer") && !wanted("bank", "find_customer"));
    for (text, told) in [
        (
            "\"crm\"",
            "\"crm\" names no tool of an MCP server; write \"server.tool\"",
        ),
        ("\"crm.\"", "\"crm.\" names no tool"),
        ("\"agenda.*\"", "\"agenda.*\" stands twice; leave one of them out"),
    ] {
        let refused = refusal("\"crm.find_customer\"", text);
        assert!(refused.starts_with(told), "{refused}");
    }
}

#[test]
fn what_is_wrong_with_a_request_is_told_with_what_would_be_right() {
    for (from, to, told) in [
        (
            "\"find_customer\"\nd",
            "\"end_call\"\nd",
            "\"end_call\" is a tool of the gateway's; give yours another name",
        ),
        (
            "\"find_customer\"\nd",
            "\"consultar cpf\"\nd",
            "\"consultar cpf\" is no name of a tool; write up to 64 letters",
        ),
        (
            "/{cpf}\"",
            "/{cfp}\"",
            "url has a place for \"cfp\", which is no argument; did you mean \"cpf\"?",
        ),
        (
            "/{cpf}\"",
            "/{cpf\"",
            "url: it has a brace without its other one; write {{ or }}",
        ),
        ("/{cpf}\"", "/{c p f}\"", "url: {c p f} is no name of an argument"),
        (
            "/{cpf}\"",
            "?cpf={cpf}\"",
            "\"cpf\" stands behind the path of the url; write query = { cpf = \"{cpf}\" }",
        ),
        (
            "https://crm.example.com/v1",
            "https://{cpf}.example.com/v1",
            "an argument would choose the host of the url",
        ),
        (
            "crm.example.com/v1/customers/{cpf}",
            "crm.example.com:{cpf}",
            "an argument would choose the host of the url",
        ),
        ("https://crm", "ftp://crm", "the url does not begin with https://"),
        (
            "required = [\"cpf\"]",
            "",
            "\"cpf\" stands in the url, and may be left out; add it to arguments.required",
        ),
        (
            "{ env = \"CRM_TOKEN\", prefix = \"Bearer \" }",
            "\"Bearer s3cret\"",
            "the header Authorization is a secret",
        ),
        (
            "{ env = \"CRM_TOKEN\", prefix = \"Bearer \" }",
            "{ variable = \"A\" }",
            "the header Authorization is neither",
        ),
        (
            "Accept-Language =",
            "Host =",
            "the header Host is the request's own; leave it out",
        ),
        (
            "say =",
            "timeout_ms = 9000\nsay =",
            "timeout_ms is 9000, and no tool may take longer than limits.tool_ms, 8000",
        ),
        ("say =", "method = \"FETCH\"\nsay =", "\"FETCH\" is no method"),
        (
            "say =",
            "method = \"GET\"\nbody = { a = 1 }\nsay =",
            "a request of GET has no body",
        ),
        (
            "{plan}",
            "{plano}",
            "query.plan has a place for \"plano\", which is no argument; did you mean \"plan\"?",
        ),
        (
            "properties]\ncpf = {",
            "properties]\nextra = 1\ncpf = {",
            "arguments: each of its properties must be a schema",
        ),
        (
            "required =",
            "type = \"array\"\nrequired =",
            "arguments: its type is not \"object\"",
        ),
        ("say =", "tries = 3\nsay =", "unknown key `http_tools.tries`"),
    ] {
        let text = format!("{HEAD}{FIND}");
        assert!(text.contains(from), "{from}");
        let all = refusals(&text.replacen(from, to, 1));
        assert!(all.iter().any(|one| one.starts_with(told)), "{to}: {all:#?}");
    }
}

#[test]
fn a_refused_secret_is_not_repeated() {
    let refused = refusal(
        "{ env = \"CRM_TOKEN\", prefix = \"Bearer \" }",
        "\"Bearer s3cret\"",
    );
    assert!(!refused.contains("s3cret"), "{refused}");
}

#[test]
fn two_tools_have_two_names() {
    let all = refusals(&format!("{HEAD}{FIND}{FIND}"));
    assert_eq!(
        all,
        ["the tool \"find_customer\" stands twice; give each a name of its own"]
    );
}
