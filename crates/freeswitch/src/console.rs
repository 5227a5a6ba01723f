//! A connection for one errand of administration: what FreeSWITCH is and has, and a few things that it is told.

mod announcement;
mod key;
mod replies;

pub use key::{CacheEvent, CacheKey, ModuleName};

use crate::request::{self, Refusal};
use crate::supervisor::{self, Connected};
use crate::{Command, CommandError, Settings, State, VariableName};
use freeswitch_esl_tokio::{ConnectionStatus, EslClient, EslError, EslEventStream};
use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::timeout;

/// 165 applications and 18 KB on 1.10.12 (measured).
const LISTED: &str = "show application as json";

/// A connection that subscribes to nothing and is not made again when it is lost. One command at a time.
pub struct Console {
    settings: Settings,
    address: SocketAddr,
    client: EslClient,
    /// Nothing comes by it; without it the connection would end.
    _events: EslEventStream,
}

impl Console {
    /// Connects within three times `settings.patience`.
    ///
    /// # Errors
    ///
    /// The state that the attempt ended in: [`State::WrongPassword`], [`State::Refused`] or [`State::Unreachable`].
    pub async fn connect(settings: &Settings) -> Result<Self, State> {
        let connected = supervisor::connect(settings).await;
        let connected = connected.map_err(|error| supervisor::state_of(&error, settings))?;
        let Connected {
            client,
            events,
            addresses,
        } = connected;
        let Some(address) = addresses.first().copied() else {
            let reason = "no address".to_owned();
            return Err(State::Unreachable { reason });
        };
        client.set_command_timeout(settings.patience);
        client.set_liveness_timeout(settings.patience * 10);
        Ok(Self {
            settings: settings.clone(),
            address,
            client,
            _events: events,
        })
    }

    /// Gives a command and waits for its answer, without the `+OK` in front: `originate` as long as it rings.
    pub async fn command(&mut self, command: &Command) -> Result<String, CommandError> {
        let limit = match command {
            Command::Originate { ring, .. } => *ring + self.settings.patience * 3,
            _ => self.settings.patience,
        };
        self.client.set_command_timeout(limit);
        let answer = self.ask(&command.to_string(), limit).await;
        self.client.set_command_timeout(self.settings.patience);
        answer
    }

    /// `version`: `FreeSWITCH Version 1.10.12-release~64bit ( 64bit)`.
    pub async fn version(&mut self) -> Result<String, CommandError> {
        self.line("version").await
    }

    /// `hostname`.
    pub async fn hostname(&mut self) -> Result<String, CommandError> {
        self.line("hostname").await
    }

