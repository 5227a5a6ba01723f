//! The examples of `docs/webhooks.md` do what they say.

use super::super::signature::signature;
use std::process::{Command, Stdio};

const PAGE: &str = include_str!("../../../../../docs/webhooks.md");
const BODY: &str = "{\"data\":{\"message\":\"às 10h: 'liga', 100% \\\"certo\\\"\"}}";

/// The page's only block of that language.
fn example(language: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

fn now() -> i64 {
    super::super::courier::now().0 / 1_000
}

fn python(timestamp: i64, signature: &str) -> String {
    let program = format!(
        "{}\nimport os, sys\nheaders = {{'x-voice-ai-timestamp': os.environ['TIMESTAMP'], 'x-voice-ai-signature': os.environ['SIGNATURE']}}\n\
         print(is_from_voice_ai(os.environ['SECRET'], headers, os.environb[b'BODY']))",
        example("python")
    );
    let output = Command::new("python3")
        .args(["-c", &program])
        .envs([("SECRET", "s3cret"), ("SIGNATURE", signature), ("BODY", BODY)])
        .env("TIMESTAMP", timestamp.to_string())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn shell(timestamp: i64, signature: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("body"), BODY).unwrap();
    let status = Command::new("sh")
        .args(["-ec", example("sh")])
        .current_dir(folder.path())
        .envs([("SECRET", "s3cret"), ("SIGNATURE", signature)])
        .env("TIMESTAMP", timestamp.to_string())
        .status()
        .unwrap();
    status.success()
}

#[test]
fn the_python_example_knows_ours_from_a_stranger_s() {
    let (now, old) = (now(), now() - 3_600);
    assert_eq!(python(now, &signature("s3cret", now, BODY)), "True");
    assert_eq!(python(now, &signature("another", now, BODY)), "False");
    assert_eq!(python(old, &signature("s3cret", old, BODY)), "False");
}

#[test]
fn the_shell_example_knows_ours_from_a_stranger_s() {
    let now = now();
    assert!(shell(now, &signature("s3cret", now, BODY)));
    assert!(!shell(now, &signature("another", now, BODY)));
}
