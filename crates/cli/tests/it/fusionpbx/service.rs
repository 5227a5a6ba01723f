//! The service of a machine that is set up, as tests run it.

use super::world::{DOMAIN, World};
use crate::server::{Server, voice_ai};
use std::fs;
use std::time::{Duration, Instant};

/// A service of the machine, and where it is.
pub(super) struct Running {
    pub(super) _server: Option<Server>,
    pub(super) listen: String,
    pub(super) control: String,
}

impl Running {
    /// None at all.
    pub(super) fn nowhere() -> Self {
        Self {
            _server: None,
            listen: "127.0.0.1:2".to_owned(),
            control: "127.0.0.1:1".to_owned(),
        }
    }
}

/// Starts the service of a machine that is set up, with more keys at the top of its configuration, that changed so.
pub(super) fn serve(world: &World, ports: u16, keys: &str, change: impl Fn(String) -> String) -> Running {
    let config = change(world.config_here());
    let ours = format!("\n[[pbx]]\nunicast_port = {ports}\n");
    let config = format!(
        "vad.enabled = false\nstt.model = \"\"\nstream.echo = \"off\"\n{keys}{}",
        config.replace("\n[[pbx]]\n", &ours)
    );
    fs::write(world.estate.root().join("voice-ai.toml"), config).unwrap();
    let mut server = Server::start_in(world.estate.root());
    let line = server.until("metrics on http://");
    let after = line.split_once("metrics on http://").unwrap().1;
    let control = after.split('/').next().unwrap().to_owned();
    let line = server.until("voice-ai call --url ws://");
    let after = line.split_once("ws://").unwrap().1;
    Running {
        _server: Some(server),
        listen: after.split(' ').next().unwrap().to_owned(),
        control,
    }
}

/// Waits until the service says of its FreeSWITCH that it is connected (exit code 0), or is not (3).
pub(super) fn is_connected(world: &World, service: &Running, code: i32) {
    let begun = Instant::now();
    let config = world.estate.root().join("voice-ai.toml").display().to_string();
    loop {
        let mut command = voice_ai(&["pbx", "status", "--config", &config]);
        let told = command
            .env("VOICE_AI__SERVER__CONTROL", &service.control)
            .output();
        let told = told.unwrap();
        if told.status.code() == Some(code) {
            return;
        }
        assert!(begun.elapsed() < LIMIT, "never {code}: {told:?}");
    }
}

/// Nothing here takes so long unless it is broken.
const LIMIT: Duration = Duration::from_secs(30);

/// The secretary says nothing by itself, on an engine of this name.
pub(super) fn silenced(world: &World, engine: &str) {
    let folder = format!("/etc/voice-ai/secretaries/{DOMAIN}");
    let uuid = world.text(&format!("{folder}/reception.toml"));
    let uuid = uuid.lines().find(|line| line.starts_with("uuid")).unwrap();
    world.estate.write(
        &format!("{folder}/reception.toml"),
        format!(
            "{uuid}\ndomain = \"{DOMAIN}\"\nname = \"reception\"\nlanguage = \"en\"\nengine = \"{engine}\"\n\
             limits = {{ silence_ms = 0 }}\ngreeting = {{ text = \"\" }}\n\
             phrases = {{ reprompts = [], farewell = \"\", apology = \"\", backchannels = [] }}\n"
        ),
    );
}

/// The keys of an OpenAI at this address.
pub(super) fn provider(world: &World, url: &str) -> String {
    world.estate.write("/etc/voice-ai/engine.key", "sk-sim\n");
    let key = world.estate.path("/etc/voice-ai/engine.key");
    format!(
        "openai.url = \"{url}\"\nopenai.api_key = {{ file = \"{}\" }}\n",
        key.display()
    )
}
