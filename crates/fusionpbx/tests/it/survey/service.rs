//! The service: its health, its port, and a stream's upgrade.

use super::stage::{DOMAIN, Stage, nobody};
use fusionpbx::{Owner, ServerState, Upgrade};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What the control listener of a service says that is well; as the real one writes it.
const HEALTH: &str = r#"{"ready":true,"version":"0.1.0","calls":0,"domains":["11111111-1111-4111-8111-111111111111"],"checks":[
    {"name":"calls","state":"ok","detail":"new calls are taken"},
    {"name":"speech_to_text","state":"degraded","detail":"small is gone; `voice-ai models install small` fetches it again"},
    {"name":"pbx","state":"ok","detail":"main: up"}]}"#;

const NO_SUCH_CALL: &str = r#"{"error":"call x is no channel of domain y on a FreeSWITCH of this node","remedy":"stream a channel that lives"}"#;

/// Answers every request with this, and keeps what was asked.
struct Listener {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    async fn with(status: &'static str, body: &'static str) -> Self {
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        Self::bytes(head + body).await
    }

    async fn bytes(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let heard = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut piece = [0; 1_024];
                    match stream.read(&mut piece).await {
                        Ok(0) | Err(_) => break,
                        Ok(length) => request.extend_from_slice(&piece[..length]),
                    }
                }
                heard.lock().unwrap().push(String::from_utf8(request).unwrap());
                let _ = stream.write_all(answer.as_bytes()).await;
                // The connection stays open, as a server's does that takes another request.
                let _ = stream.read(&mut [0; 1]).await;
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn stage(streams: &Listener, control: &Listener) -> Stage {
    let mut stage = Stage::new().await;
    stage.service.listen = streams.address;
    stage.service.control = control.address;
    stage
}

#[tokio::test]
async fn a_service_that_is_well_is_told_with_what_it_complains_of() {
    let streams = Listener::with("403 Forbidden", NO_SUCH_CALL).await;
    let control = Listener::with("200 OK", HEALTH).await;
    let mut stage = stage(&streams, &control).await;
    let address = stage.fake.addr();
    stage.service.event_sockets = vec![("localhost".to_owned(), address.port())];
    let facts = stage.survey().await.server;
    assert_eq!(facts.state, ServerState::Up("0.1.0".to_owned()));
    assert_eq!(facts.connected, Some(true));
    assert_eq!(facts.domains, Some(vec![DOMAIN.parse().unwrap()]));
    assert_eq!(facts.upgrade, Some(Upgrade::Works));
    assert_eq!(facts.complaints.len(), 1);
    assert!(facts.complaints[0].starts_with("speech_to_text: small is gone"));
    let asked = streams.asked();
    assert!(
        asked[0].starts_with(&format!("GET /stream/{DOMAIN}/")),
        "{asked:?}"
    );
    for header in [
        "Upgrade: websocket\r\n",
        "Sec-WebSocket-Key: ",
        "Sec-WebSocket-Version: 13\r\n",
    ] {
        assert!(asked[0].contains(header), "{asked:?}");
    }
}

#[tokio::test]
async fn whether_it_is_connected_is_told_of_this_freeswitch_alone() {
    const TWO: &str = r#"{"ready":true,"version":"0.1.0","checks":[
        {"name":"pbx","state":"ok","detail":"other: up"},
        {"name":"pbx","state":"degraded","detail":"main: refused"}]}"#;
    let streams = Listener::with("403 Forbidden", NO_SUCH_CALL).await;
    let control = Listener::with("200 OK", TWO).await;
    let mut stage = stage(&streams, &control).await;
    let port = stage.fake.addr().port();
    let here = |host: &str| (host.to_owned(), port);
    let other = ("192.0.2.7".to_owned(), port);
    for (sockets, connected) in [
        (vec![other.clone(), here("127.0.0.1")], Some(false)),
        (vec![here("127.0.0.1"), other.clone()], Some(true)),
        (vec![here("LOCALHOST"), other.clone()], Some(true)),
        (vec![other.clone(), ("127.0.0.1".to_owned(), 1)], Some(false)),
        // It runs with another configuration than the file's.
        (vec![other], Some(true)),
    ] {
        stage.service.event_sockets = sockets.clone();
        let facts = stage.survey().await.server;
        assert_eq!(facts.connected, connected, "{sockets:?}");
        assert_eq!(facts.complaints, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_refusal_is_told_in_the_services_own_words() {
    let control = Listener::with("503 Service Unavailable", HEALTH).await;
    for (status, body, told) in [
        (
            "403 Forbidden",
            r#"{"error":"domain x is not configured on this node","remedy":"…"}"#,
            Upgrade::Refused(403, "domain x is not configured on this node".to_owned()),
        ),
        (
            "401 Unauthorized",
            r#"{"error":"the token is not the right one","remedy":"…"}"#,
            Upgrade::Refused(401, "the token is not the right one".to_owned()),
        ),
        (
            "502 Bad Gateway",
            "<html>nginx</html>",
            Upgrade::Refused(502, "<html>nginx</html>".to_owned()),
        ),
        // Nobody has told the token that is to be shown; whoever asks for it is there.
        (
            "401 Unauthorized",
            r#"{"error":"a token is needed","remedy":"…"}"#,
            Upgrade::Works,
        ),
        ("101 Switching Protocols", "", Upgrade::Works),
    ] {
        let streams = Listener::with(status, body).await;
        let facts = stage(&streams, &control).await.survey().await.server;
        assert_eq!(facts.upgrade, Some(told), "{status} {body}");
        assert!(
            matches!(facts.state, ServerState::Up(_)),
            "not ready is there all the same"
        );
    }
}

#[tokio::test]
async fn a_service_that_believes_every_stream_is_asked_for_half_a_one() {
    let streams = Listener::with("426 Upgrade Required", r#"{"error":"no key","remedy":"…"}"#).await;
    let control = Listener::with("200 OK", HEALTH).await;
    let mut stage = stage(&streams, &control).await;
    assert_eq!(
        stage.survey().await.server.upgrade,
        Some(Upgrade::Refused(426, "no key".to_owned()))
    );
    stage.options.believes = true;
    assert_eq!(stage.survey().await.server.upgrade, Some(Upgrade::Works));
    stage.options.believes = false;
    stage.service.event_sockets.clear();
    let upgrade = stage.survey().await.server.upgrade;
    assert_eq!(
        upgrade,
        Some(Upgrade::Works),
        "without a FreeSWITCH every stream is believed"
    );
    for half in &streams.asked()[1..] {
        assert!(!half.contains("Sec-WebSocket-Key"), "{half}");
    }
}

/// TLS under a certificate that nobody knows.
pub(crate) fn acceptor() -> tokio_rustls::TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(["pbx.example.com".to_owned()]).unwrap();
    let key = made.signing_key.serialize_der();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.try_into().unwrap())
        .unwrap();
    tokio_rustls::TlsAcceptor::from(Arc::new(config))
}

/// A service's streams come by TLS, under a certificate that nobody here knows.
async fn secured(answer: &'static str) -> SocketAddr {
    let acceptor = acceptor();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = [0; 1_024];
            if stream.read(&mut request).await.is_ok_and(|length| length > 0) {
                let _ = stream.write_all(answer.as_bytes()).await;
            }
            let _ = stream.shutdown().await;
        }
    });
    address
}

