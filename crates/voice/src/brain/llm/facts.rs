//! The facts of the secretary, which a model asks for by a tool and never guesses.

use crate::brain::Clock;
use crate::engine::ToolSpec;
use secretary::{Opening, Secretary};
use serde_json::{Value, json};
use std::sync::Arc;

/// Asks them.
pub(super) const GET_BUSINESS_INFO: &str = "get_business_info";

/// What is known of the business.
pub(super) struct Facts {
    secretary: Arc<Secretary>,
    clock: Arc<dyn Clock>,
}

impl Facts {
    pub(super) fn of(secretary: Arc<Secretary>, clock: Arc<dyn Clock>) -> Self {
        Self { secretary, clock }
    }

    /// The tool that asks them, where there are some.
    pub(super) fn tool(&self) -> Option<ToolSpec> {
        let topics = self.topics();
        if topics.is_empty() {
            return None;
        }
        Some(ToolSpec {
            name: GET_BUSINESS_INFO.into(),
            description:
                "Tells what is known of the business, and whether it is open now. Never guess such facts."
                    .into(),
            parameters: json!({"type": "object", "properties": {"topic": {"type": "string", "enum": topics}},
                "required": ["topic"], "additionalProperties": false}),
        })
    }

    /// What the tool answers.
    pub(super) fn told(&self, arguments: &Value) -> String {
        let hours = self.secretary.hours.as_ref();
        let open = match hours.and_then(|hours| hours.calendar().ok()) {
            Some(calendar) if calendar.opening(self.clock.now()) == Opening::Open => " (It is open now.)",
            Some(_) => " (It is closed now.)",
            None => "",
        };
        let facts = &self.secretary.facts;
        match arguments["topic"].as_str().and_then(|topic| facts.get(topic)) {
            Some(fact) => format!("{fact}{open}"),
            None => format!(
                "nothing is known of that; the topics are {}{open}",
                self.topics().join(", ")
            ),
        }
    }

    fn topics(&self) -> Vec<&str> {
        self.secretary.facts.keys().map(String::as_str).collect()
    }
}
