//! Why a tool did not do what was asked.

use crate::told::cut;

/// Why a tool did not do what was asked. The engine is told in these words, which never hold a secret or an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ToolError {
    /// The arguments are not those of the schema, or could not stand where they belong.
    #[error(
        "{tool} was not used: {problem}; mend the arguments, and ask the caller for what you do not know"
    )]
    Arguments {
        /// The tool.
        tool: String,
        /// What is wrong with which.
        problem: String,
    },
    /// The service was asked, and says that it did not do it.
    #[error("{tool} answered {status}{}", said(.text))]
    Refused {
        /// The tool.
        tool: String,
        /// The status, or what stands for it.
        status: String,
        /// What it says.
        text: String,
    },
    /// It took too long.
    #[error("{tool} did not answer in time: go on without it")]
    Late {
        /// The tool.
        tool: String,
    },
    /// It cannot be reached, or broke off.
    #[error("{tool} cannot be reached now: go on without it")]
    Unreachable {
        /// The tool.
        tool: String,
        /// What is wrong, for the operator.
        why: String,
    },
    /// What came back is nothing that can be told.
    #[error("{tool} answered with {what}, which cannot be told: go on without it")]
    Untold {
        /// The tool.
        tool: String,
        /// What it is.
        what: String,
    },
    /// It cannot work as it is configured.
    #[error("{tool} is not set up: go on without it")]
    Unfit {
        /// The tool.
        tool: String,
        /// What is wrong and what would be right, for the operator.
        why: String,
    },
}

/// What kind of trouble it was, for metrics and the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// See [`ToolError::Arguments`].
    Arguments,
    /// See [`ToolError::Refused`].
    Refused,
    /// See [`ToolError::Late`].
    Late,
    /// See [`ToolError::Unreachable`].
    Unreachable,
    /// See [`ToolError::Untold`].
    Untold,
    /// See [`ToolError::Unfit`].
    Unfit,
}

impl Trouble {
    /// Its name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Arguments => "arguments",
            Self::Refused => "refused",
            Self::Late => "late",
            Self::Unreachable => "unreachable",
            Self::Untold => "untold",
            Self::Unfit => "unfit",
        }
    }
}

impl ToolError {
    /// What kind of trouble it is.
    pub const fn trouble(&self) -> Trouble {
        match self {
            Self::Arguments { .. } => Trouble::Arguments,
            Self::Refused { .. } => Trouble::Refused,
            Self::Late { .. } => Trouble::Late,
            Self::Unreachable { .. } => Trouble::Unreachable,
            Self::Untold { .. } => Trouble::Untold,
            Self::Unfit { .. } => Trouble::Unfit,
        }
    }

    /// What the operator is told: nothing of the caller's, nothing that a service said of them.
    pub fn for_operator(&self) -> String {
        match self {
            Self::Arguments { .. } => "its arguments do not fit its schema".into(),
            Self::Refused { status, .. } => format!("it answered {status}"),
            Self::Late { .. } => "it did not answer in time".into(),
            Self::Untold { what, .. } => format!("it answered with {what}, which is neither text nor JSON"),
            Self::Unreachable { why, .. } | Self::Unfit { why, .. } => why.clone(),
        }
    }
}

fn said(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() {
        return String::new();
    }
    format!(": {}", cut(text))
}
