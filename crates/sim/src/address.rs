//! Where a simulated call goes.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use tokio_tungstenite::tungstenite::http::Uri;
use uuid::Uuid;

/// The domain of the samples that come with the server.
pub const SAMPLE_DOMAIN: Uuid = Uuid::from_u128(0x1111_1111_2222_4333_8444_5555_5555_5555);

/// The address of one call's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamAddress {
    secure: bool,
    host: String,
    port: u16,
    path: String,
}

/// An address that cannot be dialled.
#[derive(Debug, thiserror::Error)]
#[error(
    "{found:?} is not the address of a stream ({reason}): use ws://HOST:PORT or ws://HOST:PORT/stream/DOMAIN_UUID/CALL_UUID"
)]
pub struct AddressError {
    found: String,
    reason: String,
}

impl StreamAddress {
    /// Reads a full address, or a base (no path), which is completed with the sample domain and a fresh call id.
    /// Any other path is dialled as it stands, so that one can see how the server answers it.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let wrong = |reason: &str| AddressError {
            found: text.to_owned(),
            reason: reason.to_owned(),
        };
        let with_scheme = if text.contains("://") {
            text.to_owned()
        } else {
            format!("ws://{text}")
        };
        let uri: Uri = with_scheme.parse().map_err(|error| wrong(&format!("{error}")))?;
        let secure = match uri.scheme_str() {
            Some("ws") => false,
            Some("wss") => true,
            _ => return Err(wrong("the scheme must be ws or wss")),
        };
        let host = uri
            .host()
            .filter(|host| !host.is_empty())
            .ok_or_else(|| wrong("it names no host"))?;
        let path = match uri.path_and_query().map(|path| path.as_str()) {
            None | Some("" | "/") => fresh_path(),
            Some(path) => path.to_owned(),
        };
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        Ok(Self {
            secure,
            host: host.to_owned(),
            port,
            path,
        })
    }

    /// A fresh call of the sample domain at a server of this machine or network.
    pub fn of_sample_call(server: SocketAddr) -> Self {
        let host = match server.ip() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        Self {
            secure: false,
            host,
            port: server.port(),
            path: fresh_path(),
        }
    }

    /// Whether TLS is asked for (`wss`).
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// The host without brackets, and the port.
    pub(crate) fn socket(&self) -> (&str, u16) {
        (self.host.trim_start_matches('[').trim_end_matches(']'), self.port)
    }

    /// `host:port`, as a Host header has it.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The address to be shown to people: of a query, which may hold a token, only that there is one.
    pub fn shown(&self) -> String {
        let whole = self.to_string();
        match whole.split_once('?') {
            Some((address, _)) => format!("{address}?…"),
            None => whole,
        }
    }

    /// The path, with the query if there is one.
    pub fn path(&self) -> &str {
        &self.path
    }
}

fn fresh_path() -> String {
    format!("/stream/{SAMPLE_DOMAIN}/{}", Uuid::new_v4())
}

impl fmt::Display for StreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_completed_with_the_sample_domain_and_a_fresh_call() {
        let one = StreamAddress::parse("ws://127.0.0.1:8085").unwrap();
        let two = StreamAddress::parse("127.0.0.1:8085/").unwrap();
        assert!(
            one.path()
                .starts_with("/stream/11111111-2222-4333-8444-555555555555/"),
            "{one}"
        );
        assert_ne!(one.path(), two.path());
        assert_eq!(two.authority(), "127.0.0.1:8085");
    }

    #[test]
    fn a_full_address_stays_as_it_is() {
        let text = "wss://voz.example.com:8443/stream/a/b?token=1";
        assert_eq!(StreamAddress::parse(text).unwrap().to_string(), text);
    }

    #[test]
    fn a_token_is_not_shown() {
        let shown = |text| StreamAddress::parse(text).unwrap().shown();
        assert_eq!(shown("ws://h:1/stream/a/b?token=s3cret"), "ws://h:1/stream/a/b?…");
        assert_eq!(shown("ws://h:1/stream/a/b"), "ws://h:1/stream/a/b");
    }

    #[test]
    fn what_is_no_stream_is_refused_with_the_right_form() {
        let error = StreamAddress::parse("http://127.0.0.1:8085")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("ws://HOST:PORT/stream/DOMAIN_UUID/CALL_UUID"),
            "{error}"
        );
        assert!(StreamAddress::parse("ws://").is_err());
    }
}
