//! Others' JavaScript clients and servers, in tests/node.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/node")
}

/// True if this package is installed.
pub(crate) fn has(package: &str) -> bool {
    let there = folder().join("node_modules").join(package).is_dir();
    if !there {
        println!(
            "skipped: no {package} in tests/node; `make test` installs it where there is Node 20.15 or later"
        );
    }
    there
}

fn node(script: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(script).current_dir(folder()).kill_on_drop(true);
    command
}

/// What a script that is an official client says of its talk with a server.
pub(crate) async fn client(script: &str, address: &str) -> Output {
    let running = node(script).arg(address).output();
    tokio::time::timeout(Duration::from_secs(120), running)
        .await
        .expect("the client took too long")
        .unwrap()
}

/// aimock, serving a file of fixtures until it is dropped.
pub(crate) struct Aimock {
    url: String,
    _process: Child,
}

impl Aimock {
    pub(crate) async fn start(fixtures: &str) -> Self {
        let mut process = node("serve_aimock.mjs")
            .arg(fixtures)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(Duration::from_secs(60), lines.next_line())
            .await
            .expect("aimock took too long");
        Self {
            url: line.unwrap().expect("aimock says where it is"),
            _process: process,
        }
    }

    /// Where its Realtime API is.
    pub(crate) fn realtime(&self) -> String {
        format!("{}/v1/realtime", self.url.replacen("http", "ws", 1))
    }
}
