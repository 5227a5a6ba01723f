//! What an operator sees of calls and FreeSWITCHes over the local API, and what may be wanted of a call.

use crate::asker::Asker;
use crate::estate::{CALL, Estate, Keys, NORTH, SOUTH};
use crate::line::{DOMAIN, Line, Node, Wanted, secretary};
use crate::pbx_site::{PbxSite, hears, soon, words};
use crate::site::{Answer, read};
use serde_json::{Value, json};
use sim::Module;
use sim::freeswitch::{Behaviour, Caller, FreeSwitch, Setup};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const DESTINATIONS: &str = r#"
[[destinations]]
name = "Jenny Cole"
number = "2001"
[[destinations]]
name = "Jenny Hart"
number = "2002"
hours = { timezone = "America/New_York", week = {} }
"#;

/// Whoever asks the API of one node.
struct Operator {
    addr: SocketAddr,
    token: String,
}

impl Operator {
    fn of(node: &Node) -> Self {
        Self::at(node.control_addr(), node.folder())
    }

    fn at(addr: SocketAddr, data: &Path) -> Self {
        let token = std::fs::read_to_string(data.join("control.token")).unwrap();
        let token = token.trim().to_owned();
        Self { addr, token }
    }

    async fn asks(&self, method: &str, path: &str, body: &str) -> Answer {
        asks(self.addr, method, path, Some(&self.token), body).await
    }