#[tokio::test]
async fn streams_by_tls_are_asked_for_by_tls() {
    let control = Listener::with("200 OK", HEALTH).await;
    let mut stage = Stage::new().await;
    stage.service.control = control.address;
    stage.service.listen = secured("HTTP/1.1 101 Switching Protocols\r\n\r\n").await;
    stage.service.tls = true;
    assert_eq!(stage.survey().await.server.upgrade, Some(Upgrade::Works));

    // What speaks no TLS is not reached by it, and the other way round.
    stage.service.tls = false;
    let upgrade = stage.survey().await.server.upgrade;
    assert!(matches!(upgrade, Some(Upgrade::Unreachable(_))), "{upgrade:?}");
    stage.service.tls = true;
    stage.service.listen = Listener::with("403 Forbidden", NO_SUCH_CALL).await.address;
    let upgrade = stage.survey().await.server.upgrade;
    assert!(matches!(upgrade, Some(Upgrade::Unreachable(_))), "{upgrade:?}");
}

#[tokio::test]
async fn tokens_are_shown_each_to_its_own_listener() {
    let streams = Listener::with("403 Forbidden", NO_SUCH_CALL).await;
    let control = Listener::with("200 OK", HEALTH).await;
    let mut stage = stage(&streams, &control).await;
    stage.options.stream_token = Some("stream-secret".to_owned());
    stage.options.control_token = Some("control-secret".to_owned());
    stage.survey().await;
    assert!(streams.asked()[0].contains("Authorization: Bearer stream-secret\r\n"));
    assert!(
        !control.asked().concat().contains("control-secret"),
        "nobody knows who listens there"
    );
    for (user, is_shown) in [(0, true), (998, true), (1_000, false)] {
        let control = Listener::with("200 OK", HEALTH).await;
        stage.service.control = control.address;
        stage.machine.listener(control.address.port(), user);
        stage
            .machine
            .write("/etc/passwd", "voice-ai:x:998:998::/:/bin/false\n");
        stage.survey().await;
        let asked = control.asked();
        assert!(!asked[0].contains("control-secret"), "{asked:?}");
        let last = asked.last().unwrap();
        assert_eq!(
            last.contains("Authorization: Bearer control-secret\r\n"),
            is_shown,
            "{user}"
        );
    }
    let shown = format!("{:?}", stage.options);
    assert!(!shown.contains("secret"), "{shown}");
}

