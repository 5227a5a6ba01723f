//! Whether the tools that secretaries declare could work on this node.

use secretary::{Secretary, Snapshot};
use std::collections::BTreeSet;

/// What is wrong with the tools of all secretaries, each with its remedy. `servers` are the MCP servers there are. Reads the files of
/// secrets: blocks.
pub(crate) fn check_tools(snapshot: &Snapshot, servers: &BTreeSet<String>) -> Result<(), Vec<String>> {
    let mut wrong = Vec::new();
    for domain in snapshot.domains.values() {
        for secretary in domain.secretaries.values() {
            for problem in problems(secretary, servers) {
                wrong.push(format!(
                    "secretary {} of domain {}: {problem}",
                    secretary.name, domain.name
                ));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn problems(secretary: &Secretary, servers: &BTreeSet<String>) -> Vec<String> {
    let unfit = secretary.http_tools.iter().filter_map(|tool| {
        let problem = ::tools::http::check(tool).err()?;
        Some(format!("the tool {}: {problem}", tool.name))
    });
    let unknown = secretary
        .mcp
        .iter()
        .filter(|tools| !servers.contains(&tools.server))
        .map(|tools| {
            format!(
                "it wants {:?}, and there is no MCP server {:?}; write a section [mcp.{}], or leave it out",
                String::from(tools.clone()),
                tools.server,
                tools.server
            )
        });
    unfit.chain(unknown).collect()
}
