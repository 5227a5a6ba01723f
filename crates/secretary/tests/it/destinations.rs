//! Who is meant by what a caller says.

use jiff::Timestamp;
use secretary::{Destination, DestinationKind, Directory, Found, Hours, Language, Opening, Week};

fn destination(name: &str, aliases: &[&str], number: &str) -> Destination {
    Destination {
        name: name.into(),
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        kind: DestinationKind::Extension,
        number: number.into(),
        hours: None,
    }
}

fn company_pt() -> Directory {
    let all = [
        destination("Financeiro", &["cobrança", "boletos", "contas a pagar"], "2001"),
        destination("Suporte técnico", &["assistência", "TI"], "2002"),
        destination("Suporte comercial", &[], "2003"),
        destination("Vendas", &["comercial"], "2004"),
        destination("Vendas corporativas", &["grandes contas"], "2005"),
        destination("RH", &["recursos humanos", "departamento pessoal"], "2006"),
        destination("Recepção", &["atendente", "telefonista"], "0"),
        destination("Diretoria", &[], "2008"),
        destination("Jenny", &[], "3001"),
        destination("Fernanda Lima", &["Fernanda do comercial"], "3002"),
        destination("Fernanda Souza", &["Nanda"], "3003"),
        destination("Fernando Reis", &[], "3004"),
        destination("Ana Paula Dias", &[], "3005"),
        destination("Luís Prado", &[], "3006"),
        destination("Luiz Gomes", &[], "3007"),
        destination("Bruno", &[], "+55 (11) 98765-4321"),
        destination("Marina Alves", &[], "3009"),
    ];
    Directory::of(&all, None, Language::PtBr).unwrap()
}

fn company_en() -> Directory {
    let all = [
        destination("Billing", &["accounts", "invoices"], "2001"),
        destination("Technical Support", &["tech support", "help desk"], "2002"),
        destination("Sales", &[], "2003"),
        destination("Business Sales", &["enterprise"], "2004"),
        destination("HR", &["human resources"], "2005"),
        destination("IT", &[], "2006"),
        destination("Reception", &["front desk", "operator"], "0"),
        destination("Shipping and Receiving", &["warehouse"], "2008"),
        destination("Jenny", &[], "3001"),
        destination("Daniel Carter", &["Dan"], "3002"),
        destination("Danielle Carter", &[], "3003"),
        destination("John Smith", &[], "3004"),
        destination("Jon Reed", &[], "3005"),
        destination("Stephanie Cole", &[], "3006"),
        destination("Louise Hart", &[], "3007"),
        destination("Eric Stone", &[], "3008"),
    ];
    Directory::of(&all, None, Language::En).unwrap()
}

fn names(found: &[&Destination]) -> String {
    found
        .iter()
        .map(|d| d.name.as_str())
        .collect::<Vec<_>>()
        .join(" | ")
}

/// `one`, `one | another`, or `? nearest | …`.
fn found(directory: &Directory, spoken: &str) -> String {
    match directory.find(spoken) {
        Found::One(one) => one.name.clone(),
        Found::Several(several) => names(&several),
        Found::Nobody { nearest } => format!("? {}", names(&nearest)).trim_end().into(),
    }
}

