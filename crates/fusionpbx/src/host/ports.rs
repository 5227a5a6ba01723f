//! Who listens where.

use super::Host;
use crate::PortOwner;
use procfs::net::{TcpNetEntries, TcpNetEntry, TcpState};
use procfs::process::FDTarget;
use procfs::{FromBufReadSI, current_system_info};
use std::fs::File;
use std::io::BufReader;
use std::net::IpAddr;

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
        let inodes: Vec<_> = self.listeners(port).iter().map(|entry| entry.inode).collect();
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
