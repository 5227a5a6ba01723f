//! The stream listener: `/stream/{domain_uuid}/{call_uuid}`, where modules bring calls, and health.

use crate::access::Access;
use crate::calls::{Calls, ModuleBuild};
use crate::claims::Claims;
use crate::health::Health;
use crate::leg::metadata::Keys;
use crate::limits::{Addresses, Domains, LogLines, Passage};
use crate::listen::Answer;
use crate::metrics::Metrics;
use crate::refusal::Refusal;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Request, Response, header};
use hyper::body::Incoming;
use secretary::{CallUuid, DomainUuid, SecretarySource};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::Handle;

/// What is read of a stream at once: six frames of 20 ms at 16 kHz.
const READ_BUFFER: usize = 4 * 1024;
/// What may gather before it is written.
const WRITE_BUFFER: usize = 4 * 1024;
/// What may wait for a leg that does not read, in bytes; then the stream is broken.
const WRITE_LIMIT: usize = 256 * 1024;
/// The longest message: more than a second of 48 kHz stereo.
const MESSAGE_LIMIT: usize = 256 * 1024;
/// The most of a hostile path that is shown.
const SHOWN: usize = 120;

/// The stream listener's site.
pub(crate) struct Streams {
    pub(crate) access: Access,
    pub(crate) addresses: Arc<Addresses>,
    pub(crate) domains: Domains,
    pub(crate) claims: Claims,
    pub(crate) secretaries: Arc<dyn SecretarySource>,
    pub(crate) calls: Calls,
    /// Where calls live; requests are answered elsewhere.
    pub(crate) runtime: Handle,
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Metrics,
    pub(crate) log: LogLines,
}

impl Answer for Streams {
    fn enter(&self, peer: SocketAddr) -> Result<Option<Passage>, Refusal> {
        let enter = || Ok(self.addresses.enter(peer.ip(), Instant::now())?);
        let entered = self.access.admit(peer).and_then(|()| enter());
        entered
            .map(Some)
            .inspect_err(|refusal| self.note(peer, "", refusal))
    }

    async fn answer(self: Arc<Self>, peer: SocketAddr, request: Request<Incoming>) -> Response<Body> {
        let (mut parts, _) = request.into_parts();
        let path = parts.uri.path().to_owned();
        match self.route(peer, &path, &mut parts).await {
            Ok(response) => response,
            Err(refusal) => {
                self.note(peer, &path, &refusal);
                refusal.response()
            }
        }
    }
}

impl Streams {
    async fn route(
        &self,
        peer: SocketAddr,
        path: &str,
        parts: &mut Parts,
    ) -> Result<Response<Body>, Refusal> {
        let segments: Vec<&str> = path.split('/').skip(1).take(4).collect();
        let (domain, call) = match segments.as_slice() {
            ["health", "live"] => return Ok(self.health.live()),
            // Why it is not ready is told on the control listener alone.
            ["health", "ready"] => return Ok(self.health.ready().await),
            ["stream", domain, call] => (*domain, *call),
            _ => return Err(Refusal::NoSuchPath(shown(path))),
        };
        if parts.method != Method::GET {
            return Err(Refusal::Method(shown(parts.method.as_str())));
        }
        self.access.check(parts)?;
        let (domain, call): (DomainUuid, CallUuid) = (cut(domain).parse()?, cut(call).parse()?);
        let upgrade = WebSocketUpgrade::from_request_parts(parts, &())
            .await
            .map_err(|rejection| Refusal::NoUpgrade(rejection.body_text()))?;
        let snapshot = self.secretaries.snapshot();
        let domain = snapshot.domain(domain).ok_or(Refusal::UnknownDomain(domain))?;
        let line = self.claims.check(domain.uuid, call).await?;
        self.domains.begin(domain, Instant::now())?;
        let seat = self.calls.admit(domain, call)?;
        let build = build(&parts.headers);
        let address = Keys::of_address(&parts.uri);
        // The modules offer no subprotocol, and an offer of compression is passed over, as RFC 7692 allows.
        let upgrade = upgrade
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(WRITE_LIMIT)
            .max_message_size(MESSAGE_LIMIT)
            .max_frame_size(MESSAGE_LIMIT)
            .on_failed_upgrade(move |error| {
                tracing::info!(%call, %peer, %error, "a stream was gone before it began");
            });
        let runtime = self.runtime.clone();
        Ok(upgrade.on_upgrade(async move |socket| {
            runtime.spawn(seat.serve(socket, peer, build, address, line));
        }))
    }

