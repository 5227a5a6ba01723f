//! What only a language model's endpoint refuses, with what mends it. All else is sorted by [`crate::service`].

use super::config::Config;
use super::vendor::Vendor;
use crate::service::{Failure, Refusal};
use call::FailureKind;

/// A refusal that has a remedy of its own.
pub(super) fn of_refusal(refusal: &Refusal, config: &Config) -> Option<Failure> {
    let (status, body) = (refusal.status, refusal.body.to_lowercase());
    let says = |words: &[&str]| words.iter().any(|word| body.contains(word));
    let (model, url) = (&config.model, &config.base_url);
    match status {
        404 => Some(no_model(config)),
        // Groq's word for a call of the model's that it could not read.
        400 if says(&["tool_use_failed"]) => Some(malformed_call(config)),
        400..=499 if says(&["does not support tools", "tool choice", "tool-call-parser"]) => {
            Some(Failure::new(
                FailureKind::Unsupported,
                format!(
                    "{model:?} at {url} takes no tools (HTTP {status}); choose a model that supports tools"
                ),
            ))
        }
        413 => Some(too_long(config, status)),
        400 if says(&[
            "context_length",
            "context length",
            "maximum context",
            "prompt is too long",
        ]) =>
        {
            Some(too_long(config, status))
        }
        _ => None,
    }
}

/// A call that the model wrote and the provider could not read: another try may be written better.
pub(super) fn malformed_call(config: &Config) -> Failure {
    let (model, url) = (&config.model, &config.base_url);
    let message = format!(
        "{model:?} at {url} writes calls of tools that cannot be read; choose a model that is better with tools"
    );
    Failure {
        again: true,
        ..Failure::new(FailureKind::Protocol, message)
    }
}

fn no_model(config: &Config) -> Failure {
    let Config {
        model,
        base_url,
        table,
        ..
    } = config;
    let hint = match config.vendor {
        Vendor::Ollama | Vendor::Compatible => format!(" (`ollama pull {model}` installs it in Ollama)"),
        Vendor::Azure => " (Azure wants the name of the deployment)".into(),
        _ => String::new(),
    };
    Failure::new(
        FailureKind::Unsupported,
        format!(
            "{base_url} has no model {model:?}, or the API is not there (HTTP 404); check {table}.model{hint} and the address"
        ),
    )
}

fn too_long(config: &Config, status: u16) -> Failure {
    let (model, url) = (&config.model, &config.base_url);
    Failure::new(
        FailureKind::Unsupported,
        format!(
            "the conversation is too long for {model:?} at {url} (HTTP {status}); choose a model with more context"
        ),
    )
}
