//! Utterances and what they must be taken for. The wrong spellings are of the kind that speech recognition makes.

use voice::brain::script::Script;

const PT: &[(&str, &str)] = &[
    ("Quero falar com o financeiro, por favor.", "financeiro"),
    ("Quero falar com o finaceiro", "financeiro"),
    ("Bom dia, eu queria a segunda via do meu boleto", "financeiro"),
    ("preciso da 2ª via", "financeiro"),
    ("meu boletu não chegou esse mês", "financeiro"),
    ("queria pagar minha conta", "financeiro"),
    ("a fatura veio com o valor errado", "financeiro"),
    (
        "vocês me cobraram duas vezes, tem uma cobrança a mais",
        "financeiro",
    ),
    ("me manda o código de barras", "financeiro"),
    ("Olha, cortaram a minha internet e eu já paguei", "financeiro"),
    ("dá pra mudar a data do vencimento?", "financeiro"),
    ("fina ceiro", "financeiro"),
    ("tô sem net", "suporte"),
    ("to sem internet desde ontem", "suporte"),
    ("me passa pro suporte", "suporte"),
    ("Suporte técnico.", "suporte"),
    ("suporti tecnico", "suporte"),
    ("minha internet tá muito lenta", "suporte"),
    ("a internet caiu de novo", "suporte"),
    ("meu wi-fi não tá funcionando", "suporte"),
    ("o roteador tá com uma luz vermelha piscando", "suporte"),
    ("não tô conseguindo conectar no wifi", "suporte"),
    ("esqueci a senha do wi-fi", "suporte"),
    ("preciso que mande um técnico aqui em casa", "suporte"),
    ("a internet fica caindo o tempo todo", "suporte"),
    ("qual o valor do plano?", "vendas"),
    ("Quais são os planos que vocês têm?", "vendas"),
    ("quanto custa a internet de 500 mega?", "vendas"),
    ("eu queria contratar a internet de vocês", "vendas"),
    ("tem alguma promoção?", "vendas"),
    ("vocês atendem aqui no meu bairro?", "vendas"),
    ("quero aumentar a velocidade", "vendas"),
    ("quero por internet na minha casa", "vendas"),
    ("quero cancelar", "cancelamento"),
    ("eu queria cancelar o meu plano", "cancelamento"),
    ("cancelar a internet, por favor", "cancelamento"),
    ("não quero mais a internet de vocês", "cancelamento"),
    ("quero falar com um atendente", "atendente"),
    ("me passa pra um atendente, moça", "atendente"),
    ("posso falar com uma pessoa?", "atendente"),
    ("não quero falar com robô", "atendente"),
    ("quero falar com alguém", "atendente"),
    ("atendenti", "atendente"),
    ("que horas vocês fecham hoje?", "horario"),
    ("qual o horário de atendimento?", "horario"),
    ("vocês abrem no sábado?", "horario"),
    ("onde fica a loja de vocês?", "endereco"),
    ("qual que é o endereço?", "endereco"),
    ("quero deixar um recado", "recado"),
    ("pede pra alguém me ligar de volta", "recado"),
    ("não, era só isso mesmo", "despedida"),
    ("tchau tchau", "despedida"),
    ("pode repetir, por favor?", "repetir"),
    ("muito obrigada", "agradecer"),
];

const PT_OUT: &[&str] = &[
    "qual é a capital da França?",
    "quem ganhou o jogo ontem?",
    "me conta uma piada",
    "eu queria pedir uma pizza de calabresa",
    "vai chover amanhã?",
    "meu cachorro está latindo",
    "Legendas pela comunidade Amara.org",
    "hum",
    "então, é que",
    "você gosta de música?",
    "comprei um carro novo",
    "dois mais dois são quatro",
];

