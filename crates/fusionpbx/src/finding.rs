//! What a check says.

use crate::{Code, Text};
use serde::Serialize;
use uuid::Uuid;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It could not be told: what had to be read could not be.
    Skipped,
    /// Calls work, and something is to be looked at.
    Warning,
    /// Calls fail, or will.
    Fault,
}

/// What a check found of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which check.
    pub code: Code,
    /// How it ended.
    pub verdict: Verdict,
    /// What it is about, where a check looks at several things: a dialplan row's name, a domain, a path.
    pub subject: Option<String>,
    /// The row of `v_dialplans` that it is about, for who mends it.
    pub row: Option<Uuid>,
    /// What was found, with its value; of a skipped check, why.
    pub found: Text,
    /// What would be right; `None` where all is.
    pub right: Option<Text>,
    /// The command that helps, or what is to be done by hand.
    pub remedy: Option<Text>,
}

impl Finding {
    /// All is as it should be.
    pub fn ok(code: Code, found: Text) -> Self {
        Self::new(code, Verdict::Ok, found)
    }

    /// The check could not be made.
    pub fn skipped(code: Code, why: Text) -> Self {
        Self::new(code, Verdict::Skipped, why)
    }

    /// Calls fail, or will.
    pub fn fault(code: Code, found: Text, right: Text, remedy: Text) -> Self {
        Self {
            right: Some(right),
            remedy: Some(remedy),
            ..Self::new(code, Verdict::Fault, found)
        }
    }

    /// Calls work, and something is to be looked at.
    pub fn warning(code: Code, found: Text, right: Text, remedy: Text) -> Self {
        Self {
            verdict: Verdict::Warning,
            ..Self::fault(code, found, right, remedy)
        }
    }

    /// The same, about one thing of several.
    #[must_use]
    pub fn about(self, subject: impl Into<String>) -> Self {
        Self {
            subject: Some(subject.into()),
            ..self
        }
    }

    /// The same, of one row of `v_dialplans`.
    #[must_use]
    pub fn of_row(self, row: Uuid) -> Self {
        Self {
            row: Some(row),
            ..self
        }
    }

    fn new(code: Code, verdict: Verdict, found: Text) -> Self {
        Self {
            code,
            verdict,
            subject: None,
            row: None,
            found,
            right: None,
            remedy: None,
        }
    }
}
