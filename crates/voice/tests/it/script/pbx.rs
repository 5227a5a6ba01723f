//! What a script has the PBX do: the same tools that a model is offered.

use super::{CLOSED, Conversation, OPEN};
use secretary::{Destination, Secretary, Snapshot, Tool};
use std::sync::Arc;
use voice::brain::script::Script;

const SCRIPT: &str = r##"
language: en
start: hello
slots:
  caller: {kind: name, ask: Who is calling?}
intents:
  sales: {examples: [I want to buy]}
states:
  hello:
    ask: How can I help?
    choices:
      - {intent: sales, key: "1", do: [{ask: caller}, STEPS]}
"##;

const OTHERWISE: &str = "otherwise: [{say: Nobody can.}]";

fn script(steps: &str) -> String {
    SCRIPT.replace("STEPS", steps)
}

/// Everybody's usual secretary with every tool and Jenny Cole.
fn secretary() -> Secretary {
    let snapshot = Snapshot::embedded().unwrap();
    let domain = snapshot.domain(secretary::SAMPLE_DOMAIN).unwrap();
    let mut secretary = Secretary::clone(&domain.secretaries["isp"]);
    secretary.tools = Tool::ALL.into();
    secretary.destinations.push(Destination {
        name: "Jenny Cole".into(),
        aliases: Vec::new(),
        kind: Default::default(),
        number: "3001".into(),
        hours: None,
    });
    secretary
}

/// A caller at that hour has pressed 1 and is Ana: the conversation, and what comes then.
fn ana(steps: &str, now: &str) -> (Conversation, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.yaml");
    std::fs::write(&path, script(steps)).unwrap();
    let secretary = Secretary {
        script: path.to_str().unwrap().into(),
        ..secretary()
    };
    let mut call = Conversation::of(Arc::new(secretary), now);
    assert_eq!(call.press("1"), ["Who is calling?"]);
    let then = call.say("Ana");
    (call, then)
}

#[test]
fn a_transfer_that_is_announced_says_who_calls() {
    let steps = format!(
        "{{transfer: {{to: Jenny Cole, say: I will see., announce: \"{{caller}}, to buy something\", {OTHERWISE}}}}}"
    );
    let (mut call, then) = ana(&steps, OPEN);
    assert_eq!(
        then,
        [
            "I will see.",
            "transfer_announced{\"about\":\"Ana, to buy something\",\"destination\":\"Jenny Cole\"}"
        ]
    );
    let back = call.tool(1, false);
    assert_eq!(back.last().unwrap(), "Nobody can.", "{back:?}");
}

#[test]
fn a_mailbox_takes_calls_when_nobody_is_there() {
    let steps = format!("{{voicemail: {{to: Jenny Cole, say: To her mailbox., {OTHERWISE}}}}}");
    let (mut call, then) = ana(&steps, CLOSED);
    assert_eq!(
        then,
        ["To her mailbox.", "voicemail{\"destination\":\"Jenny Cole\"}"]
    );
    assert_eq!(call.tool(1, false).last().unwrap(), "Nobody can.");
}

#[test]
fn a_phone_that_is_free_decides_how_it_goes_on() {
    let steps = format!(
        "{{check: {{to: Jenny Cole, free: [{{say: She is free.}}], {OTHERWISE}}}}}, {{say: Now then.}}"
    );
    for (ok, result, what) in [
        (true, r#"{"available": true, "status": "free"}"#, "She is free."),
        (
            true,
            r#"{"available": false, "status": "in_a_call"}"#,
            "Nobody can.",
        ),
        (false, "this needs control of the PBX", "Nobody can."),
        (true, "free", "Nobody can."),
    ] {
        let (mut call, then) = ana(&steps, OPEN);
        assert_eq!(
            then,
            ["check_extension_available{\"destination\":\"Jenny Cole\"}"]
        );
        assert_eq!(call.tool_told(1, ok, result), [what, "Now then."], "{result}");
    }
}

#[test]
fn a_hold_keys_and_a_recording_let_the_conversation_go_on() {
    let steps =
        "{record: start}, {hold: One moment.}, {keys: \"12#\"}, resume, {record: stop}, {say: Thank you.}";
    for ok in [true, false] {
        let (mut call, then) = ana(steps, OPEN);
        assert_eq!(then, ["record_call{\"action\":\"start\"}"]);
        assert_eq!(call.tool(1, ok), ["One moment.", "hold_call{}"]);
        assert_eq!(call.tool(2, ok), ["send_dtmf{\"keys\":\"12#\"}"]);
        assert_eq!(call.tool(3, ok), ["resume_call{}"]);
        assert_eq!(call.tool(4, ok), ["record_call{\"action\":\"stop\"}"]);
        assert_eq!(call.tool(5, ok), ["Thank you."]);
    }
}

#[test]
fn what_cannot_be_done_is_told_at_load() {
    let refused = |steps: &str| {
        let script = Script::parse("talk.yaml", &script(steps));
        script.map_or_else(|error| error.to_string(), |_| "nothing".into())
    };
    for (steps, problem) in [
        ("{keys: \"1w2\"}", "\"1w2\" are no keys to press"),
        ("{keys: \"\"}", "\"\" are no keys to press"),
        (
            "{transfer: {to: Jenny Cole, announce: \"{name}\"}}",
            "{name} in \"{name}\" stands for nothing",
        ),
    ] {
        let told = refused(steps);
        assert!(told.contains(problem), "{told}");
    }
    for (steps, tool) in [
        (
            "{transfer: {to: Jenny Cole, announce: Ana}}",
            "transfer_announced",
        ),
        ("{voicemail: {to: Jenny Cole}}", "voicemail"),
        ("{check: {to: Jenny Cole}}", "check_extension_available"),
        ("{hold: One moment.}", "hold_call"),
        ("resume", "resume_call"),
        ("{keys: \"1\"}", "send_dtmf"),
        ("{record: start}", "record_call"),
    ] {
        let script = Script::parse("talk.yaml", &script(steps)).unwrap();
        let all = secretary();
        assert_eq!(script.fits(&all), Ok(()), "{steps}");
        let usual = Secretary {
            tools: Tool::USUAL.into(),
            ..all
        };
        let told = script.fits(&usual).unwrap_err().to_string();
        assert!(told.contains(&format!("needs the tool {tool:?}")), "{told}");
    }
    let script = Script::parse("talk.yaml", &script("{voicemail: {to: Jeny Cole}}")).unwrap();
    let told = script.fits(&secretary()).unwrap_err().to_string();
    assert!(told.contains("did you mean \"Jenny Cole\"?"), "{told}");
}
