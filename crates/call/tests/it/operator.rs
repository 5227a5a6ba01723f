//! What an operator of the node wants of a call, and what a call tells of itself.

use crate::bench::*;
use call::*;
use serde_json::json;

const NOTE: &str = "A linha cai em cinco minutos.";

fn note(text: &str) -> Input {
    Input::Operator(Directive::Say { text: text.into() })
}

fn send_to(destination: &str) -> Input {
    Input::Operator(Directive::Transfer {
        destination: destination.into(),
    })
}

const DISMISSED: Input = Input::Operator(Directive::HangUp);

/// A PBX that tells what becomes of a transfer.
fn told() -> Settings {
    Settings {
        transfer_limit: Some(ms(60_000)),
        ..rules()
    }
}

#[test]
fn a_note_waits_for_what_is_being_said_and_no_caller_interrupts_it() {
    let mut bench = Bench::speaking(rules());
    assert_eq!(bench.tell(note(NOTE)), [], "an answer is being heard");
    bench.at(5_500);
    let outputs = bench.tell(finished(answer(1), 4_000));
    assert_eq!(outputs.last(), Some(&play_prompt(1, NOTE)), "{outputs:?}");
    assert_eq!(bench.tell(Input::SpeechStarted), []);
    bench.at(7_000);
    // What the caller has said into it is taken up after it.
    assert_eq!(
        bench.tell(finished(prompt(1), 1_500))[..],
        [assistant(NOTE), whole(prompt(1), 1_500, NOTE), turn_started(2)]
    );
}

#[test]
fn a_note_waits_for_the_caller_and_for_the_answer() {
    let mut bench = Bench::listening();
    bench.at(500);
    bench.tell(Input::SpeechStarted);
    assert_eq!(bench.tell(note(NOTE)), []);
    bench.at(1_000);
    bench.tell(Input::SpeechEnded);
    bench.tell(heard(Some(1), "veja meu saldo"));
    assert!(!bench.tell(judged(1, true)).contains(&play_prompt(1, NOTE)));
    bench.answer(1, Cause::Turn(TurnId(1)), "Um momento.", 500);
    let outputs = bench.tell(finished(answer(1), 500));
    assert_eq!(outputs.last(), Some(&play_prompt(1, NOTE)));
}

#[test]
fn notes_are_said_in_their_order_and_no_more_than_a_few_wait() {
    let mut bench = Bench::listening();
    assert_eq!(bench.tell(note("  ")), []);
    assert_eq!(bench.tell(note("um")), [play_prompt(1, "um")]);
    for number in 2..20 {
        assert_eq!(bench.tell(note(&number.to_string())), []);
    }
    let mut said = Vec::new();
    for number in 1..20 {
        let outputs = bench.tell(finished(prompt(number), 100));
        said.extend(outputs.into_iter().filter_map(|output| match output {
            Output::PlayPrompt { text, .. } => Some(text),
            _ => None,
        }));
    }
    assert_eq!(said, ["2", "3", "4", "5", "6", "7", "8", "9"]);
}

#[test]
fn a_good_bye_is_heard_before_the_hang_up() {
    let mut bench = Bench::speaking(rules());
    let outputs = bench.tell(DISMISSED);
    assert!(
        outputs.contains(&clear(1, ClearReason::End)) && outputs.contains(&say(1, "Até logo.")),
        "{outputs:?}"
    );
    assert_eq!(bench.standing(), Standing::Leaving);
    bench.answer(2, Cause::Say(SayId(1)), "Até logo.", 800);
    let outputs = bench.tell(finished(answer(2), 800));
    assert_eq!(outputs[outputs.len() - 2..], [hang_up(), over(Outcome::Stopped)]);
    assert_eq!(bench.standing(), Standing::Over);
}

#[test]
fn who_hears_no_good_bye_is_hung_up_at_once() {
    let mut silent = Bench::begun(Settings {
        farewell: String::new(),
        ..rules()
    });
    assert_eq!(silent.tell(DISMISSED), [hang_up(), over(Outcome::Stopped)]);
    let mut opening = Bench::new(rules());
    assert_eq!(opening.tell(DISMISSED), [hang_up(), over(Outcome::Stopped)]);
    let mut lost = Bench::listening();
    lost.tell(detached());
    assert_eq!(lost.tell(DISMISSED), [hang_up(), over(Outcome::Stopped)]);
    let mut ringing = Bench::begun(told());
    ringing.tell(send_to("Billing"));
    let outputs = ringing.tell(DISMISSED);
    assert_eq!(outputs.first(), Some(&hang_up()), "{outputs:?}");
}

#[test]
fn a_fallback_that_is_about_to_get_the_call_does_not_after_a_hang_up() {
    let mut bench = Bench::begun(Settings {
        fallback: Some("recepcao".into()),
        ..rules()
    });
    bench.tell(failed());
    assert_eq!(bench.tell(DISMISSED), []);
    let outputs = bench.tell(finished(prompt(1), 900));
    assert_eq!(outputs[outputs.len() - 2..], [hang_up(), over(Outcome::Stopped)]);
}

