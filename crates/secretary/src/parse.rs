//! From the text of a file to a [`Secretary`], with errors that name line and remedy.

use crate::fold::{field_suggestion, folded, suggestion};
use crate::{Secretary, SecretaryError};
use serde::Deserialize;
use std::ops::Range;
use toml::Spanned;

const ENGINES: [&str; 3] = ["local", "openai", "loopback"];
const BRAINS: [&str; 2] = ["script", "chat"];

impl Secretary {
    /// Parses a secretary's file. `file` names it in errors.
    pub fn parse(file: &str, text: &str) -> Result<Self, SecretaryError> {
        let mut secretary: Self = toml::from_str(text).map_err(|e| syntax(file, text, &e))?;
        check(file, text)?;
        for word in &mut secretary.phrases.backchannels {
            *word = folded(word);
        }
        Ok(secretary)
    }
}

/// The values that must be one of a few, with their places.
#[derive(Deserialize)]
struct Chosen {
    name: Spanned<String>,
    engine: Option<Spanned<String>>,
    brain: Option<Spanned<String>>,
    script: Option<Spanned<String>>,
    #[serde(default)]
    limits: ChosenLimits,
}

/// The limits that cannot be zero.
#[derive(Deserialize, Default)]
struct ChosenLimits {
    answer_ms: Option<Spanned<u32>>,
    tool_ms: Option<Spanned<u32>>,
}

fn check(file: &str, text: &str) -> Result<(), SecretaryError> {
    let chosen: Chosen = toml::from_str(text).map_err(|e| syntax(file, text, &e))?;
    let wrong = |at: Range<usize>, problem: String, remedy: String| {
        let line = line_of(text, at.start);
        Err(SecretaryError::File {
            file: file.into(),
            line,
            problem,
            remedy: Some(remedy),
        })
    };
    if chosen.name.get_ref().trim().is_empty() {
        return wrong(
            chosen.name.span(),
            "the name is empty".into(),
            "give it one, such as \"reception\"".into(),
        );
    }
    if let Some(engine) = &chosen.engine
        && !ENGINES.contains(&engine.get_ref().as_str())
    {
        let name = engine.get_ref();
        return wrong(
            engine.span(),
            format!("{name:?} is no engine"),
            suggestion(name, &ENGINES),
        );
    }
    if let Some(brain) = &chosen.brain
        && !BRAINS.contains(&brain.get_ref().as_str())
    {
        let name = brain.get_ref();
        return wrong(
            brain.span(),
            format!("{name:?} is no brain of the local engine"),
            suggestion(name, &BRAINS),
        );
    }
    let scripted = chosen.brain.as_ref().is_none_or(|b| b.get_ref() == "script");
    let script = chosen.script.as_ref().map_or("", |s| s.get_ref());
    let is_local = chosen.engine.as_ref().is_none_or(|e| e.get_ref() == "local");
    if is_local && scripted && script.is_empty() {
        let at = chosen.script.as_ref().unwrap_or(&chosen.name).span();
        let remedy = "set script = \"provedor\" (a sample) or to the path of a .yaml file".into();
        return wrong(at, "the brain \"script\" has no script".into(), remedy);
    }
    let ChosenLimits { answer_ms, tool_ms } = &chosen.limits;
    for (limit, name, usual) in [(answer_ms, "answer_ms", 15_000), (tool_ms, "tool_ms", 10_000)] {
        if let Some(limit) = limit.as_ref().filter(|limit| *limit.get_ref() == 0) {
            let remedy = format!("give milliseconds ({usual} is usual), or leave it out");
            return wrong(
                limit.span(),
                format!("{name} is 0, which leaves no time at all"),
                remedy,
            );
        }
    }
    Ok(())
}

fn syntax(file: &str, text: &str, error: &toml::de::Error) -> SecretaryError {
    let problem = error.message().lines().collect::<Vec<_>>().join(" ");
    let line = line_of(text, error.span().map_or(0, |s| s.start));
    let remedy = field_suggestion(&problem);
    SecretaryError::File {
        file: file.into(),
        line,
        problem,
        remedy,
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}
