//! The gateway that is measured: one tenant, whose secretary echoes and says nothing of its own.

use super::free_address;
use sim::SAMPLE_DOMAIN;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::process::Command;

pub(super) struct Node {
    pub(super) calls: u32,
    pub(super) vad: bool,
    pub(super) recording: bool,
    /// Further keys of `[server]`, a line each.
    pub(super) keys: String,
}

impl Node {
    /// What starts it at this address, with its files in this folder.
    pub(super) fn command(&self, folder: &Path, address: SocketAddr) -> anyhow::Result<Command> {
        let config = self.write_config(folder, address)?;
        let mut command = Command::new(std::env::current_exe()?);
        // An operator's own settings must not change what is measured.
        for (name, _) in
            std::env::vars().filter(|(name, _)| name.starts_with("VOICE_AI__") || name == "RUST_LOG")
        {
            command.env_remove(name);
        }
        command
            .arg("serve")
            .arg("--config")
            .arg(config)
            .current_dir(folder);
        Ok(command)
    }

    fn write_config(&self, folder: &Path, address: SocketAddr) -> anyhow::Result<PathBuf> {
        let secretaries = folder.join("secretaries");
        std::fs::create_dir_all(&secretaries)?;
        let recording = if self.recording { "on" } else { "off" };
        let secretary = format!("{SECRETARY}[privacy]\nrecording = \"{recording}\"\n");
        std::fs::write(secretaries.join("loopback.toml"), secretary)?;
        let limit = self.calls + 16;
        // The load's own calls come all at once, from one address.
        let burst = 2 * limit + 1_000;
        let Self { vad, keys, .. } = self;
        let config = format!(
            "[server]\nlisten = \"{address}\"\ncontrol = \"{control}\"\nmax_calls = {limit}\n\
             address_request_burst = {burst}\n{keys}\n\
             [vad]\nenabled = {vad}\n[stt]\nmodel = \"\"\n[log]\nlevel = \"warn\"\n\
             [[domains]]\nuuid = \"{SAMPLE_DOMAIN}\"\nname = \"bench\"\ndefault_secretary = \"loopback\"\n\
             max_calls = {limit}\nstream_burst = {limit}\n[secretaries]\ndir = {secretaries:?}\n",
            control = free_address()?,
        );
        let path = folder.join("config.toml");
        std::fs::write(&path, config)?;
        Ok(path)
    }
}

const SECRETARY: &str = r#"
name = "loopback"
language = "en"
engine = "loopback"
[greeting]
text = ""
[phrases]
reprompts = []
farewell = ""
apology = ""
backchannels = []
[limits]
silence_ms = 0
total_ms = 0
"#;
