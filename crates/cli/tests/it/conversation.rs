//! The main job as a user tries it: `voice-ai serve` on its embedded defaults and `voice-ai call`, both as processes, with real
//! speech to text.

use crate::server::{Server, voice_ai};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Where the speech-to-text model is, if it is installed: where `make test` installs it.
fn models() -> Option<PathBuf> {
    let folder = std::env::var_os("VOICE_AI_TEST_MODELS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.models")),
        PathBuf::from,
    );
    if folder.join("whisper-base.q8_0.bin").exists() {
        return Some(folder);
    }
    println!(
        "skipped: no speech-to-text model in {}; `voice-ai models install whisper-base --dir …` installs it",
        folder.display()
    );
    None
}

/// A server that hears, and calls to it.
struct Desk {
    server: Server,
    data: tempfile::TempDir,
    address: String,
}

impl Desk {
    fn open() -> Option<Self> {
        let models = models()?;
        let data = tempfile::tempdir().unwrap();
        let mut server = Server::start_with(&models, data.path());
        let address = server.address();
        server.until("speech to text is ready");
        Some(Self {
            server,
            data,
            address,
        })
    }

    /// Ends the server; its log.
    fn close(self) -> String {
        self.server.signal("-TERM");
        let (code, log) = self.server.ended();
        assert_eq!(code, Some(0), "{log}");
        replays(self.data.path());
        log
    }

    /// The summary of a call with these arguments.
    fn call(&self, arguments: &[&str]) -> Value {
        let url = format!("ws://{}", self.address);
        let output = voice_ai(&["call", "--json", "--url", &url])
            .args(arguments)
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{:?}\n{printed}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        let summary: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
        assert_eq!(summary["event"], "summary", "{printed}");
        summary
    }
}

/// The logs of all its calls, fed into fresh calls, give the same to the letter.
fn replays(folder: &Path) {
    let mut logs = Vec::new();
    let mut folders = vec![folder.join("recordings")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            if path.is_dir() {
                folders.push(path);
            } else {
                logs.push(path);
            }
        }
    }
    assert!(!logs.is_empty());
    for log in logs {
        let output = voice_ai(&["replay"]).arg(&log).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(
            told.contains("the same to the letter"),
            "{}:\n{told}",
            log.display()
        );
    }
}

/// The final words of one side, in order.
fn words(summary: &Value, role: &str) -> Vec<String> {
    let lines = summary["transcript"].as_array().unwrap();
    let said = lines
        .iter()
        .filter(|line| line["role"] == role && line["final"] == true);
    said.map(|line| line["text"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_portuguese_caller_reaches_the_right_intent() {
    let Some(desk) = Desk::open() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (wav, svg) = (folder.path().join("conv.wav"), folder.path().join("conv.svg"));
    let files = ["--out", wav.to_str().unwrap(), "--picture", svg.to_str().unwrap()];
    let said = ["--say", "Quero falar com o financeiro, por favor"];
    let summary = desk.call(&[files.as_slice(), &said].concat());
    assert!(
        words(&summary, "user")
            .concat()
            .to_lowercase()
            .contains("financeiro"),
        "{summary}"
    );
    let answers = words(&summary, "assistant");
    assert!(
        answers.len() >= 2 && answers[1].contains("inanceiro"),
        "{summary}"
    );
    assert_eq!(summary["response_ms"].as_array().unwrap().len(), 1, "{summary}");
    let picture = std::fs::read_to_string(svg).unwrap();
    assert!(picture.contains("financeiro") && picture.contains("</svg>"));
    let log = desk.close();
    for words in ["por favor", "Em que posso", "boleto"] {
        assert!(!log.contains(words), "{words:?} is in the log:\n{log}");
    }
    assert!(std::fs::metadata(wav).unwrap().len() > 100_000);
}

#[test]
fn an_english_caller_reaches_the_right_intent() {
    let Some(desk) = Desk::open() else { return };
    let summary = desk.call(&["--lang", "en", "--say", "I would like to talk to billing, please"]);
    assert!(
        words(&summary, "user")
            .concat()
            .to_lowercase()
            .contains("billing"),
        "{summary}"
    );
    let answers = words(&summary, "assistant").concat().to_lowercase();
    assert!(answers.contains("billing"), "{summary}");
    desk.close();
}

#[test]
fn a_real_interruption_stops_the_secretary() {
    let Some(desk) = Desk::open() else { return };
    let said = "No, wait, I want to talk to technical support";
    let summary = desk.call(&["--lang", "en", "--barge-in-after", "1500ms", "--say", said]);
    assert_eq!(
        summary["barge_in_stop_ms"].as_array().unwrap().len(),
        1,
        "{summary}"
    );
    assert_eq!(summary["false_barge_ins"], 0, "{summary}");
    let answers = words(&summary, "assistant");
    assert!(
        !answers[0].contains("help you"),
        "the greeting is cut to what was heard: {summary}"
    );
    assert!(answers.len() >= 2, "{summary}");
    desk.close();
}

#[test]
fn an_uhum_does_not_stop_the_secretary() {
    let Some(desk) = Desk::open() else { return };
    let summary = desk.call(&["--barge-in-after", "1500ms", "--say", "uhum"]);
    assert_eq!(summary["false_barge_ins"], 1, "{summary}");
    assert_eq!(
        summary["barge_in_stop_ms"].as_array().unwrap().len(),
        0,
        "{summary}"
    );
    assert_eq!(words(&summary, "assistant").len(), 1, "{summary}");
    assert!(
        words(&summary, "assistant")[0].ends_with("ajudar?"),
        "heard to its end: {summary}"
    );
    desk.close();
}
