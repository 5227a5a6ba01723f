//! What distinguishes those who serve models: addresses, headers, keys of a request, and what of a model's answer must come back.

use super::{Rig, brain, config, secretary, tools};
use serde_json::{Value, json};
use sim::llm::{Asked, Ending, LlmServer, Reply, Wire};
use std::future::poll_fn;
use voice::ApiKey;
use voice::brain::llm::{Config, Vendor};
use voice::brain::{Brain, Stimulus, Thought};

/// The request of one answer, to an address below the stand-in's.
async fn asked(vendor: Vendor, path: &str, change: impl FnOnce(&mut Config)) -> Asked {
    let server = LlmServer::start([Reply::saying("Oi.")]).await.unwrap();
    let mut config = Config {
        base_url: format!("{}{path}", server.origin()),
        api_key: vendor.wants_key().then(|| ApiKey::new("sk-secret")),
        ..Config::of(vendor, "llama")
    };
    change(&mut config);
    let mut mind = brain(config).begin(secretary("provedor"), tools());
    mind.tell(Stimulus::Words("oi".into()));
    let thought = poll_fn(|cx| mind.poll_thought(cx)).await;
    assert_eq!(thought, Thought::Clause("Oi.".into()), "{vendor:?}");
    server.seen().asked.remove(0)
}

#[tokio::test]
async fn each_is_asked_at_its_address_with_its_key_and_its_limit_of_tokens() {
    for (vendor, path, address, header, key, tokens) in [
        (
            Vendor::OpenAi,
            "/v1",
            "/v1/chat/completions",
            "authorization",
            Some("Bearer sk-secret"),
            "max_completion_tokens",
        ),
        (
            Vendor::Azure,
            "/openai/v1/",
            "/openai/v1/chat/completions",
            "api-key",
            Some("sk-secret"),
            "max_completion_tokens",
        ),
        (
            Vendor::Groq,
            "/openai/v1",
            "/openai/v1/chat/completions",
            "authorization",
            Some("Bearer sk-secret"),
            "max_completion_tokens",
        ),
        (
            Vendor::OpenRouter,
            "/api/v1",
            "/api/v1/chat/completions",
            "authorization",
            Some("Bearer sk-secret"),
            "max_tokens",
        ),
        (
            Vendor::Ollama,
            "/v1",
            "/v1/chat/completions",
            "authorization",
            None,
            "max_tokens",
        ),
        (
            Vendor::Vllm,
            "/v1",
            "/v1/chat/completions",
            "authorization",
            None,
            "max_tokens",
        ),
        (
            Vendor::LmStudio,
            "/v1",
            "/v1/chat/completions",
            "authorization",
            None,
            "max_tokens",
        ),
        (
            Vendor::Anthropic,
            "/v1",
            "/v1/messages",
            "x-api-key",
            Some("sk-secret"),
            "max_tokens",
        ),
    ] {
        let asked = asked(vendor, path, |config| config.longest_answer = Some(300)).await;
        assert_eq!(
            (asked.path.as_str(), asked.header(header)),
            (address, key),
            "{vendor:?}"
        );
        assert_eq!(asked.body[tokens], 300, "{vendor:?}");
        assert_eq!(asked.body["stream"], true, "{vendor:?}");
    }
    let gemini = asked(Vendor::Gemini, "/v1beta", |config| {
        config.longest_answer = Some(300)
    })
    .await;
    assert_eq!(gemini.path, "/v1beta/models/llama:streamGenerateContent");
    assert_eq!(
        (gemini.query.as_deref(), gemini.header("x-goog-api-key")),
        (Some("alt=sse"), Some("sk-secret"))
    );
    assert_eq!(gemini.body["generationConfig"]["maxOutputTokens"], 300);
}

#[tokio::test]
async fn azures_deployment_and_version_stay_in_the_address() {
    let path = "/openai/deployments/clara?api-version=2024-10-21";
    let asked = asked(Vendor::Azure, path, |_| {}).await;
    assert_eq!(asked.path, "/openai/deployments/clara/chat/completions");
    assert_eq!(asked.query.as_deref(), Some("api-version=2024-10-21"));
    assert!(asked.header("authorization").is_none());
}

#[tokio::test]
async fn options_and_headers_of_the_operator_go_along() {
    let asked = asked(Vendor::Gemini, "/v1beta", |config| {
        config.longest_answer = Some(300);
        let thinking = json!({"thinkingConfig": {"thinkingBudget": 0}});
        config.options.insert("generationConfig".into(), thinking);
        config.headers.insert("X-Title".into(), "voice-ai".into());
    })
    .await;
    let want = json!({"maxOutputTokens": 300, "thinkingConfig": {"thinkingBudget": 0}});
    assert_eq!(asked.body["generationConfig"], want);
    assert_eq!(asked.header("x-title"), Some("voice-ai"));
}

