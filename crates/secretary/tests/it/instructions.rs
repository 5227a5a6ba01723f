//! What an engine is told of a secretary.

use jiff::Timestamp;
use secretary::Secretary;

const EMPTY: &str = r#"
name = "front"
language = "en"
engine = "openai"
greeting = { text = "" }
phrases = { reprompts = [], farewell = "", apology = "", backchannels = [] }
"#;

const FULL: &str = r#"
persona = "You are Ana."
rules = """
- Be brief.
- Never quote prices.
"""
[facts]
address = "100 Flower Street."
parking = "Behind the house."
[hours]
timezone = "America/New_York"
week = { weekdays = ["09:00-12:00", "13:00-17:00"], saturday = ["10:00-12:00"] }
holidays = ["12-25"]
[[destinations]]
name = "billing"
aliases = ["accounts", "payments"]
number = "2001"
[[destinations]]
name = "sales"
number = "2002"
"#;

fn instructions(text: &str, now: &str) -> String {
    let secretary = Secretary::parse("front.toml", text).unwrap();
    secretary.instructions(now.parse::<Timestamp>().unwrap())
}

#[test]
fn all_that_a_file_says_is_one_text() {
    // A Monday, 14:05 in New York.
    assert_eq!(
        instructions(&format!("{EMPTY}{FULL}"), "2026-11-23T19:05:00Z"),
        "You are Ana.\n\n\
         ## Rules\n\n- Be brief.\n- Never quote prices.\n\n\
         ## What callers may know\n\n- **address**: 100 Flower Street.\n- **parking**: Behind the house.\n\n\
         ## Opening hours\n\nTimes of America/New_York. This call began on Monday, 2026-11-23 14:05. It is open now.\n\n\
         - Monday: 09:00-12:00, 13:00-17:00\n- Tuesday: 09:00-12:00, 13:00-17:00\n- Wednesday: 09:00-12:00, 13:00-17:00\n\
         - Thursday: 09:00-12:00, 13:00-17:00\n- Friday: 09:00-12:00, 13:00-17:00\n- Saturday: 10:00-12:00\n\
         - Sunday: closed\n- Closed on: 12-25\n\n\
         ## People and departments\n\nCalls can be transferred to these alone:\n\
         - **billing** (also: accounts, payments)\n- **sales**"
    );
}

#[test]
fn a_closed_company_says_when_it_opens_in_its_own_language() {
    let text = format!("{EMPTY}{FULL}").replace("language = \"en\"", "language = \"pt-BR\"");
    // A Saturday night.
    let told = instructions(&text, "2026-11-22T02:00:00Z");
    assert!(
        told.contains(
            "Esta ligação começou em sábado, 2026-11-21 21:00. Está fechado agora. Abre na segunda-feira às nove."
        ),
        "{told}"
    );
    assert!(
        told.contains("- domingo: fechado") && told.contains("Só é possível transferir para:"),
        "{told}"
    );
}

#[test]
fn numbers_of_destinations_are_not_told() {
    let told = instructions(&format!("{EMPTY}{FULL}"), "2026-11-23T19:05:00Z");
    assert!(!told.contains("2001"), "{told}");
}

#[test]
fn an_engine_that_may_not_transfer_is_told_of_nobody_to_transfer_to() {
    let text = format!("tools = [\"take_message\"]\n{EMPTY}{FULL}");
    let told = instructions(&text, "2026-11-23T19:05:00Z");
    assert!(
        told.contains("## Opening hours") && !told.contains("transferred") && !told.contains("billing"),
        "{told}"
    );
}

#[test]
fn a_file_that_says_nothing_gives_nothing() {
    assert_eq!(instructions(EMPTY, "2026-11-23T19:05:00Z"), "");
}
