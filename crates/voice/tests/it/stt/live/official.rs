//! The events of both sides against the types of the official packages, and their clients against the stand-in.

use super::{VOCABULARY, conversation};
use crate::official;
use serde_json::{Value, json};
use sim::transcription::KEY;
use sim::transcription::live::{LiveServer, Script};
use voice::stt::LiveVendor;

#[tokio::test]
async fn events_are_those_of_the_official_packages() {
    for vendor in LiveVendor::ALL {
        let package = vendor.name();
        let Some(python) = official::python_with(package) else {
            return;
        };
        let events = conversation(vendor).await;
        let kinds = |side: &str| events.iter().filter(|(of, _)| *of == side).count();
        assert!(
            kinds("client") > 0 && kinds("server") > 1,
            "{vendor:?}: {events:?}"
        );
        let line = |(side, event): &(&str, Value)| {
            json!({"vendor": package, "side": side, "event": event}).to_string() + "\n"
        };
        let lines: String = events.iter().map(line).collect();
        let output = official::validate(&python, "validate_live.py", &lines);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        // The check itself notices what is wrong.
        let mut wrong = events.iter().find(|(side, _)| *side == "server").unwrap().clone();
        wrong.1["more"] = "x".into();
        let output = official::validate(&python, "validate_live.py", &line(&wrong));
        assert!(!output.status.success());
    }
}

#[tokio::test]
async fn the_official_clients_understand_the_stand_in() {
    for vendor in LiveVendor::ALL {
        let Some(python) = official::python_with(vendor.name()) else {
            return;
        };
        let script = Script::knowing(&VOCABULARY);
        let sound = script.sound(&["quero", "falar", "agora"]);
        let server = LiveServer::start(script).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sound");
        let bytes: Vec<u8> = sound.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        std::fs::write(&file, bytes).unwrap();
        let arguments = [vendor.name(), &server.url(), KEY, file.to_str().unwrap()];
        let output = official::client(&python, "listen.py", &arguments).await;
        assert!(
            output.status.success(),
            "{vendor:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "quero falar agora\n",
            "{vendor:?}"
        );
    }
}