    async fn gets(&self, path: &str) -> Value {
        let answer = self.asks("GET", path, "").await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    async fn wants(&self, caller: &Caller, what: &str, body: Value) -> Answer {
        let path = format!("/calls/{}/{what}", caller.uuid());
        self.asks("POST", &path, &body.to_string()).await
    }

    /// Waits until the call is so.
    async fn sees(&self, caller: &Caller, key: &str, value: &str) -> Value {
        let path = format!("/calls/{}", caller.uuid());
        let seen = async {
            loop {
                let answer = self.asks("GET", &path, "").await;
                if answer.status == 200 && answer.json()[key] == value {
                    return answer.json();
                }
            }
        };
        soon(&format!("{key} = {value}"), seen).await
    }
}

async fn asks(addr: SocketAddr, method: &str, path: &str, token: Option<&str>, body: &str) -> Answer {
    let mut socket = TcpStream::connect(addr).await.unwrap();
    let token = token.map_or(String::new(), |token| {
        format!("Authorization: Bearer {token}\r\n")
    });
    let length = body.len();
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: {addr}\r\n{token}Content-Length: {length}\r\n\r\n{body}");
    socket.write_all(request.as_bytes()).await.unwrap();
    read(&mut socket).await
}

fn desk() -> Wanted {
    secretary("desk", "openai").with(DESTINATIONS)
}

/// A call at a desk that says nothing by itself.
struct Scene {
    site: PbxSite,
    caller: Caller,
    operator: Operator,
}

impl Scene {
    async fn begin(jenny: Behaviour) -> Self {
        let site = PbxSite::start_with(desk(), "", vec![Arc::new(Asker::new())]).await;
        site.fake.extension("2001", jenny);
        let caller = site.calls();
        let operator = Operator::of(&site.node);
        operator.sees(&caller, "state", "talking").await;
        Self {
            site,
            caller,
            operator,
        }
    }
}

#[tokio::test]
async fn every_request_asks_for_a_token_that_only_the_service_s_user_can_read() {
    let node = Node::start(secretary("echo", "loopback"), "").await;
    let (addr, call) = (node.control_addr(), format!("/calls/{CALL}"));
    let hang_up = format!("{call}/hangup");
    let requests = [
        ("GET", "/calls"),
        ("GET", call.as_str()),
        ("GET", "/pbx"),
        ("POST", hang_up.as_str()),
        ("GET", "/calls/nonsense/else"),
    ];
    for (method, path) in requests {
        for token in [None, Some("0123"), Some("")] {
            let answer = asks(addr, method, path, token, "").await;
            assert_eq!(answer.status, 401, "{method} {path} {token:?}: {answer:?}");
            assert!(answer.explanation().contains("control.token"), "{answer:?}");
        }
    }
    let file = node.folder().join("control.token");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let operator = Operator::of(&node);
    assert!(operator.token.len() == 64, "{}", operator.token);
    assert_eq!(operator.gets("/calls").await, json!([]));
    assert_eq!(operator.gets("/pbx").await, json!([]));
    assert_eq!(asks(addr, "GET", "/metrics", None, "").await.status, 200);
}

#[tokio::test]
async fn the_configured_token_serves_for_all_and_none_is_made() {
    let environment = [("VOICE_AI__SERVER__CONTROL_TOKEN", "s3cret")];
    let node = Node::start_with(secretary("echo", "loopback"), "vad.enabled = false", environment).await;
    let addr = node.control_addr();
    assert_eq!(asks(addr, "GET", "/calls", Some("s3cret"), "").await.status, 200);
    assert_eq!(asks(addr, "GET", "/calls", None, "").await.status, 401);
    assert!(!node.folder().join("control.token").exists());
}

#[tokio::test]
async fn what_cannot_be_served_is_told_with_what_would_be_right() {
    let node = Node::start(secretary("echo", "loopback"), "").await;
    let operator = Operator::of(&node);
    let say = format!("/calls/{CALL}/say");
    let long = json!({ "text": "a".repeat(501) }).to_string();
    let longer = "x".repeat(9_000);
    for (method, path, body, status, words) in [
        ("GET", "/calls/else", "", 400, "UUID"),
        (
            "GET",
            "/calls?domain=else.example.com",
            "",
            404,
            "else.example.com",
        ),
        (
            "GET",
            &format!("/calls/{CALL}") as &str,
            "",
            404,
            "voice-ai calls list",
        ),
        ("POST", &format!("/calls/{CALL}/sing") as &str, "", 404, "/hangup"),
        ("POST", "/calls", "", 405, "GET"),
        ("GET", &say, "", 405, "POST"),
        ("POST", &say, "{}", 400, "text"),
        ("POST", &say, r#"{"text":" "}"#, 422, "1 to 500"),
        ("POST", &say, r#"{"text":"a\u0007b"}"#, 422, "1 to 500"),
        ("POST", &say, &long, 422, "501"),
        ("POST", &say, &longer, 413, "8 KiB"),
        ("POST", &say, r#"{"text":"hello"}"#, 404, CALL),
    ] {
        let answer = operator.asks(method, path, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert!(
            answer.explanation().contains(words),
            "{method} {path}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_call_shows_what_it_is() {
    let scene = Scene::begin(Behaviour::Busy).await;
    let list = scene.operator.gets("/calls?domain=pbx.example.com").await;
    let call = scene
        .operator
        .gets(&format!("/calls/{}", scene.caller.uuid()))
        .await;
    assert_eq!(list, json!([call]));
    for (key, value) in [
        ("uuid", json!(scene.caller.uuid())),
        ("domain", json!("pbx.example.com")),
        ("domain_uuid", json!(DOMAIN)),
        ("secretary", json!("desk")),
        ("engine", json!("openai")),
        ("pbx", json!("fake")),
        ("leg", json!("unicast")),
        ("build", json!("core")),
        ("rate", json!(8000)),
        ("mix", json!("mono")),
        ("turns", json!(0)),
        ("last_transfer", json!(null)),
    ] {
        assert_eq!(call[key], value, "{key}: {call}");
    }
    assert!(call["since"].as_i64().unwrap() > 1_700_000_000_000, "{call}");
    scene.caller.hang_up();
    scene.site.ends_empty().await;
    assert_eq!(scene.operator.gets("/calls").await, json!([]));
}

#[tokio::test]
async fn a_stream_shows_its_module_and_its_format_and_that_it_was_lost() {
    let node = Node::start(secretary("echo", "loopback"), "").await;
    let operator = Operator::of(&node);
    let mut line = Line::open(&node, CALL).await;
    line.text(r#"{"rate":16000,"mix":"stereo","caller_number":"+5511912345678"}"#)
        .await;
    let path = format!("/calls/{CALL}");
    let reaches = async |wanted: &str| loop {
        let answer = operator.asks("GET", &path, "").await;
        if answer.status == 200 && answer.json()["state"] == wanted {
            return answer.json();
        }
    };
    let call = soon("talking", reaches("talking")).await;
    assert_eq!(
        (
            &call["leg"],
            &call["build"],
            &call["rate"],
            &call["mix"],
            &call["pbx"]
        ),
        (
            &json!("raw"),
            &json!("other"),
            &json!(16000),
            &json!("stereo"),
            &json!(null)
        )
    );
    assert_eq!(call["caller"], "+5511912345678");
    let transfer = operator
        .asks("POST", &format!("{path}/transfer"), r#"{"to":"2001"}"#)
        .await;
    assert_eq!(transfer.status, 422, "{transfer:?}");
    assert!(
        transfer.explanation().contains("[[destinations]]"),
        "{transfer:?}"
    );
    line.lose();
    soon("detached", reaches("detached")).await;
}

#[tokio::test]
async fn no_domain_sees_or_touches_a_call_of_another() {
    let estate = Estate::start("loopback", None, &Keys::default()).await;
    let operator = Operator::at(estate.control(), &estate.data());
    let mut north = estate.open(NORTH, CALL).await;
    let mut south = estate.open(SOUTH, CALL).await;
    for phone in [&mut north, &mut south] {
        phone.text(r#"{"rate":16000,"mix":"mono"}"#).await;
    }
    let both = async { while operator.gets("/calls").await.as_array().unwrap().len() < 2 {} };
    soon("both calls", both).await;
    for (domain, own) in [("north.example.com", NORTH), (SOUTH, SOUTH)] {
        let calls = operator.gets(&format!("/calls?domain={domain}")).await;
        let domains: Vec<_> = calls
            .as_array()
            .unwrap()
            .iter()
            .map(|call| &call["domain_uuid"])
            .collect();
        assert_eq!(domains, [own]);
    }
    // Whose it is must be said.
    let hang_up = format!("/calls/{CALL}/hangup");
    let answer = operator.asks("POST", &hang_up, "").await;
    assert_eq!(answer.status, 409, "{answer:?}");
    assert!(answer.explanation().contains("--domain"), "{answer:?}");
    let of_north = format!("{hang_up}?domain={NORTH}");
    let answer = operator.asks("POST", &of_north, r#"{"now":true}"#).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    north.hang_up().await;
    estate.shows("voice_ai_calls_live 1").await;
    let answer = operator.asks("POST", &of_north, r#"{"now":true}"#).await;
    assert_eq!(
        answer.status, 404,
        "the other one's is no call of this one: {answer:?}"
    );
    assert_eq!(operator.gets("/calls").await[0]["domain_uuid"], SOUTH);
    south.hang_up().await;
}

#[tokio::test]
async fn a_call_is_hung_up() {
    for body in [json!({"now": true}), json!({})] {
        let scene = Scene::begin(Behaviour::Busy).await;
        let answer = scene.operator.wants(&scene.caller, "hangup", body).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        let cause = soon("the hang-up", scene.caller.until_hung_up()).await;
        assert_eq!(cause, "NORMAL_CLEARING");
        scene.site.ends_empty().await;
        let metrics = scene.site.node.metrics();
        assert!(
            metrics.contains("voice_ai_calls_ended_total{outcome=\"stopped\"} 1"),
            "{metrics}"
        );
    }
}

#[tokio::test]
async fn a_text_is_said_to_the_caller() {
    let scene = Scene::begin(Behaviour::Busy).await;
    assert!(words(&scene.caller).is_empty());
    let answer = scene
        .operator
        .wants(
            &scene.caller,
            "say",
            json!({"text": "The line will\nclose in five minutes."}),
        )
        .await;
    assert_eq!(answer.status, 202, "{answer:?}");
    // About a second of speech.
    hears(&scene.caller, 8_000).await;
    scene.caller.hang_up();
    scene.site.ends_empty().await;
}

#[tokio::test]
async fn a_call_is_sent_to_a_destination_by_name_or_number() {
    for to in ["jenny cole", "2001"] {
        let answers = Behaviour::Answers {
            after: Duration::from_millis(50),
        };
        let scene = Scene::begin(answers).await;
        let answer = scene
            .operator
            .wants(&scene.caller, "transfer", json!({"to": to}))
            .await;
        assert_eq!(answer.status, 202, "{answer:?}");
        assert_eq!(answer.json()["to"], "Jenny Cole");
        let line = "voice_ai_transfers_total{outcome=\"answered\"} 1";
        soon(line, scene.site.node.shows(line)).await;
        scene.caller.hang_up();
        scene.site.ends_empty().await;
    }
}

#[tokio::test]
async fn a_transfer_that_comes_to_nothing_is_seen_and_the_call_goes_on() {
    let scene = Scene::begin(Behaviour::NoAnswer).await;
    let answer = scene
        .operator
        .wants(&scene.caller, "transfer", json!({"to": "2001"}))
        .await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let call = scene.operator.sees(&scene.caller, "state", "transferring").await;
    assert_eq!(call["to"], "Jenny Cole");
    for (what, body) in [
        ("transfer", json!({"to": "2001"})),
        ("say", json!({"text": "hello"})),
    ] {
        let answer = scene.operator.wants(&scene.caller, what, body).await;
        assert_eq!(answer.status, 409, "{what}: {answer:?}");
        assert!(
            answer.explanation().contains("transferring to Jenny Cole"),
            "{answer:?}"
        );
    }
    let rings = async {
        loop {
            if let Some(jenny) = scene.site.fake.called("2001").pop() {
                return jenny;
            }
            tokio::task::yield_now().await;
        }
    };
    soon("Jenny's phone rings", rings).await.hang_up();
    let call = scene.operator.sees(&scene.caller, "state", "talking").await;
    assert_eq!(call["last_transfer"]["to"], "Jenny Cole", "{call}");
    assert_ne!(call["last_transfer"]["outcome"], "answered", "{call}");
    scene.caller.hang_up();
    scene.site.ends_empty().await;
}

#[tokio::test]
async fn whom_nobody_can_reach_gets_no_call_unless_that_is_wanted() {
    let scene = Scene::begin(Behaviour::Busy).await;
    for (to, status, words) in [
        ("Jenny", 422, "Jenny Cole (2001), Jenny Hart (2002)"),
        ("Rosa", 422, "there is Jenny Cole (2001)"),
        ("Jenny Hart", 409, "--force"),
    ] {
        let answer = scene
            .operator
            .wants(&scene.caller, "transfer", json!({"to": to}))
            .await;
        assert_eq!(answer.status, status, "{to}: {answer:?}");
        assert!(answer.explanation().contains(words), "{to}: {answer:?}");
    }
    scene.site.fake.extension("2002", Behaviour::Busy);
    let forced = json!({"to": "Jenny Hart", "force": true});
    let answer = scene.operator.wants(&scene.caller, "transfer", forced).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(answer.json()["opens"], "not within a year");
    let line = "voice_ai_transfers_total{outcome=\"busy\"} 1";
    soon(line, scene.site.node.shows(line)).await;
    scene.caller.hang_up();
    scene.site.ends_empty().await;
}

/// A node that has these FreeSWITCHes. The names of the environment are those of their passwords.
async fn controlling(pbx: &str, verify: &str) -> Node {
    let keys = format!("vad.enabled = false\nserver.verify = {verify:?}\npbx = [{pbx}]");
    let environment = [("WRONG_PASSWORD", "sesame")];
    Node::launch(&[&secretary("echo", "loopback")], &keys, environment, Vec::new()).await
}

/// Waits until a FreeSWITCH is so. What is told of all.
async fn pbx(operator: &Operator, index: usize, state: &str) -> Value {
    let seen = async {
        loop {
            let all = operator.gets("/pbx").await;
            if all[index]["state"] == state {
                return all;
            }
        }
    };
    soon(state, seen).await
}

async fn health(node: &Node) -> Answer {
    asks(node.control_addr(), "GET", "/health/ready", None, "").await
}

/// The checks of FreeSWITCHes, state and detail.
fn checks(health: &Answer) -> Vec<(String, String)> {
    let json = health.json();
    let checks = json["checks"].as_array().unwrap().iter();
    let pbx = checks.filter(|check| check["name"] == "pbx");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    pbx.map(|check| (text(&check["state"]), text(&check["detail"])))
        .collect()
}

#[tokio::test]
async fn a_freeswitch_that_is_up_tells_its_version_its_modules_and_its_calls() {
    let setup = Setup {
        stream: Some(Module::Amigniter),
        modules: vec!["mod_lua".to_owned()],
        ..Setup::default()
    };
    let fake = FreeSwitch::start(setup).await.unwrap();
    let node = controlling(
        &format!(
            "{{ name = \"fake\", port = {}, unicast_port = 28900 }}",
            fake.addr().port()
        ),
        "domain",
    )
    .await;
    let operator = Operator::of(&node);
    pbx(&operator, 0, "up").await;
    let caller = fake.caller(sim::freeswitch::Dial::default());
    operator.sees(&caller, "state", "talking").await;
    let status = &operator.gets("/pbx").await[0];
    assert_eq!(
        (&status["name"], &status["calls"], &status["remedy"]),
        (&json!("fake"), &json!(1), &json!(null))
    );
    assert!(status["detail"].as_str().unwrap().contains("1.10.12"), "{status}");
    assert!(status["round_trip_us"].as_u64().unwrap() > 0, "{status}");
    let loaded = |name: &str| {
        let modules = status["modules"].as_array().unwrap().iter();
        let mut named = modules.filter(|module| module["name"] == name);
        named.next().unwrap()["loaded"].as_bool().unwrap()
    };
    assert!(loaded("mod_audio_stream") && loaded("mod_lua") && !loaded("mod_voicemail"));
    let health = health(&node).await;
    assert_eq!(health.status, 200, "{health:?}");
    assert_eq!(checks(&health)[0].0, "ok", "{health:?}");
    let metrics = node.metrics();
    for line in [
        "voice_ai_pbx_up{pbx=\"fake\"} 1",
        "voice_ai_pbx_reconnects_total{pbx=\"fake\"} 0",
        "voice_ai_pbx_command_failures_total{pbx=\"fake\",kind=\"timed_out\"} 0",
        "voice_ai_pbx_command_seconds_bucket{le=\"0.00025\",pbx=\"fake\"}",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    caller.hang_up();
    node.ends_empty().await;
}

#[tokio::test]
async fn each_way_in_which_a_freeswitch_is_not_there_is_told_with_its_remedy() {
    let fake = FreeSwitch::start(Setup::default()).await.unwrap();
    let closed = FreeSwitch::start(Setup {
        allowed: false,
        ..Setup::default()
    })
    .await
    .unwrap();
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let all = format!(
        "{{ name = \"wrong\", port = {}, password = {{ env = \"WRONG_PASSWORD\" }}, unicast_port = 29000 }}, \
         {{ name = \"closed\", port = {}, unicast_port = 29100 }}, {{ name = \"absent\", port = {nobody}, unicast_port = 29200 }}",
        fake.addr().port(),
        closed.addr().port()
    );
    let node = controlling(&all, "domain").await;
    let operator = Operator::of(&node);
    for (index, state, remedy) in [
        (0, "wrong_password", "pbx[0].password"),
        (1, "refused", "apply-inbound-acl"),
        (2, "unreachable", "pbx[2].port"),
    ] {
        let status = &pbx(&operator, index, state).await[index];
        assert!(status["remedy"].as_str().unwrap().contains(remedy), "{status}");
        assert!(
            status["round_trip_us"].is_null() && status["modules"] == json!([]),
            "{status}"
        );
    }
    // With none of them no stream can be held against the truth, and nobody is parked for us.
    let health = health(&node).await;
    assert_eq!(health.status, 503, "{health:?}");
    let checks = checks(&health);
    assert!(checks.iter().all(|(state, _)| state == "failed"), "{checks:?}");
    assert!(
        checks[0]
            .1
            .contains("wrong: it refuses the password; set pbx[0].password"),
        "{checks:?}"
    );
    assert!(node.metrics().contains("voice_ai_pbx_up{pbx=\"absent\"} 0"));
}

#[tokio::test]
async fn with_another_freeswitch_or_without_verification_calls_go_on() {
    let fake = FreeSwitch::start(Setup::default()).await.unwrap();
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let absent = format!("{{ name = \"absent\", port = {nobody}, unicast_port = 29300 }}");
    let both = format!(
        "{{ name = \"fake\", port = {}, unicast_port = 29400 }}, {absent}",
        fake.addr().port()
    );
    for (all, verify, count) in [(&both, "domain", 2), (&absent, "nothing", 1)] {
        let node = controlling(all, verify).await;
        let operator = Operator::of(&node);
        if count == 2 {
            pbx(&operator, 0, "up").await;
        }
        pbx(&operator, count - 1, "unreachable").await;
        let health = health(&node).await;
        assert_eq!(health.status, 200, "{health:?}");
        assert_eq!(checks(&health)[count - 1].0, "degraded", "{health:?}");
    }
}

#[tokio::test]
async fn a_connection_that_is_lost_and_comes_back_is_counted() {
    let site = PbxSite::start(secretary("echo", "loopback"), "").await;
    let operator = Operator::of(&site.node);
    pbx(&operator, 0, "up").await;
    site.fake.stop();
    soon("the loss", site.node.shows("voice_ai_pbx_up{pbx=\"fake\"} 0")).await;
    site.fake.restart().await.unwrap();
    let again = "voice_ai_pbx_reconnects_total{pbx=\"fake\"} 1";
    soon(again, site.node.shows(again)).await;
    let all = pbx(&operator, 0, "up").await;
    assert_eq!(all[0]["reconnects"], 1);
}
