//! Streams of calls that a FreeSWITCH must know.

use crate::site::{AMIGNITER, Answer, Site};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// A module that waits longer than this has given up (amigniter, measured).
const PATIENCE: Duration = Duration::from_secs(1);

fn pbx(port: u16) -> String {
    format!("[[pbx]]\nname = \"test\"\nport = {port}\n")
}

/// The answer, which came before a module would have given up.
async fn in_time(site: &Site, request: &str) -> Answer {
    let asked = Instant::now();
    let answer = site.send(request).await;
    assert!(asked.elapsed() < PATIENCE, "{:?}: {answer:?}", asked.elapsed());
    answer
}

#[tokio::test]
async fn without_a_freeswitch_to_ask_a_call_is_not_taken_unverified() {
    // A port where nothing listens, and one where somebody accepts and says nothing.
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let slow = silent.local_addr().unwrap().port();
    let _listening = tokio::spawn(async move {
        let (mut socket, _) = silent.accept().await.unwrap();
        let _ = socket.read_to_end(&mut Vec::new()).await;
    });
    for port in [closed, slow] {
        let site = Site::start_beside(&pbx(port)).await;
        let answer = in_time(&site, AMIGNITER).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(answer.header("retry-after"), Some("1"), "{answer:?}");
        assert!(answer.explanation().contains("voice-ai pbx status"), "{answer:?}");
        assert!(
            site.metrics()
                .contains("voice_ai_upgrades_refused_total{reason=\"unverified\"} 1")
        );
        // It was not counted as a call, and nothing of it is left.
        assert!(site.metrics().contains("voice_ai_calls_live 0"));
    }
}

#[tokio::test]
async fn where_nothing_is_verified_a_call_is_taken_without_a_freeswitch() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let site = Site::launch("server.verify = \"nothing\"", &pbx(closed)).await;
    let (answer, _stream) = site.call(AMIGNITER).await;
    assert_eq!(answer.status, 101, "{answer:?}");
}
