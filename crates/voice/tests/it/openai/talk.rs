//! A conversation: turns, answers, interruptions, tools, keys.

use super::{Rig, limited};
use call::{AnswerId, Cause, Digit, EngineCommand, EngineEvent, PlayedMs, ToolCallId, TurnId};
use serde_json::json;
use sim::openai::{Answer, Script, ToolUse};
use std::time::Duration;
use voice::Usage;

fn turn_started(turn: u32) -> EngineCommand {
    EngineCommand::TurnStarted { turn: TurnId(turn) }
}

fn respond(turn: u32) -> EngineCommand {
    EngineCommand::Respond { turn: TurnId(turn) }
}

fn started(answer: u64, cause: Cause) -> EngineEvent {
    EngineEvent::AnswerStarted {
        answer: AnswerId(answer),
        cause,
    }
}

#[tokio::test]
async fn a_turn_is_heard_ended_once_and_answered() {
    let answers = vec![Answer::tone("Um momento, por favor.", Duration::from_millis(900))];
    let mut rig = Rig::ready(Script {
        answers,
        ..Script::default()
    })
    .await;
    rig.tell(turn_started(1));
    rig.speak(400).await;
    let heard = rig
        .until(|e| matches!(e, EngineEvent::Heard { is_final: true, .. }))
        .await;
    assert_eq!(heard.iter().filter(|e| **e == EngineEvent::TurnEnded).count(), 1);
    let words = "Quero falar com o financeiro, por favor.".to_owned();
    let last = EngineEvent::Heard {
        turn: Some(TurnId(1)),
        text: words,
        is_final: true,
    };
    assert_eq!(heard.last(), Some(&last));

    rig.tell(respond(1));
    let answer = rig.answer_done(1).await;
    assert_eq!(answer[0], started(1, Cause::Turn(TurnId(1))));
    let text: String = answer
        .iter()
        .filter_map(|e| match e {
            EngineEvent::AnswerText { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(text, "Um momento, por favor.");
    assert_eq!(rig.pcm, Answer::tone("", Duration::from_millis(900)).pcm);
    assert_eq!(rig.session.dropped_ms(), 0);
    let charged = Usage {
        text_in: 4,
        audio_in: 6,
        text_out: 5,
        audio_out: 15,
        transcription_in: 10,
        transcription_out: 5,
        ..Usage::default()
    };
    assert_eq!(rig.usage, charged);
}

#[tokio::test]
async fn a_minute_of_audio_at_once_arrives_whole() {
    let answers = vec![Answer::tone("Longa.", Duration::from_secs(60))];
    let mut rig = Rig::ready(Script {
        answers,
        ..Script::default()
    })
    .await;
    rig.tell(respond(1));
    limited(rig.server.until(|log| !log.server("response.done").is_empty())).await;
    rig.answer_done(1).await;
    assert_eq!(rig.pcm.len(), 60 * 24_000);
    assert_eq!(rig.engine.overflows(), 0);
}

#[tokio::test]
async fn an_interruption_of_a_finished_answer_truncates_to_what_was_heard() {
    let answers = vec![Answer::tone("Bom dia.", Duration::from_millis(1_000))];
    let mut rig = Rig::ready(Script {
        answers,
        ..Script::default()
    })
    .await;
    rig.tell(respond(1));
    rig.answer_done(1).await;
    rig.tell(EngineCommand::Interrupt {
        answer: AnswerId(1),
        heard: PlayedMs(420),
        text: "Bom".into(),
    });
    let log = limited(
        rig.server
            .until(|log| !log.server("conversation.item.truncated").is_empty()),
    )
    .await;
    assert_eq!(log.server("conversation.item.truncated")[0]["audio_end_ms"], 420);
    assert!(
        log.client("response.cancel").is_empty(),
        "there is nothing to cancel"
    );
}

#[tokio::test]
async fn an_interruption_of_a_running_answer_cancels_it_and_never_truncates_beyond_its_end() {
    let answers = vec![Answer::tone("Bom dia.", Duration::from_millis(600)).held()];
    let mut rig = Rig::ready(Script {
        answers,
        ..Script::default()
    })
    .await;
    rig.tell(respond(1));
    while rig.pcm.len() < 600 * 24 {
        rig.next().await;
    }
    rig.tell(EngineCommand::Interrupt {
        answer: AnswerId(1),
        heard: PlayedMs(5_000),
        text: String::new(),
    });
    rig.answer_done(1).await;
    let log = limited(
        rig.server
            .until(|log| !log.server("conversation.item.truncated").is_empty()),
    )
    .await;
    assert_eq!(log.server("response.done")[0]["response"]["status"], "cancelled");
    assert_eq!(log.server("conversation.item.truncated")[0]["audio_end_ms"], 600);
    assert!(log.server("error").is_empty());

    rig.tell(respond(2));
    assert_eq!(rig.answer_done(2).await[0], started(2, Cause::Turn(TurnId(2))));
}

#[tokio::test]
async fn what_is_still_queued_of_an_interrupted_answer_is_not_given() {
    let answers = vec![Answer::tone("Bom dia a todos.", Duration::from_secs(5))];
    let mut rig = Rig::ready(Script {
        answers,
        ..Script::default()
    })
    .await;
    rig.tell(respond(1));
    assert_eq!(rig.event().await, started(1, Cause::Turn(TurnId(1))));
    limited(rig.server.until(|log| !log.server("response.done").is_empty())).await;
    rig.pcm.clear();
    rig.tell(EngineCommand::Interrupt {
        answer: AnswerId(1),
        heard: PlayedMs(0),
        text: String::new(),
    });
    let rest = rig.answer_done(1).await;
    assert_eq!(rest.len(), 1, "only its end: {rest:?}");
    assert!(rig.pcm.is_empty());
}

#[tokio::test]
async fn an_interruption_leaves_the_answer_before_it_alone() {
    let answers = vec![
        Answer::tone("Um momento.", Duration::from_secs(2)),
        Answer::tone("Pronto.", Duration::from_secs(1)).held(),
    ];
    let mut rig = Rig::ready(Script {
        answers,
        ..Script::default()
    })
    .await;
    rig.tell(respond(1));
    limited(rig.server.until(|log| !log.server("response.done").is_empty())).await;
    rig.tell(EngineCommand::Dtmf {
        digit: Digit::new('1').unwrap(),
    });
    limited(
        rig.server
            .until(|log| log.server("response.output_audio.delta").len() == 15),
    )
    .await;
    // What is not yet known cannot be interrupted.
    rig.until(|event| {
        matches!(
            event,
            EngineEvent::AnswerStarted {
                answer: AnswerId(2),
                ..
            }
        )
    })
    .await;
    rig.tell(EngineCommand::Interrupt {
        answer: AnswerId(2),
        heard: PlayedMs(0),
        text: String::new(),
    });
    rig.answer_done(2).await;
    assert_eq!(
        rig.pcm.len(),
        2 * 24_000,
        "all of the first and nothing of the second"
    );
}

#[tokio::test]
async fn two_tools_are_answered_before_the_model_goes_on() {
    let tools = vec![
        ToolUse::new("transfer_call", &json!({"to": "financeiro"})),
        ToolUse::new("transfer_call", &json!({"to": "suporte"})),
    ];
    let answers = vec![
        Answer::tools(tools),
        Answer::tone("Feito.", Duration::from_millis(300)),
    ];
    let mut rig = Rig::ready(Script {
        answers,
        ..Script::default()
    })
    .await;
    rig.tell(respond(1));
    let calls: Vec<ToolCallId> = rig
        .answer_done(1)
        .await
        .into_iter()
        .filter_map(|event| match event {
            EngineEvent::ToolCall { id, name, arguments } => {
                assert_eq!(name, "transfer_call");
                assert!(arguments["to"].is_string());
                Some(id)
            }
            _ => None,
        })
        .collect();
    assert_eq!(calls.len(), 2);
    for id in calls {
        rig.tell(EngineCommand::ToolResult {
            id,
            ok: true,
            result: "{\"ok\":true}".into(),
        });
    }
    assert_eq!(rig.answer_done(2).await[0], started(2, Cause::FollowUp));
    let log = rig.server.log();
    assert_eq!(log.client("conversation.item.create").len(), 2);
    assert_eq!(log.client("response.create").len(), 2);
}

#[tokio::test]
async fn a_key_is_answered() {
    let mut rig = Rig::ready(Script::default()).await;
    rig.tell(EngineCommand::Dtmf {
        digit: Digit::new('5').unwrap(),
    });
    assert_eq!(rig.answer_done(1).await[0], started(1, Cause::FollowUp));
    let log = rig.server.log();
    let text = &log.client("conversation.item.create")[0]["item"]["content"][0]["text"];
    assert_eq!(text, "The caller pressed key 5 on the phone.");
}

#[tokio::test]
async fn a_turn_that_was_none_is_forgotten_by_the_server() {
    let mut rig = Rig::ready(Script {
        heard: vec!["uhum".into()],
        ..Script::default()
    })
    .await;
    rig.tell(turn_started(1));
    rig.speak(200).await;
    rig.until(|e| matches!(e, EngineEvent::Heard { is_final: true, .. }))
        .await;
    rig.tell(EngineCommand::Discard { turn: TurnId(1) });
    let log = limited(
        rig.server
            .until(|log| !log.server("conversation.item.deleted").is_empty()),
    )
    .await;
    let spoken = &log.server("input_audio_buffer.committed")[0]["item_id"];
    assert_eq!(&log.server("conversation.item.deleted")[0]["item_id"], spoken);
}
