//! The upgrade to a WebSocket, as a module asks for it.

use crate::address::StreamAddress;
use crate::module::Module;
use crate::trust::Trust;
use base64::Engine as _;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use uuid::Uuid;

/// The modules themselves give up after one second or wait longer; a person trying the server deserves an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// An answer's head longer than this is no answer of a WebSocket server.
const LONGEST_HEAD: usize = 16 * 1024;
/// As much of a refusal is read.
const LONGEST_BODY: u64 = 16 * 1024;

/// Why there is no call.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// Nothing listens, or nothing is reachable.
    #[error("cannot connect to {address} ({source}): is `voice-ai serve` running at {authority}?")]
    NotThere {
        /// The stream.
        address: String,
        /// Host and port.
        authority: String,
        /// What the system says.
        source: io::Error,
    },
    /// Nothing answered in time.
    #[error("{0} did not answer the upgrade within {PATIENCE:?}: is that port a voice-ai server?")]
    Silent(String),
    /// The server answered, but not with a WebSocket; `body` is its explanation.
    #[error("the server refused the call with {status}{}", explained(.body))]
    Refused {
        /// The status line's code and reason.
        status: String,
        /// The answer's text.
        body: String,
    },
    /// No TLS connection came about.
    #[error(
        "{address} cannot be spoken to by TLS ({reason}): is its certificate of an authority that is trusted here, and for that name?"
    )]
    NotTrusted {
        /// The stream.
        address: String,
        /// What is wrong.
        reason: String,
    },
    /// What answered does not speak HTTP or WebSocket.
    #[error("{address} does not answer as a WebSocket server ({reason}): is that port a voice-ai server?")]
    NotWebSocket {
        /// The stream.
        address: String,
        /// What came.
        reason: String,
    },
}

/// The gateway's refusals are JSON with an error and a remedy, which are shown as two lines; others as they are.
fn explained(body: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Refusal {
        error: String,
        remedy: String,
    }
    match (serde_json::from_str::<Refusal>(body), body.trim()) {
        (Ok(Refusal { error, remedy }), _) => format!(":\n  {error}\n  {remedy}"),
        (_, "") => " and no explanation".to_owned(),
        (_, text) => format!(":\n{text}"),
    }
}

/// Connects to a stream with the headers of a module. Of a `wss://` server the authorities that browsers believe are believed.
pub async fn dial(
    address: &StreamAddress,
    module: Module,
) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, DialError> {
    if !address.secure() {
        return connect(address, module, None).await;
    }
    let trust = Trust::public().map_err(|error| not_trusted(address, &error))?;
    connect(address, module, Some(&trust)).await
}

/// The same, believing others of a `wss://` server.
pub async fn dial_trusting(
    address: &StreamAddress,
    module: Module,
    trust: &Trust,
) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, DialError> {
    connect(address, module, address.secure().then_some(trust)).await
}

async fn connect(
    address: &StreamAddress,
    module: Module,
    trust: Option<&Trust>,
) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, DialError> {
    let dialled = async {
        let stream = TcpStream::connect(address.socket())
            .await
            .map_err(|source| not_there(address, source))?;
        // As the modules have it: no TCP_NODELAY would add Nagle's own pairs to those that `Uplink` makes.
        stream
            .set_nodelay(true)
            .map_err(|source| not_there(address, source))?;
        let stream = match trust {
            None => MaybeTlsStream::Plain(stream),
            Some(trust) => {
                let (host, _) = address.socket();
                let encrypted = trust.encrypt(stream, host).await;
                MaybeTlsStream::Rustls(encrypted.map_err(|error| not_trusted(address, &error))?)
            }
        };
        upgrade(stream, address, module).await
    };
    timeout(PATIENCE, dialled)
        .await
        .map_err(|_| DialError::Silent(address.shown()))?
}

/// Asks a connected stream for the upgrade, as the module would write it.
pub async fn upgrade<S>(
    stream: S,
    address: &StreamAddress,
    module: Module,
) -> Result<WebSocketStream<S>, DialError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    upgrade_with(stream, address, module, WebSocketConfig::default()).await
}

/// The same with buffers of another size.
pub(crate) async fn upgrade_with<S>(
    mut stream: S,
    address: &StreamAddress,
    module: Module,
    config: WebSocketConfig,
) -> Result<WebSocketStream<S>, DialError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let key = base64::engine::general_purpose::STANDARD.encode(Uuid::new_v4().as_bytes());
    let request = module.upgrade_request(&address.authority(), address.path(), &key);
    stream
        .write_all(request.as_bytes())
        .await
        .map_err(|source| not_there(address, source))?;
    stream
        .flush()
        .await
        .map_err(|source| not_there(address, source))?;

    let not_web_socket = |reason: String| DialError::NotWebSocket {
        address: address.shown(),
        reason,
    };
    let mut answer = Vec::with_capacity(1024);
    let head_length = loop {
        if let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        let read = stream
            .read_buf(&mut answer)
            .await
            .map_err(|source| not_web_socket(source.to_string()))?;
        if read == 0 || answer.len() > LONGEST_HEAD {
            return Err(not_web_socket(format!(
                "it sent {} bytes and no HTTP head",
                answer.len()
            )));
        }
    };
    let rest = answer.split_off(head_length + 4);
    let head = Head::parse(&answer).ok_or_else(|| not_web_socket("its first line is not HTTP".to_owned()))?;
    if head.code != 101 {
        let body = read_body(&mut stream, rest, &head).await;
        return Err(DialError::Refused {
            status: head.status,
            body,
        });
    }
    if head.value("sec-websocket-accept") != Some(derive_accept_key(key.as_bytes()).as_str()) {
        return Err(not_web_socket(
            "its Sec-WebSocket-Accept does not fit the key".to_owned(),
        ));
    }
    Ok(WebSocketStream::from_partially_read(stream, rest, Role::Client, Some(config)).await)
}

fn not_there(address: &StreamAddress, source: io::Error) -> DialError {
    DialError::NotThere {
        address: address.shown(),
        authority: address.authority(),
        source,
    }
}

fn not_trusted(address: &StreamAddress, reason: &dyn ToString) -> DialError {
    DialError::NotTrusted {
        address: address.shown(),
        reason: reason.to_string(),
    }
}

/// The head of an HTTP answer.
struct Head {
    code: u16,
    status: String,
    headers: Vec<(String, String)>,
}

impl Head {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.trim().to_owned();
        let code = status.split(' ').next()?.parse().ok()?;
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Some(Self {
            code,
            status,
            headers,
        })
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }
}

async fn read_body(stream: &mut (impl AsyncRead + Unpin), mut body: Vec<u8>, head: &Head) -> String {
    let length = head
        .value("content-length")
        .and_then(|value| value.parse::<u64>().ok())
        .unwrap_or(LONGEST_BODY);
    let missing = length.min(LONGEST_BODY).saturating_sub(body.len() as u64);
    // A refusal whose end is lost still explains more than an I/O error would.
    let _ = timeout(
        Duration::from_secs(1),
        stream.take(missing).read_to_end(&mut body),
    )
    .await;
    String::from_utf8_lossy(&body).into_owned()
}
