//! What each address has of the listener: connections that have not become calls, and requests.

use super::bucket::{Bucket, Rate};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// At most so many addresses are told apart. Beyond, new ones share one account: a flood from many addresses costs no more memory.
const ACCOUNTS: usize = 16_384;
/// How often full accounts are looked through for those that are even again.
const SWEEP: Duration = Duration::from_secs(1);

/// The accounts of all addresses.
pub(crate) struct Addresses {
    connections: u32,
    rate: Rate,
    ledger: Mutex<Ledger>,
}

#[derive(Default)]
struct Ledger {
    accounts: HashMap<Source, Account>,
    swept: Option<Instant>,
}

impl Ledger {
    /// On whose account this source goes.
    fn bearer(&mut self, source: Source, now: Instant) -> Source {
        if self.accounts.len() < ACCOUNTS || self.accounts.contains_key(&source) {
            return source;
        }
        if self.swept.is_none_or(|at| now.duration_since(at) >= SWEEP) {
            self.swept = Some(now);
            self.accounts
                .retain(|_, account| account.connections > 0 || !account.requests.is_full(now));
        }
        if self.accounts.len() < ACCOUNTS {
            source
        } else {
            Source::Others
        }
    }
}

/// Whom a connection is put down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Source {
    /// An IPv4 address.
    V4(u32),
    /// A /64 network of IPv6: whoever has one address of it has them all.
    V6(u64),
    /// All that came when the accounts were full.
    Others,
}

impl From<IpAddr> for Source {
    fn from(ip: IpAddr) -> Self {
        let network = |ip: Ipv6Addr| (u128::from(ip) >> 64) as u64;
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip.into()),
            IpAddr::V6(ip) => Self::V6(network(ip)),
        }
    }
}

#[derive(Debug)]
struct Account {
    connections: u32,
    requests: Bucket,
}

/// More than one address may have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Excess {
    /// Too many connections that have not become calls.
    #[error("{ip} has {limit} connections that are no calls, its limit")]
    Connections {
        /// The address.
        ip: IpAddr,
        /// Its limit.
        limit: u32,
    },
    /// Too many requests.
    #[error("{ip} sends more than {per_second} requests a second, its limit")]
    Requests {
        /// The address.
        ip: IpAddr,
        /// Its limit.
        per_second: u32,
        /// When the next one is served.
        wait: Duration,
    },
}

/// A connection on its address's account, until it has become a call or is gone.
pub(crate) struct Passage {
    addresses: Arc<Addresses>,
    source: Source,
}

impl Addresses {
    /// Each may have so many connections at once and so many requests in a second.
    pub(crate) fn new(connections: u32, rate: Rate) -> Arc<Self> {
        Arc::new(Self {
            connections,
            rate,
            ledger: Mutex::default(),
        })
    }

    /// Puts a connection down to its address. A connection is for one request, so that both limits are known here.
    pub(crate) fn enter(self: &Arc<Self>, ip: IpAddr, now: Instant) -> Result<Passage, Excess> {
        let ip = ip.to_canonical();
        let mut ledger = self.ledger();
        let source = ledger.bearer(ip.into(), now);
        let account = ledger.accounts.entry(source).or_insert_with(|| Account {
            connections: 0,
            requests: Bucket::full(now),
        });
        if account.connections >= self.connections {
            let limit = self.connections;
            return Err(Excess::Connections { ip, limit });
        }
        if let Err(wait) = account.requests.take(self.rate, now) {
            let per_second = self.rate.per_second;
            return Err(Excess::Requests { ip, per_second, wait });
        }
        account.connections += 1;
        Ok(Passage {
            addresses: self.clone(),
            source,
        })
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        if let Some(account) = self.addresses.ledger().accounts.get_mut(&self.source) {
            account.connections = account.connections.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLENTY: Rate = Rate {
        per_second: 1_000,
        burst: 100_000,
    };

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_connection_counts_until_it_is_over_and_for_its_own_address_alone() {
        let now = Instant::now();
        let addresses = Addresses::new(2, PLENTY);
        let first = addresses.enter(ip("192.0.2.1"), now).unwrap();
        let _second = addresses.enter(ip("::ffff:192.0.2.1"), now).unwrap();
        let refused = addresses.enter(ip("192.0.2.1"), now).err();
        let limit = Excess::Connections {
            ip: ip("192.0.2.1"),
            limit: 2,
        };
        assert_eq!(refused, Some(limit));
        assert!(addresses.enter(ip("192.0.2.2"), now).is_ok());
        drop(first);
        assert!(addresses.enter(ip("192.0.2.1"), now).is_ok());
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        let now = Instant::now();
        let addresses = Addresses::new(1, PLENTY);
        let _one = addresses.enter(ip("2001:db8:0:1::1"), now).unwrap();
        assert!(addresses.enter(ip("2001:db8:0:1:ffff::2"), now).is_err());
        assert!(addresses.enter(ip("2001:db8:0:2::1"), now).is_ok());
    }

    #[test]
    fn whoever_asks_too_often_is_told_when_to_ask_again() {
        let now = Instant::now();
        let rate = Rate {
            per_second: 2,
            burst: 2,
        };
        let addresses = Addresses::new(10, rate);
        for _ in 0..2 {
            drop(addresses.enter(ip("192.0.2.1"), now).unwrap());
        }
        let excess = addresses.enter(ip("192.0.2.1"), now).err();
        let wait = Duration::from_millis(500);
        let expected = Excess::Requests {
            ip: ip("192.0.2.1"),
            per_second: 2,
            wait,
        };
        assert_eq!(excess, Some(expected));
        assert!(addresses.enter(ip("192.0.2.1"), now + wait).is_ok());
    }

    #[test]
    fn a_flood_from_many_addresses_shares_an_account_and_leaves_the_known_ones_theirs() {
        let now = Instant::now();
        let rate = Rate {
            per_second: 1,
            burst: 1_000,
        };
        let addresses = Addresses::new(100_000, rate);
        drop(addresses.enter(ip("192.0.2.1"), now).unwrap());
        let stranger = |n: u32| IpAddr::from(std::net::Ipv4Addr::from(0x0a00_0000 + n));
        let taken = (0..40_000)
            .filter(|&n| addresses.enter(stranger(n), now).is_ok())
            .count();
        assert!(addresses.ledger().accounts.len() <= ACCOUNTS + 1);
        assert_eq!(taken, ACCOUNTS - 1 + 1_000);
        assert!(addresses.enter(ip("192.0.2.1"), now).is_ok());
        // Later their accounts are even again, and make room.
        let later = now + Duration::from_secs(3_600);
        assert!(addresses.enter(stranger(50_000), later).is_ok());
        assert!(addresses.ledger().accounts.len() < ACCOUNTS / 2);
    }
}