/// What a model has thought must come back with the call that it led to, and is spoken by nobody.
#[tokio::test]
async fn signed_thoughts_come_back_with_their_calls() {
    for wire in Wire::ALL {
        let call = Reply::streaming()
            .thought("He wants his number noted.", "c2lnbmVk")
            .text("Um momento.")
            .call(0, "a", "take_message", "{\"name\":\"Ana\"}")
            .stop(Ending::Tools);
        let mut rig = Rig::of(wire, [call, Reply::saying("Anotado.")]).await;
        assert_eq!(
            rig.says("anota").await,
            ["Um momento.", "take_message{\"name\":\"Ana\"}"]
        );
        rig.result("a", true, "noted");
        assert_eq!(rig.finished().await, ["Anotado."]);
        assert_eq!(
            rig.asked(1),
            ["user: anota", "assistant: Um momento.take_message", "tool: noted"]
        );
        let back = &rig.server.seen().asked[1].body;
        match wire {
            Wire::Chat => assert!(!back.to_string().contains("wants"), "{back}"),
            Wire::Anthropic => {
                let thought = json!({"type": "thinking", "thinking": "He wants his number noted.", "signature": "c2lnbmVk"});
                assert_eq!(back["messages"][1]["content"][0], thought);
            }
            Wire::Gemini => assert_eq!(back["contents"][1]["parts"][1]["thoughtSignature"], "c2lnbmVk"),
        }
    }
}

/// Gemini's models before the third give their calls no ids: then none comes back.
#[tokio::test]
async fn an_id_of_our_own_is_not_told_to_gemini() {
    let mut rig = Rig::of(
        Wire::Gemini,
        [Reply::using("", "take_message", "{}"), Reply::saying("Anotado.")],
    )
    .await;
    rig.says("anota").await;
    rig.result("call-1-0", true, "noted");
    assert_eq!(rig.finished().await, ["Anotado."]);
    let back = rig.server.seen().asked[1].body["contents"].to_string();
    assert!(
        back.contains("functionResponse") && !back.contains("call-1-0"),
        "{back}"
    );
}

#[tokio::test]
async fn what_is_read_from_a_cache_is_counted_apart() {
    for (wire, text_in, text_cached) in [(Wire::Anthropic, 6, 3), (Wire::Gemini, 6, 3)] {
        let mut rig = Rig::of(wire, [Reply::saying("Oi.")]).await;
        rig.says("oi").await;
        let usage = rig.usage;
        assert_eq!(
            (usage.text_in, usage.text_cached, usage.text_out),
            (text_in, text_cached, 9),
            "{wire:?}"
        );
    }
}

/// A tool's result that comes after the secretary has said something else, and a key before it came.
#[tokio::test]
async fn a_conversation_stays_one_that_the_endpoint_takes() {
    for wire in Wire::ALL {
        let two = Reply::streaming()
            .call(0, "a", "take_message", "{}")
            .call(1, "b", "take_message", "{}")
            .stop(Ending::Tools);
        let mut rig = Rig::of(wire, [two, Reply::saying("Pois não."), Reply::saying("Anotado.")]).await;
        rig.tell(Stimulus::Said("Olá!".into()));
        rig.says("anota").await;
        rig.tell(Stimulus::Said("Um momento.".into()));
        rig.result("a", true, "noted");
        assert!(rig.finished().await.is_empty());
        assert_eq!(rig.says("alô?").await, ["Pois não."], "{wire:?}");
        rig.result("b", true, "noted");
        assert_eq!(rig.finished().await, ["Anotado."], "{wire:?}");
    }
}

/// A call that another engine began is gone on with.
#[tokio::test]
async fn what_was_said_before_is_remembered() {
    let exchange = |role, text: &str| voice::Exchange {
        role,
        text: text.into(),
    };
    for wire in Wire::ALL {
        let mut rig = Rig::of(wire, [Reply::saying("Sim.")]).await;
        rig.mind.remember(&[
            exchange(call::Role::Assistant, "Olá!"),
            exchange(call::Role::User, "quero um plano"),
            exchange(call::Role::Assistant, "Temos três."),
        ]);
        assert_eq!(rig.says("o mais barato").await, ["Sim."]);
        assert_eq!(
            rig.asked(0),
            [
                "user: [the call begins]",
                "assistant: Olá!",
                "user: quero um plano",
                "assistant: Temos três.",
                "user: o mais barato"
            ]
        );
    }
}

#[tokio::test]
async fn all_live_answers_of_a_conversation_end_with_it() {
    for wire in Wire::ALL {
        let server = LlmServer::start([Reply::streaming().text("Um. Dois ").hang()])
            .await
            .unwrap();
        let mut mind = brain(config(wire, &server)).begin(secretary("provedor"), tools());
        mind.tell(Stimulus::Words("conta".into()));
        assert_eq!(
            poll_fn(|cx| mind.poll_thought(cx)).await,
            Thought::Clause("Um.".into())
        );
        assert_eq!(server.seen().open, 1);
        drop(mind);
        let seen = server.until(|seen| seen.open == 0).await;
        assert_eq!(seen.cancelled, 1, "{wire:?}");
    }
}

#[tokio::test]
async fn tools_are_described_in_each_language() {
    for (wire, at) in [
        (Wire::Chat, "/tools/0/function/parameters/type"),
        (Wire::Anthropic, "/tools/0/input_schema/type"),
        (
            Wire::Gemini,
            "/tools/0/functionDeclarations/0/parametersJsonSchema/type",
        ),
    ] {
        let mut rig = Rig::of(wire, [Reply::saying("Oi.")]).await;
        rig.says("oi").await;
        let body = &rig.server.seen().asked[0].body;
        assert_eq!(body.pointer(at), Some(&Value::from("object")), "{wire:?}: {body}");
    }
}
