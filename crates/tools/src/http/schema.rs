//! Arguments against their schema.

use crate::ToolError;
use secretary::HttpTool;
use serde_json::Value;

/// So many faults are told: a model mends them one after the other anyway.
const TOLD: usize = 3;
/// The longest text of a fault, in characters.
const LONGEST: usize = 200;

/// Whether the schema is one. What is wrong with it.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    jsonschema::validator_for(schema).map(drop).map_err(|error| {
        format!(
            "its arguments are no JSON Schema: {error} at {}",
            error.instance_path()
        )
    })
}

/// Holds arguments against the tool's schema.
pub(super) fn hold(tool: &HttpTool, arguments: &Value) -> Result<(), ToolError> {
    let validator = jsonschema::validator_for(&tool.arguments).map_err(|error| ToolError::Unfit {
        tool: tool.name.clone(),
        why: format!("its arguments are no JSON Schema: {error}"),
    })?;
    let faults: Vec<String> = validator
        .iter_errors(arguments)
        .take(TOLD)
        .map(|error| told(&error))
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(ToolError::Arguments {
        tool: tool.name.clone(),
        problem: faults.join("; "),
    })
}

fn told(error: &jsonschema::ValidationError<'_>) -> String {
    let place = error.instance_path().to_string();
    let fault: String = error.to_string().chars().take(LONGEST).collect();
    match place.trim_start_matches('/') {
        "" => fault,
        place => format!("{place}: {fault}"),
    }
}
