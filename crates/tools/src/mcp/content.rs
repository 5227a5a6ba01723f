//! What a tool of an MCP server came to, as an engine is told.

use crate::ToolError;
use crate::told::cut;
use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};

/// The texts of a result. Pictures and sounds are named: a caller cannot see them.
pub(super) fn told(tool: &str, result: CallToolResult) -> Result<String, ToolError> {
    let CallToolResult {
        content,
        structured_content,
        is_error,
        ..
    } = result;
    let mut text = content.iter().map(piece).collect::<Vec<_>>().join("\n");
    if let Some(structured) = structured_content.filter(|_| text.trim().is_empty()) {
        text = structured.to_string();
    }
    if is_error == Some(true) {
        return Err(ToolError::Refused {
            tool: tool.to_owned(),
            status: "an error".into(),
            text,
        });
    }
    Ok(match text.trim() {
        "" => "done".to_owned(),
        text => cut(text),
    })
}

fn piece(block: &ContentBlock) -> String {
    match block {
        ContentBlock::Text(text) => text.text.clone(),
        ContentBlock::Resource(resource) => match &resource.resource {
            ResourceContents::TextResourceContents { text, .. } => text.clone(),
            _ => "(a file)".into(),
        },
        ContentBlock::ResourceLink(link) => format!("({})", link.name),
        ContentBlock::Image(_) => "(a picture)".into(),
        ContentBlock::Audio(_) => "(a sound)".into(),
        _ => "(something that cannot be told)".into(),
    }
}
