//! What the engine of one call is offered. It stays so to the end of the call, whatever becomes of servers and files.

use super::{Beyond, Means, ToolError, not_offered, own};
use secretary::{McpTools, Secretary};
use std::collections::BTreeMap;
use std::sync::Arc;
use voice::engine::ToolSpec;

/// No engine takes a longer name of a tool.
const LONGEST_NAME: usize = 64;

/// The tools of one call.
pub(crate) struct Offer {
    specs: Arc<[ToolSpec]>,
    beyond: BTreeMap<String, Beyond>,
    waiting_words: BTreeMap<String, String>,
}

impl Offer {
    /// What this secretary's engine is offered now.
    pub(crate) fn of(secretary: &Secretary, means: &Means) -> Self {
        let mut offer = Offering::new(secretary);
        for tool in &secretary.http_tools {
            let spec = ToolSpec {
                name: tool.name.clone(),
                description: tool.description.clone(),
                parameters: tool.arguments.clone(),
            };
            let words = tool.say.as_ref().unwrap_or(&secretary.phrases.wait);
            offer.add(spec, Beyond::Http(Arc::new(tool.clone())), words);
        }
        for chosen in &secretary.mcp {
            offer.mcp(chosen, means, &secretary.phrases.wait);
        }
        offer.done()
    }

    /// The tools as the engine is told of them.
    pub(crate) fn specs(&self) -> Arc<[ToolSpec]> {
        self.specs.clone()
    }

    /// What the caller is told when a tool takes a while, by the tool's name.
    pub(crate) fn waiting_words(&self) -> BTreeMap<String, String> {
        self.waiting_words.clone()
    }

    /// The tool beyond the PBX of that name.
    pub(crate) fn beyond(&self, name: &str) -> Option<Beyond> {
        self.beyond.get(name).cloned()
    }

    /// Why a tool that nobody knows is not used.
    pub(crate) fn refuse(&self, name: &str) -> ToolError {
        not_offered(name, self.specs.iter().map(|spec| spec.name.as_str()))
    }
}

/// An offer while it is made.
struct Offering {
    specs: Vec<ToolSpec>,
    beyond: BTreeMap<String, Beyond>,
    waiting_words: BTreeMap<String, String>,
}

impl Offering {
    fn new(secretary: &Secretary) -> Self {
        Self {
            specs: own(secretary).collect(),
            beyond: BTreeMap::new(),
            waiting_words: BTreeMap::new(),
        }
    }

    fn add(&mut self, spec: ToolSpec, beyond: Beyond, words: &str) {
        let name = spec.name.clone();
        if !words.trim().is_empty() {
            self.waiting_words.insert(name.clone(), words.to_owned());
        }
        self.beyond.insert(name, beyond);
        self.specs.push(spec);
    }

    fn mcp(&mut self, chosen: &McpTools, means: &Means, words: &str) {
        let server = &chosen.server;
        for tool in means.servers.tools(server).iter() {
            if !chosen.includes(server, &tool.name) {
                continue;
            }
            let name = offered_name(server, &tool.name);
            if name.len() > LONGEST_NAME || self.specs.iter().any(|spec| spec.name == name) {
                tracing::debug!(
                    server,
                    tool = tool.name,
                    "a tool is not offered: its name is too long, or taken"
                );
                continue;
            }
            let beyond = Beyond::Mcp {
                server: server.clone(),
                tool: tool.name.clone(),
            };
            let spec = ToolSpec {
                name,
                description: tool.description.clone(),
                parameters: tool.arguments.clone(),
            };
            self.add(spec, beyond, words);
        }
    }

    fn done(self) -> Offer {
        Offer {
            specs: self.specs.into(),
            beyond: self.beyond,
            waiting_words: self.waiting_words,
        }
    }
}

/// The name by which an engine calls a server's tool, of the characters that every engine takes.
fn offered_name(server: &str, tool: &str) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    format!("{server}_{tool}")
        .chars()
        .map(|letter| if fits(letter) { letter } else { '_' })
        .collect()
}
