//! A conversation: turns, answers, interruptions, tools, keys, texts word for word.

use super::{config, connect, ready};
use crate::official;
use crate::rig::{Rig, setup, text_of};
use audio::SampleRate;
use call::{AnswerId, Cause, Digit, EngineCommand, EngineEvent, PlayedMs, SayId, ToolCallId, TurnId};
use serde_json::json;
use sim::deepgram::{Answer, Script, ToolUse, VoiceAgent};
use std::time::Duration;
use voice::deepgram::{Config, OtherVoice, VoiceVendor};
use voice::{ApiKey, Setup};

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
async fn a_turn_is_heard_ended_and_answered_without_being_asked_for() {
    let answers = vec![Answer::tone("Um momento. Já vejo.", ms(900))];
    let (_server, _, mut rig) = ready(scripted(answers)).await;
    rig.tell(turn_started(1));
    rig.speak(400).await;
    let events = rig.answer_done(1).await;
    let heard = EngineEvent::Heard {
        turn: Some(TurnId(1)),
        text: "Quero falar com o financeiro, por favor.".into(),
        is_final: true,
    };
    assert_eq!(
        events[..3],
        [heard, EngineEvent::TurnEnded, started(1, Cause::Turn(TurnId(1)))]
    );
    assert_eq!(text_of(&events), "Um momento. Já vejo.");
    assert_eq!(rig.pcm, Answer::tone("", ms(900)).pcm(8_000));
    assert_eq!(rig.session.dropped_ms(), 0);
}

#[tokio::test]
async fn a_leg_is_heard_and_spoken_to_at_its_own_rate() {
    for hz in [8_000, 16_000, 48_000] {
        let server = VoiceAgent::start(Script::default()).await.unwrap();
        let leg = Setup {
            rate: SampleRate::new(hz).unwrap(),
            ..setup()
        };
        let (_engine, session) = connect(config(&server), leg).await.unwrap();
        assert_eq!((session.input_rate().hz(), session.output_rate().hz()), (hz, hz));
        let mut rig = Rig::new(session);
        rig.speak(300).await;
        rig.answer_done(1).await;
        let log = server.log();
        let audio = &log.client("Settings")[0]["audio"];
        assert_eq!(
            (&audio["input"]["sample_rate"], &audio["output"]["sample_rate"]),
            (&json!(hz), &json!(hz))
        );
        assert_eq!(rig.pcm.len(), hz as usize / 2);
    }
}

#[tokio::test]
async fn the_session_is_set_up_as_the_secretary_is() {
    let (server, _, _rig) = ready(Script::default()).await;
    let log = server.log();
    let agent = &log.client("Settings")[0]["agent"];
    let prompt = agent["think"]["prompt"].as_str().unwrap();
    assert!(
        prompt.contains("Clara") && prompt.contains("do not greet again: Bom dia!"),
        "{prompt}"
    );
    assert_eq!(agent["think"]["functions"][0]["name"], "transfer_call");
    assert_eq!(agent["listen"]["provider"]["language"], "pt-BR");
    assert_eq!(agent["speak"]["provider"]["model"], "aura-2-thalia-en");
}

