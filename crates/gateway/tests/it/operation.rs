//! What an operator sees: health, metrics, refusals in the log, the shutdown, and a start that fails.

use crate::line::{Node, secretary};
use crate::log::Log;
use crate::site::{AMIGNITER, PATH, Site, closed, to};
use gateway::{Config, Gateway, StartError};
use sim::freeswitch::{FreeSwitch, Setup};

#[tokio::test]
async fn a_node_that_can_carry_calls_is_ready_and_says_what_it_tried() {
    let site = Site::start("").await;
    assert_eq!(site.get("/health/live").await.json()["live"], true);
    let answer = site.control("/health/ready", "").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let json = answer.json();
    assert_eq!(json["ready"], true);
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        json["domains"],
        serde_json::json!([PATH.split('/').nth(2)]),
        "{json}"
    );
    let state = |name: &str| {
        let checks = json["checks"].as_array().unwrap();
        checks
            .iter()
            .find(|check| check["name"] == name)
            .unwrap_or_else(|| panic!("{json}"))["state"]
            .clone()
    };
    assert_eq!(state("speech_to_text"), "degraded", "there is no model: {json}");
    for name in ["calls", "engines", "text_to_speech", "data", "recordings"] {
        assert_eq!(state(name), "ok", "{json}");
    }
    assert!(answer.body.contains("keys only"), "{json}");
}

#[tokio::test]
async fn a_node_that_lost_what_it_needs_is_not_ready() {
    let site = Site::start("tts.espeak = \"/nonexistent/espeak-ng\"").await;
    assert_eq!(site.get("/health/ready").await.status, 503);
    let answer = site.control("/health/ready", "").await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(
        answer.body.contains("/nonexistent/espeak-ng") && answer.body.contains("apt-get"),
        "{answer:?}"
    );
    assert_eq!(
        site.get("/health/live").await.status,
        200,
        "the process itself lives"
    );

    let site = Site::start("").await;
    assert_eq!(site.get("/health/ready").await.status, 200);
    std::fs::remove_dir_all(site.data()).unwrap();
    std::fs::write(site.data(), "in the way").unwrap();
    let answer = site.control("/health/ready", "").await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.body.contains("data.dir"), "{answer:?}");
}

#[tokio::test]
async fn whoever_may_stream_learns_whether_the_node_is_ready_and_no_more() {
    for config in ["server.token = { env = \"SITE_TOKEN\" }", ""] {
        let site = Site::start(config).await;
        let answer = site.get("/health/ready").await;
        assert_eq!(
            (answer.status, answer.json()),
            (200, serde_json::json!({"ready": true})),
            "{config}"
        );
    }
}

#[tokio::test]
async fn metrics_are_prometheus_text_without_a_label_per_call() {
    let site = Site::start("").await;
    let (_, _stream) = site.call(AMIGNITER).await;
    site.send(AMIGNITER).await;
    let answer = site.control("/metrics", "").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("application/openmetrics-text")
    );
    assert!(answer.body.ends_with("# EOF\n"), "{answer:?}");
    for line in [
        "# TYPE voice_ai_calls_live gauge",
        "# TYPE voice_ai_gateway_latency_seconds histogram",
        "voice_ai_gateway_latency_seconds_bucket{le=\"0.00005\"} ",
        "voice_ai_gateway_latency_seconds_bucket{le=\"+Inf\"} ",
        "voice_ai_calls_started_total 1",
        "voice_ai_upgrades_refused_total{reason=\"attached\"} 1",
    ] {
        assert!(answer.body.contains(line), "{line}: {}", answer.body);
    }
    assert!(!answer.body.contains("aaaaaaaa-bbbb"), "{answer:?}");
    assert_eq!(
        site.get("/metrics").await.status,
        404,
        "not on the port that modules reach"
    );
    assert_eq!(site.control("/else", "").await.status, 404);
}

#[tokio::test]
async fn every_metric_stands_in_the_operators_pages() {
    let pages = include_str!("../../../../docs/operating.md");
    let fake = FreeSwitch::start(Setup::default()).await.unwrap();
    let pbx = format!("pbx = [{{ name = \"fake\", port = {} }}]", fake.addr().port());
    let node = Node::start(secretary("echo", "loopback"), &pbx).await;
    let metrics = node.metrics();
    let names = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let untold: Vec<_> = names
        .filter(|name| !pages.contains(&format!("`{name}")))
        .collect();
    assert!(untold.is_empty(), "not in docs/operating.md: {untold:?}");
    assert!(metrics.contains("# TYPE voice_ai_pbx_up"), "{metrics}");
}

#[tokio::test]
async fn the_control_listener_asks_for_its_token() {
    let site = Site::start("server.control_token = { env = \"SITE_TOKEN\" }").await;
    assert_eq!(site.control("/metrics", "").await.status, 401);
    assert_eq!(
        site.control("/metrics?token=s3cret", "").await.status,
        401,
        "headers alone: addresses are logged"
    );
    assert_eq!(
        site.control("/metrics", "Authorization: Bearer s3cret\r\n")
            .await
            .status,
        200
    );
    assert_eq!(
        site.get("/health/ready").await.status,
        200,
        "the stream listener has a token of its own"
    );
}

