//! People by their names, hours of their own, and values that are for nobody else.

use super::{CLOSED, Conversation, OPEN};
use secretary::{Destination, DestinationKind, Secretary, Snapshot};
use std::sync::Arc;
use voice::brain::{Brain, Stimulus};

fn person(name: &str, number: &str) -> Destination {
    Destination {
        name: name.into(),
        aliases: Vec::new(),
        kind: DestinationKind::Extension,
        number: number.into(),
        hours: None,
    }
}

/// A sample with people.
fn with_people(sample: &str, now: &str) -> Conversation {
    let snapshot = Snapshot::embedded().unwrap();
    let domain = snapshot.domain(secretary::SAMPLE_DOMAIN).unwrap();
    let mut secretary = Secretary::clone(&domain.secretaries[sample]);
    for (name, number) in [
        ("Jenny", "3001"),
        ("Fernanda Lima", "3002"),
        ("Fernanda Souza", "3003"),
        ("Bruno", "3004"),
    ] {
        secretary.destinations.push(person(name, number));
    }
    // Webhooks mask a field of any case, so does the rest.
    secretary.privacy.sensitive = vec!["Number".into()];
    Conversation::of(Arc::new(secretary), now)
}

fn to(name: &str) -> String {
    format!("transfer_call{{\"destination\":\"{name}\"}}")
}

#[test]
fn a_person_is_asked_for_without_any_intent() {
    let mut call = with_people("provedor", OPEN);
    assert_eq!(
        call.say("quero falar com a Jeni"),
        [
            "Só um instante, vou transferir a sua ligação.".to_owned(),
            to("Jenny")
        ]
    );
    let mut call = with_people("isp", OPEN);
    assert_eq!(call.say("is Jenny there?").last(), Some(&to("Jenny")));
    let mut call = with_people("provedor", OPEN);
    assert_eq!(call.say("3004").last(), Some(&to("Bruno")));
}

#[test]
fn an_intent_goes_before_its_department_and_a_person_before_the_intent_that_places_her() {
    let mut call = with_people("provedor", OPEN);
    let department = call.say("com o financeiro");
    assert!(
        department[0].contains("financeiro"),
        "the flow's own words: {department:?}"
    );
    let mut call = with_people("provedor", OPEN);
    assert_eq!(call.say("a Jenny do financeiro").last(), Some(&to("Jenny")));
}

#[test]
fn a_name_is_understood_in_the_middle_of_another_question() {
    let mut call = with_people("provedor", OPEN);
    call.say("minha internet caiu");
    assert_eq!(
        call.say("não, quero falar com a Jenny").last(),
        Some(&to("Jenny"))
    );
    let mut call = with_people("provedor", OPEN);
    call.say("quero deixar um recado");
    call.say("Ana");
    assert_eq!(call.say("me passa para a Jenny").last(), Some(&to("Jenny")));
}

#[test]
fn of_several_the_caller_is_asked_which_and_a_part_of_the_name_answers() {
    for (answer, name) in [
        ("a Lima", "Fernanda Lima"),
        ("a primeira", "Fernanda Lima"),
        ("A segunda, por favor.", "Fernanda Souza"),
        ("com a Fernanda Souza, por favor", "Fernanda Souza"),
    ] {
        let mut call = with_people("provedor", OPEN);
        assert_eq!(
            call.say("a Fernanda, por favor"),
            ["Com quem você quer falar: Fernanda Lima ou Fernanda Souza?"]
        );
        assert_eq!(call.say(answer).last(), Some(&to(name)), "{answer}");
    }
    let mut call = with_people("provedor", OPEN);
    call.say("a Fernanda, por favor");
    assert!(
        call.say("não, com o financeiro")[0].contains("financeiro"),
        "something else may be wanted after all"
    );
    for (answer, name) in [("the first one", "Fernanda Lima"), ("second", "Fernanda Souza")] {
        let mut call = with_people("isp", OPEN);
        call.say("Fernanda please");
        assert_eq!(call.say(answer).last(), Some(&to(name)), "{answer}");
    }
    for (answers, of_nobody) in [
        (&["the third"][..], true),
        (&["option two", "the second one"][..], true),
    ] {
        let mut call = with_people("isp", OPEN);
        call.say("Fernanda please");
        for answer in answers {
            let told = call.say(answer);
            assert_eq!(
                !told.iter().any(|t| t.contains("Fernanda")),
                of_nobody,
                "{answer}: {told:?}"
            );
        }
    }
}