#[tokio::test]
async fn another_providers_voice_speaks_where_deepgram_has_none() {
    for (vendor, provider, place, header) in [
        (
            VoiceVendor::ElevenLabs,
            json!({"type": "eleven_labs", "model_id": "eleven_turbo_v2_5", "language": "pt"}),
            "wss://api.elevenlabs.io/v1/text-to-speech/Ana-1/multi-stream-input",
            json!({"xi-api-key": "k-sim"}),
        ),
        (
            VoiceVendor::OpenAi,
            json!({"type": "open_ai", "model": "tts-1", "voice": "Ana-1"}),
            "https://api.openai.com/v1/audio/speech",
            json!({"authorization": "Bearer k-sim"}),
        ),
    ] {
        let server = VoiceAgent::start(Script::default()).await.unwrap();
        let other = OtherVoice {
            vendor,
            key: ApiKey::new("k-sim"),
            model: String::new(),
            voice: "Ana-1".into(),
        };
        let config = Config {
            other_voice: Some(other),
            ..config(&server)
        };
        let (_engine, session) = connect(config, setup()).await.unwrap();
        assert_eq!(Rig::new(session).event().await, EngineEvent::Ready);
        let log = server.log();
        let speak = &log.client("Settings")[0]["agent"]["speak"];
        assert_eq!(
            *speak,
            json!({"provider": provider, "endpoint": {"url": place, "headers": header}})
        );
        if let Some(python) = official::python_with("deepgram") {
            let output = super::official::validate(&python, &server.log().events);
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
}

#[tokio::test]
async fn the_server_stops_by_itself_when_it_is_spoken_into() {
    let answers = vec![
        Answer::tone("Bom dia a todos.", ms(2_000)).held(),
        Answer::tone("Pois não?", ms(300)),
    ];
    let (_server, _, mut rig) = ready(scripted(answers)).await;
    rig.tell(turn_started(1));
    rig.speak(300).await;
    while rig.pcm.len() < 16_000 {
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
}

#[tokio::test]
async fn a_text_is_said_word_for_word_and_an_answer_is_told_apart_from_it() {
    let (server, _, mut rig) = ready(scripted(vec![Answer::tone("Bom dia a todos.", ms(400)).held()])).await;
    let say = SayId(1);
    rig.tell(EngineCommand::Say {
        say,
        text: "Bom dia! Em que posso ajudar?".into(),
    });
    let events = rig.answer_done(1).await;
    assert_eq!(events[0], started(1, Cause::Say(say)));
    assert_eq!(text_of(&events), "Bom dia! Em que posso ajudar?");
    assert!(!rig.pcm.is_empty());
    rig.tell(turn_started(1));
    rig.speak(300).await;
    rig.until(|e| *e == started(2, Cause::Turn(TurnId(1)))).await;
    // Said into an answer that does not end, it is not refused.
    let say = SayId(2);
    let text = "Até logo!".to_owned();
    rig.tell(EngineCommand::Say { say, text });
    let events = rig.answer_done(3).await;
    assert!(events.contains(&started(3, Cause::Say(say))), "{events:?}");
    assert!(server.log().server("InjectionRefused").is_empty());
}

#[tokio::test]
async fn two_tools_are_answered_before_the_model_goes_on() {
    let tools = vec![
        ToolUse::new("transfer_call", json!({"to": "financeiro"})),
        ToolUse::new("transfer_call", json!({"to": "suporte"})),
    ];
    let (server, _, mut rig) = ready(scripted(vec![
        Answer::tools(tools),
        Answer::tone("Feito.", ms(300)),
    ]))
    .await;
    rig.tell(turn_started(1));
    rig.speak(300).await;
    let events = rig.answer_done(1).await;
    let calls = tool_calls(&events);
    assert_eq!(calls.len(), 2, "{events:?}");
    for (id, ok) in calls.into_iter().zip([true, false]) {
        let result = if ok { "{\"ok\":true}" } else { "ocupado" };
        rig.tell(EngineCommand::ToolResult {
            id,
            ok,
            result: result.into(),
        });
    }
    assert_eq!(rig.answer_done(2).await[0], started(2, Cause::FollowUp));
    let log = server.log();
    let results = log.client("FunctionCallResponse");
    assert_eq!(
        (&results[0]["content"], &results[0]["name"]),
        (&json!("{\"ok\":true}"), &json!("transfer_call"))
    );
    assert_eq!(results[1]["content"], "{\"error\":\"ocupado\"}");
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
    assert!(server.log().client("FunctionCallResponse").is_empty());
}

#[tokio::test]
async fn a_key_is_answered_and_is_none_of_the_callers_words() {
    let (server, _, mut rig) = ready(Script::default()).await;
    rig.tell(EngineCommand::Dtmf {
        digit: Digit::new('5').unwrap(),
    });
    assert_eq!(rig.answer_done(1).await[0], started(1, Cause::FollowUp));
    let log = server.log();
    let told = log.client("InjectUserMessage")[0];
    assert_eq!(told["content"], "The caller pressed key 5 on the phone.");
}

/// Greeted by the engine, the caller asks, speaks into the answer, is put through and hears good-bye.
#[tokio::test]
async fn a_whole_conversation() {
    let answers = vec![
        Answer::tone("Temos planos de cem a mil mega.", ms(1_500)).held(),
        Answer {
            tools: vec![ToolUse::new("transfer_call", json!({"to": "financeiro"}))],
            ..Answer::tone("Vou transferir.", ms(300))
        },
        Answer::tone("Pronto.", ms(300)),
    ];
    let heard = ["Quais planos vocês têm?", "Não, quero o financeiro.", "Obrigada."];
    let (_server, _, mut rig) = ready(Script {
        heard: heard.map(Into::into).to_vec(),
        ..scripted(answers)
    })
    .await;
    let say = |say, text: &str| EngineCommand::Say {
        say: SayId(say),
        text: text.into(),
    };
    rig.tell(say(1, "Bom dia!"));
    assert_eq!(rig.answer_done(1).await[0], started(1, Cause::Say(SayId(1))));
    rig.tell(turn_started(1));
    rig.speak(300).await;
    let answer = AnswerId(2);
    let is_sentence =
        |e: &EngineEvent| matches!(e, EngineEvent::AnswerText { text, .. } if text.starts_with("Temos"));
    rig.until(is_sentence).await;
    rig.tell(turn_started(2));
    rig.speak(300).await;
    rig.until(|e| *e == EngineEvent::Interrupted { answer }).await;
    let events = rig.until(|e| matches!(e, EngineEvent::ToolCall { .. })).await;
    assert_eq!(text_of(&events), "Vou transferir.");
    let words = |event: &EngineEvent| matches!(event, EngineEvent::Heard { turn: Some(TurnId(2)), text, .. } if text == heard[1]);
    assert!(events.iter().any(words), "{events:?}");
    let id = tool_calls(&events).remove(0);
    rig.tell(EngineCommand::ToolResult {
        id,
        ok: true,
        result: "Jenny Cole".into(),
    });
    let events = rig
        .until(|e| matches!(e, EngineEvent::AnswerText { text, .. } if text == "Pronto."))
        .await;
    assert!(events.iter().any(|e| matches!(
        e,
        EngineEvent::AnswerStarted {
            cause: Cause::FollowUp,
            ..
        }
    )));
    rig.tell(say(2, "Até logo!"));
    rig.until(|e| {
        matches!(
            e,
            EngineEvent::AnswerStarted {
                cause: Cause::Say(SayId(2)),
                ..
            }
        )
    })
    .await;
}
