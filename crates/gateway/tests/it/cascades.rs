//! A cascade of providers' services, made of its table alone.

use crate::estate::{CALL, Estate, Keys, NORTH};
use sim::llm::{LlmServer, Reply, Wire};
use sim::transcription::KEY;
use sim::transcription::live::{LiveServer, Script};
use std::io::Write;
use std::time::Duration;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_call_listens_and_thinks_by_the_services_of_its_table() {
    // The binary does this at its start.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let mut key = tempfile::NamedTempFile::new().unwrap();
    key.write_all(KEY.as_bytes()).unwrap();
    let llm = LlmServer::start([Reply::saying("Yes?")]).await.unwrap();
    let live = LiveServer::start(Script::knowing(&[])).await.unwrap();
    let part = |name: &str, kind: &str, url: String| {
        format!(
            "engines.clinic.{name} = {{ kind = {kind:?}, url = {url:?}, model = \"m\", api_key = {{ file = {:?} }} }}\n",
            key.path()
        )
    };
    let node = format!(
        "engines.clinic.kind = \"cascade\"\n{}{}",
        part("stt", "deepgram", live.url()),
        part("llm", "anthropic", llm.base_url(Wire::Anthropic))
    );
    let keys = Keys {
        node,
        secretary: "brain = \"chat\"".into(),
        ..Keys::default()
    };
    let estate = Estate::start("clinic", None, &keys).await;
    let mut phone = estate.open(NORTH, CALL).await;
    phone.text(r#"{"rate":16000,"mix":"mono"}"#).await;
    phone.audio().await;
    timeout(LIMIT, live.until(|log| log.open == 1)).await.unwrap();
    phone.text(r#"{"type":"dtmf","digit":"7"}"#).await;
    let asked = timeout(LIMIT, llm.until(|seen| !seen.asked.is_empty()))
        .await
        .unwrap()
        .asked;
    assert_eq!(asked[0].path, "/v1/messages");
    assert!(
        asked[0]
            .body
            .to_string()
            .contains("[the caller pressed the key 7]")
    );
    phone.hang_up().await;
    // Nothing is left of a call that is over.
    timeout(LIMIT, live.until(|log| log.open == 0)).await.unwrap();
    timeout(LIMIT, llm.until(|seen| seen.open == 0)).await.unwrap();
}
