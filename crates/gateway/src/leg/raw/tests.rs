//! A leg whose other end reads when it likes: a socket in memory that holds a few hundred bytes.

use super::super::Closing;
use super::super::socket::{MOST_ORDERS, STALL_LIMIT};
use super::*;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::extract::ws::WebSocketUpgrade;
use futures_util::{SinkExt, StreamExt};
use hyper::body::Incoming as RequestBody;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::DuplexStream;
use tokio::sync::oneshot;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite;

/// What the wire holds before the other end reads.
const WIRE: usize = 512;

async fn line() -> (RawLeg, WebSocketStream<DuplexStream>) {
    let (ours, theirs) = tokio::io::duplex(WIRE);
    let (upgraded, socket) = oneshot::channel();
    let upgraded = Arc::new(Mutex::new(Some(upgraded)));
    let service = hyper::service::service_fn(move |request: Request<RequestBody>| {
        let upgraded = upgraded.clone();
        async move {
            let (mut parts, _) = request.into_parts();
            let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &())
                .await
                .unwrap();
            let response: Response<Body> = upgrade.on_upgrade(async move |socket| {
                let sender = upgraded.lock().unwrap().take().unwrap();
                assert!(sender.send(socket).is_ok());
            });
            Ok::<_, Infallible>(response)
        }
    });
    let server = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(ours), service)
        .with_upgrades();
    tokio::spawn(server);
    let (client, _) = tokio_tungstenite::client_async("ws://leg.test/", theirs)
        .await
        .unwrap();
    (RawLeg::new(socket.await.unwrap()), client)
}

/// Sends audio until the leg refuses it.
fn fill(leg: &mut RawLeg) {
    for _ in 0..10_000 {
        leg.audio(&[7; 160]);
        if leg.refused() > 0 {
            return;
        }
    }
    panic!("the wire takes everything");
}

/// What the other end reads until the stream is closed, which it answers.
async fn read_to_the_end(client: &mut WebSocketStream<DuplexStream>) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some(Ok(message)) = client.next().await {
        match message {
            tungstenite::Message::Text(text) => texts.push(text.to_string()),
            // The answer waits in the socket for the next turn.
            tungstenite::Message::Close(_) => {
                client.flush().await.unwrap();
                break;
            }
            tungstenite::Message::Binary(_) => texts.push("audio".into()),
            _ => {}
        }
    }
    texts.dedup();
    texts
}

#[tokio::test]
async fn orders_arrive_though_the_other_end_did_not_read_when_they_were_given() {
    let (mut leg, mut client) = line().await;
    fill(&mut leg);
    leg.control(&Control::Clear);
    let before = leg.refused();
    leg.audio(&[7; 160]);
    leg.control(&Control::Mark { name: "lost" });
    assert_eq!(leg.refused(), before + 2, "nothing overtakes an order");
    leg.control(&Control::Transfer {
        destination: "billing",
        number: None,
        kind: None,
    });
    leg.control(&Control::Hangup);
    leg.close();
    let ours = async {
        let now = Instant::now();
        loop {
            if let Incoming::Closed(closing) = poll_fn(|cx| leg.poll_incoming(cx, now)).await {
                return closing;
            }
        }
    };
    let both = async { tokio::join!(read_to_the_end(&mut client), ours) };
    let (texts, closing) = tokio::time::timeout(Duration::from_secs(10), both)
        .await
        .expect("the stream ends");
    assert_eq!(closing, Closing::Normal);
    let want = [
        "audio",
        r#"{"type":"clear"}"#,
        r#"{"type":"transfer","destination":"billing"}"#,
        r#"{"type":"hangup"}"#,
    ];
    assert_eq!(texts, want);
}

#[tokio::test]
async fn an_end_that_reads_nothing_for_long_has_lost_its_stream() {
    let (mut leg, _client) = line().await;
    fill(&mut leg);
    let start = Instant::now();
    assert!(poll_fn(|cx| Poll::Ready(leg.poll_incoming(cx, start).is_pending())).await);
    let later = start + STALL_LIMIT + Duration::from_millis(1);
    let lost = poll_fn(|cx| leg.poll_incoming(cx, later)).await;
    assert!(matches!(lost, Incoming::Closed(Closing::Lost)));
}

#[tokio::test]
async fn more_orders_than_may_wait_end_the_stream() {
    let (mut leg, _client) = line().await;
    fill(&mut leg);
    for _ in 0..=MOST_ORDERS {
        leg.control(&Control::Pause);
    }
    let lost = poll_fn(|cx| leg.poll_incoming(cx, Instant::now())).await;
    assert!(matches!(lost, Incoming::Closed(Closing::Lost)));
}
