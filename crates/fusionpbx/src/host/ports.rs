//! Who listens where.

use super::Host;
use crate::PortOwner;
use procfs::net::{TcpNetEntries, TcpNetEntry, TcpState};
use procfs::process::FDTarget;
use procfs::{FromBufReadSI, current_system_info};
use std::fs::File;
use std::io::BufReader;
use std::net::{IpAddr, SocketAddr};

impl Host {
    /// The addresses on which somebody listens at a TCP port.
    pub fn listening(&self, port: u16) -> Vec<IpAddr> {
        let mut addresses: Vec<_> = self
            .listeners(port)
            .iter()
            .map(|entry| entry.local_address.ip())
            .collect();
        addresses.sort();
        addresses.dedup();
        addresses
    }

    /// The process that listens at a TCP port; `None` where nobody does, or where we may not see whose it is (another's, and we are not
    /// root).
    pub fn port_owner(&self, port: u16) -> Option<PortOwner> {
        self.owner(&self.listeners(port))
    }

    /// The same of one address: who listens elsewhere at the port is in nobody's way. An unspecified address is all of them.
    pub fn owner_of(&self, address: SocketAddr) -> Option<PortOwner> {
        self.owner(&self.at(address))
    }

    /// The users that listen at an address, as the kernel tells everybody.
    pub(crate) fn listeners_at(&self, address: SocketAddr) -> Vec<u32> {
        self.at(address).iter().map(|entry| entry.uid).collect()
    }

    fn at(&self, address: SocketAddr) -> Vec<TcpNetEntry> {
        let wanted = address.ip().to_canonical();
        let mut found = self.listeners(address.port());
        found.retain(|entry| {
            let ip = entry.local_address.ip().to_canonical();
            ip.is_unspecified() || wanted.is_unspecified() || ip == wanted
        });
        found
    }

    fn owner(&self, listeners: &[TcpNetEntry]) -> Option<PortOwner> {
        let inodes: Vec<_> = listeners.iter().map(|entry| entry.inode).collect();
        if inodes.is_empty() {
            return None;
        }
        let pid = self.pids().find(|pid| self.has_socket(*pid, &inodes))?;
        let name = self.command_of(pid)?;
        Some(PortOwner { pid, name })
    }

    fn has_socket(&self, pid: u32, inodes: &[u64]) -> bool {
        let Some(Ok(files)) = self.process(pid).map(|process| process.fd()) else {
            return false;
        };
        files
            .flatten()
            .any(|file| matches!(file.target, FDTarget::Socket(inode) if inodes.contains(&inode)))
    }

    fn listeners(&self, port: u16) -> Vec<TcpNetEntry> {
        let listens =
            |entry: &TcpNetEntry| entry.state == TcpState::Listen && entry.local_address.port() == port;
        ["/proc/net/tcp", "/proc/net/tcp6"]
            .iter()
            .filter_map(|table| File::open(self.path(table)).ok())
            .filter_map(|file| TcpNetEntries::from_buf_read(BufReader::new(file), current_system_info()).ok())
            .flat_map(|entries| entries.0)
            .filter(listens)
            .collect()
    }
}
