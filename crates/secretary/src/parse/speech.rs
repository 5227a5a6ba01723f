//! What a secretary says word for word.

use crate::fold::folded;
use crate::keys::{Keys, Placed, Reading};
use crate::{Greeting, Language, Phrases};
use std::collections::BTreeMap;

pub(super) fn greeting(keys: &mut Keys<'_>, reading: &mut Reading<'_>) -> Greeting {
    let there = keys.has("greeting");
    let Some(mut keys_of) = keys.table("greeting", reading) else {
        if !there {
            let remedy = "write a section [greeting] with text = \"…\" (\"\" for none)";
            keys.missing("greeting", remedy, reading);
        }
        return Greeting {
            text: String::new(),
            interruptible: true,
        };
    };
    let greeting = Greeting {
        text: keys_of.needed_text("text", "write text = \"…\", or \"\" for no greeting", reading),
        interruptible: keys_of.switch("interruptible", reading).unwrap_or(true),
    };
    keys_of.close(&[], reading);
    greeting
}

pub(super) fn phrases(keys: &mut Keys<'_>, language: Language, reading: &mut Reading<'_>) -> Phrases {
    let there = keys.has("phrases");
    let Some(mut keys_of) = keys.table("phrases", reading) else {
        if !there {
            let remedy = "write a section [phrases] with reprompts, farewell, apology and backchannels";
            keys.missing("phrases", remedy, reading);
        }
        return Phrases {
            reprompts: Vec::new(),
            farewell: String::new(),
            apology: String::new(),
            waiting: language.waiting().into(),
            bridge: language.bridge().into(),
            recording_notice: language.recording_notice().into(),
            backchannels: Vec::new(),
            wait: String::new(),
        };
    };
    let phrases = Phrases {
        reprompts: needed_texts(
            &mut keys_of,
            "reprompts",
            "write reprompts = [\"…\"], or [] for none",
            reading,
        ),
        farewell: keys_of.needed_text("farewell", "write farewell = \"…\", or \"\" for none", reading),
        apology: keys_of.needed_text("apology", "write apology = \"…\", or \"\" for none", reading),
        waiting: usual("waiting", language.waiting(), &mut keys_of, reading),
        bridge: usual("bridge", language.bridge(), &mut keys_of, reading),
        recording_notice: usual(
            "recording_notice",
            language.recording_notice(),
            &mut keys_of,
            reading,
        ),
        backchannels: needed_texts(
            &mut keys_of,
            "backchannels",
            "write backchannels = [\"…\"], or [] for none",
            reading,
        )
        .iter()
        .map(|word| folded(word))
        .collect(),
        wait: keys_of
            .text("wait", reading)
            .map(|wait| wait.value)
            .unwrap_or_default(),
    };
    keys_of.close(&[], reading);
    phrases
}

/// A text that has usual words where it is left out.
fn usual(key: &'static str, usual: &str, keys: &mut Keys<'_>, reading: &mut Reading<'_>) -> String {
    keys.text(key, reading)
        .map_or_else(|| usual.to_owned(), |text| text.value)
}

fn needed_texts(
    keys: &mut Keys<'_>,
    key: &'static str,
    remedy: &str,
    reading: &mut Reading<'_>,
) -> Vec<String> {
    let there = keys.has(key);
    let texts = keys.texts(key, reading);
    if !there {
        keys.missing(key, remedy, reading);
    }
    texts
        .unwrap_or_default()
        .into_iter()
        .map(|text| text.value)
        .collect()
}

pub(super) fn facts(keys: &mut Keys<'_>, reading: &mut Reading<'_>) -> BTreeMap<String, String> {
    let Some(facts) = keys.table("facts", reading) else {
        return BTreeMap::new();
    };
    let mut known = BTreeMap::new();
    for (name, Placed { value, line }) in facts.rest(reading) {
        if value.trim().is_empty() {
            reading.fault(
                line,
                format!("the fact `{name}` is empty"),
                "say what it is, or leave it out",
            );
        }
        known.insert(name, value);
    }
    known
}