#[tokio::test]
async fn a_draining_node_takes_no_call_and_ends_with_its_last() {
    let site = Site::start("").await;
    let (_, stream) = site.call(AMIGNITER).await;
    site.running.shutdown().drain();
    // The drain begins when its task runs; until then a call may still be taken, and this one is none.
    while site.get("/health/ready").await.status == 200 {}
    let answer = site.send(&to(AMIGNITER, &PATH.replace("0001", "0002"))).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(
        answer.explanation().contains("draining") && answer.header("retry-after").is_some(),
        "{answer:?}"
    );
    assert_eq!(site.get("/health/live").await.status, 200);
    hang_up(stream).await;
    site.ended().await;
}

/// Closes as both builds do: a close frame of code 1000, masked with zeroes.
async fn hang_up(mut stream: tokio::net::TcpStream) {
    tokio::io::AsyncWriteExt::write_all(&mut stream, &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8])
        .await
        .unwrap();
    closed(&mut stream).await;
}

#[tokio::test]
async fn a_second_signal_ends_the_calls() {
    let site = Site::start("server.drain_seconds = 3600").await;
    let (_, mut stream) = site.call(AMIGNITER).await;
    let shutdown = site.running.shutdown();
    shutdown.drain();
    shutdown.now();
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(r#"{"type":"hangup"}"#) {
        assert!(
            tokio::io::AsyncReadExt::read_buf(&mut stream, &mut seen)
                .await
                .unwrap()
                > 0,
            "no good-bye"
        );
    }
    hang_up(stream).await;
    site.ended().await;
}

fn config(keys: &str) -> Config {
    Config::parse(Some(("test.toml", keys)), []).unwrap()
}

#[tokio::test]
async fn an_address_in_use_is_told_with_its_key_and_who_may_hold_it() {
    let site = Site::start("").await;
    let taken = site.running.stream_addr();
    let error = Gateway::start(config(&format!("server.listen = \"{taken}\"")))
        .await
        .err()
        .unwrap();
    let text = error.to_string();
    assert!(
        matches!(
            error,
            StartError::Bind {
                key: "server.listen",
                ..
            }
        ),
        "{text}"
    );
    assert!(
        text.contains(&taken.to_string()) && text.contains("another voice-ai") && text.contains("ss -ltnp"),
        "{text}"
    );
}

#[tokio::test]
async fn a_secretary_whose_engine_is_not_configured_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let secretary = "name = \"ana\"\nlanguage = \"en\"\nengine = \"openai\"\ngreeting = { text = \"\" }\n\
         phrases = { reprompts = [], farewell = \"\", apology = \"\", backchannels = [] }\n";
    std::fs::write(folder.path().join("ana.toml"), secretary).unwrap();
    let keys = format!(
        "[secretaries]\ndir = {:?}\n[[domains]]\ndefault_secretary = \"ana\"\n",
        folder.path()
    );
    let wrong = Gateway::check(&config(&keys)).unwrap_err();
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(
        wrong[0].contains("ana") && wrong[0].contains("openai.api_key"),
        "{wrong:?}"
    );
    let environment = [("VOICE_AI__OPENAI__API_KEY".to_owned(), "sk-test".to_owned())];
    let with_key = Config::parse(Some(("test.toml", &keys)), environment).unwrap();
    Gateway::check(&with_key).unwrap();
}

#[tokio::test]
async fn each_refusal_is_logged_once_with_the_peer_and_without_the_token() {
    let (log, _guard) = Log::listen();
    let site = Site::start("server.token = { env = \"SITE_TOKEN\" }").await;
    let before = log.text().len();
    let mut socket = site.connect().await;
    let peer = socket.local_addr().unwrap();
    let request = to(AMIGNITER, &format!("{PATH}?token=not-the-s3cret"));
    tokio::io::AsyncWriteExt::write_all(&mut socket, request.as_bytes())
        .await
        .unwrap();
    assert_eq!(crate::site::read(&mut socket).await.status, 401);
    let text = log.text().split_off(before);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1, "{text}");
    assert!(
        lines[0].contains(&peer.to_string()) && lines[0].contains("401") && lines[0].contains(PATH),
        "{text}"
    );
    assert!(!text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn models_are_named_by_the_catalogue_or_by_their_path() {
    let wrong = |key: &str, value: &str| {
        let keys = format!("models.dir = \"/nonexistent/models\"\n{key} = {value:?}");
        Gateway::check(&config(&keys)).err().unwrap_or_default()
    };
    let unknown = wrong("stt.model", "whisper-bse");
    assert!(
        unknown.len() == 1 && unknown[0].contains("stt.model") && unknown[0].contains("whisper-base"),
        "{unknown:?}"
    );
    let other = wrong("stt.model", "silero-vad");
    assert!(
        other.len() == 1 && other[0].contains("voice activity"),
        "{other:?}"
    );
    let voice = wrong("tts.piper_en", "piper-en-us-joe");
    assert!(
        voice.len() == 1 && voice[0].contains("voice-ai models install piper-en-us-joe"),
        "{voice:?}"
    );
    let path = wrong("tts.piper_pt_br", "/nonexistent/voice.onnx");
    assert!(
        path.len() == 1 && path[0].contains("/nonexistent/voice.onnx"),
        "{path:?}"
    );
    assert_eq!(
        wrong("stt.model", "whisper-base"),
        Vec::<String>::new(),
        "calls go on by keys"
    );
}
