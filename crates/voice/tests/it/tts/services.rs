//! What services of text to speech are asked, and what becomes of their audio.

use super::{speak, speech};
use secretary::Language;
use sim::speech::{KEY, Reply, SpeechServer, tone, wav};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;
use voice::ApiKey;
use voice::service::{Access, ServiceError};
use voice::tts::{Prompts, Speech, SpeechConfig, SpeechService, Spoken, Synthesizer, Vendor};

/// Far longer than anything here takes: what waits for ever is told so.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// What a test says: markup, quotes and letters of more than one byte.
const TEXT: &str = "Olá, \"Ana & Jenny\" <bom dia>!";

/// Makes TLS possible, as the server does when it starts.
pub(super) fn prepare() {
    // Another test of this process may have done it.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A service on this server, which waits long enough for a slow machine.
pub(super) fn config(vendor: Vendor, server: &SpeechServer) -> SpeechConfig {
    prepare();
    let version = if vendor == Vendor::OpenAi { "/v1" } else { "" };
    let access = Access::new("engines.local.tts", server.url() + version).with_key(ApiKey::new(KEY));
    SpeechConfig {
        voice: "someone".into(),
        first_audio_timeout: PATIENCE,
        audio_timeout: PATIENCE,
        ..SpeechConfig::new(vendor, access)
    }
}

fn service(vendor: Vendor, server: &SpeechServer) -> SpeechService {
    SpeechService::new(config(vendor, server)).unwrap()
}

/// The samples of a tone of this text at 16 kHz.
fn length(text: &str) -> usize {
    text.chars().count() * 960
}

#[tokio::test]
async fn every_service_speaks_at_16_khz() {
    for vendor in Vendor::ALL {
        let server = SpeechServer::start([]).await.unwrap();
        let samples = speak(&service(vendor, &server), speech(TEXT, Language::PtBr)).await;
        let samples = samples.unwrap();
        assert_eq!(samples.len(), length(TEXT), "{vendor:?}");
        let peak = samples.iter().map(|sample| sample.unsigned_abs()).max();
        // Where the tone begins and ends, the filter overshoots.
        assert!((7_000..9_500).contains(&peak.unwrap()), "{vendor:?}: {peak:?}");
        if vendor != Vendor::OpenAi {
            assert_eq!(samples, tone(TEXT, 16_000), "{vendor:?}: nothing is converted");
        }
        assert_eq!(server.seen().asked.len(), 1);
    }
}

#[tokio::test]
async fn what_each_is_asked() {
    let server = SpeechServer::start([]).await.unwrap();
    for vendor in Vendor::ALL {
        let config = SpeechConfig {
            speed: Some(1.25),
            ..config(vendor, &server)
        };
        let service = SpeechService::new(config).unwrap();
        speak(&service, speech("a & b", Language::PtBr)).await.unwrap();
    }
    let asked = server.seen().asked;
    let told: Vec<String> = asked
        .iter()
        .map(|asked| format!("{} {} {}", asked.path, asked.query.join("&"), asked.body))
        .collect();
    assert_eq!(
        told,
        [
            r#"/v1/audio/speech  {"input":"a & b","model":"gpt-4o-mini-tts","response_format":"pcm","speed":1.25,"voice":"someone"}"#,
            r#"/v1/text-to-speech/someone/stream output_format=pcm_16000 {"language_code":"pt","model_id":"eleven_flash_v2_5","text":"a & b","voice_settings":{"speed":1.25}}"#,
            r#"/v1/speak container=none&encoding=linear16&model=someone&sample_rate=16000&speed=1.25 {"text":"a & b"}"#,
            "/cognitiveservices/v1  <speak version=\"1.0\" xmlns=\"http://www.w3.org/2001/10/synthesis\" xml:lang=\"pt-BR\"><voice name=\"someone\"><prosody rate=\"1.25\">a &amp; b</prosody></voice></speak>",
            r#"/v1/text:synthesize  {"audioConfig":{"audioEncoding":"LINEAR16","sampleRateHertz":16000,"speakingRate":1.25},"input":{"text":"a & b"},"voice":{"languageCode":"pt-BR","name":"someone"}}"#,
        ]
    );
}

#[tokio::test]
async fn a_voice_is_the_secretarys_then_the_configured_then_the_services_own() {
    let server = SpeechServer::start([]).await.unwrap();
    let named = |voice: &str| Speech {
        voice: voice.into(),
        ..speech("oi", Language::PtBr)
    };
    let silent = SpeechConfig {
        voice: String::new(),
        ..config(Vendor::Azure, &server)
    };
    let azure = SpeechService::new(silent.clone()).unwrap();
    speak(&service(Vendor::Azure, &server), named("pt-BR-AntonioNeural"))
        .await
        .unwrap();
    speak(&service(Vendor::Azure, &server), named("")).await.unwrap();
    speak(&azure, named("")).await.unwrap();
    for (asked, voice) in
        server
            .seen()
            .asked
            .iter()
            .zip(["pt-BR-AntonioNeural", "someone", "pt-BR-FranciscaNeural"])
    {
        assert!(
            asked.body.contains(&format!("\"{voice}\"")),
            "{voice}: {}",
            asked.body
        );
    }
    // A voice of ElevenLabs' is an id of the account: none is everybody's.
    let elevenlabs = SpeechConfig {
        voice: String::new(),
        ..config(Vendor::ElevenLabs, &server)
    };
    let error = speak(&SpeechService::new(elevenlabs).unwrap(), named(""))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("secretary's voice"), "{error}");
    assert_eq!(server.seen().asked.len(), 3, "nothing was asked in vain");
}

