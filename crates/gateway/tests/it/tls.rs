//! Streams by `wss://`, with a TLS client that is not ours, and certificates that change while calls run.

use crate::authority::{Authority, Pair};
use crate::line::{DOMAIN, Line, Node, secretary};
use crate::site;
use gateway::{Config, Gateway};
use sim::{DialError, Module, StreamAddress, dial_trusting};
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(20);
const MONO_16000: &str = r#"{"secretary":"echo","rate":16000,"mix":"mono"}"#;

/// A node behind a certificate of this authority.
async fn secured(authority: &Authority, keys: &str) -> (Node, Pair, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let pair = Pair::of(folder.path());
    authority.write(&pair);
    // What the caller says is like what is heard: to a canceller that is an echo.
    let keys = format!("stream.echo = \"off\"\n{keys}\n{}", pair.keys());
    let node = Node::start(secretary("echo", "loopback"), &keys).await;
    (node, pair, folder)
}

fn address(node: &Node, call: u32) -> StreamAddress {
    let path = format!("/stream/{DOMAIN}/aaaaaaaa-bbbb-4ccc-8ddd-{call:012}");
    StreamAddress::parse(&format!("wss://{}{path}", node.stream_addr())).unwrap()
}

/// A call that is carried: what the caller says comes back.
async fn carried(node: &Node, call: u32, authority: &Authority) -> Line {
    let socket = dial_trusting(&address(node, call), Module::Amigniter, &authority.trust()).await;
    let mut line = Line::over(socket.unwrap());
    line.text(MONO_16000).await;
    echoes(&mut line, 1).await;
    line
}

/// The caller says this until it comes back: the engine may still be opening, and what was said before may still come.
async fn echoes(line: &mut Line, sample: i16) {
    let said = sample.to_le_bytes().repeat(320);
    let heard = async {
        loop {
            line.audio_bytes(&said).await;
            if let Ok(heard) = timeout(Duration::from_millis(20), line.samples(320)).await
                && heard == [sample; 320]
            {
                return;
            }
        }
    };
    timeout(LIMIT, heard).await.expect("an echo");
}

async fn certificate_check(node: &Node) -> serde_json::Value {
    let answer = site::get(node.control_addr(), "/health/ready", "").await;
    assert_eq!(answer.status, 200, "calls are carried all the same: {answer:?}");
    let checks = answer.json()["checks"].clone();
    let found = checks
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["name"] == "certificate");
    found.expect("a check of the certificate").clone()
}

#[tokio::test]
async fn the_streams_of_every_module_are_carried_encrypted() {
    let authority = Authority::new("Test");
    let (node, _pair, _folder) = secured(&authority, "").await;
    let mut lines = Vec::new();
    for (call, module) in [Module::Amigniter, Module::Sptmru, Module::Plain]
        .into_iter()
        .enumerate()
    {
        let address = address(&node, call as u32);
        let socket = dial_trusting(&address, module, &authority.trust()).await.unwrap();
        let mut line = Line::over(socket);
        line.text(MONO_16000).await;
        echoes(&mut line, 1).await;
        lines.push(line);
    }
    for line in lines {
        line.hang_up().await;
    }
    node.ends_empty().await;
}

#[tokio::test]
async fn a_certificate_of_an_authority_that_is_not_trusted_is_not_believed() {
    let (node, _pair, _folder) = secured(&Authority::new("Test"), "").await;
    let other = Authority::new("Other").trust();
    let error = dial_trusting(&address(&node, 1), Module::Plain, &other)
        .await
        .unwrap_err();
    assert!(matches!(error, DialError::NotTrusted { .. }), "{error:?}");
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
}

#[tokio::test]
async fn a_refusal_is_explained_through_tls_too() {
    let authority = Authority::new("Test");
    let (node, _pair, _folder) = secured(&authority, "").await;
    let path = "/stream/99999999-2222-4333-8444-555555555555/aaaaaaaa-bbbb-4ccc-8ddd-000000000001";
    let stranger = StreamAddress::parse(&format!("wss://{}{path}", node.stream_addr())).unwrap();
    let error = dial_trusting(&stranger, Module::Sptmru, &authority.trust())
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("403") && text.contains("[[domains]]"), "{text}");
}

#[tokio::test]
async fn whoever_does_not_speak_tls_gets_nothing_and_holds_nothing_up() {
    let authority = Authority::new("Test");
    let (node, _pair, _folder) = secured(
        &authority,
        "server.upgrade_seconds = 1\nserver.max_handshakes = 1",
    )
    .await;
    // One that speaks plain HTTP, one that says nothing, one that begins and stops.
    for said in [
        &b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..],
        b"",
        &[0x16, 3, 1, 2, 0, 1],
    ] {
        let mut socket = TcpStream::connect(node.stream_addr()).await.unwrap();
        socket.write_all(said).await.unwrap();
        let mut told = Vec::new();
        // A reset closes as well.
        let _ = timeout(LIMIT, socket.read_to_end(&mut told))
            .await
            .expect("it is closed");
        assert!(!told.starts_with(b"HTTP"), "{:?}", String::from_utf8_lossy(&told));
    }
    carried(&node, 1, &authority).await.hang_up().await;
}

#[tokio::test]
async fn a_renewed_certificate_serves_the_next_call_and_leaves_the_present_one_alone() {
    let (old, new) = (Authority::new("Old"), Authority::new("New"));
    let (node, pair, _folder) = secured(&old, "").await;
    let mut present = carried(&node, 1, &old).await;
    new.write(&pair);
    node.reload().await.unwrap();
    let mut next = carried(&node, 2, &new).await;
    let error = dial_trusting(&address(&node, 3), Module::Plain, &old.trust())
        .await
        .unwrap_err();
    assert!(matches!(error, DialError::NotTrusted { .. }), "{error:?}");
    echoes(&mut present, 2).await;
    echoes(&mut next, 2).await;
}

