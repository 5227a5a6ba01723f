//! How a conversation along the samples goes.

use super::{CLOSED, Conversation, OPEN};
use voice::brain::{Stimulus, Thought};

#[test]
fn a_transfer_is_announced_before_it_is_made() {
    let mut call = Conversation::with("provedor", OPEN);
    let answer = call.say("Quero falar com o financeiro, por favor.");
    assert_eq!(
        answer,
        [
            "Certo, vou transferir para o financeiro.",
            "transfer_call{\"destination\":\"financeiro\"}"
        ]
    );
    let mut call = Conversation::with("isp", OPEN);
    let answer = call.say("Billing, please.");
    assert_eq!(answer[1], "transfer_call{\"destination\":\"billing\"}");
}

#[test]
fn a_key_chooses_as_words_do_and_a_number_may_be_spoken() {
    for answer in [
        Conversation::with("provedor", OPEN).press("1"),
        Conversation::with("provedor", OPEN).say("opção um"),
        Conversation::with("provedor", OPEN).say("Um."),
    ] {
        assert_eq!(
            answer.last().unwrap(),
            "transfer_call{\"destination\":\"financeiro\"}"
        );
    }
}

#[test]
fn a_greeting_is_returned_and_the_matter_asked_for() {
    let mut call = Conversation::with("provedor", OPEN);
    assert_eq!(
        call.say("Boa tarde, tudo bem?"),
        ["Boa tarde!", "Em que posso ajudar?"]
    );
    let mut call = Conversation::with("isp", OPEN);
    assert_eq!(call.say("Hello?"), ["Hello!", "How can I help you?"]);
}

#[test]
fn hours_decide_with_the_clock_that_is_given() {
    let open = Conversation::with("provedor", OPEN).say("vocês estão abertos?");
    assert!(open.contains(&"Agora estamos abertos.".into()), "{open:?}");
    let closed = Conversation::with("provedor", CLOSED).say("vocês estão abertos?");
    assert!(closed.contains(&"Agora estamos fechados.".into()), "{closed:?}");
    // Outside the hours nobody is there to transfer to.
    let mut late = Conversation::with("provedor", CLOSED);
    let answer = late.say("quero pagar meu boleto");
    assert_eq!(answer.last().unwrap(), "Quer deixar um recado?");
    assert!(
        answer.iter().all(|a| !a.starts_with("transfer_call")),
        "{answer:?}"
    );
}

#[test]
fn a_long_text_comes_sentence_by_sentence() {
    let answer = Conversation::with("provedor", OPEN).say("quais são os planos?");
    assert_eq!(answer.len(), 3, "{answer:?}");
    assert_eq!(answer.last().unwrap(), "Quer falar com o pessoal de vendas?");
}

#[test]
fn yes_and_no_lead_on() {
    let mut call = Conversation::with("provedor", OPEN);
    call.say("minha internet caiu");
    let answer = call.say("Já tentei sim.");
    assert_eq!(
        answer.last().unwrap(),
        "transfer_call{\"destination\":\"suporte\"}"
    );
    let mut call = Conversation::with("provedor", OPEN);
    call.say("minha internet caiu");
    let answer = call.say("negativo");
    assert_eq!(answer.first().unwrap(), "Então vamos tentar juntos.");
    assert_eq!(
        call.say("voltou!"),
        ["Que bom!", "Posso ajudar em mais alguma coisa?"]
    );
    assert_eq!(
        call.say("Não, obrigado."),
        ["A Veloz Fibra agradece a ligação.", "Até logo!", "end_call{}"]
    );
}

#[test]
fn a_question_can_be_left_for_another_matter() {
    let mut call = Conversation::with("provedor", OPEN);
    call.say("quero cancelar");
    let answer = call.say("na verdade quero falar com um atendente");
    assert_eq!(
        answer.last().unwrap(),
        "transfer_call{\"destination\":\"atendente\"}"
    );
}

#[test]
fn a_message_is_confirmed_only_when_it_is_written_down() {
    let mut call = Conversation::with("provedor", OPEN);
    assert_eq!(
        call.say("quero deixar um recado"),
        ["Vou anotar um recado.", "Qual é o seu nome, por favor?"]
    );
    assert_eq!(
        call.say("Meu nome é Ana Souza."),
        ["Qual é o seu telefone, com o DDD?"]
    );
    assert_eq!(
        call.say("onze, nove oito sete meia cinco, quatro três dois um"),
        ["Anotei 1 1, 9 8 7 6 5, 4 3 2 1.", "Está certo?"]
    );
    assert_eq!(call.say("aham"), ["Pode falar o recado."]);
    let noted = call.say("É sobre o meu boleto.");
    assert!(
        noted.len() == 1 && noted[0].starts_with("take_message{"),
        "{noted:?}"
    );
    assert_eq!(call.tool(1, true)[0], "Pronto, anotei o seu recado.");
}

