//! The files of a machine for a test, /proc among them.

use fusionpbx::{Host, Owner};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use tempfile::TempDir;

/// A folder that is a machine's `/`. It goes with its files.
pub(crate) struct Machine {
    root: TempDir,
}

impl Machine {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        Self { root }
    }

    pub(crate) fn host(&self) -> Host {
        Host::new(self.root.path())
    }

    pub(crate) fn path(&self, absolute: &str) -> PathBuf {
        self.host().path(absolute)
    }

    /// Writes a file, and the folders to it.
    pub(crate) fn write(&self, absolute: &str, text: impl AsRef<[u8]>) {
        write(&self.host(), absolute, text.as_ref());
    }

    /// Gives a file or folder this mode.
    pub(crate) fn mode(&self, absolute: &str, mode: u32) {
        fs::set_permissions(self.path(absolute), Permissions::from_mode(mode)).unwrap();
    }

    /// A process that sleeps.
    pub(crate) fn process(&self, pid: u32, name: &str, owner: Owner) {
        process(&self.host(), pid, name, owner);
    }

    /// A process that has ended, and that nobody has asked for.
    pub(crate) fn dead(&self, pid: u32, name: &str) {
        self.process(pid, name, Owner { uid: 0, gid: 0 });
        let status = fs::read_to_string(self.path(&format!("/proc/{pid}/status"))).unwrap();
        let status = status.replace("S (sleeping)", "Z (zombie)");
        self.write(&format!("/proc/{pid}/status"), status);
    }

    /// A process of this user, which is not to be seen, listens at a port of 127.0.0.1.
    pub(crate) fn listener(&self, port: u16, user: u32) {
        self.socket(port, "0100007F", user, 1);
    }

    /// What a process has of its own: its network, and its root, by name.
    pub(crate) fn apart(&self, pid: u32, network: &str, root: &str) {
        let folder = self.path(&format!("/proc/{pid}"));
        fs::create_dir_all(folder.join("ns")).unwrap();
        fs::create_dir_all(self.path(root)).unwrap();
        for (link, to) in [
            (folder.join("ns/net"), PathBuf::from(network)),
            (folder.join("root"), self.path(root)),
        ] {
            let _ = fs::remove_file(&link);
            symlink(to, link).unwrap();
        }
    }

    /// The process listens at a port of an IPv4 address, which is written as in /proc/net/tcp.
    pub(crate) fn listens(&self, pid: u32, port: u16, address: &str, inode: u64) {
        listens(&self.host(), pid, port, address, inode);
    }

    fn socket(&self, port: u16, address: &str, user: u32, inode: u64) {
        socket(&self.host(), port, address, user, inode);
    }
}

/// The process of a machine listens at a port of an IPv4 address, which is written as in /proc/net/tcp.
pub(crate) fn listens(host: &Host, pid: u32, port: u16, address: &str, inode: u64) {
    socket(host, port, address, 0, inode);
    let files = host.path(format!("/proc/{pid}/fd"));
    fs::create_dir_all(&files).unwrap();
    symlink(format!("socket:[{inode}]"), files.join(inode.to_string())).unwrap();
}

fn socket(host: &Host, port: u16, address: &str, user: u32, inode: u64) {
    let table = host.path("/proc/net/tcp");
    let head =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    let known = fs::read_to_string(table).unwrap_or_else(|_| head.to_owned());
    let line = format!(
        "   0: {address}:{port:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000 {user:5}        0 {inode} 1 \
         0000000000000000 100 0 0 10 0\n"
    );
    write(host, "/proc/net/tcp", (known + &line).as_bytes());
}

fn write(host: &Host, absolute: &str, text: &[u8]) {
    let path = host.path(absolute);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A process below a machine's /proc: as this kernel tells of this very process, under another name and user.
pub(crate) fn process(host: &Host, pid: u32, name: &str, owner: Owner) {
    let Owner { uid, gid } = owner;
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let lines: Vec<_> = status
        .lines()
        .map(|line| match line.split_once(':') {
            Some(("Name", _)) => format!("Name:\t{name}"),
            Some(("State", _)) => "State:\tS (sleeping)".to_owned(),
            Some(("Uid", _)) => format!("Uid:\t{uid}\t{uid}\t{uid}\t{uid}"),
            Some(("Gid", _)) => format!("Gid:\t{gid}\t{gid}\t{gid}\t{gid}"),
            _ => line.to_owned(),
        })
        .collect();
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let limits: Vec<_> = limits
        .lines()
        .map(|line| match line.starts_with("Max open files") {
            true => {
                "Max open files            1024                 524288               files     ".to_owned()
            }
            false => line.to_owned(),
        })
        .collect();
    write(host, &format!("/proc/{pid}/comm"), format!("{name}\n").as_bytes());
    write(
        host,
        &format!("/proc/{pid}/status"),
        (lines.join("\n") + "\n").as_bytes(),
    );
    write(
        host,
        &format!("/proc/{pid}/limits"),
        (limits.join("\n") + "\n").as_bytes(),
    );
}