#[tokio::test]
async fn a_renewed_certificate_is_found_without_a_signal() {
    let (old, new) = (Authority::new("Old"), Authority::new("New"));
    let (node, pair, _folder) = secured(&old, "").await;
    new.write(&pair);
    let renewed = async {
        while dial_trusting(&address(&node, 1), Module::Plain, &new.trust())
            .await
            .is_err()
        {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, renewed).await.expect("the new certificate");
}

#[tokio::test]
async fn a_pair_that_does_not_work_changes_nothing_and_health_says_so_until_it_is_mended() {
    let (old, new) = (Authority::new("Old"), Authority::new("New"));
    let (node, pair, _folder) = secured(&old, "").await;
    assert_eq!(certificate_check(&node).await["state"], "ok");
    let (certificate, key) = new.certify();
    let broken: [(&str, &dyn Fn(), &str); 4] = [
        (
            "half a renewal",
            &|| fs::write(&pair.certificate, &certificate).unwrap(),
            "is not that of",
        ),
        (
            "no PEM",
            &|| fs::write(&pair.certificate, "hello").unwrap(),
            "it holds no certificate",
        ),
        (
            "no key",
            &|| fs::write(&pair.key, &certificate).unwrap(),
            "it holds no",
        ),
        (
            "no file",
            &|| fs::remove_file(&pair.key).unwrap(),
            "the service's user must be able to read it",
        ),
    ];
    for (call, (name, happens, told)) in (1..).zip(broken) {
        happens();
        let wrong = node.reload().await.unwrap_err();
        assert!(wrong.len() == 1 && wrong[0].contains(told), "{name}: {wrong:?}");
        let check = certificate_check(&node).await;
        assert_eq!(check["state"], "degraded", "{name}");
        assert!(
            check["detail"].as_str().unwrap().contains(told),
            "{name}: {check}"
        );
        carried(&node, call, &old).await.hang_up().await;
        // The next one is wrong in its own way alone.
        old.write(&pair);
        node.reload().await.unwrap();
    }
    fs::write(&pair.certificate, &certificate).unwrap();
    fs::write(&pair.key, &key).unwrap();
    node.reload().await.unwrap();
    assert_eq!(certificate_check(&node).await["state"], "ok");
    carried(&node, 9, &new).await.hang_up().await;
}

#[test]
fn a_node_does_not_start_on_a_pair_that_does_not_work() {
    let folder = tempfile::tempdir().unwrap();
    let pair = Pair::of(folder.path());
    let wrong = || {
        let config = Config::parse(
            Some(("test.toml", &format!("stt.model = \"\"\n{}", pair.keys()))),
            [],
        )
        .unwrap();
        Gateway::check(&config).unwrap_err().join("\n")
    };
    let text = wrong();
    assert!(
        text.contains("server.tls.certificate") && text.contains("fullchain.pem"),
        "{text}"
    );
    let authority = Authority::new("Test");
    authority.write(&pair);
    // Swapped by mistake: neither the error nor a log may show a key.
    let secret = fs::read_to_string(&pair.key).unwrap();
    fs::copy(&pair.key, &pair.certificate).unwrap();
    let text = wrong();
    assert!(text.contains("it holds no certificate"), "{text}");
    let line = secret.lines().nth(1).unwrap();
    assert!(!text.contains(line), "{text}");
}

#[test]
fn both_files_are_needed() {
    for (keys, missing) in [
        ("server.tls = { key = \"k.pem\" }", "server.tls.certificate"),
        ("server.tls = { certificate = \"c.pem\" }", "server.tls.key"),
    ] {
        let error = Config::parse(Some(("test.toml", keys)), [])
            .unwrap_err()
            .to_string();
        assert!(error.contains(missing), "{error}");
    }
}

/// What another implementation of TLS makes of ours: OpenSSL's client, where it is installed.
#[tokio::test(flavor = "multi_thread")]
async fn openssl_comes_in_by_the_modern_versions_alone() {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("skipped: openssl is not installed (apt-get install openssl)");
        return;
    }
    let authority = Authority::new("Test");
    let (node, _pair, folder) = secured(&authority, "").await;
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, authority.pem()).unwrap();
    let addr = node.stream_addr();
    let ask = |version: &'static str| {
        let ca = ca.clone();
        tokio::task::spawn_blocking(move || {
            let mut client = Command::new("openssl")
                .args(["s_client", "-quiet", "-verify_return_error", version, "-connect"])
                .arg(addr.to_string())
                .arg("-CAfile")
                .arg(ca)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            use std::io::Write;
            // One that is refused has closed already.
            let mut stdin = client.stdin.take().unwrap();
            let _ = stdin.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
            let output = client.wait_with_output().unwrap();
            drop(stdin);
            String::from_utf8_lossy(&output.stdout).into_owned()
        })
    };
    for version in ["-tls1_2", "-tls1_3"] {
        let told = timeout(LIMIT, ask(version)).await.expect("an answer").unwrap();
        assert!(
            told.starts_with("HTTP/1.1 200 OK") && told.contains("\"live\":true"),
            "{version}: {told}"
        );
    }
    let told = timeout(LIMIT, ask("-tls1_1")).await.expect("an answer").unwrap();
    assert_eq!(told, "", "TLS 1.1 is refused");
}
