//! How the MCP servers are. Calls go on without them.

use super::{Check, State};
use ::tools::mcp::{Servers, Standing};

const NAME: &str = "mcp";

/// A check of each.
pub(super) fn checks(servers: &Servers) -> Vec<Check> {
    let each = servers.standings();
    each.map(|(name, standing)| match standing {
        Standing::Up => {
            let count = servers.tools(name).len();
            Check::new(NAME, State::Ok, format!("{name}: {count} tools"))
        }
        Standing::Starting => Check::new(NAME, State::Degraded, format!("{name} has not answered yet")),
        Standing::Down { why } => {
            let detail = format!("{name}: {why}; it is tried again, and calls go on without its tools");
            Check::new(NAME, State::Degraded, detail)
        }
    })
    .collect()
}