#[test]
fn a_transfer_goes_before_what_is_being_said() {
    let mut bench = Bench::speaking(told());
    assert_eq!(
        bench.tell(send_to("Billing")),
        [
            clear(1, ClearReason::Engine),
            interrupt(1, 1_000, "um"),
            assistant("um"),
            cut(answer(1), 1_000, "um"),
            transfer("Billing"),
        ]
    );
    assert_eq!(
        bench.standing(),
        Standing::Transferring {
            destination: "Billing"
        }
    );
    assert!(!bench.is_listening());
    assert_eq!(bench.tell(send_to("Sales")), [], "one is under way");
    assert_eq!(
        bench.tell(transfer_ended(TransferOutcome::Answered)),
        [
            transfer_over("Billing", TransferOutcome::Answered),
            over(Outcome::Transferred)
        ]
    );
}

#[test]
fn a_transfer_that_comes_to_nothing_brings_the_caller_back_and_tells_the_engine_nothing() {
    let mut bench = Bench::begun(told());
    bench.tell(send_to("Billing"));
    assert_eq!(
        bench.tell(transfer_ended(TransferOutcome::Busy)),
        [
            transfer_over("Billing", TransferOutcome::Busy),
            say(1, "Você está aí?")
        ]
    );
    assert_eq!(bench.standing(), Standing::Talking);
    assert!(bench.is_listening());
}

#[test]
fn a_pbx_that_tells_nothing_has_its_time_for_a_transfer() {
    let mut bench = Bench::listening();
    assert_eq!(bench.tell(send_to("Billing")), [transfer("Billing")]);
    assert_eq!(
        bench.standing(),
        Standing::Transferring {
            destination: "Billing"
        }
    );
    let outputs = bench.until(11_000);
    assert_eq!(outputs, all_at(10_000, [say(1, "Você está aí?")]));
}

#[test]
fn a_transfer_goes_before_the_end_that_the_engine_has_in_mind() {
    let mut bench = Bench::begun(told());
    bench.tell(tool_call("e", "end_call", json!({})));
    assert_eq!(
        bench.tell(send_to("Billing")),
        [
            tool_result("e", false, "an operator hands the call over"),
            transfer("Billing")
        ]
    );
}

#[test]
fn a_caller_on_hold_is_told_and_sent_on() {
    let mut bench = Bench::begun(told());
    bench.at(500);
    bench.tell(Input::SpeechStarted);
    bench.at(1_000);
    bench.tell(Input::SpeechEnded);
    bench.tell(heard(Some(1), "veja meu saldo"));
    bench.tell(judged(1, true));
    bench.tell(tool_call("h", "hold_call", json!({})));
    bench.until(4_000);
    assert_eq!(bench.standing(), Standing::OnHold);
    assert_eq!(bench.tell(note(NOTE)), [], "it is told to nobody over the music");
    let outputs = bench.tell(send_to("Billing"));
    assert_eq!(
        outputs[outputs.len() - 2..],
        [unhold(), transfer("Billing")],
        "{outputs:?}"
    );
}

#[test]
fn what_an_operator_says_is_masked_as_the_secretary_s_words_are() {
    let mut bench = Bench::listening();
    bench.tell(note("Ligue 0800 123."));
    bench.tell(send_to("Suporte 2"));
    let logs: Vec<_> = bench.call.logs().collect();
    assert!(
        logs[0].contains("Ligue 0000 000.") && !logs[0].contains("0800 123"),
        "{}",
        logs[0]
    );
    assert!(!logs[1].contains("Ligue"), "{}", logs[1]);
    assert!(logs.iter().all(|log| log.contains("Suporte 2")));
}

/// A call whose caller was sent on by an operator during a break of the stream, before the greeting, and speaks.
fn spoken_into_a_break() -> Bench {
    let mut bench = Bench::begun(Settings {
        engine: LISTENING,
        notice: "Esta ligação é gravada.".into(),
        greeting: "Bom dia.".into(),
        ..rules()
    });
    bench.tell(Input::SpeechStarted);
    bench.tell(Input::Leg(LegEvent::Detached));
    bench.tell(send_to("2001"));
    bench.tell(Input::SpeechStarted);
    bench
}

const RESPOND: Output = Output::Engine(EngineCommand::Respond { turn: TurnId(1) });

#[test]
fn who_spoke_into_a_break_of_the_stream_and_is_answered_is_not_greeted_as_well() {
    let mut bench = spoken_into_a_break();
    let outputs = bench.tell(Input::Engine(EngineEvent::TurnEnded));
    assert!(outputs.contains(&RESPOND), "{outputs:?}");
    assert_eq!(bench.tell(attached()), [], "one answer at a time");
}

#[test]
fn nor_is_who_has_the_word_when_the_stream_is_back() {
    let mut bench = spoken_into_a_break();
    assert_eq!(bench.tell(attached()), []);
    let outputs = bench.tell(Input::Engine(EngineEvent::TurnEnded));
    assert_eq!(outputs[0], RESPOND, "{outputs:?}");
}
