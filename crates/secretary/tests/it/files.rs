//! A secretary's file: what is taken, and how it is refused.

use secretary::{Language, Secretary};

const SMALL: &str = r#"
name = "reception"
language = "pt-BR"
script = "provedor"

[greeting]
text = "Olá!"

[phrases]
reprompts = ["Alô?"]
farewell = "Até logo!"
apology = "Desculpe."
backchannels = ["Uhum", "Tá bom", "Mm-hmm"]
"#;

fn refusal(text: &str) -> String {
    Secretary::parse("reception.toml", text).unwrap_err().to_string()
}

#[test]
fn a_small_file_has_sensible_defaults() {
    let secretary = Secretary::parse("reception.toml", SMALL).unwrap();
    assert_eq!(secretary.language, Language::PtBr);
    assert_eq!(
        (secretary.engine.as_str(), secretary.brain.as_str()),
        ("local", "script")
    );
    assert!(secretary.greeting.interruptible);
    assert_eq!(secretary.limits.turn_silence_ms, 900);
    assert_eq!(secretary.fallback, None);
}

#[test]
fn backchannels_are_folded_as_they_will_be_compared() {
    let secretary = Secretary::parse("reception.toml", SMALL).unwrap();
    assert_eq!(secretary.phrases.backchannels, ["uhum", "ta bom", "mm hmm"]);
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_one() {
    let message = refusal(&SMALL.replace("language =", "langage ="));
    assert!(
        message.starts_with("reception.toml, line 3: unknown field `langage`"),
        "{message}"
    );
    assert!(message.ends_with("did you mean \"language\"?"), "{message}");
}

#[test]
fn a_missing_key_is_named() {
    let message = refusal(&SMALL.replace("farewell = \"Até logo!\"\n", ""));
    assert!(message.contains("missing field `farewell`"), "{message}");
}

#[test]
fn an_unknown_engine_or_brain_is_refused_with_its_line() {
    let engine = refusal(&SMALL.replace("script = ", "engine = \"opnai\"\nscript = "));
    assert_eq!(
        engine,
        "reception.toml, line 4: \"opnai\" is no engine; did you mean \"openai\"?"
    );
    let brain = refusal(&SMALL.replace("script = ", "brain = \"oracle\"\nscript = "));
    assert_eq!(
        brain,
        "reception.toml, line 4: \"oracle\" is no brain of the local engine; use one of script, chat"
    );
}

#[test]
fn a_limit_that_leaves_no_time_is_refused_with_its_line() {
    for (limit, usual) in [("answer_ms", 15_000), ("tool_ms", 10_000)] {
        let message = refusal(&format!("{SMALL}\n[limits]\nsilence_ms = 0\n{limit} = 0\n"));
        assert_eq!(
            message,
            format!(
                "reception.toml, line 17: {limit} is 0, which leaves no time at all; \
                 give milliseconds ({usual} is usual), or leave it out"
            )
        );
    }
}

#[test]
fn a_script_brain_needs_a_script() {
    let message = refusal(&SMALL.replace("script = \"provedor\"\n", ""));
    assert!(message.contains("has no script"), "{message}");
    let chat = SMALL.replace("script = \"provedor\"", "brain = \"chat\"");
    assert!(Secretary::parse("reception.toml", &chat).is_ok());
}