#[tokio::test]
async fn who_is_none_of_ours_is_a_stranger_and_shown_nothing() {
    let streams = Listener::with("403 Forbidden", NO_SUCH_CALL).await;
    for control in [
        Listener::with("200 OK", "<html>hello</html>").await,
        Listener::with("404 Not Found", "{}").await,
        Listener::bytes("SSH-2.0-OpenSSH_9.2\r\n\r\n".to_owned()).await,
    ] {
        let mut stage = stage(&streams, &control).await;
        stage.options.stream_token = Some("stream-secret".to_owned());
        stage.options.control_token = Some("control-secret".to_owned());
        stage.machine.listener(control.address.port(), 0);
        let facts = stage.survey().await.server;
        assert!(
            matches!(facts.state, ServerState::Stranger(_)),
            "{:?}",
            facts.state
        );
        assert_eq!(
            (facts.upgrade, facts.connected, facts.domains),
            (None, None, None)
        );
        assert!(!control.asked().concat().contains("secret"));
    }
    assert_eq!(streams.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn one_that_is_down_or_mute_is_not_waited_for() {
    let mut stage = Stage::new().await;
    let facts = stage.survey().await.server;
    assert!(matches!(facts.state, ServerState::Down(_)));
    assert_eq!(facts.upgrade, None);

    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    stage.service.control = mute.local_addr().unwrap();
    assert!(matches!(stage.survey().await.server.state, ServerState::Down(_)));

    // Health answers, and streams come nowhere.
    let control = Listener::with("200 OK", HEALTH).await;
    stage.service.control = control.address;
    stage.service.listen = nobody();
    let facts = stage.survey().await.server;
    assert!(
        matches!(facts.upgrade, Some(Upgrade::Unreachable(_))),
        "{:?}",
        facts.upgrade
    );
}

#[tokio::test]
async fn a_service_that_wants_a_token_for_its_health_is_there() {
    let streams = Listener::with("403 Forbidden", NO_SUCH_CALL).await;
    let body = r#"{"error":"a token is needed","remedy":"send the secret of server.control_token as …"}"#;
    let control = Listener::with("401 Unauthorized", body).await;
    let facts = stage(&streams, &control).await.survey().await.server;
    assert_eq!(facts.state, ServerState::Up(String::new()));
    assert_eq!((facts.upgrade, facts.connected), (Some(Upgrade::Works), None));
}

#[tokio::test]
async fn the_port_has_its_owner_and_the_service_its_limit_of_files() {
    let mut stage = Stage::new().await;
    let root = Owner { uid: 0, gid: 0 };
    stage.machine.process(500, "nginx", root);
    stage
        .machine
        .listens(500, stage.service.listen.port(), "0100007F", 77);
    let facts = stage.survey().await;
    assert_eq!(facts.server.port.unwrap().name, "nginx");
    assert_eq!(facts.system.file_limit, None, "that is nginx's");
    stage.service.listen = ([127, 0, 0, 2], stage.service.listen.port()).into();
    let port = stage.survey().await.server.port;
    assert_eq!(port, None, "nginx is in nobody's way at another address");
    stage.machine.process(501, "voice-ai", root);
    assert_eq!(stage.survey().await.system.file_limit, Some(1_024));
}
