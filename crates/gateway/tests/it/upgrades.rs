//! Requests for a stream, as both modules send them and as others do: those taken, and each refusal.

use crate::site::{AMIGNITER, PATH, SPTMRU, Site, closed, read, to, with};
use tokio::io::AsyncWriteExt;

const DOMAIN: &str = "11111111-2222-4333-8444-555555555555";

fn path(call: u32) -> String {
    format!("/stream/{DOMAIN}/aaaaaaaa-bbbb-4ccc-8ddd-{call:012}")
}

#[tokio::test]
async fn the_real_requests_of_both_modules_are_taken() {
    let site = Site::start("").await;
    let (first, _amigniter) = site.call(AMIGNITER).await;
    assert_eq!(first.status, 101, "{first:?}");
    // The key of the capture, hashed as RFC 6455 says.
    assert_eq!(
        first.header("sec-websocket-accept"),
        Some("olCrpYGnTYrqpojvdG66SRyD1XI=")
    );
    assert_eq!(first.header("sec-websocket-protocol"), None);
    let (second, _sptmru) = site.call(&to(SPTMRU, &path(2))).await;
    assert_eq!(second.status, 101, "{second:?}");
    assert!(
        !site.metrics().contains("voice_ai_upgrades_refused_total{"),
        "{}",
        site.metrics()
    );
}

#[tokio::test]
async fn an_offer_of_compression_or_a_subprotocol_is_passed_over() {
    let site = Site::start("").await;
    let offer = with(
        SPTMRU,
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    );
    let (answer, _stream) = site.call(&with(&offer, "Sec-WebSocket-Protocol: audio")).await;
    assert_eq!(answer.status, 101, "{answer:?}");
    assert_eq!(answer.header("sec-websocket-extensions"), None);
    assert_eq!(answer.header("sec-websocket-protocol"), None);
}

#[tokio::test]
async fn other_paths_are_told_the_right_form() {
    let site = Site::start("").await;
    let with_slash = format!("{PATH}/");
    for wrong in [
        &PATH.replace("/stream/", "/ws/"),
        "/",
        "/stream",
        "/stream/x",
        &with_slash,
        "/health",
    ] {
        let answer = site.send(&to(AMIGNITER, wrong)).await;
        assert_eq!(answer.status, 404, "{wrong}: {answer:?}");
        let text = answer.explanation();
        assert!(
            text.contains(wrong) && text.contains("/stream/{domain_uuid}/{call_uuid}"),
            "{text}"
        );
    }
    assert!(
        site.metrics()
            .contains(r#"voice_ai_upgrades_refused_total{reason="path"} 6"#),
        "{}",
        site.metrics()
    );
}

#[tokio::test]
async fn what_is_no_uuid_is_named() {
    let site = Site::start("").await;
    for wrong in ["${uuid}", "42", "aaaaaaaabbbb4ccc8ddd000000000001"] {
        let answer = site
            .send(&to(AMIGNITER, &format!("/stream/{DOMAIN}/{wrong}")))
            .await;
        assert_eq!(answer.status, 400, "{answer:?}");
        let text = answer.explanation();
        assert!(text.contains(wrong) && text.contains("call UUID"), "{text}");
        let answer = site.send(&to(SPTMRU, &path(1).replace(DOMAIN, wrong))).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.explanation().contains("domain UUID"), "{answer:?}");
    }
    let answer = site
        .send(&to(AMIGNITER, &format!("/stream/{DOMAIN}/{}", "x".repeat(5_000))))
        .await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(
        answer.body.len() < 500,
        "what is wrong is shown in part: {answer:?}"
    );
}

#[tokio::test]
async fn an_unknown_domain_is_refused() {
    let site = Site::start("").await;
    let stranger = "99999999-2222-4333-8444-555555555555";
    let answer = site.send(&to(AMIGNITER, &PATH.replace(DOMAIN, stranger))).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    let text = answer.explanation();
    assert!(text.contains(stranger) && text.contains("[[domains]]"), "{text}");
}

#[tokio::test]
async fn a_browser_is_told_what_the_address_is_for() {
    let site = Site::start("").await;
    let answer = site.get(PATH).await;
    assert_eq!(answer.status, 426, "{answer:?}");
    assert_eq!(answer.header("upgrade"), Some("websocket"));
    assert!(answer.explanation().contains("voice-ai call"), "{answer:?}");
    let post = AMIGNITER.replacen("GET", "POST", 1);
    let answer = site.send(&post).await;
    assert_eq!(answer.status, 405, "{answer:?}");
}

