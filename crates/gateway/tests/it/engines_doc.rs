//! docs/engines.md: each configuration in it is taken, and makes the engines that it names.

use gateway::{Config, Roster, State};
use std::collections::BTreeSet;

const DOC: &str = include_str!("../../../../docs/engines.md");

/// The TOML blocks, each with the line on which it begins.
fn blocks() -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in DOC.lines().enumerate() {
        open = match (open.take(), line) {
            (None, "```toml") => Some((number + 2, String::new())),
            (Some(block), "```") => {
                blocks.push(block);
                None
            }
            (Some((begins, text)), line) => Some((begins, text + line + "\n")),
            (None, _) => None,
        };
    }
    assert_eq!(open, None, "a block is not closed");
    blocks
}

/// The variables that a block's secrets are read from.
fn variables(block: &str) -> Vec<(String, String)> {
    block
        .split("env = \"")
        .skip(1)
        .filter_map(|rest| rest.split_once('"'))
        .map(|(name, _)| (name.to_owned(), "a-key-of-16-bytes".to_owned()))
        .collect()
}

/// A block with its secrets' files replaced by variables: those files are the reader's.
fn readable(block: &str) -> String {
    block.replace(
        "{ file = \"/etc/voice-ai/gemini-backup.key\" }",
        "{ env = \"GEMINI_API_KEY\" }",
    )
}

#[test]
fn every_configuration_of_the_guide_to_engines_is_taken() {
    let mut kinds = BTreeSet::new();
    let mut parts = BTreeSet::new();
    for (line, block) in blocks() {
        let block = readable(&block);
        let config = Config::parse(Some(("engines.md", &block)), variables(&block))
            .unwrap_or_else(|errors| panic!("the block on line {line}: {errors}"));
        assert_ne!(config, Config::default(), "the block on line {line} says nothing");
        let roster =
            Roster::of(&config).unwrap_or_else(|wrong| panic!("the block on line {line}: {wrong:?}"));
        for entry in &roster.entries {
            let faulty = matches!(entry.state, State::Faulty(_));
            assert!(!faulty, "the block on line {line}: {entry:?}");
        }
        for (name, table) in &config.engines {
            kinds.insert(if table.kind.is_empty() {
                name.clone()
            } else {
                table.kind.clone()
            });
            for (part, of) in [("stt", &table.stt), ("llm", &table.llm), ("tts", &table.tts)] {
                parts.insert(format!("{part} {}", of.kind));
            }
        }
    }
    for kind in [
        "azure",
        "cascade",
        "deepgram",
        "elevenlabs",
        "gemini",
        "openai",
        "openai-live",
        "qwen",
        "ultravox",
        "xai",
    ] {
        assert!(kinds.contains(kind), "no configuration of {kind}");
    }
    let stt =
        ["openai", "groq", "azure", "google", "deepgram", "elevenlabs"].map(|kind| format!("stt {kind}"));
    let llm = voice::brain::llm::Vendor::all().map(|vendor| format!("llm {}", vendor.name()));
    let tts = voice::tts::Vendor::ALL.map(|vendor| format!("tts {}", vendor.name()));
    for part in stt.into_iter().chain(llm).chain(tts) {
        assert!(parts.contains(&part), "no configuration of {part}");
    }
}
