//! A stand-in for services that find the words of whole utterances: OpenAI's `/audio/transcriptions`, Azure's REST API for short audio and
//! Google's `speech:recognize`, each with its own address, key header, format and refusals.
//!
//! Sources: PyPI `openai` 3.54; Microsoft Learn, "Speech to text REST API for short audio"; Google Cloud, "Method: speech.recognize", v1.

pub mod live;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The key that all of them take.
pub const KEY: &str = "sim-key-4711";

/// The longest request that is read.
const LONGEST: usize = 8 << 20;

/// How one utterance is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// With these words, empty for silence.
    Words(String),
    /// With this status and body.
    Refusal(u16, String),
    /// Never, with the connection open.
    Hang,
    /// The connection breaks in the middle.
    Break,
}

impl Reply {
    /// These words.
    pub fn words(words: &str) -> Self {
        Self::Words(words.into())
    }

    /// A refusal.
    pub fn refusing(status: u16, body: impl Into<String>) -> Self {
        Self::Refusal(status, body.into())
    }
}

/// One request as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The path.
    pub path: String,
    /// The query.
    pub query: String,
    /// What is said beside the sound: the fields of a form, or the `config` of a JSON body.
    pub said: BTreeMap<String, Value>,
    /// The sound: mono, 16 bit, 16 kHz.
    pub samples: Vec<i16>,
}

/// What the server has seen.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The requests that it took, in order.
    pub asked: Vec<Asked>,
    /// How many answers were given up by the one who asked.
    pub cancelled: usize,
}

/// The server. Dropping it stops it.
pub struct TranscriptionServer {
    address: SocketAddr,
    seen: watch::Receiver<Seen>,
    _stop: DropGuard,
}

#[derive(Clone)]
struct Shared {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    seen: watch::Sender<Seen>,
}

/// Whose language a path is of.
#[derive(Debug, Clone, Copy)]
enum Service {
    OpenAi,
    Azure,
    Google,
}

impl TranscriptionServer {
    /// Starts it on a free port of this machine; each utterance gets the next reply, and after the last an error 500. What the real one
    /// would refuse is refused, and costs no reply.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> std::io::Result<Self> {
        let (sender, seen) = watch::channel(Seen::default());
        let shared = Shared {
            replies: Arc::new(Mutex::new(replies.into_iter().collect())),
            seen: sender,
        };
        let app = Router::new().fallback(answer).with_state(shared);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                // It ends only when it is stopped.
                _ = axum::serve(listener, app).into_future() => {}
                () = stopped.cancelled() => {}
            }
        });
        Ok(Self {
            address,
            seen,
            _stop: stop.drop_guard(),
        })
    }

    /// Its address, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it has seen so far.
    pub fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// Waits until what it has seen fits.
    pub async fn until(&self, fits: impl FnMut(&Seen) -> bool) -> Seen {
        let mut seen = self.seen.clone();
        // The sender lives as long as the server, which this borrows.
        seen.wait_for(fits)
            .await
            .map_or_else(|_| Seen::default(), |seen| seen.clone())
    }
}

/// Counts an answer as given up unless it came to its end.
struct GivenUp(Option<watch::Sender<Seen>>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        if let Some(seen) = &self.0 {
            seen.send_modify(|seen| seen.cancelled += 1);
        }
    }
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response<Body> {
    let mut watched = GivenUp(Some(shared.seen.clone()));
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LONGEST).await.unwrap_or_default();
    let read = Service::of(parts.uri.path()).and_then(|service| Ok((service, service.read(&parts, &body)?)));
    let (service, asked) = match read {
        Ok(read) => read,
        Err((status, body)) => {
            watched.0.take();
            return response(status, Body::from(body));
        }
    };
    shared.seen.send_modify(|seen| seen.asked.push(asked));
    let next = shared
        .replies
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .pop_front();
    let reply = next.unwrap_or_else(|| Reply::refusing(500, "no reply is left in the script"));
    match reply {
        Reply::Words(words) => {
            watched.0.take();
            response(200, Body::from(service.words(&words).to_string()))
        }
        Reply::Refusal(status, body) => {
            watched.0.take();
            response(status, Body::from(body))
        }
        Reply::Hang => {
            std::future::pending::<()>().await;
            response(500, Body::empty())
        }
        Reply::Break => {
            watched.0.take();
            let broken = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "as scripted");
            let pieces = [Ok(Bytes::from_static(b"{\"te")), Err(broken)];
            response(200, Body::from_stream(stream::iter(pieces)))
        }
    }
}

