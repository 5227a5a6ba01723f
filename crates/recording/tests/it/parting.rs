//! A log that does not replay: where it parts, and what cannot be compared.

use call::{Input, LegCommand, Output, Record};
use recording::{Log, LogError, Tail, Told, Verdict, replay};

const LOG: &str = include_str!("../data/format-1.jsonl");

fn verdict(text: &str) -> Verdict {
    replay(&Log::parse(text).unwrap()).verdict
}

/// The log without the first line that has this text.
fn without(part: &str) -> String {
    let at = LOG.lines().position(|line| line.contains(part)).unwrap();
    let kept = LOG.lines().enumerate().filter(|(index, _)| *index != at);
    kept.map(|(_, line)| format!("{line}\n")).collect()
}

#[test]
fn a_changed_output_is_where_they_part() {
    let changed = LOG.replacen(r#""hang_up""#, r#""pause""#, 1);
    let Verdict::Parted(parted) = verdict(&changed) else {
        panic!("they part")
    };
    assert_eq!(parted.expected, Some(Output::Leg(LegCommand::Pause)));
    assert_eq!(parted.got, Some(Output::Leg(LegCommand::HangUp)));
    let at = LOG
        .lines()
        .position(|line| line.contains(r#""hang_up""#))
        .unwrap()
        + 1;
    assert_eq!(parted.line, at);
    let (line, told) = parted.after.unwrap();
    assert!(line < at && matches!(told, Told::Input(_)), "{line} {told:?}");
}

#[test]
fn a_changed_input_makes_another_call() {
    let changed = LOG.replace(r#"{"playout":{"finished""#, r#"{"playout":{"position""#);
    assert!(matches!(verdict(&changed), Verdict::Parted(_)));
}

#[test]
fn a_changed_instant_makes_another_call() {
    let line = LOG.lines().find(|line| line.contains("speech_ended")).unwrap();
    let (before, after) = line.split_once(r#""at":"#).unwrap();
    let late = format!(r#"{before}"at":9{after}"#);
    assert!(matches!(verdict(&LOG.replace(line, &late)), Verdict::Parted(_)));
}

#[test]
fn what_the_fresh_call_wants_besides_is_told_at_the_end() {
    let ended = r#""ended""#;
    let mut log = Log::parse(LOG).unwrap();
    log.lines
        .retain(|line| !serde_json::to_string(&line.line).unwrap().contains(ended));
    let Verdict::Parted(parted) = replay(&log).verdict else {
        panic!("they part")
    };
    assert_eq!(parted.expected, None);
    assert!(matches!(parted.got, Some(Output::Record(Record::Ended { .. }))));
}

#[test]
fn a_line_that_is_gone_is_noticed() {
    assert!(matches!(verdict(&without("transcribe")), Verdict::Parted(_)));
    let Tail::Short { told, found } = Log::parse(&without("transcribe")).unwrap().tail else {
        panic!("the counts differ")
    };
    assert_eq!(told.outputs, found.outputs + 1);
    let without_timeout = without("timeout");
    assert!(!matches!(verdict(&without_timeout), Verdict::Same));
}

#[test]
fn behind_a_hole_nothing_is_compared() {
    let line = LOG.lines().find(|line| line.contains("speech_started")).unwrap();
    let hole = r#"{"at":1,"lost":7}"#;
    let changed = LOG.replace(line, hole).replace(r#""hang_up""#, r#""pause""#);
    let at = changed.lines().position(|line| line == hole).unwrap() + 1;
    assert_eq!(verdict(&changed), Verdict::Hole { line: at, lost: 7 });
}

#[test]
fn a_process_that_died_leaves_a_log_that_is_the_same_so_far() {
    for cut in [1, 30, 200, LOG.len() / 2] {
        let text = &LOG[..LOG
            .char_indices()
            .map(|(at, _)| at)
            .rfind(|at| *at <= LOG.len() - cut)
            .unwrap()];
        let log = Log::parse(text).unwrap();
        if cut > 1 {
            assert_eq!(
                (log.tail, verdict(text)),
                (Tail::Open, Verdict::SameSoFar),
                "{cut}"
            );
        }
    }
}

#[test]
fn what_is_no_log_is_refused_with_what_would_be_right() {
    let refused = |text: &str| Log::parse(text).unwrap_err().to_string();
    assert!(matches!(Log::parse(" \n"), Err(LogError::Empty)));
    assert!(refused("{}").contains("line 1 is no header of an event log"));
    assert!(refused("RIFF").contains("give the .jsonl file of a call"));
    let newer = format!(r#"{{"format":{},"anything":{{}}}}"#, recording::FORMAT + 1);
    assert!(refused(&newer).contains("use a newer voice-ai"));
    let damaged = LOG.replacen("speech_started", "speech_st\u{fffd}rted", 1);
    let line = damaged
        .lines()
        .position(|line| line.contains('\u{fffd}'))
        .unwrap()
        + 1;
    assert!(refused(&damaged).contains(&format!("line {line} cannot be read")));
}

#[test]
fn a_replay_tells_all_that_the_fresh_call_did() {
    let log = Log::parse(LOG).unwrap();
    let replay = replay(&log);
    let inputs =
        |wanted: fn(&recording::What) -> bool| replay.afresh.iter().filter(|(_, what)| wanted(what)).count();
    let recording::What::End(end) = &log.lines.last().unwrap().line.what else {
        panic!("it has an end")
    };
    assert_eq!(
        inputs(|what| matches!(what, recording::What::Input(_))) as u64,
        end.inputs
    );
    assert_eq!(
        inputs(|what| matches!(what, recording::What::Output(_))) as u64,
        end.outputs
    );
    assert_eq!(replay.same, end.outputs);
    assert!(matches!(
        &replay.afresh[0],
        (0, recording::What::Input(Input::Leg(_)))
    ));
}

#[test]
fn numbers_beyond_all_measure_are_taken_as_they_are() {
    let at = LOG.lines().position(|line| line.contains(r#""end""#)).unwrap();
    let lost = format!("{{\"at\":1,\"lost\":{}}}", u64::MAX);
    let max = u64::MAX;
    let end = format!(
        "{{\"at\":{max},\"end\":{{\"inputs\":{max},\"timeouts\":{max},\"outputs\":{max},\"lost\":{max}}}}}"
    );
    let mut lines: Vec<&str> = LOG.lines().collect();
    lines.splice(at.., [lost.as_str(), &lost, &end]);
    assert!(matches!(verdict(&lines.join("\n")), Verdict::Hole { .. }));
}