#[test]
fn a_wrong_number_is_corrected() {
    let mut call = Conversation::with("provedor", OPEN);
    call.say("quero deixar um recado");
    call.say("Ana");
    call.say("11 98765 4321");
    let answer = call.say("não, é 11 98765 4322");
    assert_eq!(answer[0], "Anotei 1 1, 9 8 7 6 5, 4 3 2 2.");
    assert_eq!(call.say("isso mesmo"), ["Pode falar o recado."]);
    assert_eq!(
        call.say("A internet está lenta."),
        ["take_message{\"message\":\"A internet está lenta.\",\"name\":\"Ana\",\"number\":\"11987654322\"}"]
    );
    let done = call.tool(1, true);
    assert_eq!(done[0], "Pronto, anotei o seu recado.");
    assert_eq!(done.last().unwrap(), "Posso ajudar em mais alguma coisa?");
}

#[test]
fn a_message_that_was_not_written_down_is_not_confirmed() {
    let mut call = Conversation::with("isp", OPEN);
    call.say("I'd like to leave a message");
    call.say("Mary");
    call.press("2025550134#");
    call.press("1");
    assert!(call.say("Please call me.")[0].starts_with("take_message{"));
    let answer = call.tool(1, false);
    assert!(
        answer[0].starts_with("I'm sorry, I couldn't note your message"),
        "{answer:?}"
    );
    assert_eq!(answer.last().unwrap(), "How can I help you?");
}

#[test]
fn a_failed_transfer_is_apologised_for_and_a_message_offered() {
    let mut call = Conversation::with("provedor", OPEN);
    call.press("0");
    let answer = call.tool(1, false);
    assert_eq!(
        answer,
        [
            "Desculpe, não consegui transferir a ligação agora.",
            "Vou anotar um recado.",
            "Qual é o seu nome, por favor?"
        ]
    );
}

#[test]
fn a_transfer_that_is_made_needs_no_more_words() {
    let mut call = Conversation::with("provedor", OPEN);
    call.press("0");
    assert_eq!(call.say("alô?"), ["Só um instante, por favor."]);
    assert!(call.tool(1, true).is_empty());
}

#[test]
fn without_a_match_it_rephrases_then_offers_keys_then_hands_over() {
    let mut call = Conversation::with("provedor", OPEN);
    assert_eq!(
        call.say("qual é a capital da França?"),
        [
            "Desculpe, não entendi.",
            "Você quer falar com o financeiro, o suporte ou vendas?"
        ]
    );
    let keys = call.say("me conta uma piada");
    assert!(keys.contains(&"Para o financeiro, tecle 1.".into()), "{keys:?}");
    let over = call.say("quem ganhou o jogo?");
    assert_eq!(
        over.last().unwrap(),
        "transfer_call{\"destination\":\"atendente\"}"
    );
}

#[test]
fn two_matters_alike_are_asked_about() {
    let mut call = Conversation::with("provedor", OPEN);
    let answer = call.say("boleto, cancelamento");
    assert_eq!(answer.len(), 1);
    assert!(answer[0].starts_with("É sobre "), "{answer:?}");
}

#[test]
fn without_speech_to_text_the_keys_do_everything() {
    let mut call = Conversation::with("provedor", CLOSED);
    let menu = call.tell(Stimulus::Unheard);
    assert_eq!(menu[0], "Não consegui entender a sua voz.");
    for key in ["1", "2", "3", "4", "5", "6", "7", "0"] {
        assert!(
            menu.iter().any(|m| m.ends_with(&format!("tecle {key}."))),
            "{key}: {menu:?}"
        );
    }
    // The name cannot be typed and is not asked for.
    assert_eq!(
        call.press("5"),
        [
            "Vou anotar um recado.",
            "Digite o seu telefone com o DDD, e no final aperte jogo da velha."
        ]
    );
    assert!(
        call.press("1133334444").is_empty(),
        "digits are collected in silence"
    );
    assert_eq!(
        call.press("#"),
        [
            "Anotei 1 1, 3 3 3 3, 4 4 4 4.",
            "Está certo?",
            "Tecle um para sim, ou dois para não."
        ]
    );
    assert_eq!(call.press("1"), ["take_message{\"number\":\"1133334444\"}"]);
    assert_eq!(call.tool(1, true)[0], "Pronto, anotei o seu recado.");
}

#[test]
fn speech_that_is_never_understood_ends_at_a_human() {
    let mut call = Conversation::with("provedor", OPEN);
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers = call.tell(Stimulus::Unheard);
    }
    assert_eq!(
        answers.last().unwrap(),
        "transfer_call{\"destination\":\"atendente\"}"
    );
}

#[test]
fn an_interrupted_question_still_waits_for_its_answer() {
    let mut call = Conversation::with("provedor", OPEN);
    call.mind.tell(Stimulus::Words("quero cancelar".into()));
    assert_eq!(call.next(), Some(Thought::Clause("Poxa, que pena.".into())));
    call.mind.tell(Stimulus::Interrupted {
        heard: "Poxa,".into(),
    });
    assert_eq!(call.next(), None, "the rest of the answer is gone");
    assert_eq!(
        call.say("sim")[1],
        "transfer_call{\"destination\":\"cancelamento\"}"
    );
}