    fn note(&self, peer: SocketAddr, path: &str, refusal: &Refusal) {
        if is_look(path, refusal) {
            return tracing::debug!(%peer, path, "looked at: {refusal}");
        }
        self.metrics.refused(refusal.reason());
        let Some(left_out) = self.log.next(Instant::now()) else {
            return;
        };
        let status = refusal.status().as_u16();
        let (path, why) = (shown(path), refusal.detail());
        tracing::warn!(%peer, status, path, why, left_out, "refused: {refusal}");
    }
}

/// Whether `voice-ai doctor` has asked how a stream would be taken: of the call whose UUID is nil, which FreeSWITCH gives to none. All that
/// would refuse another stream too is noted.
fn is_look(path: &str, refusal: &Refusal) -> bool {
    const NOBODYS: &str = "/00000000-0000-0000-0000-000000000000";
    let is_harmless = matches!(refusal.reason(), "no_such_call" | "no_upgrade");
    is_harmless && path.ends_with(NOBODYS)
}

/// As much of a stranger's text as is shown. No UUID is so long.
fn cut(text: &str) -> &str {
    let end = text.char_indices().nth(SHOWN).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

/// A stranger's text, fit for a log line.
fn shown(text: &str) -> String {
    let mut shown: String = text.escape_debug().take(SHOWN).collect();
    if text.len() > SHOWN {
        shown.push('…');
    }
    shown
}

/// Tells the module by its upgrade request. Seen of amigniter ec2a781 and sptmru 5f179d6; the case of header names is lost by
/// now, so what is left is the User-Agent, the case of `Connection`'s value and the scheme in `Origin`.
fn build(headers: &HeaderMap) -> ModuleBuild {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &header::HeaderValue| value.to_str().ok())
    };
    match text(header::USER_AGENT) {
        Some(agent) if agent.starts_with("ixwebsocket/") => ModuleBuild::Sptmru,
        Some(_) => ModuleBuild::Other,
        None => {
            let lower_case = text(header::CONNECTION) == Some("upgrade");
            let from_http = text(header::ORIGIN).is_some_and(|origin| origin.starts_with("http"));
            if lower_case && from_http {
                ModuleBuild::Amigniter
            } else {
                ModuleBuild::Other
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMIGNITER: &str = include_str!("../tests/data/amigniter-ec2a781_upgrade_request.txt");
    const SPTMRU: &str = include_str!("../tests/data/sptmru-5f179d6_upgrade_request.txt");

    fn headers(request: &str) -> HeaderMap {
        let lines = request.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines
            .map(|(name, value)| {
                (
                    header::HeaderName::from_bytes(name.as_bytes()).unwrap(),
                    value.trim().parse::<header::HeaderValue>().unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn the_builds_are_told_apart_by_their_real_requests() {
        assert_eq!(build(&headers(AMIGNITER)), ModuleBuild::Amigniter);
        assert_eq!(build(&headers(SPTMRU)), ModuleBuild::Sptmru);
    }

    #[test]
    fn another_client_is_neither() {
        let request = SPTMRU.replace("ixwebsocket/11.4.3", "curl/8.0");
        assert_eq!(build(&headers(&request)), ModuleBuild::Other);
        let request = AMIGNITER.replace("Connection:upgrade", "Connection:Upgrade");
        assert_eq!(build(&headers(&request)), ModuleBuild::Other);
    }

    #[test]
    fn a_look_is_told_from_a_stream_that_is_refused() {
        let nobodys = "/stream/11111111-1111-4111-8111-111111111111/00000000-0000-0000-0000-000000000000";
        let asked = Refusal::NoUpgrade("no key".to_owned());
        assert!(is_look(nobodys, &asked));
        assert!(!is_look(
            "/stream/11111111-1111-4111-8111-111111111111/11111111-1111-4111-8111-111111111112",
            &asked
        ));
        let token = Refusal::Token {
            shown: true,
            key: "server.token",
        };
        assert!(!is_look(nobodys, &token));
    }

    #[test]
    fn a_hostile_path_is_escaped_and_cut() {
        assert_eq!(shown("/a\n\u{1b}[31m"), "/a\\n\\u{1b}[31m");
        assert_eq!(shown(&"x".repeat(5_000)).chars().count(), SHOWN + 1);
    }
}
