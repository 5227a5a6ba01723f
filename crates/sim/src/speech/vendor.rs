//! The services one by one: which of them a path belongs to, what each must be asked, and how each refuses.
//!
//! Sources: PyPI `openai` 3.54, `elevenlabs` 2.78, `deepgram-sdk` 7.17 and `google-cloud-texttospeech` 2.38; Microsoft Learn, "Text to
//! speech REST API"; ElevenLabs Help, "API - Error Code 400 or 401".

use super::Asked;
use super::audio::{raw, tone, wav};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The key that all of them take.
pub const KEY: &str = "sim-key-4711";

/// A voice that none of them has.
pub const UNKNOWN_VOICE: &str = "nobody";

/// What is answered where nothing else is scripted.
pub(super) struct Given {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
}

impl Given {
    fn audio(content_type: &'static str, body: Vec<u8>) -> Self {
        Self {
            status: 200,
            content_type,
            body,
        }
    }

    fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            content_type: "application/json",
            body: body.to_string().into_bytes(),
        }
    }

    fn text(status: u16, body: &str) -> Self {
        Self {
            status,
            content_type: "text/plain",
            body: body.into(),
        }
    }
}

/// Headers in which a key may come.
const KEYS: [&str; 4] = [
    "authorization",
    "xi-api-key",
    "ocp-apim-subscription-key",
    "x-goog-api-key",
];

/// What a request says.
pub(super) fn asked(parts: &Parts, body: &[u8]) -> Asked {
    let named = |name: &str| Some(parts.headers.get(name)?.to_str().ok()?.to_owned());
    let query = parts.uri.query().unwrap_or_default();
    let mut query: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(Into::into)
        .collect();
    query.sort();
    let content_type = named(CONTENT_TYPE.as_str()).unwrap_or_default();
    Asked {
        path: parts.uri.path().into(),
        query,
        key: KEYS
            .into_iter()
            .find_map(|name| Some((name.to_owned(), named(name)?))),
        content_type: content_type.split(';').next().unwrap_or_default().trim().into(),
        body: String::from_utf8_lossy(body).into_owned(),
    }
}

/// What the service of this path answers.
pub(super) fn answer(parts: &Parts, asked: &Asked) -> Given {
    let body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
    let segments: Vec<&str> = asked.path.trim_matches('/').split('/').collect();
    match segments.as_slice() {
        ["v1", "audio", "speech"] => openai(asked, &body),
        ["v1", "text-to-speech", voice, "stream"] => elevenlabs(asked, voice, &body),
        ["v1", "speak"] => deepgram(asked, &body),
        ["cognitiveservices", "v1"] => azure(parts, asked),
        ["v1", "text:synthesize"] => google(asked, &body),
        _ => Given::text(404, "no such path"),
    }
}

fn has_key(asked: &Asked, header: &str, value: &str) -> bool {
    asked
        .key
        .as_ref()
        .is_some_and(|(name, given)| name == header && given == value)
}

fn openai(asked: &Asked, body: &Value) -> Given {
    let refused = |status, kind: &str, code: &str, message: &str| {
        Given::json(
            status,
            &json!({"error": {"message": message, "type": kind, "param": null, "code": code}}),
        )
    };
    if !has_key(asked, "authorization", &format!("Bearer {KEY}")) {
        let message = format!("Incorrect API key provided: {:?}.", asked.key);
        return refused(401, "invalid_request_error", "invalid_api_key", &message);
    }
    let (Some(text), Some(voice), Some(_)) = (
        body["input"].as_str(),
        body["voice"].as_str(),
        body["model"].as_str(),
    ) else {
        return refused(
            400,
            "invalid_request_error",
            "missing_required_parameter",
            "Missing required parameter.",
        );
    };
    if voice == UNKNOWN_VOICE {
        let message = "Invalid value: 'nobody'. Supported values are: 'alloy', 'marin' and 'cedar'.";
        return refused(400, "invalid_request_error", "invalid_value", message);
    }
    if text.chars().count() > 4096 {
        return refused(
            400,
            "invalid_request_error",
            "string_too_long",
            "String should have at most 4096 characters",
        );
    }
    let samples = tone(text, 24_000);
    match body["response_format"].as_str() {
        Some("pcm") => Given::audio("audio/pcm", raw(&samples)),
        Some("wav") => Given::audio("audio/wav", wav(&samples, 24_000)),
        other => refused(
            400,
            "invalid_request_error",
            "sim",
            &format!("{other:?} is not faked"),
        ),
    }
}

fn elevenlabs(asked: &Asked, voice: &str, body: &Value) -> Given {
    let refused = |status, code: &str, message: &str| {
        Given::json(status, &json!({"detail": {"status": code, "message": message}}))
    };
    if !has_key(asked, "xi-api-key", KEY) {
        return refused(401, "invalid_api_key", "Invalid API key");
    }
    if voice == UNKNOWN_VOICE {
        return refused(
            404,
            "voice_not_found",
            "A voice for the voice_id nobody was not found.",
        );
    }
    let Some(text) = body["text"].as_str() else {
        return Given::json(
            422,
            &json!({"detail": [{"loc": ["body", "text"], "msg": "Field required", "input": body}]}),
        );
    };
    if text.chars().count() > 10_000 {
        return refused(
            400,
            "max_character_limit_exceeded",
            "This request's text exceeds the character limit",
        );
    }
    let format = asked
        .query
        .iter()
        .find_map(|pair| pair.strip_prefix("output_format=pcm_"));
    match format.and_then(|rate| rate.parse().ok()) {
        Some(rate) => Given::audio("audio/pcm", raw(&tone(text, rate))),
        None => refused(400, "invalid_output_format", "only pcm is faked"),
    }
}