#[tokio::test]
async fn a_voice_names_its_language_and_no_path() {
    let server = SpeechServer::start([]).await.unwrap();
    let named = |voice: &str| Speech {
        voice: voice.into(),
        ..speech("oi", Language::En)
    };
    let google = service(Vendor::Google, &server);
    speak(&google, named("pt-BR-Neural2-A")).await.unwrap();
    speak(&google, named("Aoede")).await.unwrap();
    let asked = server.seen().asked;
    assert!(
        asked[0].body.contains("\"languageCode\":\"pt-BR\""),
        "{}",
        asked[0].body
    );
    assert!(
        asked[1].body.contains("\"languageCode\":\"en-US\""),
        "{}",
        asked[1].body
    );

    let elevenlabs = service(Vendor::ElevenLabs, &server);
    let outcome = speak(&elevenlabs, named("../../v1/user?x=")).await;
    let path = server.seen().asked.pop().unwrap().path;
    assert!(
        path.starts_with("/v1/text-to-speech/") && path.ends_with("/stream"),
        "{path}"
    );
    assert!(!path.contains("/v1/user"), "{path}");
    assert!(outcome.is_ok(), "the stand-in took it for a voice: {outcome:?}");
}

#[tokio::test]
async fn bytes_may_be_cut_anywhere_and_a_wav_header_is_obeyed() {
    let usual = {
        let server = SpeechServer::start([]).await.unwrap();
        speak(&service(Vendor::OpenAi, &server), speech("é", Language::PtBr))
            .await
            .unwrap()
    };
    for piece in [1, 3, 1001] {
        let server = SpeechServer::start([
            Reply::audio().in_pieces_of(piece),
            Reply::bytes(wav(&tone("é", 24_000), 24_000))
                .in_pieces_of(piece)
                .typed("application/octet-stream"),
            Reply::bytes(wav(&tone("é", 22_050), 22_050)).in_pieces_of(piece),
        ])
        .await
        .unwrap();
        let service = service(Vendor::OpenAi, &server);
        let spoken = || speak(&service, speech("é", Language::PtBr));
        assert_eq!(spoken().await.unwrap(), usual, "raw, in pieces of {piece}");
        assert_eq!(spoken().await.unwrap(), usual, "WAV, in pieces of {piece}");
        assert_eq!(
            spoken().await.unwrap().len(),
            usual.len(),
            "another rate, in pieces of {piece}"
        );
    }
}