    /// A folder of FreeSWITCH by its global variable (`mod_dir`, `script_dir`, `conf_dir`, `log_dir`); none where that is not set.
    pub async fn folder(&mut self, variable: &VariableName) -> Result<Option<PathBuf>, CommandError> {
        match self.command(&Command::Global(variable.clone())).await {
            Ok(told) => Ok(told.starts_with('/').then(|| PathBuf::from(told))),
            // What ESL says where a command has said nothing (measured).
            Err(CommandError::Failed { reply, .. }) if reply == "no reply" => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `module_exists`: whether a module is loaded.
    pub async fn has_module(&mut self, module: &ModuleName) -> Result<bool, CommandError> {
        let told = self.line(&format!("module_exists {module}")).await?;
        Ok(told == "true")
    }

    /// The names of all applications of the dialplan.
    pub async fn applications(&mut self) -> Result<BTreeSet<String>, CommandError> {
        let told = self.line(LISTED).await?;
        replies::names(&told).ok_or_else(|| self.failed(LISTED, "a list that cannot be read"))
    }

    /// FreeSWITCH's clock, since 1970.
    pub async fn clock(&mut self) -> Result<Duration, CommandError> {
        let told = self.line("strmicroepoch").await?;
        match told.parse() {
            Ok(us) => Ok(Duration::from_micros(us)),
            Err(_) => Err(self.failed("strmicroepoch", &told)),
        }
    }

    /// `memcache delete`. Returns whether there was one.
    pub async fn delete_from_memcache(&mut self, key: &CacheKey) -> Result<bool, CommandError> {
        match self.line(&format!("memcache delete {key}")).await {
            Ok(_) => Ok(true),
            // The words of libmemcached, which mod_memcache passes on.
            Err(CommandError::Failed { reply, .. }) if reply.eq_ignore_ascii_case("not found") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Tells the other machines of a cluster that a key is gone, as FusionPBX does (byte for byte, recorded of 5.6.4-dev).
    /// By a connection of its own.
    pub async fn announce_deletion(&mut self, event: CacheEvent, key: &CacheKey) -> Result<(), CommandError> {
        let lines = [
            "sendevent CUSTOM".to_owned(),
            "Event-Name: CUSTOM".to_owned(),
            format!("Event-Subclass: {}", event.subclass()),
            format!("API-Command: {}", event.command()),
            format!("API-Command-Argument: delete {}", event.written(key)),
        ];
        let (limit, name) = (self.settings.patience * 3, "sendevent");
        let sent = timeout(limit, announcement::send(&self.settings, self.address, &lines)).await;
        match sent {
            Err(_) => Err(self.refused(name, Refusal::TimedOut, limit)),
            Ok(Err(error)) => Err(self.failed(name, &error.to_string())),
            Ok(Ok(reply)) if reply.starts_with("+OK") => Ok(()),
            Ok(Ok(reply)) => Err(self.failed(name, &reply)),
        }
    }

    /// `reloadxml`: FreeSWITCH reads its configuration and its dialplan files again.
    pub async fn reload_xml(&mut self) -> Result<(), CommandError> {
        self.line("reloadxml").await.map(drop)
    }

    /// `load`: a module is loaded. One that is loaded already is no error.
    pub async fn load(&mut self, module: &ModuleName) -> Result<(), CommandError> {
        let command = format!("load {module}");
        let told = self.line(&command).await;
        let complaint = match &told {
            // It reads its XML again first and says +OK to that; the complaint comes on the next line (measured).
            Ok(told) => replies::complaint(told),
            Err(CommandError::Failed { reply, .. }) => Some(reply.as_str()),
            Err(_) => return told.map(drop),
        };
        match complaint {
            None => Ok(()),
            Some(words) if words.contains("already loaded") => Ok(()),
            Some(words) => Err(self.failed(&command, words)),
        }
    }

    async fn line(&self, line: &str) -> Result<String, CommandError> {
        self.ask(line, self.settings.patience).await
    }

    async fn ask(&self, line: &str, limit: Duration) -> Result<String, CommandError> {
        let answer = self.client.api(line).await;
        let answer = answer.map_err(|error| self.unanswered(line, &error, limit))?;
        request::of_api(&answer).map_err(|refusal| self.refused(line, refusal, limit))
    }

    fn unanswered(&self, line: &str, error: &EslError, limit: Duration) -> CommandError {
        if matches!(error, EslError::Timeout { .. }) {
            return self.refused(line, Refusal::TimedOut, limit);
        }
        if self.client.is_connected() {
            return self.failed(line, &error.to_string());
        }
        let state = match self.client.status() {
            ConnectionStatus::Disconnected(reason) => reason.to_string(),
            _ => error.to_string(),
        };
        let switch = self.settings.name.clone();
        CommandError::NotConnected { switch, state }
    }

    fn refused(&self, line: &str, refusal: Refusal, limit: Duration) -> CommandError {
        match refusal {
            Refusal::TimedOut => CommandError::TimedOut {
                switch: self.settings.name.clone(),
                command: name_of(line),
                limit,
            },
            Refusal::NoSuchChannel => self.failed(line, "no such channel"),
            Refusal::Failed(reply) => self.failed(line, &reply),
        }
    }

    fn failed(&self, line: &str, reply: &str) -> CommandError {
        CommandError::Failed {
            switch: self.settings.name.clone(),
            command: name_of(line),
            reply: reply.to_owned(),
        }
    }
}

/// `uuid_kill` of `uuid_kill 1111…`: arguments may hold whom somebody calls.
fn name_of(line: &str) -> String {
    line.split(' ').next().unwrap_or_default().to_owned()
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console")
            .field("name", &self.settings.name)
            .finish()
    }
}
