//! What the model is shown, and what becomes of what it says.

use super::{End, Rig, brain, secretary};
use ::secretary::Secretary;
use call::Digit;
use sim::llm::{Ending, LlmServer, Reply, Wire};
use std::future::poll_fn;
use std::task::Poll;
use voice::brain::llm::Config;
use voice::brain::{Brain, Stimulus, Thought};

#[tokio::test]
async fn an_answer_comes_clause_by_clause_before_its_end() {
    for wire in Wire::ALL {
        let reply = Reply::streaming()
            .text("Claro! O plano custa R$ 1.299,90 por ano, com o Sr. Silva")
            .hang();
        let mut rig = Rig::of(wire, [reply]).await;
        rig.hears("quanto custa?");
        assert_eq!(rig.mind.first_token(), None);
        assert_eq!(rig.next().await, Thought::Clause("Claro!".into()));
        assert!(rig.mind.first_token().is_some(), "told with the first clause");
        assert_eq!(
            rig.next().await,
            Thought::Clause("O plano custa R$ 1.299,90 por ano,".into())
        );
        let pending = poll_fn(|cx| Poll::Ready(rig.mind.poll_thought(cx).is_pending())).await;
        assert!(pending, "the rest is no clause yet");
    }
}

#[tokio::test]
async fn the_bytes_may_be_cut_anywhere() {
    for wire in Wire::ALL {
        for size in [1, 2, 3, 7, 64] {
            let reply = Reply::saying("Olá, não há ligação. Até já!").in_pieces_of(size);
            let mut rig = Rig::of(wire, [reply]).await;
            assert_eq!(
                rig.says("oi").await,
                ["Olá, não há ligação.", "Até já!"],
                "in pieces of {size}"
            );
        }
    }
}

#[tokio::test]
async fn comments_and_unknown_events_are_passed_over() {
    let reply = Reply::streaming()
        .raw(": keep-alive\n\nevent: ping\n\n")
        .text("Oi.")
        .raw("\r\n: x\r\n\r\n")
        .stop(Ending::Whole);
    let mut rig = Rig::new([reply]).await;
    assert_eq!(rig.says("oi").await, ["Oi."]);
}

#[tokio::test]
async fn an_endpoint_that_does_not_stream_is_taken_too() {
    let body = r#"{"choices": [{"message": {"role": "assistant", "content": "Oi. Tudo bem?"}, "finish_reason": "stop"}]}"#;
    let mut rig = Rig::new([Reply::refusing(200, body)]).await;
    assert_eq!(rig.says("oi").await, ["Oi.", "Tudo bem?"]);
}

#[tokio::test]
async fn tokens_are_counted_where_the_endpoint_is_asked_to_tell_them() {
    let mut rig = Rig::with(
        Wire::Chat,
        [Reply::saying("Oi."), Reply::saying("Tchau.")],
        |config| {
            config.count_tokens = true;
        },
    )
    .await;
    rig.says("oi").await;
    rig.says("tchau").await;
    assert_eq!((rig.usage.text_in, rig.usage.text_out), (18, 18));
    let asked = &rig.server.seen().asked[0].body;
    assert_eq!(asked["stream_options"]["include_usage"], true, "{asked}");
    let mut rig = Rig::new([Reply::saying("Oi.")]).await;
    rig.says("oi").await;
    assert!(rig.server.seen().asked[0].body.get("stream_options").is_none());
}

#[tokio::test]
async fn the_model_is_told_who_it_is_and_what_it_can_do() {
    let mut rig = Rig::with(Wire::Chat, [Reply::saying("Oi.")], |config| {
        config.options.insert("temperature".into(), 0.3.into());
    })
    .await;
    rig.says("oi").await;
    let asked = &rig.server.seen().asked[0];
    assert_eq!(asked.header("authorization"), Some("Bearer sk-secret"));
    assert_eq!(
        (asked.body["model"].as_str(), asked.body["stream"].as_bool()),
        (Some("llama"), Some(true))
    );
    assert_eq!(asked.body["temperature"], 0.3);
    let system = asked.messages()[0]["content"].as_str().unwrap();
    assert!(
        system.contains("Veloz Fibra") && system.contains("Brazilian Portuguese"),
        "{system}"
    );
    let names: Vec<&str> = asked.body["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["function"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["transfer_call", "take_message", "end_call", "get_business_info"]
    );
}

#[tokio::test]
async fn without_tools_none_are_offered() {
    let server = LlmServer::start([Reply::saying("Oi.")]).await.unwrap();
    let mut taciturn = Secretary::clone(&secretary(""));
    taciturn.facts.clear();
    let mut mind = brain(Config::new(server.base_url(Wire::Chat), "llama"))
        .begin(std::sync::Arc::new(taciturn), std::sync::Arc::new([]));
    mind.tell(Stimulus::Words("oi".into()));
    assert_eq!(
        poll_fn(|cx| mind.poll_thought(cx)).await,
        Thought::Clause("Oi.".into())
    );
    let asked = &server.seen().asked[0];
    assert!(
        asked.body.get("tools").is_none() && asked.header("authorization").is_none(),
        "{asked:?}"
    );
}

