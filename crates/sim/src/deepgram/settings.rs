//! What a session is told first, read as strictly as the real one does: a key that it does not know is an error.

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    #[serde(rename = "type")]
    _kind: String,
    #[serde(default)]
    pub(super) flags: Flags,
    pub(super) audio: Audio,
    pub(super) agent: Agent,
    #[serde(default, rename = "tags")]
    _tags: Vec<String>,
    #[serde(default, rename = "mip_opt_out")]
    _mip_opt_out: bool,
    #[serde(default, rename = "experimental")]
    _experimental: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Flags {
    pub(super) history: bool,
}

impl Default for Flags {
    fn default() -> Self {
        Self { history: true }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Audio {
    pub(super) input: Input,
    pub(super) output: Output,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    pub(super) encoding: String,
    pub(super) sample_rate: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Output {
    pub(super) encoding: String,
    pub(super) sample_rate: u32,
    pub(super) container: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Agent {
    #[serde(default, rename = "language")]
    _language: Option<String>,
    #[serde(default)]
    pub(super) context: Option<Context>,
    #[serde(rename = "listen")]
    _listen: Provided,
    #[serde(rename = "think")]
    _think: Think,
    #[serde(rename = "speak")]
    _speak: Provided,
    #[serde(default)]
    pub(super) greeting: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Context {
    pub(super) messages: Vec<Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Provided {
    #[serde(rename = "provider")]
    _provider: Provider,
    #[serde(default, rename = "endpoint")]
    _endpoint: Option<Value>,
}

#[derive(Debug, Clone, Deserialize)]
struct Provider {
    #[serde(rename = "type")]
    _kind: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Think {
    #[serde(rename = "provider")]
    _provider: Brain,
    #[serde(default, rename = "endpoint")]
    _endpoint: Option<Value>,
    #[serde(default, rename = "functions")]
    _functions: Vec<Function>,
    #[serde(default, rename = "prompt")]
    _prompt: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Brain {
    #[serde(rename = "type")]
    _kind: String,
    #[serde(rename = "model")]
    _model: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Function {
    #[serde(rename = "name")]
    _name: String,
    #[serde(default, rename = "description")]
    _description: Option<String>,
    #[serde(default, rename = "parameters")]
    _parameters: Value,
    #[serde(default, rename = "defer_until_eot")]
    _defer_until_eot: Option<bool>,
}
