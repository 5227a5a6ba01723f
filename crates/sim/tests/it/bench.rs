//! The load against a real process: this test binary itself, as the floor.

use sim::StreamAddress;
use sim::bench::{Load, ServerError, ServerProcess, measure, serve_floor};
use std::net::{SocketAddr, TcpListener};
use tokio::process::Command;

const LISTEN: &str = "SIM_TEST_FLOOR";

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// No test: the server that the test below starts in another process.
#[tokio::test]
#[ignore = "serves until it is killed; started by another test"]
async fn floor() {
    let listener = tokio::net::TcpListener::bind(std::env::var(LISTEN).unwrap())
        .await
        .unwrap();
    serve_floor(listener).await.unwrap();
}

#[tokio::test]
async fn every_frame_of_the_floor_returns_and_is_counted_once() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["bench::floor", "--exact", "--ignored"])
        .env(LISTEN, address.to_string());
    let server = ServerProcess::start(command, address, folder.path().join("log"))
        .await
        .unwrap();
    let load = Load { calls: 7, seconds: 1 };
    let figures = measure(load, &server, |_| StreamAddress::of_sample_call(address))
        .await
        .unwrap();
    server.stop().await;
    assert_eq!((figures.sent, figures.lost), (7 * 50, 0));
    assert!(figures.p50_us <= figures.p99_us && figures.p99_us <= figures.max_us);
    // From the intended time, so that no frame returns before the generator was late.
    assert!(figures.p50_us >= figures.generator.p50_us, "{figures:?}");
}

#[tokio::test]
async fn a_server_that_ends_at_once_is_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "echo the port is taken >&2; exit 3"]);
    let started = ServerProcess::start(command, free_address(), folder.path().join("log")).await;
    let error = started.err().expect("it has ended");
    assert!(matches!(error, ServerError::Ended { .. }), "{error}");
    assert!(error.to_string().contains("the port is taken"), "{error}");
}