#[tokio::test]
async fn only_what_was_heard_is_remembered() {
    for wire in Wire::ALL {
        let mut rig = Rig::of(
            wire,
            [
                Reply::saying("Temos três planos. Qual você quer?"),
                Reply::saying("Certo."),
            ],
        )
        .await;
        rig.tell(Stimulus::Said("Olá, em que posso ajudar?".into()));
        rig.says("quero um plano").await;
        rig.tell(Stimulus::Interrupted {
            heard: "Temos três".into(),
        });
        rig.says("o mais barato").await;
        assert_eq!(
            rig.asked(1),
            [
                "user: [the call begins]",
                "assistant: Olá, em que posso ajudar?",
                "user: quero um plano",
                "assistant: Temos três",
                "user: o mais barato"
            ]
        );
    }
}

#[tokio::test]
async fn an_answer_of_which_nothing_was_heard_costs_nothing_that_was() {
    for wire in Wire::ALL {
        let mut rig = Rig::of(wire, [Reply::saying("Certo.")]).await;
        rig.tell(Stimulus::Said("Olá, em que posso ajudar?".into()));
        rig.hears("quero um plano");
        rig.tell(Stimulus::Interrupted { heard: String::new() });
        // The caller made a sound: the words before it are still to be answered.
        assert_eq!(rig.says("").await, ["Certo."]);
        assert_eq!(
            rig.asked(0),
            [
                "user: [the call begins]",
                "assistant: Olá, em que posso ajudar?",
                "user: quero um plano"
            ]
        );
    }
}

#[tokio::test]
async fn an_interruption_drops_the_request() {
    for wire in Wire::ALL {
        let mut rig = Rig::of(
            wire,
            [Reply::streaming().text("Um. Dois ").hang(), Reply::saying("Sim?")],
        )
        .await;
        rig.hears("conta");
        assert_eq!(rig.next().await, Thought::Clause("Um.".into()));
        rig.tell(Stimulus::Interrupted { heard: "Um.".into() });
        tokio::time::timeout(super::PATIENCE, rig.server.until(|seen| seen.cancelled == 1))
            .await
            .unwrap();
        assert_eq!(rig.says("espera").await, ["Sim?"]);
        assert_eq!(rig.asked(1), ["user: conta", "assistant: Um.", "user: espera"]);
    }
}

#[tokio::test]
async fn new_words_end_the_answer_under_way() {
    for wire in Wire::ALL {
        let mut rig = Rig::of(
            wire,
            [Reply::streaming().text("Um. Dois ").hang(), Reply::saying("Sim?")],
        )
        .await;
        rig.hears("conta");
        rig.next().await;
        assert_eq!(rig.says("espera").await, ["Sim?"]);
        assert_eq!(rig.asked(1), ["user: conta", "assistant: Um.", "user: espera"]);
    }
}

#[tokio::test]
async fn what_happened_without_words_stands_in_brackets() {
    for wire in Wire::ALL {
        let mut rig = Rig::of(
            wire,
            [
                Reply::saying("Oi."),
                Reply::saying("Certo."),
                Reply::saying("Como?"),
            ],
        )
        .await;
        rig.says("oi").await;
        rig.tell(Stimulus::NoInput);
        rig.tell(Stimulus::Said("Você ainda está aí?".into()));
        rig.tell(Stimulus::Key(Digit::new('1').unwrap()));
        assert_eq!(rig.finished().await, ["Certo."]);
        rig.tell(Stimulus::Unheard);
        assert_eq!(rig.finished().await, ["Como?"]);
        assert_eq!(
            rig.asked(2)[2..],
            [
                "user: [the caller is silent]",
                "assistant: Você ainda está aí?",
                "user: [the caller pressed the key 1]",
                "assistant: Certo.",
                "user: [the caller's words could not be understood]"
            ]
        );
    }
}

#[tokio::test]
async fn a_tool_comes_after_the_words_that_announce_it() {
    for wire in Wire::ALL {
        let reply = Reply::streaming()
            .text("Vou transferir para o financeiro.")
            .call(0, "a", "transfer_call", "{\"destination\": \"financeiro\"}")
            .stop(Ending::Tools);
        let mut rig = Rig::of(wire, [reply]).await;
        let answer = rig.says("financeiro").await;
        assert_eq!(
            answer,
            [
                "Vou transferir para o financeiro.",
                "transfer_call{\"destination\":\"financeiro\"}"
            ]
        );
        // A call that is handed over needs no more words, and no request.
        rig.result("a", true, "ok");
        assert!(rig.finished().await.is_empty());
        assert_eq!(rig.server.seen().asked.len(), 1);
    }
}

