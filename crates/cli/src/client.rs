//! The running service, asked over the API of its control listener.

use anyhow::{Context as _, anyhow};
use gateway::Config;
use gateway::api::{Complaint, token};
use gateway::config::Secret;
use reqwest::{Client, RequestBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// The service answers in milliseconds; a FreeSWITCH that it asks may take seconds not to.
const PATIENCE: Duration = Duration::from_secs(15);

/// The service of a configuration.
pub(crate) struct Service {
    http: Client,
    addr: SocketAddr,
    token: Secret,
}

impl Service {
    /// The service of this configuration, to be asked in a tokio runtime.
    pub(crate) fn of(config: &Config) -> anyhow::Result<Self> {
        // Whatever proxy there is for other things, this is next door.
        let http = Client::builder().no_proxy().timeout(PATIENCE).build()?;
        Ok(Self {
            http,
            addr: reached(config.server.control),
            token: token(config)?,
        })
    }

    /// What it answers to a GET.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.ask(self.http.get(self.url(path))).await
    }

    /// What it answers to a POST.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        self.ask(self.http.post(self.url(path)).json(body)).await
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> anyhow::Result<T> {
        let addr = self.addr;
        let request = request.bearer_auth(self.token.expose());
        let response = request.send().await.map_err(|error| Silence {
            addr,
            cause: cause(&error),
        })?;
        let refused = !response.status().is_success();
        let body = response.bytes().await?;
        if refused {
            let Complaint { error, remedy } = serde_json::from_slice(&body)
                .with_context(|| format!("{addr} is no voice-ai of this version"))?;
            return Err(anyhow!("{error}; {remedy}"));
        }
        serde_json::from_slice(&body).with_context(|| format!("{addr} is no voice-ai of this version"))
    }
}

/// The service does not answer.
#[derive(Debug)]
pub(crate) struct Silence {
    /// Where it was asked.
    pub(crate) addr: SocketAddr,
    /// What the system says.
    pub(crate) cause: String,
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { addr, cause } = self;
        write!(
            f,
            "the service does not answer at {addr} ({cause}); is it running? `voice-ai serve` runs it, and server.control of its \
             configuration is the address: give --config that configuration"
        )
    }
}

impl std::error::Error for Silence {}

/// Does something in a runtime.
pub(crate) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// Where a listener of this machine is reached.
fn reached(listener: SocketAddr) -> SocketAddr {
    let ip = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listener.port())
}

/// What lies at the bottom of it.
pub(crate) fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("nothing came within {} s", PATIENCE.as_secs());
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
