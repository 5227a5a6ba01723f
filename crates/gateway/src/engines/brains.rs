//! The brains of the local engine, chosen by what each secretary names.

use crate::config::ChatConfig;
use secretary::Secretary;
use std::sync::Arc;
use voice::brain::chat::{self, ChatBrain};
use voice::brain::script::ScriptBrain;
use voice::brain::{Brain, Mind};
use voice::engine::ToolSpec;
use voice::openai::ApiKey;

/// Every brain of this node.
pub(super) struct Brains {
    script: ScriptBrain,
    /// There where a model is configured.
    chat: Option<ChatBrain>,
}

impl Brains {
    /// The brains that are configured. Nothing is connected yet.
    pub(super) fn new(config: &ChatConfig) -> Result<Self, chat::ConfigError> {
        let chat = if config.model.is_empty() {
            None
        } else {
            Some(chat_brain(config)?)
        };
        Ok(Self {
            script: ScriptBrain::default(),
            chat,
        })
    }

    /// Whether this secretary's brain can be used; if not, what would be right.
    pub(super) fn check(&self, secretary: &Secretary) -> Result<(), String> {
        if secretary.brain != "chat" {
            return self
                .script
                .prepare(secretary)
                .map(drop)
                .map_err(|error| error.to_string());
        }
        let Some(chat) = &self.chat else {
            return Err("it wants the brain chat, which needs a model; set chat.model".into());
        };
        chat.prepare(secretary)
            .map(drop)
            .map_err(|error| error.to_string())
    }
}

impl Brain for Brains {
    fn begin(&self, secretary: Arc<Secretary>, tools: Arc<[ToolSpec]>) -> Box<dyn Mind> {
        match &self.chat {
            Some(chat) if secretary.brain == "chat" => chat.begin(secretary, tools),
            _ => self.script.begin(secretary, tools),
        }
    }
}

fn chat_brain(config: &ChatConfig) -> Result<ChatBrain, chat::ConfigError> {
    let defaults = chat::Config::new(&config.base_url, &config.model);
    let api_key = config.api_key.as_ref().map(|key| ApiKey::new(key.expose()));
    ChatBrain::new(chat::Config { api_key, ..defaults })
}