#[tokio::test]
async fn the_model_goes_on_when_all_its_tools_have_answered() {
    for wire in Wire::ALL {
        let both = Reply::streaming()
            .call(0, "a", "take_message", "{\"name\":\"Ana\"}")
            .call(1, "b", "take_message", "{}");
        let mut rig = Rig::of(wire, [both.stop(Ending::Tools), Reply::saying("Anotado.")]).await;
        assert_eq!(
            rig.says("anota").await,
            ["take_message{\"name\":\"Ana\"}", "take_message{}"]
        );
        rig.result("b", false, "disk full");
        assert!(rig.finished().await.is_empty());
        rig.result("a", true, "noted");
        assert_eq!(rig.finished().await, ["Anotado."]);
        assert_eq!(
            rig.asked(1),
            [
                "user: anota",
                "assistant: take_message,take_message",
                "tool: noted",
                "tool: failed: disk full"
            ]
        );
    }
}

#[tokio::test]
async fn a_failed_transfer_is_told_to_the_model() {
    for wire in Wire::ALL {
        let mut rig = Rig::of(
            wire,
            [
                Reply::using("a", "transfer_call", "{\"destination\":\"x\"}"),
                Reply::saying("Desculpe."),
            ],
        )
        .await;
        rig.says("x").await;
        rig.result("a", false, "nobody answers");
        assert_eq!(rig.finished().await, ["Desculpe."]);
    }
}

#[tokio::test]
async fn malformed_arguments_are_told_to_the_model_once() {
    let wrong = || Reply::using("a", "take_message", "{\"name\": ");
    let right = Reply::using("b", "take_message", "{\"name\":\"Ana\"}");
    let mut rig = Rig::new([wrong(), right]).await;
    assert_eq!(rig.says("anota").await, ["take_message{\"name\":\"Ana\"}"]);
    let told = rig.asked(1).pop().unwrap();
    assert!(
        told.starts_with("tool: error: take_message: the arguments are not valid JSON"),
        "{told}"
    );

    let mut rig = Rig::new([wrong(), wrong()]).await;
    rig.hears("anota");
    let (answer, end) = rig.rest().await;
    assert!(answer.is_empty());
    assert!(
        matches!(end, End::Failed(call::FailureKind::Protocol, _)),
        "{end:?}"
    );
}

#[tokio::test]
async fn a_tool_that_is_not_there_is_told_to_the_model() {
    for wire in Wire::ALL {
        let mut rig = Rig::of(
            wire,
            [
                Reply::using("a", "make_coffee", "{}"),
                Reply::saying("Não posso."),
            ],
        )
        .await;
        assert_eq!(rig.says("café").await, ["Não posso."]);
        assert!(
            rig.asked(1)
                .pop()
                .unwrap()
                .contains("there is no tool \"make_coffee\"")
        );
    }
}

#[tokio::test]
async fn facts_are_answered_from_the_secretarys() {
    for wire in Wire::ALL {
        let ask = Reply::using("a", "get_business_info", "{\"topic\":\"endereco\"}");
        let mut rig = Rig::of(wire, [ask, Reply::saying("Na Rua das Palmeiras.")]).await;
        assert_eq!(rig.says("onde fica?").await, ["Na Rua das Palmeiras."]);
        let fact = rig.asked(1).pop().unwrap();
        assert!(
            fact.contains("Rua das Palmeiras, número cem") && fact.contains("now.)"),
            "{fact}"
        );
    }
}

#[tokio::test]
async fn a_model_that_asks_without_end_is_stopped() {
    for wire in Wire::ALL {
        let ask = || Reply::using("a", "get_business_info", "{\"topic\":\"planos\"}");
        let mut rig = Rig::of(wire, std::iter::repeat_with(ask).take(20)).await;
        rig.hears("oi");
        let (_, end) = rig.rest().await;
        assert!(
            matches!(end, End::Failed(call::FailureKind::Protocol, _)),
            "{end:?}"
        );
        assert_eq!(rig.server.seen().asked.len(), 5);
    }
}

#[tokio::test]
async fn a_tool_that_was_cut_off_before_it_was_used_is_not_used() {
    for wire in Wire::ALL {
        let reply = Reply::streaming()
            .text("Tchau. ")
            .call(0, "a", "end_call", "{}")
            .stop(Ending::Tools);
        let mut rig = Rig::of(wire, [reply, Reply::saying("Sim?")]).await;
        rig.hears("tchau");
        assert_eq!(rig.next().await, Thought::Clause("Tchau.".into()));
        rig.tell(Stimulus::Interrupted {
            heard: "Tchau.".into(),
        });
        assert_eq!(rig.says("espera").await, ["Sim?"]);
    }
}

#[tokio::test]
async fn a_tool_without_arguments_is_used_as_well() {
    for wire in Wire::ALL {
        let mut rig = Rig::of(wire, [Reply::using("a", "end_call", "")]).await;
        assert_eq!(rig.says("tchau").await, ["end_call{}"]);
    }
}
