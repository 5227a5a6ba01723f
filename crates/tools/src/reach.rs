//! Which addresses a request may go to. A tenant's URL must not reach what only this machine or its network can.

use ipnet::{Ipv4Net, Ipv6Net};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Url};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// How far requests may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Public addresses, by TLS.
    Public,
    /// Private ones as well, and without TLS.
    Private,
}

/// Why a request is not made. The words never repeat the URL: it may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutOfReach {
    /// It cannot be read.
    #[error("this is no URL ({0}); it must look like https://crm.example.com/voice-ai")]
    NoUrl(String),
    /// It begins with something else.
    #[error("a URL begins with https:// (or http://, where allow_private is set), not with {0}:")]
    Scheme(String),
    /// It has a user or a password.
    #[error("a user or password does not belong into the URL: it is logged and shown")]
    Password,
    /// Its address is out of reach.
    #[error("{0} is a private or reserved address; set allow_private = true if that is meant")]
    Address(IpAddr),
    /// All addresses of its name are.
    #[error("{0} has private or reserved addresses alone; set allow_private = true if that is meant")]
    Name(String),
}

/// The IPv4 ranges that are not the public network: the IANA special-purpose registry (RFC 6890), multicast and class E. The metadata
/// services of the clouds (169.254.169.254, 100.100.100.200) are among them.
const RESERVED_V4: [Ipv4Net; 16] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 31, 196, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 4),
    v4([240, 0, 0, 0], 4),
];

/// All that is public in IPv6 is in here (RFC 4291, 2.4) …
const PUBLIC_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// … but for these: protocol assignments with Teredo, documentation, 6to4, segment routing. What carries an IPv4 address inside
/// could carry a private one.
const RESERVED_V6: [Ipv6Net; 5] = [
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
    v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

const fn v4([a, b, c, d]: [u8; 4], bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), bits)
}

/// Whether the address belongs to the public network. An IPv4 address in IPv6 clothes is what it is underneath.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !RESERVED_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => {
            PUBLIC_V6.contains(&address) && !RESERVED_V6.iter().any(|network| network.contains(&address))
        }
    }
}

impl Reach {
    /// As the key `allow_private` has it.
    pub const fn of(allow_private: bool) -> Self {
        if allow_private {
            Self::Private
        } else {
            Self::Public
        }
    }

    /// A client that connects to addresses within reach alone, follows no redirect and uses no proxy, each of which would connect to
    /// where it may not. Connections are its own: one that was made to a private address serves nobody else.
    pub fn client(self, connect: Duration) -> ClientBuilder {
        // The program installs it at its start; elsewhere (tests) this does. Either way there is one.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        Client::builder()
            .dns_resolver(self)
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(connect)
    }

    /// Reads a URL that is within reach as far as it can be known without asking for its addresses.
    pub fn check(self, url: &str) -> Result<Url, OutOfReach> {
        let url = Url::parse(url).map_err(|error| OutOfReach::NoUrl(error.to_string()))?;
        let is_fine = match url.scheme() {
            "https" => true,
            "http" => self == Self::Private,
            _ => false,
        };
        if !is_fine {
            return Err(OutOfReach::Scheme(url.scheme().into()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OutOfReach::Password);
        }
        // No name is asked for where the URL has an address: this is the only look at it.
        let literal: Option<IpAddr> = url
            .host_str()
            .and_then(|host| host.trim_matches(['[', ']']).parse().ok());
        match literal {
            Some(address) if !self.includes(address) => Err(OutOfReach::Address(address)),
            _ => Ok(url),
        }
    }

    fn includes(self, address: IpAddr) -> bool {
        self == Self::Private || is_public(address)
    }
}

/// Asks the system for a name's addresses, and hands the connector those within reach alone: a name that points elsewhere a moment
/// later is looked at again with each connection.
impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = *self;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let within: Vec<SocketAddr> = found.filter(|found| reach.includes(found.ip())).collect();
            if within.is_empty() {
                return Err(OutOfReach::Name(name.as_str().to_owned()).into());
            }
            Ok(Box::new(within.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_the_public_network_is_out_of_reach() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.254",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "100.63.255.255",
            "100.128.0.0",
            "172.32.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "2a00::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn a_url_is_looked_at_however_its_address_is_written() {
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/meta-data",
        ] {
            let refused = Reach::Public.check(url).unwrap_err();
            assert!(matches!(refused, OutOfReach::Address(_)), "{url}: {refused}");
            assert!(refused.to_string().contains("allow_private"), "{refused}");
            Reach::Private.check(url).unwrap();
        }
    }

    #[test]
    fn plain_http_and_passwords_are_refused() {
        assert_eq!(
            Reach::Public.check("http://crm.example.com/"),
            Err(OutOfReach::Scheme("http".into()))
        );
        Reach::Private.check("http://crm.example.com/").unwrap();
        assert_eq!(
            Reach::Private.check("file:///etc/passwd"),
            Err(OutOfReach::Scheme("file".into()))
        );
        let refused = Reach::Public
            .check("https://ana:s3cret@crm.example.com/")
            .unwrap_err();
        assert_eq!(refused, OutOfReach::Password);
        let refused = Reach::Public.check("s3cret").unwrap_err();
        assert!(!refused.to_string().contains("s3cret"), "{refused}");
    }

    #[tokio::test]
    async fn a_name_that_means_this_machine_has_no_address() {
        let name = || "localhost".parse::<Name>().unwrap();
        let Err(refused) = Reach::Public.resolve(name()).await else {
            panic!("localhost is public");
        };
        assert!(refused.to_string().contains("allow_private"), "{refused}");
        assert!(Reach::Private.resolve(name()).await.unwrap().count() > 0);
    }
}