#[track_caller]
fn check(directory: &Directory, table: &[(&str, &str)]) {
    let wrong: Vec<String> = table
        .iter()
        .map(|(spoken, expected)| (spoken, expected, found(directory, spoken)))
        .filter(|(_, expected, found)| *expected != found)
        .map(|(spoken, expected, found)| format!("{spoken:?}: {found:?}, but {expected:?} was meant"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn in_portuguese_one_is_meant() {
    check(
        &company_pt(),
        &[
            ("Financeiro", "Financeiro"),
            ("quero falar com o FINANCEIRO, por favor", "Financeiro"),
            ("finaceiro", "Financeiro"),
            ("fina ceiro", "Financeiro"),
            ("me passa pro financero", "Financeiro"),
            ("é com o setor de cobranças", "Financeiro"),
            ("boleto", "Financeiro"),
            ("contas a pagar", "Financeiro"),
            ("suporte técnico", "Suporte técnico"),
            ("o suporti técnico", "Suporte técnico"),
            ("soporte tecnico", "Suporte técnico"),
            ("assistências", "Suporte técnico"),
            ("quero falar com a TI", "Suporte técnico"),
            ("suporte comercial", "Suporte comercial"),
            ("vendas", "Vendas"),
            ("o pessoal de venda", "Vendas"),
            ("comerciau", "Vendas"),
            ("vendas corporativas", "Vendas corporativas"),
            ("grandes contas", "Vendas corporativas"),
            ("R H", "RH"),
            ("recursos humanos", "RH"),
            ("recepisão", "Recepção"),
            ("não, com a recepção", "Recepção"),
            ("Não, quero falar com a recepção", "Recepção"),
            ("a diretoria está?", "Diretoria"),
            ("a Jeni", "Jenny"),
            ("Oi, bom dia, eu queria falar com a Jeni, por favor", "Jenny"),
            ("a Geni", "Jenny"),
            ("Fernanda do comercial", "Fernanda Lima"),
            ("queria falar com a Fernanda Lima", "Fernanda Lima"),
            ("Fernanda Sousa", "Fernanda Souza"),
            ("a Nanda", "Fernanda Souza"),
            ("o Fernando", "Fernando Reis"),
            ("Fernando do financeiro", "Fernando Reis"),
            ("Ana Paula", "Ana Paula Dias"),
            ("a Ana", "Ana Paula Dias"),
            ("a dona Ana", "Ana Paula Dias"),
            ("doutor Luís Prado", "Luís Prado"),
            ("o Luis Gomes", "Luiz Gomes"),
            ("seu Bruno, por gentileza", "? Bruno"),
            ("seu Bruno, por favor", "Bruno"),
            ("a Marina", "Marina Alves"),
            ("ramal 2003", "Suporte comercial"),
            ("quero falar no ramal 2 0 0 3, por favor", "Suporte comercial"),
            ("o ramal número 2003.", "Suporte comercial"),
            ("é com o financeiro, não?", "Financeiro"),
            ("2003", "Suporte comercial"),
            ("2 0 0 3", "Suporte comercial"),
            ("2003?", "Suporte comercial"),
            ("2003, ", "Suporte comercial"),
            ("+5511987654321", "Bruno"),
        ]
        .map(|(spoken, expected)| (spoken, expected.trim_end())),
    );
}

#[test]
fn in_portuguese_what_is_not_clear_is_asked() {
    check(
        &company_pt(),
        &[
            ("suporte", "Suporte técnico | Suporte comercial"),
            ("a Fernanda", "Fernanda Lima | Fernanda Souza"),
            ("Fernanda do suporte", "Fernanda Lima | Fernanda Souza"),
            ("o Luís", "Luís Prado | Luiz Gomes"),
            ("com o financeiro ou com vendas", "Financeiro | Vendas"),
            // Others are called so, or nobody is.
            ("o Breno", "? Bruno"),
            ("Mariana", "? Marina Alves"),
            ("Fernanda Costa", "? Fernanda Lima | Fernanda Souza"),
            ("a Fernanda do jurídico", "? Fernanda Lima | Fernanda Souza"),
            ("o Dias", "? Ana Paula Dias"),
            ("a financeira", "? Financeiro"),
        ],
    );
}

#[test]
fn in_portuguese_nobody_is_meant() {
    let directory = company_pt();
    for spoken in [
        "",
        "   ",
        "?!",
        "bom dia",
        "quero falar com alguém",
        "meu nome é Fernanda",
        "aqui é a Jenny",
        "eu sou o Bruno",
        "a Jenny me ligou ontem",
        "não quero falar com o financeiro",
        "não é com vendas",
        "financeiro não",
        "Vendas, não. Vendas não.",
        "meu ramal é 2003",
        "o ramal 2003 não atende",
        "não quero o ramal 2003",
        "ramal 2003 ou 2004",
        "ramal 2009",
        "o ramal",
        "quero comprar um carro",
        "a minha internet caiu",
        "o financeiro me cobrou errado",
        "minha ana maria braga",
        "jurídico",
        "o Carlos",
        "2009",
        "sim",
        "não",
    ] {
        assert!(
            found(&directory, spoken).starts_with('?'),
            "{spoken:?}: {}",
            found(&directory, spoken)
        );
    }
    check(
        &directory,
        &[
            ("o jurídico", "?"),
            ("o Carlos", "?"),
            ("quero falar com alguém", "?"),
        ],
    );
}

#[test]
fn in_english_one_is_meant() {
    check(
        &company_en(),
        &[
            ("billing", "Billing"),
            ("I'd like to speak to the BILLING department, please.", "Billing"),
            ("biling", "Billing"),
            ("account", "Billing"),
            ("invoices", "Billing"),
            ("technical support", "Technical Support"),
            ("can you put me through to support", "Technical Support"),
            ("tech support", "Technical Support"),
            ("the help desk", "Technical Support"),
            ("sales", "Sales"),
            ("somebody in sales", "Sales"),
            ("business sales", "Business Sales"),
            ("enterprise", "Business Sales"),
            ("H R", "HR"),
            ("HR please", "HR"),
            ("human resources", "HR"),
            ("transfer me to IT", "IT"),
            ("Reception", "Reception"),
            ("an operator", "Reception"),
            ("front desk", "Reception"),
            ("shipping", "Shipping and Receiving"),
            ("ware house", "Shipping and Receiving"),
            ("is Jeni there?", "Jenny"),
            ("Jenny from sales", "Jenny"),
            ("Daniel", "Daniel Carter"),
            ("Dan", "Daniel Carter"),
            ("Danielle Carter", "Danielle Carter"),
            ("Mr. Daniel Carter", "Daniel Carter"),
            ("John Smith", "John Smith"),
            ("Jon Smith", "John Smith"),
            ("Stefanie", "Stephanie Cole"),
            ("no, Eric Stone", "Eric Stone"),
            ("2004", "Business Sales"),
            ("extension 2004, please", "Business Sales"),
            ("connect me to extension number 2004", "Business Sales"),
            ("no, not Jenny, Eric Stone", "Jenny | Eric Stone"),
        ],
    );
}

#[test]
fn in_english_what_is_not_clear_is_asked() {
    check(
        &company_en(),
        &[
            ("John", "John Smith | Jon Reed"),
            ("billing or sales", "Billing | Sales"),
            ("Louis", "? Louise Hart"),
            ("Erica", "? Eric Stone"),
            ("John Brown", "? John Smith | Jon Reed"),
            ("Jon Rede", "? John Smith | Jon Reed"),
            ("Carter", "? Daniel Carter | Danielle Carter"),
        ],
    );
}

#[test]
fn in_english_nobody_is_meant() {
    let directory = company_en();
    for spoken in [
        "",
        "hello",
        "I want to talk to someone",
        "my name is Jenny",
        "this is Daniel",
        "Jenny called me yesterday",
        "I don't want sales",
        "it's not about billing",
        "no, not billing",
        "not the warehouse",
        "about my invoices",
        "my extension is 2004",
        "extension 2004 or 2005",
        "it is",
        "I want it",
        "is it you",
        "my internet is down",
        "you billed me twice",
        "legal",
        "Peter",
        "yes",
        "no",
    ] {
        assert!(
            found(&directory, spoken).starts_with('?'),
            "{spoken:?}: {}",
            found(&directory, spoken)
        );
    }
    check(&directory, &[("the legal department", "?"), ("Peter", "?")]);
}

#[test]
fn a_wish_to_speak_to_somebody_is_known() {
    let (pt, en) = (company_pt(), company_en());
    for spoken in [
        "quero falar com a Breno",
        "me passa pro jurídico",
        "dá pra transferir?",
    ] {
        assert!(pt.is_wish(spoken), "{spoken}");
    }
    for spoken in ["I'd like to speak to Louis", "put me through to legal"] {
        assert!(en.is_wish(spoken), "{spoken}");
    }
    assert!(!pt.is_wish("não quero falar com o financeiro"));
    assert!(!pt.is_wish("minha internet caiu") && !en.is_wish("my internet is down"));
}

#[test]
fn whoever_has_no_hours_keeps_those_of_the_company() {
    let hours = |span: &str| Hours {
        timezone: "America/Sao_Paulo".into(),
        week: Week {
            weekdays: vec![span.into()],
            ..Week::default()
        },
        holidays: Vec::new(),
    };
    let night = Destination {
        hours: Some(hours("18:00-06:00")),
        ..destination("Plantão", &[], "2")
    };
    let all = [destination("Vendas", &[], "1"), night];
    let directory = Directory::of(&all, Some(&hours("08:00-18:00")), Language::PtBr).unwrap();
    // A Tuesday, half past ten there.
    let now: Timestamp = "2026-03-10T13:30:00Z".parse().unwrap();
    assert_eq!(directory.opening(&all[0], now), Opening::Open);
    let Opening::Closed { opens: Some(opens) } = directory.opening(&all[1], now) else {
        panic!("the night shift by day");
    };
    assert_eq!(opens.hour(), 18);
    let always = Directory::of(&all[..1], None, Language::PtBr).unwrap();
    assert_eq!(always.opening(&all[0], now), Opening::Open);
    assert_eq!(directory.named("Vendas"), Some(&all[0]));
    assert_eq!((directory.named("vendas"), directory.is_empty()), (None, false));
    assert!(Directory::of(&all, Some(&hours("8-18")), Language::PtBr).is_err());
}

/// Of the table, what is not so: `transfer`, `ask` or `nothing`.
#[track_caller]
fn check_wanted(language: Language, all: &[Destination], table: &[(&str, &str)]) {
    let directory = Directory::of(all, None, language).unwrap();
    let wanted = |spoken: &str| match directory.find(spoken) {
        Found::One(one) if directory.is_asked_for(spoken, one) => "transfer",
        Found::One(one) if directory.may_be_asked_for(spoken, one) => "ask",
        Found::One(_) => "nothing",
        Found::Several(_) | Found::Nobody { .. } => "no one",
    };
    let wrong: Vec<String> = table
        .iter()
        .filter(|(spoken, expected)| wanted(spoken) != *expected)
        .map(|(spoken, expected)| format!("{spoken:?}: {}, but {expected}", wanted(spoken)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn in_portuguese_a_name_is_not_yet_a_wish() {
    let many = Destination {
        kind: DestinationKind::RingGroup,
        ..destination("atendente", &["uma pessoa"], "0")
    };
    let all = [
        destination("Ana", &[], "1"),
        destination("Rosa", &[], "2"),
        destination("Bruno", &[], "3"),
        destination("financeiro", &["cobrança"], "4"),
        destination("Jenny", &[], "5"),
        destination("Marina Alves", &[], "6"),
        many,
    ];
    let table = [
        ("Ana", "transfer"),
        ("a Ana.", "transfer"),
        ("com o Bruno, por favor", "transfer"),
        ("oi, bom dia, a Jeni está?", "transfer"),
        ("quero falar com a Rosa", "transfer"),
        ("quero a Rosa", "transfer"),
        ("queria o Bruno do financeiro", "transfer"),
        ("preciso do financeiro", "transfer"),
        ("é com o financeiro", "transfer"),
        ("o setor de cobrança", "transfer"),
        ("me passa pro Bruno", "transfer"),
        ("pode ser o Bruno", "transfer"),
        ("um atendente, por favor", "transfer"),
        ("quero um atendente", "transfer"),
        ("queria uma pessoa", "transfer"),
        ("isso, o Bruno", "transfer"),
        ("5?", "transfer"),
        ("o Bruno, obrigado", "ask"),
        ("Bom dia, Ana.", "ask"),
        ("É a Ana.", "ask"),
        ("Um momento, Bruno.", "ask"),
        ("eu com a Marina Alves agora", "ask"),
        ("obrigado Ana", "nothing"),
        ("Obrigado, Ana.", "nothing"),
        ("não, obrigado, Ana", "nothing"),
        ("quero uma rosa", "nothing"),
        ("Quero uma rosa, por favor.", "nothing"),
    ];
    check_wanted(Language::PtBr, &all, &table);
}

#[test]
fn in_english_a_name_is_not_yet_a_wish() {
    let many = Destination {
        kind: DestinationKind::Queue,
        ..destination("agent", &["operator"], "0")
    };
    let all = [
        destination("Bob", &[], "1"),
        destination("Sue", &[], "2"),
        destination("Frank", &[], "3"),
        destination("Rose", &[], "4"),
        destination("billing", &["accounts"], "5"),
        destination("Daniel Carter", &[], "6"),
        many,
    ];
    let table = [
        ("Bob", "transfer"),
        ("Bob, please.", "transfer"),
        ("is Sue there?", "transfer"),
        ("Bob from billing", "transfer"),
        ("Bob's extension, please", "transfer"),
        ("put me through to Frank", "transfer"),
        ("I'd like to speak to Sue", "transfer"),
        ("I want Frank", "transfer"),
        ("can you get me Bob", "transfer"),
        ("I'm looking for Rose", "transfer"),
        ("I need an agent", "transfer"),
        ("an operator please", "transfer"),
        ("the billing department", "transfer"),
        ("billing, thank you", "ask"),
        ("It's Bob.", "ask"),
        ("Good morning, Sue.", "ask"),
        ("I will be with Bob", "ask"),
        ("thanks Bob", "nothing"),
        ("Thanks, Bob.", "nothing"),
        ("I will sue you", "nothing"),
        ("I'm going to sue you", "nothing"),
        ("to be frank", "nothing"),
        ("To be frank,", "nothing"),
        ("I want a rose", "nothing"),
    ];
    check_wanted(Language::En, &all, &table);
}
