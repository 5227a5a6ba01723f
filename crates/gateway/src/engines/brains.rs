//! The brains of the local engine, chosen by what each secretary names.

use secretary::Secretary;
use std::sync::Arc;
use voice::brain::script::ScriptBrain;
use voice::brain::{Brain, Mind};
use voice::engine::ToolSpec;

/// Every brain of this node.
#[derive(Default)]
pub(super) struct Brains {
    script: ScriptBrain,
}

impl Brains {
    /// Whether this secretary's brain can be used, and how it could.
    pub(super) fn check(&self, secretary: &Secretary) -> Result<(), String> {
        self.script
            .prepare(secretary)
            .map(drop)
            .map_err(|error| error.to_string())
    }
}

impl Brain for Brains {
    fn begin(&self, secretary: Arc<Secretary>, tools: Arc<[ToolSpec]>) -> Box<dyn Mind> {
        self.script.begin(secretary, tools)
    }
}
