//! `voice-ai models` and `voice-ai stt-worker`: what is printed, and the exit codes.

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn voice_ai(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_voice-ai"));
    command
        .args(arguments)
        .env("VOICE_AI__MODELS__DIR", dir)
        .stdin(Stdio::null());
    command.output().unwrap()
}

fn text(bytes: &[u8], dir: &Path) -> String {
    String::from_utf8(bytes.to_vec())
        .unwrap()
        .replace(dir.to_str().unwrap(), "DIR")
}

#[test]
fn the_list_is_what_the_documentation_shows() {
    let dir = tempfile::tempdir().unwrap();
    let output = voice_ai(dir.path(), &["models", "list"]);
    assert_eq!(text(&output.stdout, dir.path()), include_str!("models/list.txt"));
    let output = voice_ai(dir.path(), &["models", "list", "--json"]);
    assert_eq!(text(&output.stdout, dir.path()), include_str!("models/list.json"));
}

#[test]
fn a_present_file_is_listed_as_installed_and_verified_by_its_hash() {
    let dir = tempfile::tempdir().unwrap();
    let verify = |names: &[&str]| {
        let output = voice_ai(dir.path(), &[&["models", "verify"], names].concat());
        (output.status.code(), text(&output.stdout, dir.path()))
    };
    assert_eq!(
        verify(&[]).0,
        Some(0),
        "nothing is installed, and nothing is named"
    );
    assert_eq!(
        verify(&["silero-vad"]),
        (Some(0), "silero-vad: in the program\n".into())
    );
    let (code, said) = verify(&["whisper-base"]);
    assert_eq!(code, Some(3));
    assert!(
        said.contains("not installed (DIR/whisper-base.q8_0.bin is not there)"),
        "{said}"
    );

    std::fs::write(dir.path().join("whisper-base.q8_0.bin"), "no model").unwrap();
    let list = voice_ai(dir.path(), &["models", "list"]);
    assert!(text(&list.stdout, dir.path()).contains("whisper-base  (installed)"));
    let (code, said) = verify(&["whisper-base", "piper-en-us-joe"]);
    assert_eq!(code, Some(4), "damage outweighs absence");
    assert!(
        said.contains("damaged: the SHA-256 of DIR/whisper-base.q8_0.bin is "),
        "{said}"
    );
    assert_eq!(verify(&[]).0, Some(4));
}

#[test]
fn what_cannot_be_installed_is_said_in_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let install = |arguments: &[&str]| {
        let output = voice_ai(dir.path(), &[&["models", "install"], arguments].concat());
        (output.status.code(), text(&output.stderr, dir.path()))
    };
    let (code, said) = install(&["whisper"]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("\"whisper\" is no model; there are whisper-base, "),
        "{said}"
    );
    let (code, said) = install(&["whisper-base", "--from", "/no/such/place"]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("failed to install whisper-base: /no/such/place"),
        "{said}"
    );
    let (code, said) = install(&["whisper-base", "--url", "https://localhost/model.bin"]);
    assert_eq!(code, Some(2), "an address without a hash: {said}");
    let (code, said) = install(&[
        "whisper-base",
        "--url",
        "ftp://localhost/m",
        "--sha256",
        &"0".repeat(64),
    ]);
    assert_eq!(code, Some(1));
    assert!(said.contains("it is neither http nor https"), "{said}");
}

#[test]
fn a_worker_without_its_model_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let model = dir.path().join("none.bin");
    let output = voice_ai(dir.path(), &["stt-worker", "--model", model.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr, dir.path());
    assert!(
        said.contains("DIR/none.bin") && said.contains("voice-ai models install whisper-base"),
        "{said}"
    );

    std::fs::write(&model, "no model").unwrap();
    let output = voice_ai(dir.path(), &["stt-worker", "--model", model.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr, dir.path());
    assert!(said.contains("cannot be loaded as a Whisper model"), "{said}");
    assert!(output.stdout.is_empty(), "standard output is for frames alone");
}
