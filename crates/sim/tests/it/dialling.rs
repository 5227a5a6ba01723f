//! What a caller is told when there is no call.

use sim::{DialError, Module, StreamAddress, dial};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that gives one answer, and returns what it was asked.
async fn answered_with(answer: &'static str, module: Module) -> (DialError, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address =
        StreamAddress::parse(&format!("ws://{}/stream/a/b", listener.local_addr().unwrap())).unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            stream.read_buf(&mut request).await.unwrap();
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(request).unwrap()
    });
    let error = dial(&address, module).await.unwrap_err();
    (error, server.await.unwrap())
}

#[tokio::test]
async fn a_refusal_is_shown_with_the_servers_explanation() {
    let answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 29\r\n\r\nunknown domain: list it first";
    let (error, _) = answered_with(answer, Module::Plain).await;
    assert!(matches!(error, DialError::Refused { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "the server refused the call with 403 Forbidden:\nunknown domain: list it first"
    );
}

#[tokio::test]
async fn the_gateways_own_refusals_are_shown_without_their_json() {
    let answer = concat!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 44\r\n\r\n",
        r#"{"error":"the node is full","remedy":"wait"}"#
    );
    let (error, _) = answered_with(answer, Module::Plain).await;
    let expected = "the server refused the call with 503 Service Unavailable:\n  the node is full\n  wait";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn a_port_that_speaks_something_else_is_named_as_that() {
    let (error, _) = answered_with("220 mail.example.com ESMTP\r\n\r\n", Module::Plain).await;
    assert!(
        error.to_string().contains("is that port a voice-ai server?"),
        "{error}"
    );
}

#[tokio::test]
async fn nobody_there_asks_for_the_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap();
    drop(listener);
    let error = dial(
        &StreamAddress::parse(&format!("ws://{authority}")).unwrap(),
        Module::Plain,
    )
    .await
    .unwrap_err();
    assert!(
        error
            .to_string()
            .contains(&format!("is `voice-ai serve` running at {authority}?")),
        "{error}"
    );
}

#[tokio::test]
async fn the_upgrade_is_written_as_each_build_writes_it() {
    let refusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    let (_, amigniter) = answered_with(refusal, Module::Amigniter).await;
    let names: Vec<&str> = amigniter
        .lines()
        .skip(1)
        .filter_map(|line| line.split(':').next())
        .collect();
    let captured = [
        "Host",
        "Upgrade",
        "Connection",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Version",
        "Origin",
        "",
    ];
    assert_eq!(names, captured);
    assert!(
        amigniter.contains("\r\nUpgrade:websocket\r\nConnection:upgrade\r\n"),
        "{amigniter}"
    );
    assert!(amigniter.contains("\r\nHost:127.0.0.1:"), "{amigniter}");

    let (_, sptmru) = answered_with(refusal, Module::Sptmru).await;
    assert!(sptmru.contains("\r\nUser-Agent: ixwebsocket/"), "{sptmru}");
    assert!(sptmru.contains("\r\nOrigin: ws://127.0.0.1:"), "{sptmru}");
}
