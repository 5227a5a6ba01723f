//! Processes, as /proc tells of them. Where there is none, as on a machine whose files alone are looked at, nothing runs.

use super::Host;
use crate::{Account, Owner};
use procfs::process::{LimitValue, Process};
use std::fs;

impl Host {
    /// The processes with this command name, by number.
    pub fn processes(&self, name: &str) -> Vec<Account> {
        let mut found: Vec<_> = self
            .pids()
            .filter(|pid| self.command_of(*pid).as_deref() == Some(name))
            .filter_map(|pid| self.account_of(pid))
            .collect();
        found.sort_by_key(|account| account.pid);
        found
    }

    /// The name of a process's command: at most 15 bytes of it, as the kernel keeps it.
    pub(super) fn command_of(&self, pid: u32) -> Option<String> {
        let comm = fs::read_to_string(self.path(format!("/proc/{pid}/comm"))).ok()?;
        Some(comm.trim_end().to_owned())
    }

    /// The most files that a process may have open (its soft limit); `None` where that is not told.
    pub fn file_limit(&self, pid: u32) -> Option<u64> {
        match self.process(pid)?.limits().ok()?.max_open_files.soft_limit {
            LimitValue::Value(files) => Some(files),
            LimitValue::Unlimited => Some(u64::MAX),
        }
    }

    pub(super) fn pids(&self) -> impl Iterator<Item = u32> + use<> {
        let entries = fs::read_dir(self.path("/proc")).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
    }

    pub(super) fn process(&self, pid: u32) -> Option<Process> {
        Process::new_with_root(self.path(format!("/proc/{pid}"))).ok()
    }

    /// Who a process runs as: what it may do with files is told by its effective user. None of a dead one that nobody has buried.
    fn account_of(&self, pid: u32) -> Option<Account> {
        let status = self.process(pid)?.status().ok()?;
        if status.state.starts_with(['Z', 'X']) {
            return None;
        }
        let owner = Owner {
            uid: status.euid,
            gid: status.egid,
        };
        let name = self.user_of(owner).name;
        Some(Account { pid, name, owner })
    }
}