fn response(status: u16, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

type Refused = (u16, String);

impl Service {
    fn of(path: &str) -> Result<Self, Refused> {
        match path {
            _ if path.ends_with("/audio/transcriptions") => Ok(Self::OpenAi),
            "/speech/recognition/conversation/cognitiveservices/v1" => Ok(Self::Azure),
            "/v1/speech:recognize" => Ok(Self::Google),
            _ => Err((404, "no such page".into())),
        }
    }

    /// Reads a request, or says why the service would not.
    fn read(self, parts: &Parts, body: &[u8]) -> Result<Asked, Refused> {
        let header = |name: &str| {
            let value = parts.headers.get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (name, key) = match self {
            Self::OpenAi => ("authorization", format!("Bearer {KEY}")),
            Self::Azure => ("ocp-apim-subscription-key", KEY.into()),
            Self::Google => ("x-goog-api-key", KEY.into()),
        };
        if header(name) != key {
            return Err(self.refused_key());
        }
        let kind = header("content-type");
        let (said, samples) = match self {
            Self::OpenAi => form(&kind, body).ok_or_else(|| bad("the body is no form with a WAV file"))?,
            Self::Azure => (
                BTreeMap::new(),
                wav(body).ok_or_else(|| bad("the body is no WAV file"))?,
            ),
            Self::Google => google(body).ok_or_else(|| bad("the body is no RecognizeRequest of LINEAR16"))?,
        };
        let missing = match self {
            Self::OpenAi => !said.contains_key("model"),
            Self::Azure => !parts.uri.query().unwrap_or_default().contains("language="),
            Self::Google => !said.contains_key("languageCode"),
        };
        if missing {
            return Err(bad("a parameter that is required is missing"));
        }
        Ok(Asked {
            path: parts.uri.path().into(),
            query: parts.uri.query().unwrap_or_default().into(),
            said,
            samples,
        })
    }

    fn refused_key(self) -> Refused {
        match self {
            Self::OpenAi => (
                401,
                json!({"error": {"message": "Incorrect API key provided", "type": "invalid_request_error", "code": "invalid_api_key"}}).to_string(),
            ),
            Self::Azure => (401, "Access denied due to invalid subscription key.".into()),
            Self::Google => (
                400,
                json!({"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}).to_string(),
            ),
        }
    }

    fn words(self, words: &str) -> Value {
        match self {
            Self::OpenAi => json!({"text": words}),
            Self::Azure if words.is_empty() => {
                json!({"RecognitionStatus": "NoMatch", "Offset": 0, "Duration": 0})
            }
            Self::Azure => {
                json!({"RecognitionStatus": "Success", "DisplayText": words, "Offset": 0, "Duration": 10_000_000})
            }
            Self::Google if words.is_empty() => json!({"totalBilledTime": "0s", "requestId": "1"}),
            Self::Google => json!({"results": [{"alternatives": [{"transcript": words, "confidence": 0.9}]}],
                "totalBilledTime": "2s", "requestId": "1"}),
        }
    }
}

fn bad(why: &str) -> Refused {
    (
        400,
        json!({"error": {"message": why, "code": "bad_request"}}).to_string(),
    )
}

/// The fields of a form (RFC 7578), and the sound of its `file`.
fn form(kind: &str, body: &[u8]) -> Option<(BTreeMap<String, Value>, Vec<i16>)> {
    let boundary = kind
        .strip_prefix("multipart/form-data; boundary=")?
        .trim_matches('"');
    let delimiter = format!("--{boundary}");
    let mut fields = BTreeMap::new();
    let mut samples = None;
    for part in split(body, delimiter.as_bytes()) {
        let Some(at) = find(part, b"\r\n\r\n") else {
            continue;
        };
        let head = std::str::from_utf8(&part[..at]).ok()?;
        let content = part[at + 4..].strip_suffix(b"\r\n")?;
        let name = head.split("name=\"").nth(1)?.split('"').next()?;
        if name == "file" {
            samples = Some(wav(content)?);
        } else {
            fields.insert(name.into(), String::from_utf8_lossy(content).into_owned().into());
        }
    }
    Some((fields, samples?))
}

fn split<'a>(bytes: &'a [u8], by: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) = find(rest, by) {
        parts.push(&rest[..at]);
        rest = &rest[at + by.len()..];
    }
    parts.push(rest);
    parts
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// The samples of a WAV file that is what all of them take: mono, 16 bit, 16 kHz.
fn wav(file: &[u8]) -> Option<Vec<i16>> {
    let mut reader = hound::WavReader::new(file).ok()?;
    let spec = reader.spec();
    let fits = (spec.channels, spec.sample_rate, spec.bits_per_sample) == (1, 16_000, 16);
    fits.then(|| reader.samples().collect::<Result<_, _>>().ok())?
}

fn google(body: &[u8]) -> Option<(BTreeMap<String, Value>, Vec<i16>)> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let said: BTreeMap<String, Value> = serde_json::from_value(body["config"].clone()).ok()?;
    let sound = STANDARD.decode(body["audio"]["content"].as_str()?).ok()?;
    if said.get("encoding")? != "LINEAR16" || said.get("sampleRateHertz")? != 16_000 {
        return None;
    }
    Some((
        said,
        sound
            .chunks_exact(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
            .collect(),
    ))
}
