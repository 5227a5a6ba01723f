//! `voice-ai config`: what is wrong with a configuration, all of it. Exit code 0 if nothing is, else 2.

use crate::logging;
use gateway::config::ConfigErrors;
use gateway::{Config, Gateway};
use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The exit code for a configuration that cannot be used.
pub(crate) const BAD_CONFIG: u8 = 2;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Read the configuration as `serve` would, print "ok" or everything that is wrong (exit code 2).
    Check(Source),
}

/// Where the package puts the configuration.
pub(crate) const PACKAGED: &str = "/etc/voice-ai/voice-ai.toml";
/// What it is called in the folder where somebody works.
pub(crate) const HERE: &str = "voice-ai.toml";

/// Where the configuration is.
#[derive(clap::Args)]
pub(crate) struct Source {
    /// The configuration file [default: voice-ai.toml in this folder, else /etc/voice-ai/voice-ai.toml, else what serves by itself];
    /// VOICE_AI__SECTION__KEY=value in the environment goes before it.
    #[arg(long, value_name = "FILE", env = "VOICE_AI_CONFIG")]
    config: Option<PathBuf>,
}

impl Source {
    /// The file that is named, by `--config` or else by VOICE_AI_CONFIG. An empty name is none.
    pub(crate) fn named(&self) -> Option<&Path> {
        self.config.as_deref().filter(|file| !file.as_os_str().is_empty())
    }

    /// The file that is named, else one in this folder, else the package's; none where there is none of these.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        let named = self.named().map(Path::to_owned);
        let here = std::path::absolute(HERE).unwrap_or_else(|_| HERE.into());
        named.or_else(|| first(&[&here, Path::new(PACKAGED)]))
    }

    /// Reads it. What is wrong is printed already where there is none.
    pub(crate) fn read(&self) -> Option<Config> {
        let config = load(self.file().as_deref())
            .map_err(|errors| print(errors.iter()))
            .ok()?;
        logging::check(&config.log).map_err(|error| print([error])).ok()?;
        Some(config)
    }
}

/// The first of these that is a file.
fn first(files: &[&Path]) -> Option<PathBuf> {
    let found = files.iter().find(|file| file.is_file());
    found.map(|file| (*file).to_owned())
}

/// Reads a file, if one is named, and the environment over it.
pub(crate) fn load(file: Option<&Path>) -> Result<Config, ConfigErrors> {
    Config::load(file, environment())
}

/// The environment. A variable that is no UTF-8 is none of ours.
pub(crate) fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

pub(crate) fn print(errors: impl IntoIterator<Item: std::fmt::Display>) {
    for error in errors {
        eprintln!("voice-ai: {error}");
    }
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Command::Check(source) = arguments.command;
    let Some(config) = source.read() else {
        return Ok(ExitCode::from(BAD_CONFIG));
    };
    if let Err(wrong) = Gateway::check(&config) {
        print(wrong);
        return Ok(ExitCode::from(BAD_CONFIG));
    }
    writeln!(stdout(), "ok")?;
    Ok(ExitCode::SUCCESS)
}