#[test]
fn a_tool_of_an_answer_cut_before_it_is_not_used() {
    let mut call = Conversation::with("provedor", OPEN);
    call.mind
        .tell(Stimulus::Words("quero falar com o financeiro".into()));
    call.mind.tell(Stimulus::Interrupted { heard: String::new() });
    assert_eq!(call.next(), None);
    let answer = call.say("não, com o suporte");
    assert_eq!(
        answer.last().unwrap(),
        "Você já tentou desligar e ligar o roteador?"
    );
}

/// Tells it words whose answer is interrupted before any of it is heard, though every piece has been taken.
fn say_unheard(call: &mut Conversation, words: &str) {
    call.say(words);
    call.mind.tell(Stimulus::Interrupted { heard: String::new() });
    assert_eq!(call.next(), None);
}

#[test]
fn what_was_said_and_never_answered_is_answered_with_what_follows() {
    let transfer = "transfer_call{\"destination\":\"financeiro\"}";
    for after in ["", "por favor"] {
        let mut call = Conversation::with("provedor", OPEN);
        say_unheard(&mut call, "quero falar com o financeiro");
        // The transfer is called off, and its result means nothing any more.
        assert!(call.tool(1, false).is_empty());
        assert_eq!(call.say(after).last().unwrap(), transfer, "{after:?}");
        assert_eq!(
            call.tool(2, false)[0],
            "Desculpe, não consegui transferir a ligação agora.",
            "{after:?}"
        );
    }
    let mut call = Conversation::with("provedor", OPEN);
    say_unheard(&mut call, "quero falar");
    say_unheard(&mut call, "é");
    assert_eq!(call.say("com o financeiro").last().unwrap(), transfer);
    assert!(call.say("").is_empty(), "all that was said is answered");
}

#[test]
fn an_answer_that_was_never_heard_asks_its_question_again() {
    let mut call = Conversation::with("provedor", OPEN);
    call.say("quero deixar um recado");
    say_unheard(&mut call, "Ana");
    assert_eq!(call.say("Souza"), ["Qual é o seu telefone, com o DDD?"]);
    say_unheard(&mut call, "onze, nove oito sete meia cinco, quatro três dois um");
    let read_back = ["Anotei 1 1, 9 8 7 6 5, 4 3 2 1.", "Está certo?"];
    assert_eq!(call.say(""), read_back);
    // Nobody says yes to a question that was not heard.
    call.say("aham");
    let noted = call.say("É sobre o boleto.");
    assert!(noted.last().unwrap().contains("Ana Souza"), "{noted:?}");
}

#[test]
fn a_message_that_is_being_written_down_is_not_taken_again() {
    let mut call = Conversation::with("provedor", OPEN);
    call.say("quero deixar um recado");
    call.say("Ana");
    call.say("onze, nove oito sete meia cinco, quatro três dois um");
    call.say("sim");
    say_unheard(&mut call, "É sobre o boleto.");
    assert!(call.say("").is_empty());
    assert!(!call.tool(1, true).is_empty(), "its result is still told");
}

#[test]
fn a_transfer_that_the_caller_called_off_has_not_failed() {
    let mut call = Conversation::with("provedor", OPEN);
    call.say("quero falar com o financeiro");
    call.mind.tell(Stimulus::Interrupted {
        heard: "Certo, vou".into(),
    });
    assert!(call.tool(1, false).is_empty(), "no excuse and no message instead");
    let answer = call.say("não, com o suporte");
    assert_eq!(
        answer.last().unwrap(),
        "Você já tentou desligar e ligar o roteador?"
    );
}

#[test]
fn silence_and_words_of_the_call_want_no_answer_but_bring_the_keys() {
    let mut call = Conversation::with("provedor", OPEN);
    for stimulus in [Stimulus::Said("Olá".into()), Stimulus::NoInput, Stimulus::NoInput] {
        call.mind.tell(stimulus);
        assert_eq!(call.next(), None);
    }
    let answer = call.say("qual o endereço?");
    assert_eq!(answer.last().unwrap(), "Para um atendente, tecle 0.");
}

#[test]
fn the_last_question_is_repeated_on_demand() {
    let mut call = Conversation::with("provedor", OPEN);
    call.say("quero cancelar");
    assert_eq!(
        call.say("pode repetir?"),
        ["Quer que eu passe para o setor de cancelamento?"]
    );
    assert_eq!(call.say("não")[0], "Que bom que você fica com a gente!");
}

#[test]
fn the_same_question_varies() {
    let mut call = Conversation::with("provedor", OPEN);
    let mut questions: Vec<String> = Vec::new();
    for _ in 0..2 {
        questions.extend(call.say("qual o endereço?").last().cloned());
    }
    assert_ne!(questions[0], questions[1]);
}

#[test]
fn speech_recognition_is_told_the_first_example_of_what_can_be_chosen() {
    for (sample, told, left_out) in [
        ("provedor", "quero deixar um recado", "pode repetir"),
        ("isp", "I want to leave a message", "can you repeat that"),
    ] {
        let sayings = Conversation::with(sample, OPEN).mind.sayings();
        assert!(sayings.iter().any(|saying| saying == told), "{sayings:?}");
        assert!(!sayings.iter().any(|saying| saying == left_out), "{sayings:?}");
    }
}