#[tokio::test]
async fn a_type_that_names_the_rate_is_obeyed() {
    let samples: Vec<u8> = tone("ola", 48_000).iter().flat_map(|s| s.to_le_bytes()).collect();
    let server = SpeechServer::start([Reply::bytes(samples).typed("audio/pcm; rate=48000")])
        .await
        .unwrap();
    let spoken = speak(&service(Vendor::OpenAi, &server), speech("ola", Language::PtBr))
        .await
        .unwrap();
    assert_eq!(spoken.len(), length("ola"));
}

#[tokio::test]
async fn the_first_audio_comes_at_once_and_whoever_stops_listening_stops_the_service() {
    for drop_the_receiver in [true, false] {
        let server = SpeechServer::start([Reply::audio().hanging_after(4800)])
            .await
            .unwrap();
        let service = service(Vendor::OpenAi, &server);
        let (out, mut pieces) = mpsc::channel(4);
        let work = tokio::spawn(async move { service.speak(speech(TEXT, Language::PtBr), out).await });
        let first = timeout(PATIENCE, pieces.recv()).await.unwrap().unwrap();
        assert!(!first.is_empty(), "while the service has not ended its audio");
        assert_eq!(server.seen().cancelled, 0);
        if drop_the_receiver {
            drop(pieces);
            let ended = timeout(PATIENCE, work).await.unwrap().unwrap();
            assert_eq!(ended.unwrap(), Spoken::AsAsked);
        } else {
            work.abort();
            assert!(work.await.unwrap_err().is_cancelled());
        }
        timeout(PATIENCE, server.until(|seen| seen.cancelled == 1))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_long_text_is_said_in_several_requests() {
    let server = SpeechServer::start([]).await.unwrap();
    let text = "Bom dia, em que posso ajudar? ".repeat(100);
    let samples = speak(&service(Vendor::Deepgram, &server), speech(&text, Language::PtBr))
        .await
        .unwrap();
    let asked = server.seen().asked;
    assert_eq!(asked.len(), 2);
    assert!(
        samples.len() >= length(text.trim()) - length("  "),
        "{}",
        samples.len()
    );
    let nothing = speak(
        &service(Vendor::Deepgram, &server),
        speech(" \u{7}\n", Language::PtBr),
    )
    .await;
    assert_eq!(
        (nothing.unwrap().len(), server.seen().asked.len()),
        (0, 2),
        "nothing to say is not asked for"
    );
}

#[tokio::test]
async fn a_cached_prompt_costs_no_request() {
    let server = SpeechServer::start([]).await.unwrap();
    let prompts = Prompts::new(std::sync::Arc::new(service(Vendor::Google, &server)), 1 << 20);
    for _ in 0..3 {
        let prompt = prompts
            .render(speech("Só um momento.", Language::PtBr))
            .await
            .unwrap();
        assert_eq!(prompt.samples.len(), length("Só um momento."));
    }
    assert_eq!(server.seen().asked.len(), 1);
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_refused_with_its_remedy() {
    let server = SpeechServer::start([]).await.unwrap();
    let refused = |change: &dyn Fn(&mut SpeechConfig)| {
        let mut config = config(Vendor::OpenAi, &server);
        change(&mut config);
        SpeechService::new(config).err().unwrap()
    };
    let url = refused(&|config| config.access.url = "ftp://user:secret@host".into());
    assert!(matches!(url, ServiceError::Url { .. }), "{url}");
    assert!(
        !url.to_string().contains("secret") && url.to_string().contains("engines.local.tts.url"),
        "{url}"
    );
    let password = refused(&|config| config.access.url = "http://user:secret@host/v1".into());
    assert!(
        !password.to_string().contains("secret") && password.to_string().contains("api_key"),
        "{password}"
    );
    let key = refused(&|config| config.access.api_key = Some(ApiKey::new("a\nb")));
    assert!(key.to_string().contains("engines.local.tts.api_key"), "{key}");
    let model = refused(&|config| config.model = " ".into());
    assert!(
        model
            .to_string()
            .contains("engines.local.tts.model is empty; gpt-4o-mini-tts"),
        "{model}"
    );
}
