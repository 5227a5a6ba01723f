//! mod_audio_stream: its file, whether it is loaded at the start, and what the log says of loading it.

mod build;

use super::folders::Folders;
use super::text;
use crate::plan::module::{AUDIO_STREAM as MODULE, loads};
use crate::{Host, ModuleFacts, Unread};
use std::fs;
use std::io::ErrorKind;

/// So much of the log's end is read: some 2,000 lines.
const LOG: u64 = 256 * 1024;

/// The most lines of the log that are kept.
const LINES: usize = 20;

pub(super) fn find(host: &Host, folders: &Folders) -> Result<ModuleFacts, Unread> {
    let path = folders.modules.join(format!("{MODULE}.so"));
    let (build, tls) = match fs::read(host.path(&path)) {
        Ok(file) => (Some(build::of(&file)), build::has_tls(&file)),
        Err(error) if error.kind() == ErrorKind::NotFound => (None, None),
        Err(error) => return Err(super::script::unread(&path, &error)),
    };
    let conf = folders.conf.join("autoload_configs/modules.conf.xml");
    let conf = super::script::file(host, &conf)
        .ok()
        .flatten()
        .map(|file| (conf, file));
    let log = folders.logs.join("freeswitch.log");
    Ok(ModuleFacts {
        present: build.is_some(),
        path,
        build,
        tls,
        in_file: conf
            .as_ref()
            .is_some_and(|(_, file)| loads(&file.text, MODULE).unwrap_or(false)),
        conf,
        log: text::end(&host.path(&log), LOG).map_or_else(|_| Vec::new(), |log| loading(&log)),
    })
}

/// What the log tells of loading it since it was last loaded with success. The reason stands on the line after the complaint, between
/// asterisks (switch_loadable_module.c of 1.10.12).
fn loading(log: &str) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    let mut complained = false;
    for line in log.lines() {
        let is_reason = complained && line.starts_with("**");
        complained = line.contains("Error Loading module") && line.contains(MODULE);
        if line.contains("Successfully Loaded [") && line.contains(MODULE) {
            kept.clear();
            kept.push(line.to_owned());
        } else if complained || is_reason {
            kept.push(line.to_owned());
        }
    }
    kept.drain(..kept.len().saturating_sub(LINES));
    kept
}