#[tokio::test]
async fn a_call_has_one_stream() {
    let site = Site::start("").await;
    let (_, _stream) = site.call(AMIGNITER).await;
    let answer = site.send(SPTMRU).await;
    assert_eq!(answer.status, 409, "{answer:?}");
    assert!(
        answer
            .explanation()
            .contains("aaaaaaaa-bbbb-4ccc-8ddd-000000000001"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn limits_are_told_with_a_time_to_come_back() {
    for (keys, limit, reason) in [("", 3, "domain_full"), ("server.max_calls = 2", 2, "node_full")] {
        let site = Site::start(keys).await;
        let mut streams = Vec::new();
        for call in 0..limit {
            let (answer, stream) = site.call(&to(AMIGNITER, &path(call))).await;
            assert_eq!(answer.status, 101, "{answer:?}");
            streams.push(stream);
        }
        let answer = site.send(&to(AMIGNITER, &path(9))).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.header("retry-after").is_some());
        assert!(answer.explanation().contains("max_calls"), "{answer:?}");
        let counted = format!("voice_ai_upgrades_refused_total{{reason=\"{reason}\"}} 1");
        assert!(site.metrics().contains(&counted), "{}", site.metrics());
    }
}

#[tokio::test]
async fn a_token_is_asked_for_where_one_is_configured() {
    let site = Site::start("server.token = { env = \"SITE_TOKEN\" }").await;
    let answer = site.send(AMIGNITER).await;
    assert_eq!(
        (answer.status, answer.header("www-authenticate")),
        (401, Some("Bearer")),
        "{answer:?}"
    );
    assert!(
        answer.explanation().contains("STREAM_EXTRA_HEADERS"),
        "{answer:?}"
    );
    for wrong in ["Bearer s3cre", "Bearer s3crets", "Basic s3cret", "s3cret"] {
        let answer = site
            .send(&with(AMIGNITER, &format!("Authorization: {wrong}")))
            .await;
        assert_eq!(answer.status, 401, "{wrong}");
        assert!(!answer.body.contains("s3cre"), "{answer:?}");
    }
    let (answer, _first) = site.call(&with(AMIGNITER, "Authorization:Bearer s3cret")).await;
    assert_eq!(answer.status, 101, "{answer:?}");
    let (answer, _second) = site.call(&to(SPTMRU, &format!("{}?token=s3cret", path(2)))).await;
    assert_eq!(answer.status, 101, "{answer:?}");
    assert_eq!(
        site.send(&to(SPTMRU, &format!("{}?token=other", path(3))))
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn an_address_that_is_not_on_the_list_is_refused() {
    let site = Site::start("server.allow = [\"192.0.2.0/24\"]").await;
    let answer = site.turned_away(AMIGNITER).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    let text = answer.explanation();
    assert!(
        text.contains("127.0.0.1") && text.contains("server.allow"),
        "{text}"
    );
    let health = "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    assert_eq!(site.turned_away(health).await.status, 403);

    let site = Site::start("server.allow = [\"192.0.2.0/24\", \"127.0.0.0/8\"]").await;
    let (answer, _stream) = site.call(AMIGNITER).await;
    assert_eq!(answer.status, 101, "{answer:?}");
}

#[tokio::test]
async fn a_stranger_learns_nothing_of_domains_or_calls() {
    let site = Site::start("server.token = { env = \"SITE_TOKEN\" }").await;
    let unknown = PATH.replace(DOMAIN, "99999999-2222-4333-8444-555555555555");
    assert_eq!(site.send(&to(AMIGNITER, &unknown)).await.status, 401);
}

#[tokio::test]
async fn connections_that_say_nothing_are_closed_and_let_others_in() {
    let site = Site::start("server.upgrade_seconds = 1\nserver.max_handshakes = 1").await;
    let mut silent = site.connect().await;
    let mut slow = site.connect().await;
    slow.write_all(b"GET /stream/").await.unwrap();
    assert_eq!(closed(&mut silent).await, b"");
    // It has taken the silent one's place, and its second ends it.
    assert_eq!(closed(&mut slow).await, b"");
    let (answer, _stream) = site.call(AMIGNITER).await;
    assert_eq!(answer.status, 101, "{answer:?}");
}

#[tokio::test]
async fn a_stream_outlives_the_limits_of_its_request() {
    let site = Site::start("server.upgrade_seconds = 1\nserver.max_handshakes = 1").await;
    let (_, mut stream) = site.call(AMIGNITER).await;
    // A silent connection takes the only place and is closed after a second, so a second has passed.
    assert_eq!(closed(&mut site.connect().await).await, b"");
    // A ping, masked with zeroes; the frame that comes back first may be one of the server's own pings.
    stream
        .write_all(&[0x89, 0x82, 0, 0, 0, 0, b'h', b'i'])
        .await
        .unwrap();
    let mut seen = Vec::new();
    while !seen.windows(4).any(|frame| frame == [0x8a, 2, b'h', b'i']) {
        assert!(
            tokio::io::AsyncReadExt::read_buf(&mut stream, &mut seen)
                .await
                .unwrap()
                > 0,
            "{seen:?}"
        );
    }
}

#[tokio::test]
async fn garbage_harms_nobody() {
    let site = Site::start("").await;
    let mut tls = site.connect().await;
    tls.write_all(&[0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, 0, 0])
        .await
        .unwrap();
    tls.write_all(&[0; 64]).await.unwrap();
    assert_eq!(read(&mut tls).await.status, 400);
    let mut long = site.connect().await;
    let header = format!("X-Long: {}\r\n", "x".repeat(1_000));
    let request = AMIGNITER.replacen("Upgrade:", &format!("{}Upgrade:", header.repeat(40)), 1);
    // The server may close before all of it is written.
    let _ = long.write_all(request.as_bytes()).await;
    assert_eq!(read(&mut long).await.status, 431);
    let (answer, _stream) = site.call(AMIGNITER).await;
    assert_eq!(answer.status, 101, "{answer:?}");
}
