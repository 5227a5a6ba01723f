//! The vendors' own clients talk to the stand-in, and ask the same as we do.

use super::services::{PATIENCE, config};
use super::{speak, speech};
use crate::official;
use secretary::Language;
use serde_json::Value;
use sim::speech::{Asked, KEY, SpeechServer};
use tokio::time::timeout;
use voice::tts::{SpeechService, Vendor};

#[tokio::test]
async fn official_clients_ask_the_same_as_we_do() {
    for (vendor, package) in [
        (Vendor::OpenAi, "openai"),
        (Vendor::ElevenLabs, "elevenlabs"),
        (Vendor::Deepgram, "deepgram"),
    ] {
        let Some(python) = official::python_with(package) else {
            continue;
        };
        let server = SpeechServer::start([]).await.unwrap();
        let service = SpeechService::new(config(vendor, &server)).unwrap();
        let ours = timeout(PATIENCE, speak(&service, speech("Olá, Ana.", Language::PtBr))).await;
        ours.unwrap().unwrap();
        let arguments = [package, &server.url(), KEY, "someone", "Olá, Ana."];
        let output = official::client(&python, "speak.py", &arguments).await;
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let bytes: usize = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap();
        let rate = if vendor == Vendor::OpenAi { 24 } else { 16 };
        assert_eq!(bytes, "Olá, Ana.".chars().count() * 60 * rate * 2, "{package}");
        let seen = server.seen();
        let [ours, theirs] = seen.asked.as_slice() else {
            panic!("{package}: {seen:?}");
        };
        assert_eq!(comparable(ours), comparable(theirs), "{package}");
    }
}

/// A request, its body and its numbers as JSON means them: 16000.0 is 16000.
fn comparable(asked: &Asked) -> (String, Vec<String>, Option<(String, String)>, String, Value) {
    let Asked {
        path,
        query,
        key,
        content_type,
        body,
    } = asked.clone();
    let query = query
        .iter()
        .map(|pair| pair.trim_end_matches(".0").to_owned())
        .collect();
    (
        path,
        query,
        key,
        content_type,
        serde_json::from_str(&body).unwrap(),
    )
}
