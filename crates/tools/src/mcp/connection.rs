//! One connection to a server.

use super::Launch;
use crate::Reach;
use rmcp::model::{ClientCapabilities, ClientConfig, Implementation};
use rmcp::service::{
    ClientInitializeError, NotificationContext, Peer, RoleClient, RunningService, ServiceError,
};
use rmcp::transport::streamable_http_client::{StreamableHttpClientTransportConfig, StreamableHttpError};
use rmcp::transport::{DynamicTransportError, StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{ClientHandler, ServiceExt};
use std::collections::HashMap;
use std::error::Error;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, Command};
use tokio::sync::Notify;

/// How long a connection may take. What a server needs before it listens is its own.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest reason that an operator is told, in characters.
const REASON: usize = 200;
/// The largest message that is taken: a list of tools is far below.
const LARGEST: usize = 1024 * 1024;
/// What a server's process has of our environment: where programs and its own files are, and in which language it speaks.
const INHERITED: [&str; 7] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER"];

type HttpError = StreamableHttpError<reqwest::Error>;

/// What calls need of a connection.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) peer: Peer<RoleClient>,
    /// Told when a request found it broken.
    pub(super) broken: Arc<Notify>,
}

/// Our side of a conversation: it wants tools and nothing else.
#[derive(Debug, Clone)]
pub(super) struct Client {
    /// Told when the server's tools have changed.
    changed: Arc<Notify>,
}

impl Client {
    pub(super) fn new(changed: Arc<Notify>) -> Self {
        Self { changed }
    }
}

impl ClientHandler for Client {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(
            ClientCapabilities::default(),
            Implementation::new("voice-ai", env!("CARGO_PKG_VERSION")),
        )
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.changed.notify_one();
    }
}

/// Connects to a server and says hello. What went wrong, for the operator.
pub(super) async fn connect(
    name: &str,
    launch: &Launch,
    client: Client,
) -> Result<RunningService<RoleClient, Client>, String> {
    match launch {
        Launch::Process { command, args, env } => {
            let mut process = Command::new(command);
            process.args(args).env_clear().kill_on_drop(true);
            process.envs(
                INHERITED
                    .iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            );
            process.envs(env);
            let (process, stderr) = TokioChildProcess::builder(process)
                .stderr(Stdio::piped())
                .spawn()
                .map_err(|error| {
                    format!("{command} cannot be started: {error}; command must name a program that this user may run")
                })?;
            if let Some(stderr) = stderr {
                tokio::spawn(listen(name.to_owned(), stderr));
            }
            Box::pin(client.serve(process))
                .await
                .map_err(|error| unreached(&error))
        }
        Launch::Http {
            url,
            headers,
            allow_private,
        } => {
            let reach = Reach::of(*allow_private);
            reach.check(url).map_err(|error| error.to_string())?;
            let http = reach
                .client(CONNECT)
                .build()
                .map_err(|error| error.without_url().to_string())?;
            let headers: HashMap<_, _> = headers
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            let config = StreamableHttpClientTransportConfig::with_uri(url.as_str())
                .custom_headers(headers)
                .max_sse_event_size(LARGEST)
                .max_json_response_size(LARGEST);
            let transport = StreamableHttpClientTransport::with_client(http, config);
            Box::pin(client.serve(transport))
                .await
                .map_err(|error| unreached(&error))
        }
    }
}

/// Says in our log what the process says in its own. It may say what callers said: only where the log has everything.
async fn listen(server: String, mut stderr: ChildStderr) {
    let mut said = [0; 2_048];
    while let Ok(read) = stderr.read(&mut said).await
        && read > 0
    {
        let said = String::from_utf8_lossy(said.get(..read).unwrap_or_default());
        tracing::debug!(server, said = said.trim_end(), "an MCP server says");
    }
}

/// Why a server could not be reached, for the operator.
fn unreached(error: &ClientInitializeError) -> String {
    match error {
        ClientInitializeError::TransportError { error, .. } => unsent(error),
        other => short(&other.to_string()),
    }
}

/// Whether a failure is the connection's. A server that answered, whatever it said, is there.
pub(super) fn is_broken(error: &ServiceError) -> bool {
    let ServiceError::TransportSend(error) = error else {
        return matches!(error, ServiceError::TransportClosed);
    };
    let mut cause: Option<&(dyn Error + 'static)> = Some(error.error.as_ref());
    while let Some(present) = cause {
        if let Some(StreamableHttpError::UnexpectedServerResponse(_)) = present.downcast_ref::<HttpError>() {
            return false;
        }
        cause = present.source();
    }
    true
}

/// Why a request failed, for the operator.
pub(super) fn reason(error: &ServiceError) -> String {
    match error {
        ServiceError::TransportSend(error) => unsent(error),
        // The reason is the server's own text.
        ServiceError::Cancelled { .. } => "it called the request off".to_owned(),
        other => short(&other.to_string()),
    }
}

fn unsent(error: &DynamicTransportError) -> String {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error.error.as_ref());
    while let Some(present) = cause {
        match present.downcast_ref::<HttpError>() {
            Some(StreamableHttpError::Client(http)) => return by_http(http),
            // It repeats the answer, and that may repeat what a caller said: no more of it than the status.
            Some(StreamableHttpError::UnexpectedServerResponse(said)) => {
                let status = said.split(':').next().filter(|said| said.starts_with("HTTP "));
                return short(&format!(
                    "it answered {}, which is no answer of MCP",
                    status.unwrap_or("something")
                ));
            }
            Some(StreamableHttpError::Deserialize(_)) => return "its answer cannot be read".to_owned(),
            _ => {}
        }
        cause = present.source();
    }
    short(&error.error.to_string())
}

/// What reqwest says of a request, without the URL, which may hold a secret: its causes do not have it.
fn by_http(error: &reqwest::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    match causes.is_empty() {
        true => short(&without_url(&error.to_string())),
        false => short(&causes.join(": ")),
    }
}

fn short(why: &str) -> String {
    why.chars().take(REASON).collect()
}

fn without_url(why: &str) -> String {
    let Some((before, rest)) = why.split_once(" for url (") else {
        return why.to_owned();
    };
    let after = rest.split_once(')').map_or("", |(_, after)| after);
    format!("{before}{after}")
}