#[test]
fn whom_nobody_is_called_the_nearest_is_asked_about() {
    let mut call = with_people("provedor", OPEN);
    assert_eq!(
        call.say("quero falar com o Breno"),
        ["Você quer falar com Bruno?"]
    );
    assert_eq!(call.say("isso").last(), Some(&to("Bruno")));
    let mut call = with_people("isp", OPEN);
    assert_eq!(
        call.say("Breno's extension, please"),
        ["Would you like to speak to Bruno?"]
    );
    assert_eq!(call.say("no").len(), 1, "then the question again");
    let mut call = with_people("provedor", OPEN);
    let missed = call.say("o Breno me ligou ontem");
    assert!(
        missed[0].starts_with("Desculpe"),
        "nobody was asked for: {missed:?}"
    );
}

#[test]
fn a_name_that_nobody_asks_for_is_no_transfer() {
    for said in ["obrigado, Bruno", "o Breno me ligou"] {
        let mut call = with_people("provedor", OPEN);
        let answer = call.say(said);
        assert!(
            !answer.iter().any(|a| a.contains("transfer_call")),
            "{said}: {answer:?}"
        );
    }
    let mut call = with_people("provedor", OPEN);
    assert_eq!(call.say("Um momento, Bruno."), ["Você quer falar com Bruno?"]);
    assert_eq!(call.say("sim").last(), Some(&to("Bruno")));
    let mut call = with_people("isp", OPEN);
    for said in ["thanks Jenny", "Thanks, Jenny."] {
        let answer = call.say(said);
        assert!(!answer.iter().any(|a| a.contains("Jenny")), "{said}: {answer:?}");
    }
    let mut call = with_people("isp", OPEN);
    assert_eq!(call.say("It's Jenny."), ["Would you like to speak to Jenny?"]);
    call.say("no");
    assert_eq!(call.say("I want Jenny").last(), Some(&to("Jenny")));
}

#[test]
fn who_is_not_there_is_told_with_when_and_a_message_is_offered() {
    let mut call = with_people("provedor", CLOSED);
    assert_eq!(
        call.say("a Jenny, por favor"),
        [
            "Agora não posso transferir para Jenny: o atendimento volta amanhã às oito.",
            "Quer deixar um recado?"
        ]
    );
    assert_eq!(
        call.say("quero"),
        ["Vou anotar um recado.", "Qual é o seu nome, por favor?"]
    );
    let mut call = with_people("isp", CLOSED);
    let answer = call.say("Jenny please");
    assert_eq!(
        answer[0],
        "I can't put you through to Jenny right now: they will be back tomorrow at eight in the morning."
    );
    assert_eq!(call.say("no thanks").len(), 1, "then the question again");
}

#[test]
fn a_department_with_hours_of_its_own_is_there_when_the_company_is_not() {
    let mut call = with_people("isp", CLOSED);
    call.say("my internet is down");
    assert_eq!(call.say("yes").last(), Some(&to("support")));
}

#[test]
fn a_sensitive_value_is_private_from_its_question_to_its_end() {
    let mut call = with_people("provedor", OPEN);
    call.say("quero deixar um recado");
    assert!(!call.mind.is_private(), "the name");
    call.say("Ana Souza");
    assert!(call.mind.is_private(), "the number is asked for");
    call.say("onze nove oito sete meia cinco quatro três dois um");
    assert!(call.mind.is_private(), "and read back");
    call.say("isso");
    assert!(!call.mind.is_private(), "the message");
    call.mind.tell(Stimulus::Interrupted { heard: String::new() });
    assert!(
        call.mind.is_private(),
        "the answer was not heard: the number is still asked about"
    );
    call.say("isso mesmo");
    assert!(!call.mind.is_private());
    let mut other = Conversation::with("provedor", OPEN);
    other.say("quero deixar um recado");
    other.say("Ana Souza");
    assert!(!other.mind.is_private(), "nothing is sensitive by itself");
}

#[test]
fn a_secretary_that_lacks_what_its_script_names_fails_with_the_remedy() {
    let snapshot = Snapshot::embedded().unwrap();
    let domain = snapshot.domain(secretary::SAMPLE_DOMAIN).unwrap();
    let mut secretary = Secretary::clone(&domain.secretaries["provedor"]);
    secretary.destinations.retain(|d| d.name != "vendas");
    let brain = voice::brain::script::ScriptBrain::default();
    let message = brain.prepare(&secretary).unwrap_err().to_string();
    assert!(
        message.contains("samples/provedor.yaml, line") && message.contains("\"vendas\""),
        "{message}"
    );
    let mut mind = brain.begin(Arc::new(secretary), Arc::new([]));
    let waker = futures_util::task::noop_waker();
    assert!(matches!(
        mind.poll_thought(&mut std::task::Context::from_waker(&waker)),
        std::task::Poll::Ready(voice::brain::Thought::Failed { .. })
    ));
}
