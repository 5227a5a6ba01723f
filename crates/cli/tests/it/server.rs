//! `voice-ai serve` and `voice-ai config` as a process: what they print and with which code they end.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Nothing here takes so long unless it is broken.
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) fn voice_ai(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_voice-ai"));
    // Neither the settings nor the log level of whoever runs the tests.
    let settings = std::env::vars_os().map(|(name, _)| name);
    for name in settings.filter(|name| name.to_string_lossy().starts_with("VOICE_AI") || name == "RUST_LOG") {
        command.env_remove(name);
    }
    command.args(arguments);
    command
}

fn written(folder: &Path, text: &str) -> String {
    let file = folder.join("voice-ai.toml");
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_right_configuration_is_ok() {
    let output = voice_ai(&["config", "check"]).output().unwrap();
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(0), b"ok\n".as_slice()),
        "{}",
        errors(&output)
    );
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../voice-ai.sample.toml");
    let output = voice_ai(&["config", "check", "--config", sample])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
}

#[test]
fn check_and_serve_tell_everything_that_is_wrong_with_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(
        folder.path(),
        "[server]\nlistn = \"x\"\nmax_calls = -1\n[stream]\nlead_ms = 500\n",
    );
    for command in [["config", "check"].as_slice(), &["serve"]] {
        let output = voice_ai(command)
            .args(["--config", &file])
            .env("VOICE_AI__LOG__FORMT", "json")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        assert!(output.stdout.is_empty());
        let text = errors(&output);
        for told in [
            "line 2: unknown key server.listn",
            "line 3: server.max_calls",
            "line 5: stream.lead_ms",
            "log.format?",
        ] {
            assert!(text.contains(told), "{command:?}: no {told:?} in {text}");
        }
        assert_eq!(text.lines().count(), 4, "{text}");
    }
}

#[test]
fn secretaries_and_log_directives_are_checked_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(
        folder.path(),
        "[secretaries]\ndir = \"/nonexistent/secretaries\"\n",
    );
    let output = voice_ai(&["config", "check", "--config", &file])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        errors(&output).contains("/nonexistent/secretaries"),
        "{}",
        errors(&output)
    );
    let output = voice_ai(&["config", "check"])
        .env("VOICE_AI__LOG__LEVEL", "a=b=c")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("log.level"), "{}", errors(&output));
}

/// A server that is ended with the test.
pub(crate) struct Server {
    process: Child,
    log: BufReader<std::process::ChildStderr>,
    seen: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        Self::start_with(folder, folder)
    }

    pub(crate) fn start_with(models: &Path, data: &Path) -> Self {
        Self::of(
            voice_ai(&["serve"])
                .env("VOICE_AI__MODELS__DIR", models)
                .env("VOICE_AI__DATA__DIR", data),
        )
    }

    /// A server with the configuration of a folder, in which it runs.
    pub(crate) fn start_in(folder: &Path) -> Self {
        Self::of(voice_ai(&["serve", "--config", "voice-ai.toml"]).current_dir(folder))
    }

    fn of(command: &mut Command) -> Self {
        let mut process = command
            .env("VOICE_AI__SERVER__LISTEN", "127.0.0.1:0")
            .env("VOICE_AI__SERVER__CONTROL", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        Self {
            process,
            log,
            seen: String::new(),
        }
    }

    /// Where it takes calls.
    pub(crate) fn address(&mut self) -> String {
        address(&self.until("/stream/{domain_uuid}/{call_uuid}"))
    }

    /// Reads the log up to a line with this text, and returns that line.
    pub(crate) fn until(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            assert!(
                self.log.read_line(&mut line).unwrap() > 0,
                "the log ended without {text:?}:\n{}",
                self.seen
            );
            self.seen.push_str(&line);
            if line.contains(text) {
                return line;
            }
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// The exit code.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let begun = Instant::now();
        self.log.read_to_string(&mut self.seen).unwrap();
        while begun.elapsed() < LIMIT {
            if let Some(status) = self.process.try_wait().unwrap() {
                let mut printed = String::new();
                self.process
                    .stdout
                    .take()
                    .unwrap()
                    .read_to_string(&mut printed)
                    .unwrap();
                assert_eq!(printed, "", "serve prints nothing but its log");
                return (status.code(), std::mem::take(&mut self.seen));
            }
            std::thread::yield_now();
        }
        panic!("it does not end:\n{}", self.seen);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone in most tests.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address in `ws://ADDRESS/…`.
fn address(line: &str) -> String {
    line.split_once("ws://")
        .unwrap()
        .1
        .split('/')
        .next()
        .unwrap()
        .to_owned()
}

#[test]
fn serve_says_what_it_serves_and_ends_with_code_0_at_sigterm() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    let calls = server.until("/stream/{domain_uuid}/{call_uuid}");
    assert!(!address(&calls).ends_with(":0"), "{calls}");
    let try_it = server.until("voice-ai call");
    assert!(try_it.contains(&address(&calls)), "{try_it}");
    for told in [
        "11111111-2222-4333-8444-555555555555",
        "provedor",
        "keys only",
        "voice-ai models install",
        "/metrics",
    ] {
        assert!(server.seen.contains(told), "no {told:?}:\n{}", server.seen);
    }
    server.signal("-TERM");
    let (code, log) = server.ended();
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn sigint_ends_it_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    server.until("voice-ai call");
    server.signal("-INT");
    assert_eq!(server.ended().0, Some(0));
}

#[test]
fn an_address_in_use_ends_serve_with_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let output = voice_ai(&["serve"])
        .env("VOICE_AI__SERVER__LISTEN", &addr)
        .env("VOICE_AI__DATA__DIR", folder.path())
        .env("VOICE_AI__MODELS__DIR", folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        errors(&output).contains(&addr) && errors(&output).contains("another voice-ai"),
        "{}",
        errors(&output)
    );
}

#[test]
fn every_command_finds_the_configuration_of_its_folder_but_where_another_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    let here = format!("[models]\ndir = \"{}\"\n[server]\nlistn = 1\n", models.display());
    written(folder.path(), &here);
    for command in [
        ["config", "check"].as_slice(),
        &["serve"],
        &["pbx", "status"],
        &["calls", "list"],
        &["secretaries", "check"],
        &["models", "list"],
        &["messages", "list"],
    ] {
        let output = voice_ai(command).current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{command:?}: {}", errors(&output));
        assert!(
            errors(&output).contains("listn"),
            "{command:?}: {}",
            errors(&output)
        );
    }
    written(folder.path(), &here.replace("listn = 1", ""));
    let list = |command: &mut Command| {
        let output = command.current_dir(folder.path()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let shown = format!("Folder: {}\n", models.display());
    assert!(list(&mut voice_ai(&["models", "list"])).starts_with(&shown));
    let other = folder.path().join("other.toml");
    std::fs::write(&other, "[models]\ndir = \"/elsewhere\"\n").unwrap();
    let named = list(voice_ai(&["models", "list"]).env("VOICE_AI_CONFIG", &other));
    assert!(named.starts_with("Folder: /elsewhere\n"), "{named}");
    // Nothing is taken in the place of what is named and not there.
    let output = voice_ai(&["config", "check", "--config", "nowhere.toml"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
}