fn deepgram(asked: &Asked, body: &Value) -> Given {
    let refused = |status, code: &str, message: &str| {
        Given::json(
            status,
            &json!({"err_code": code, "err_msg": message, "request_id": "00000000-0000-0000-0000-000000000000"}),
        )
    };
    let query = |name: &str| {
        let named = |pair: &'_ String| Some(pair.strip_prefix(name)?.strip_prefix('=')?.to_owned());
        asked.query.iter().find_map(named).unwrap_or_default()
    };
    if !has_key(asked, "authorization", &format!("Token {KEY}")) {
        return refused(401, "INVALID_AUTH", "Invalid credentials.");
    }
    if query("model") == UNKNOWN_VOICE {
        return refused(
            400,
            "INVALID_QUERY_PARAMETER",
            "No such model/version combination found.",
        );
    }
    let Some(text) = body["text"].as_str().filter(|text| !text.is_empty()) else {
        return refused(
            400,
            "PAYLOAD_ERROR",
            "Failed to deserialize JSON payload. Please specify exactly one of `text` or `url`.",
        );
    };
    if text.chars().count() > 2_000 {
        return refused(
            413,
            "PAYLOAD_TOO_LARGE",
            "Input text exceeds maximum character limit of 2000",
        );
    }
    let rate: u32 = query("sample_rate").parse().unwrap_or(24_000);
    match (query("encoding").as_str(), query("container").as_str()) {
        ("linear16", "none") => Given::audio("audio/l16", raw(&tone(text, rate))),
        ("linear16", "wav" | "") => Given::audio("audio/wav", wav(&tone(text, rate), rate)),
        _ => refused(400, "UNSUPPORTED_AUDIO_FORMAT", "only linear16 is faked"),
    }
}

fn azure(parts: &Parts, asked: &Asked) -> Given {
    let named = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    if !has_key(asked, "ocp-apim-subscription-key", KEY) {
        return Given::text(401, "");
    }
    if asked.content_type != "application/ssml+xml" {
        return Given::text(415, "");
    }
    if named("user-agent").is_none() {
        return Given::text(400, "Missing header User-Agent");
    }
    let Some((voice, text)) = ssml(&asked.body) else {
        return Given::text(400, "SSML is invalid.");
    };
    if voice == UNKNOWN_VOICE {
        return Given::text(400, "Unsupported voice nobody.");
    }
    match named("x-microsoft-outputformat") {
        Some("raw-16khz-16bit-mono-pcm") => Given::audio("audio/x-wav", raw(&tone(&text, 16_000))),
        Some("raw-24khz-16bit-mono-pcm") => Given::audio("audio/x-wav", raw(&tone(&text, 24_000))),
        _ => Given::text(400, "Missing or unsupported X-Microsoft-OutputFormat"),
    }
}

/// The voice and the words of a document, which must have no other markup in it than `prosody`.
fn ssml(document: &str) -> Option<(String, String)> {
    let inner = document
        .strip_prefix("<speak ")?
        .strip_suffix("</voice></speak>")?;
    let (_, inner) = inner.split_once("<voice name=\"")?;
    let (voice, words) = inner.split_once("\">")?;
    let words = match words.strip_prefix("<prosody ") {
        Some(words) => words.split_once('>')?.1.strip_suffix("</prosody>")?,
        None => words,
    };
    if words.contains(['<', '>']) {
        return None;
    }
    let mut plain = words.to_owned();
    for (entity, letter) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'")] {
        plain = plain.replace(entity, letter);
    }
    let bare = plain.replace("&amp;", "");
    if bare.contains('&') {
        return None;
    }
    Some((voice.into(), plain.replace("&amp;", "&")))
}

fn google(asked: &Asked, body: &Value) -> Given {
    let refused = |status: u16, name: &str, reason: &str, message: &str| {
        let details = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]);
        Given::json(
            status,
            &json!({"error": {"code": status, "message": message, "status": name, "details": details}}),
        )
    };
    if !has_key(asked, "x-goog-api-key", KEY) {
        let message = "API key not valid. Please pass a valid API key.";
        return refused(400, "INVALID_ARGUMENT", "API_KEY_INVALID", message);
    }
    if body["voice"]["name"] == UNKNOWN_VOICE {
        return refused(
            400,
            "INVALID_ARGUMENT",
            "",
            "Voice 'nobody' does not exist. Is it misspelled?",
        );
    }
    let (Some(text), Some(_)) = (
        body["input"]["text"].as_str(),
        body["voice"]["languageCode"].as_str(),
    ) else {
        return refused(
            400,
            "INVALID_ARGUMENT",
            "",
            "Neither text nor ssml was given, or no languageCode.",
        );
    };
    if text.len() > 5_000 {
        return refused(
            400,
            "INVALID_ARGUMENT",
            "",
            "Either `input.text` or `input.ssml` is longer than the limit of 5000 bytes.",
        );
    }
    let rate = body["audioConfig"]["sampleRateHertz"].as_u64().unwrap_or(24_000);
    let rate = u32::try_from(rate).unwrap_or(24_000);
    if body["audioConfig"]["audioEncoding"] != "LINEAR16" {
        return refused(400, "INVALID_ARGUMENT", "", "only LINEAR16 is faked");
    }
    let audio = STANDARD.encode(wav(&tone(text, rate), rate));
    Given::json(200, &json!({"audioContent": audio}))
}