const EN: &[(&str, &str)] = &[
    ("I'd like to talk to billing, please.", "billing"),
    ("the biling departament", "billing"),
    ("I have a question about my bill", "billing"),
    ("my bill is way too high this month", "billing"),
    ("hi, I think I was charged twice", "billing"),
    ("how do I pay my bill?", "billing"),
    ("can you send me a copy of the invoice", "billing"),
    ("I need to update my credit card", "billing"),
    ("I'd like a refund", "billing"),
    ("my internet is down", "support"),
    ("the internet isn't working", "support"),
    ("my wifi doesn't work", "support"),
    ("my wi-fi keeps dropping all the time", "support"),
    ("the connection is super slow", "support"),
    ("Tech support.", "support"),
    ("put me through to support", "support"),
    ("the router's got a red light on it", "support"),
    ("I can't get online since this morning", "support"),
    ("is there an outage in my area?", "support"),
    ("I forgot my wifi password", "support"),
    ("could you send a technician?", "support"),
    ("technical suport", "support"),
    ("how much is the plan?", "sales"),
    ("what plans do you have?", "sales"),
    ("I want to sign up for internet", "sales"),
    ("how much does it cost per month", "sales"),
    ("do you have any deals right now?", "sales"),
    ("I wanna get internet at my house", "sales"),
    ("is fiber available on my street?", "sales"),
    ("I'd like to upgrade", "sales"),
    ("I want to cancel", "cancelling"),
    ("I'd like to cancel my service please", "cancelling"),
    ("I don't want your service anymore", "cancelling"),
    ("can you close my account", "cancelling"),
    ("I want to speak to a person", "agent"),
    ("can I talk to an actual human being?", "agent"),
    ("agent", "agent"),
    ("representative!", "agent"),
    ("I don't want to talk to a robot", "agent"),
    ("what are your hours?", "hours"),
    ("are you guys open on Saturday?", "hours"),
    ("what time do you close today?", "hours"),
    ("where are you located?", "address"),
    ("what's your address?", "address"),
    ("I'd like to leave a message", "message"),
    ("could somebody call me back?", "message"),
    ("that's all, thanks", "goodbye"),
    ("bye bye", "goodbye"),
    ("can you say that again please?", "repeat"),
    ("thank you so much", "thank"),
];

const EN_OUT: &[&str] = &[
    "what is the capital of France?",
    "who won the game last night?",
    "tell me a joke",
    "I'd like to order a pizza",
    "will it rain tomorrow?",
    "my dog is barking",
    "Thanks for watching!",
    "um",
    "so, the thing is",
    "do you like music?",
    "I bought a new car",
    "two plus two is four",
];

fn check(sample: &str, table: &[(&str, &str)], outside: &[&str]) {
    let script = Script::open(sample).unwrap();
    assert!(table.len() >= 40);
    let why = |text: &str| {
        let best: Vec<String> = script
            .explain(text)
            .iter()
            .take(3)
            .map(|s| format!("{} {:.2}", s.intent, s.score))
            .collect();
        best.join(", ")
    };
    let mut wrong: Vec<String> = Vec::new();
    for (text, intent) in table {
        if script.intent(text).as_deref() != Some(intent) {
            wrong.push(format!(
                "{text:?} is {intent}, but was {:?} ({})",
                script.intent(text),
                why(text)
            ));
        }
    }
    for text in outside {
        if script.explain(text)[0].score >= 0.6 {
            wrong.push(format!("{text:?} is nothing of ours, but was {}", why(text)));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        table.len() + outside.len(),
        wrong.join("\n")
    );
}

#[test]
fn portuguese_callers_are_understood() {
    check("provedor", PT, PT_OUT);
}

#[test]
fn english_callers_are_understood() {
    check("isp", EN, EN_OUT);
}

#[test]
fn what_is_not_wanted_does_not_count() {
    let script = Script::open("provedor").unwrap();
    assert_ne!(
        script
            .intent("não quero cancelar, quero falar do meu boleto")
            .as_deref(),
        Some("cancelamento")
    );
}
