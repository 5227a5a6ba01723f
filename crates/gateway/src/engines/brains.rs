//! The brains of the local engine, chosen by what each secretary names.

use crate::config::ChatConfig;
use secretary::Secretary;
use std::sync::{Arc, Mutex, PoisonError};
use voice::ApiKey;
use voice::brain::llm::{self, LanguageModel};
use voice::brain::script::ScriptBrain;
use voice::brain::{Brain, Mind};
use voice::engine::ToolSpec;

/// Every brain of this node.
pub(super) struct Brains(Mutex<Arc<Scripted>>);

/// The brains with the scripts that they have read.
pub(super) struct Scripted {
    script: ScriptBrain,
    /// There where a model is configured.
    chat: Option<LanguageModel>,
}

impl Brains {
    /// The brains that are configured. Nothing is connected yet.
    pub(super) fn new(config: &ChatConfig) -> Result<Self, llm::ConfigError> {
        let chat = if config.model.is_empty() {
            None
        } else {
            Some(chat_brain(config)?)
        };
        Ok(Self(Mutex::new(Arc::new(Scripted {
            script: ScriptBrain::default(),
            chat,
        }))))
    }

    /// The same brains without a script read, for new secretaries.
    pub(super) fn afresh(&self) -> Scripted {
        Scripted {
            script: ScriptBrain::default(),
            chat: self.now().chat.clone(),
        }
    }

    /// From now on calls begin with these.
    pub(super) fn adopt(&self, scripted: Scripted) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(scripted);
    }

    /// Held for one clone: nothing can panic under it.
    fn now(&self) -> Arc<Scripted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Scripted {
    /// Whether this secretary's brain can be used; if not, what would be right.
    pub(super) fn check(&self, secretary: &Secretary) -> Result<(), String> {
        if secretary.brain != "chat" {
            return self
                .script
                .prepare(secretary)
                .map(drop)
                .map_err(|error| error.to_string());
        }
        match &self.chat {
            Some(_) => Ok(()),
            None => Err("it wants the brain chat, which needs a model; set chat.model".into()),
        }
    }
}

impl Brain for Brains {
    fn begin(&self, secretary: Arc<Secretary>, tools: Arc<[ToolSpec]>) -> Box<dyn Mind> {
        let now = self.now();
        match &now.chat {
            Some(chat) if secretary.brain == "chat" => chat.begin(secretary, tools),
            _ => now.script.begin(secretary, tools),
        }
    }
}

fn chat_brain(config: &ChatConfig) -> Result<LanguageModel, llm::ConfigError> {
    let defaults = llm::Config::new(&config.base_url, &config.model);
    let api_key = config.api_key.as_ref().map(|key| ApiKey::new(key.expose()));
    LanguageModel::new(llm::Config {
        api_key,
        count_tokens: !config.prices.are_none(),
        ..defaults
    })
}
