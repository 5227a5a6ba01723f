//! A conversation: turns, answers, interruptions, tools, keys.

use super::{config, connect, ready};
use crate::rig::{Rig, limited, setup, text_of};
use audio::SampleRate;
use call::{AnswerId, Cause, Digit, EngineCommand, EngineEvent, PlayedMs, ToolCallId, TurnId};
use serde_json::json;
use sim::gemini::{Answer, Live, Script, Side, ToolUse};
use std::time::Duration;
use voice::{Setup, Usage};

fn turn_started(turn: u32) -> EngineCommand {
    EngineCommand::TurnStarted { turn: TurnId(turn) }
}

fn started(answer: u64, cause: Cause) -> EngineEvent {
    EngineEvent::AnswerStarted {
        answer: AnswerId(answer),
        cause,
    }
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn scripted(answers: Vec<Answer>) -> Script {
    Script {
        answers,
        ..Script::default()
    }
}

fn tool_calls(events: &[EngineEvent]) -> Vec<ToolCallId> {
    events
        .iter()
        .filter_map(|event| match event {
            EngineEvent::ToolCall { id, .. } => Some(id.clone()),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_turn_is_heard_and_answered_without_being_asked_for() {
    let (_server, _, mut rig) = ready(scripted(vec![Answer::tone("Um momento, por favor.", ms(900))])).await;
    rig.tell(turn_started(1));
    rig.speak(400).await;
    let events = rig.answer_done(1).await;
    assert!(events.contains(&started(1, Cause::Turn(TurnId(1)))), "{events:?}");
    assert_eq!(text_of(&events), "Um momento, por favor.");
    assert_eq!(rig.pcm, Answer::tone("", ms(900)).pcm(24_000));

    let heard = EngineEvent::Heard {
        turn: Some(TurnId(1)),
        text: "Quero falar com o financeiro, por favor.".into(),
        is_final: true,
    };
    assert_eq!(rig.event().await, heard);
    while rig.usage.is_nothing() {
        rig.next().await;
    }
    let charged = Usage {
        text_in: 10,
        audio_in: 20,
        text_out: 4,
        audio_out: 20,
        ..Usage::default()
    };
    assert_eq!(rig.usage, charged);
    assert_eq!(rig.session.dropped_ms(), 0);
}

#[tokio::test]
async fn a_leg_is_heard_at_its_own_rate_up_to_what_the_api_hears() {
    for (leg, sent) in [(8_000, 8_000), (16_000, 16_000), (48_000, 16_000)] {
        let server = Live::start(Script::default()).await.unwrap();
        let leg = Setup {
            rate: SampleRate::new(leg).unwrap(),
            ..setup()
        };
        let (_engine, session) = connect(config(&server), leg).await.unwrap();
        assert_eq!(session.input_rate().hz(), sent);
        assert_eq!(session.output_rate().hz(), 24_000);
        let mut rig = Rig::new(session);
        rig.speak(300).await;
        rig.answer_done(1).await;
        let log = server.log();
        let kinds = log.having(Side::Client, "/realtimeInput/audio/mimeType");
        assert_eq!(*kinds[0], format!("audio/pcm;rate={sent}"));
    }
}

#[tokio::test]
async fn the_session_is_set_up_as_the_secretary_is() {
    let server = Live::start(Script::default()).await.unwrap();
    let change = voice::gemini::Config {
        voice: "Kore".into(),
        turn_silence: Some(ms(350)),
        ..config(&server)
    };
    let (_engine, session) = connect(change, setup()).await.unwrap();
    assert_eq!(Rig::new(session).event().await, EngineEvent::Ready);
    let log = server.log();
    let set_up = log.having(Side::Client, "/setup")[0];
    assert_eq!(set_up["model"], "models/gemini-3.8-live");
    let voice = &set_up["generationConfig"]["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"];
    assert_eq!(voice["voiceName"], "Kore");
    let silence = &set_up["realtimeInputConfig"]["automaticActivityDetection"]["silenceDurationMs"];
    assert_eq!(silence, 350);
    let words = set_up["systemInstruction"]["parts"][0]["text"].as_str().unwrap();
    assert!(
        words.contains("Clara") && words.contains("do not greet again: Bom dia!"),
        "{words}"
    );
    let tool = &set_up["tools"][0]["functionDeclarations"][0];
    assert_eq!(tool["parametersJsonSchema"]["required"], json!(["to"]));
    assert_eq!(
        tool["behavior"], "BLOCKING",
        "the model waits for what comes of it"
    );
    assert!(set_up["sessionResumption"].is_object());
}

#[tokio::test]
async fn the_server_stops_by_itself_when_it_is_spoken_into() {
    let answers = vec![
        Answer::tone("Bom dia a todos.", ms(2_000)).held(),
        Answer::tone("Pois não?", ms(300)),
    ];
    let (server, _, mut rig) = ready(scripted(answers)).await;
    rig.tell(turn_started(1));
    rig.speak(300).await;
    while rig.pcm.len() < 48_000 {
        rig.next().await;
    }
    rig.tell(turn_started(2));
    rig.speak(300).await;
    let answer = AnswerId(1);
    let events = rig.answer_done(1).await;
    let stopped = [
        EngineEvent::Interrupted { answer },
        EngineEvent::AnswerDone { answer },
    ];
    assert_eq!(events[events.len() - 2..], stopped);
    // What the call says of it afterwards changes nothing.
    rig.tell(EngineCommand::Interrupt {
        answer,
        heard: PlayedMs(400),
        text: "Bom dia".into(),
    });
    let events = rig.answer_done(2).await;
    assert!(events.contains(&started(2, Cause::Turn(TurnId(2)))), "{events:?}");
    assert_eq!(
        server
            .log()
            .having(Side::Server, "/serverContent/interrupted")
            .len(),
        1
    );
}

#[tokio::test]
async fn an_answer_that_is_complete_is_interrupted_by_words_while_it_may_still_be_heard() {
    let (_server, _, mut rig) = ready(scripted(vec![Answer::tone("Bom dia a todos.", ms(2_000))])).await;
    rig.tell(turn_started(1));
    rig.speak(300).await;
    rig.answer_done(1).await;
    rig.tell(turn_started(2));
    rig.speak(300).await;
    let events = rig.answer_done(2).await;
    let answer = AnswerId(1);
    let told = |event: &EngineEvent| events.iter().position(|e| e == event);
    let interrupted = told(&EngineEvent::Interrupted { answer });
    assert!(interrupted.is_some(), "{events:?}");
    assert!(interrupted < told(&started(2, Cause::Turn(TurnId(2)))));
}

#[tokio::test]
async fn an_answer_that_the_call_stops_gives_nothing_more() {
    let (server, _, mut rig) = ready(scripted(vec![Answer::tone(
        "Bom dia a todos.",
        Duration::from_secs(5),
    )]))
    .await;
    rig.tell(turn_started(1));
    rig.speak(300).await;
    rig.until(|e| *e == started(1, Cause::Turn(TurnId(1)))).await;
    let complete =
        |log: &sim::gemini::Log| !log.having(Side::Server, "/serverContent/turnComplete").is_empty();
    limited(server.until(complete)).await;
    rig.pcm.clear();
    rig.tell(EngineCommand::Interrupt {
        answer: AnswerId(1),
        heard: PlayedMs(0),
        text: String::new(),
    });
    let rest = rig.answer_done(1).await;
    assert_eq!(text_of(&rest), "");
    assert!(rig.pcm.is_empty());
}

#[tokio::test]
async fn two_tools_are_answered_at_once_before_the_model_goes_on() {
    let tools = vec![
        ToolUse::new("transfer_call", json!({"to": "financeiro"})),
        ToolUse::new("transfer_call", json!({"to": "suporte"})),
    ];
    let answers = vec![Answer::tools(tools), Answer::tone("Feito.", ms(300))];
    let (server, _, mut rig) = ready(scripted(answers)).await;
    rig.tell(turn_started(1));
    rig.speak(300).await;
    let events = rig.answer_done(1).await;
    assert!(
        events.contains(&started(1, Cause::Turn(TurnId(1)))),
        "the turn is over: {events:?}"
    );
    let calls = tool_calls(&events);
    assert_eq!(calls.len(), 2);
    for (id, ok) in calls.into_iter().zip([true, false]) {
        let result = if ok { "{\"ok\":true}" } else { "ocupado" };
        rig.tell(EngineCommand::ToolResult {
            id,
            ok,
            result: result.into(),
        });
    }
    let events = rig.answer_done(2).await;
    assert!(events.contains(&started(2, Cause::FollowUp)), "{events:?}");
    let log = server.log();
    let responses = log.having(Side::Client, "/toolResponse/functionResponses");
    assert_eq!(responses.len(), 1, "one message");
    assert_eq!(responses[0][0]["response"], json!({"output": {"ok": true}}));
    assert_eq!(responses[0][1]["response"], json!({"error": "ocupado"}));
    assert_eq!(responses[0][1]["name"], "transfer_call");
}

#[tokio::test]
async fn a_tool_that_the_model_wants_no_more_is_cancelled_and_its_result_not_told() {
    let tools = vec![ToolUse::new("transfer_call", json!({"to": "financeiro"}))];
    let (server, _, mut rig) = ready(scripted(vec![Answer::tools(tools)])).await;
    rig.tell(turn_started(1));
    rig.speak(300).await;
    let id = tool_calls(&rig.answer_done(1).await).remove(0);
    rig.tell(turn_started(2));
    rig.speak(300).await;
    let cancelled = EngineEvent::ToolCancelled { id: id.clone() };
    rig.until(|event| *event == cancelled).await;
    rig.tell(EngineCommand::ToolResult {
        id,
        ok: true,
        result: "done".into(),
    });
    rig.answer_done(2).await;
    rig.tell(EngineCommand::Dtmf {
        digit: Digit::new('1').unwrap(),
    });
    rig.answer_done(3).await;
    assert!(server.log().having(Side::Client, "/toolResponse").is_empty());
}

#[tokio::test]
async fn a_key_is_answered() {
    let (server, _, mut rig) = ready(Script::default()).await;
    rig.tell(EngineCommand::Dtmf {
        digit: Digit::new('5').unwrap(),
    });
    assert_eq!(rig.answer_done(1).await[0], started(1, Cause::FollowUp));
    let log = server.log();
    let told = log.having(Side::Client, "/realtimeInput/text");
    assert_eq!(*told[0], "The caller pressed key 5 on the phone.");
}

/// Greeted by the call, the caller asks, speaks into the answer, is put through and hears good-bye.
#[tokio::test]
async fn a_whole_conversation() {
    let answers = vec![
        Answer::tone("Temos planos de cem a mil mega.", ms(1_500)).held(),
        Answer {
            tools: vec![ToolUse::new("transfer_call", json!({"to": "financeiro"}))],
            ..Answer::tone("Vou transferir.", ms(300))
        },
        Answer::tone("Pronto. Até logo!", ms(300)),
    ];
    let heard = ["Quais planos vocês têm?", "Não, quero o financeiro.", "Obrigada."];
    let (_server, _, mut rig) = ready(Script {
        heard: heard.map(Into::into).to_vec(),
        ..scripted(answers)
    })
    .await;
    rig.tell(turn_started(1));
    rig.speak(300).await;
    while rig.pcm.len() < 36_000 {
        rig.next().await;
    }
    rig.tell(turn_started(2));
    rig.speak(300).await;
    rig.until(|e| matches!(e, EngineEvent::Interrupted { answer: AnswerId(1) }))
        .await;
    let events = rig.answer_done(2).await;
    assert_eq!(text_of(&events), "Vou transferir.");
    let words = |event: &EngineEvent| matches!(event, EngineEvent::Heard { turn: Some(TurnId(2)), text, is_final: true } if text == heard[1]);
    assert!(events.iter().any(words), "{events:?}");
    let id = tool_calls(&events).remove(0);
    rig.tell(EngineCommand::ToolResult {
        id,
        ok: true,
        result: "Jenny Cole".into(),
    });
    let events = rig.answer_done(3).await;
    assert_eq!(text_of(&events), "Pronto. Até logo!");
}
