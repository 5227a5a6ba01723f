use super::*;
use crate::realtime::Action;

fn told(talk: &mut Headstrong) -> Vec<EngineEvent> {
    std::iter::from_fn(|| talk.outlet.poll())
        .filter_map(|action| match action {
            Action::Tell(event) => Some(event),
            _ => None,
        })
        .collect()
}

fn heard(turn: Option<u32>, text: &str, is_final: bool) -> EngineEvent {
    EngineEvent::Heard {
        turn: turn.map(TurnId),
        text: text.into(),
        is_final,
    }
}

fn started(answer: u64, cause: Cause) -> EngineEvent {
    EngineEvent::AnswerStarted {
        answer: AnswerId(answer),
        cause,
    }
}

fn done(answer: u64) -> EngineEvent {
    EngineEvent::AnswerDone {
        answer: AnswerId(answer),
    }
}

#[test]
fn a_turn_is_answered_once_and_what_follows_is_the_providers_own() {
    let mut talk = Headstrong::default();
    talk.turn_started(TurnId(1));
    talk.words("Bom ");
    talk.turn_started(TurnId(1));
    talk.words("dia");
    talk.begin();
    talk.begin();
    talk.settle();
    talk.done();
    talk.begin();
    let events = [
        heard(Some(1), "Bom", false),
        heard(Some(1), "Bom dia", false),
        started(1, Cause::Turn(TurnId(1))),
        heard(Some(1), "Bom dia", true),
        done(1),
        started(2, Cause::Own),
    ];
    assert_eq!(told(&mut talk), events);
}

#[test]
fn words_that_come_before_the_ear_are_of_the_turn_that_begins() {
    let mut talk = Headstrong::default();
    talk.words("Alô");
    talk.turn_started(TurnId(4));
    talk.begin();
    let events = [
        heard(None, "Alô", false),
        heard(Some(4), "Alô", false),
        started(1, Cause::Turn(TurnId(4))),
    ];
    assert_eq!(told(&mut talk), events);
}

#[test]
fn words_that_the_ear_missed_are_a_turn_all_the_same() {
    let mut talk = Headstrong::default();
    talk.words("Alô");
    talk.begin();
    let events = [
        heard(None, "Alô", false),
        EngineEvent::TurnEnded,
        started(1, Cause::Own),
    ];
    assert_eq!(told(&mut talk), events);
}

#[test]
fn an_answer_to_a_turn_that_was_ended_stays_that_while_the_caller_speaks_again() {
    let mut talk = Headstrong::default();
    talk.turn_started(TurnId(1));
    talk.sentence("Quero o financeiro.");
    talk.turn_ended();
    talk.turn_started(TurnId(2));
    told(&mut talk);
    talk.begin();
    assert_eq!(told(&mut talk), [started(1, Cause::Turn(TurnId(1)))]);
    talk.done();
    talk.sentence("Não, espere.");
    talk.begin();
    assert_eq!(
        told(&mut talk),
        [
            done(1),
            heard(Some(2), "Não, espere.", true),
            started(2, Cause::Turn(TurnId(2))),
        ]
    );
}

#[test]
fn a_tools_result_is_followed_up_unless_the_caller_has_said_something() {
    let mut talk = Headstrong::default();
    talk.expect_follow_up();
    talk.turn_started(TurnId(1));
    talk.begin();
    talk.done();
    talk.words("E então?");
    talk.expect_follow_up();
    talk.begin();
    let causes: Vec<_> = told(&mut talk)
        .into_iter()
        .filter_map(|event| match event {
            EngineEvent::AnswerStarted { cause, .. } => Some(cause),
            _ => None,
        })
        .collect();
    assert_eq!(causes, [Cause::FollowUp, Cause::Turn(TurnId(1))]);
}

#[test]
fn an_interruption_is_told_once_even_of_an_answer_that_is_complete() {
    let mut talk = Headstrong::default();
    talk.begin();
    talk.done();
    told(&mut talk);
    talk.interrupted();
    talk.interrupted();
    let answer = AnswerId(1);
    assert_eq!(told(&mut talk), [EngineEvent::Interrupted { answer }]);
}

#[test]
fn what_was_stopped_gives_nothing_more_until_it_is_done() {
    let mut talk = Headstrong::default();
    talk.begin();
    talk.stop_from(AnswerId(1));
    talk.begin();
    talk.text("late".into());
    talk.audio(&[0; 4]);
    talk.interrupted();
    talk.begin();
    assert_eq!(
        told(&mut talk),
        [started(1, Cause::Own), done(1), started(2, Cause::Own)]
    );
}

#[test]
fn a_text_that_was_to_be_said_is_known_by_its_words() {
    let mut talk = Headstrong::default();
    talk.expect_say(SayId(1), "Bom dia! Em que posso ajudar?".into());
    talk.begin_words("Um momento.");
    talk.begin_words("Bom dia!");
    talk.begin_words("Em que posso ajudar?");
    let events = [started(1, Cause::Own), done(1), started(2, Cause::Say(SayId(1)))];
    assert_eq!(told(&mut talk), events);
}

#[test]
fn samples_may_be_cut_anywhere() {
    let mut talk = Headstrong::default();
    talk.begin();
    talk.audio(&[1, 0, 2]);
    talk.audio(&[1, 255]);
    talk.audio(&[255]);
    let samples: Vec<i16> = std::iter::from_fn(|| talk.outlet.poll())
        .filter_map(|action| match action {
            Action::Audio(_, samples) => Some(samples),
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(samples, [1, 258, -1]);
}
