//! A secretary's file: what is taken, and how it is refused.

use secretary::{DestinationKind, Language, Recording, Secretary, Tool};

const SMALL: &str = r#"
name = "reception"
language = "pt-BR"
script = "provedor"

[greeting]
text = "Olá!"

[phrases]
reprompts = ["Alô?"]
farewell = "Até logo!"
apology = "Desculpe."
backchannels = ["Uhum", "Tá bom", "Mm-hmm"]
"#;

fn refusals(text: &str) -> Vec<String> {
    let faults = Secretary::parse("reception.toml", text).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

/// The only thing that is wrong.
fn refusal(text: &str) -> String {
    let mut all = refusals(text);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

#[test]
fn a_small_file_has_sensible_defaults() {
    let secretary = Secretary::parse("reception.toml", SMALL).unwrap();
    assert_eq!(secretary.language, Language::PtBr);
    assert_eq!(
        (secretary.engines.first(), secretary.brain.as_str()),
        ("local", "script")
    );
    assert!(secretary.greeting.interruptible);
    assert_eq!(secretary.limits.turn_silence_ms, 900);
    assert_eq!(secretary.fallback, None);
}

#[test]
fn backchannels_are_folded_as_they_will_be_compared() {
    let secretary = Secretary::parse("reception.toml", SMALL).unwrap();
    assert_eq!(secretary.phrases.backchannels, ["uhum", "ta bom", "mm hmm"]);
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_one() {
    assert_eq!(
        refusals(&SMALL.replace("language =", "langage =")),
        [
            "reception.toml, line 1: missing key `language`; write language = \"pt-BR\" or \"en\"",
            "reception.toml, line 3: unknown key `langage`; did you mean \"language\"?",
        ]
    );
    assert_eq!(
        refusal(&format!("{SMALL}[limits]\nsilence = 3\n")),
        "reception.toml, line 15: unknown key `limits.silence`; did you mean \"silence_ms\"?"
    );
    let old = refusal(&SMALL.replace("language =", "instructions = \"Be kind.\"\nlanguage ="));
    assert!(old.contains("persona") && old.contains("rules"), "{old}");
}

#[test]
fn a_key_of_the_file_that_stands_below_a_section_is_told_where_to_stand() {
    assert_eq!(
        refusal(&format!("{SMALL}voice = \"nova\"\n")),
        "reception.toml, line 14: unknown key `phrases.voice`; \
         write voice above the first [section]: what stands below one belongs to it"
    );
}

#[test]
fn a_key_that_stands_twice_is_told() {
    assert_eq!(
        refusal(&SMALL.replace("language =", "name = \"desk\"\nlanguage =")),
        "reception.toml, line 3: duplicate key; each key and section stands once: leave one of them out"
    );
}

#[test]
fn a_missing_key_is_named() {
    assert_eq!(
        refusal(&SMALL.replace("farewell = \"Até logo!\"\n", "")),
        "reception.toml, line 9: missing key `phrases.farewell`; write farewell = \"…\", or \"\" for none"
    );
    assert_eq!(
        refusals("").len(),
        5,
        "name, language, script, greeting and phrases"
    );
}

#[test]
fn a_value_of_another_type_is_told_with_what_would_be_right() {
    for (from, to, told) in [
        (
            "name = \"reception\"",
            "name = 5",
            "line 2: name is 5; write a text in quotes",
        ),
        (
            "text = \"Olá!\"",
            "text = true",
            "line 7: greeting.text is true; write a text in quotes",
        ),
        (
            "reprompts = [\"Alô?\"]",
            "reprompts = \"Alô?\"",
            "line 10: phrases.reprompts is the text \"Alô?\"; write a list of texts, such as [\"one\", \"two\"]",
        ),
        (
            "[greeting]",
            "hours = 5\n[greeting]",
            "line 6: hours is 5; write a section [hours] with keys",
        ),
        (
            "[greeting]",
            "hours = { timezone = -3, week = {} }\n[greeting]",
            "line 6: hours.timezone is -3; write a text in quotes",
        ),
        (
            "[greeting]",
            "hours = { timezone = \"UTC\", week = \"08:00-18:00\" }\n[greeting]",
            "line 6: hours.week is the text \"08:00-18:00\"; write a section [hours.week] with keys",
        ),
        (
            "[greeting]",
            "destinations = \"a\"\n[greeting]",
            "line 6: destinations is the text \"a\"; write a section [[destinations]] for each",
        ),
        (
            "[greeting]",
            "limits = { tool_ms = -1 }\n[greeting]",
            "line 6: limits.tool_ms is -1; write a whole number from 0 to 4294967295",
        ),
        (
            "[greeting]",
            "privacy = { transcript = \"yes\" }\n[greeting]",
            "line 6: privacy.transcript is the text \"yes\"; write true or false",
        ),
        (
            "\"pt-BR\"",
            "\"fr\"",
            "line 3: \"fr\" is not a language of a secretary; use \"pt-BR\" or \"en\"",
        ),
        (
            "[greeting]",
            "uuid = \"4\"\n[greeting]",
            "line 6: \"4\" is no UUID; write one such as 11111111-2222-4333-8444-555555555555 (`uuidgen` makes one), \
             or leave it out",
        ),
    ] {
        assert_eq!(
            refusal(&SMALL.replace(from, to)),
            format!("reception.toml, {told}")
        );
    }
}

#[test]
fn engines_are_one_name_or_a_list_each_named_once() {
    let engines = |line: &str| {
        let text = SMALL.replace("script = ", &format!("{line}\nscript = "));
        Secretary::parse("reception.toml", &text).map(|secretary| secretary.engines.to_string())
    };
    assert_eq!(engines("engine = \"gemini\"").unwrap(), "gemini");
    assert_eq!(
        engines("engine = [\"gemini\", \"local\"]").unwrap(),
        "gemini, local"
    );
    assert_eq!(engines("").unwrap(), "local");
    let twice = refusal(&SMALL.replace("script = ", "engine = [\"a\", \"a\"]\nscript = "));
    assert!(
        twice.starts_with("reception.toml, line 4: the engine \"a\" stands twice"),
        "{twice}"
    );
    let empty = refusal(&SMALL.replace("script = ", "engine = \"\"\nscript = "));
    assert!(
        empty.starts_with("reception.toml, line 4: the name of an engine is empty"),
        "{empty}"
    );
}

#[test]
fn an_unknown_brain_is_refused_with_its_line() {
    let brain = refusal(&SMALL.replace("script = ", "brain = \"oracle\"\nscript = "));
    assert_eq!(
        brain,
        "reception.toml, line 4: \"oracle\" is no brain; use one of script, chat"
    );
}

#[test]
fn a_limit_that_leaves_no_time_is_refused_with_its_line() {
    for (limit, usual) in [("answer_ms", 15_000), ("tool_ms", 10_000)] {
        let message = refusal(&format!("{SMALL}\n[limits]\nsilence_ms = 0\n{limit} = 0\n"));
        assert_eq!(
            message,
            format!(
                "reception.toml, line 17: {limit} is 0, which leaves no time at all; \
                 give milliseconds ({usual} is usual), or leave it out"
            )
        );
    }
}

#[test]
fn a_script_brain_needs_a_script() {
    let message = refusal(&SMALL.replace("script = \"provedor\"\n", ""));
    assert!(message.contains("has no script"), "{message}");
    let chat = SMALL.replace("script = \"provedor\"", "brain = \"chat\"");
    assert!(Secretary::parse("reception.toml", &chat).is_ok());
}

fn with(keys: &str) -> String {
    format!("{SMALL}{keys}")
}

#[test]
fn a_full_file_is_read_as_it_is_written() {
    let text = with(
        r#"
[facts]
"endereço" = "Rua das Flores, 100."

[hours]
timezone = "America/Sao_Paulo"
week = { weekdays = ["08:00-12:00", "13:00-18:00"], friday = ["08:00-12:00"] }
holidays = ["12-25", "2027-02-09"]

[[destinations]]
name = "Financeiro"
aliases = ["cobrança"]
number = "2001"

[[destinations]]
name = "plantão"
kind = "external"
number = "+551199990000"
hours = { timezone = "America/Sao_Paulo", week = { sunday = ["00:00-24:00"] } }

[privacy]
recording = "announce"
transcript = true
sensitive = ["cpf"]
"#,
    )
    .replace(
        "language =",
        "tools = [\"take_message\"]\nfallback = \"financeiro\"\nrules = \"Be kind.\"\nlanguage =",
    );
    let secretary = Secretary::parse("reception.toml", &text).unwrap();
    assert_eq!(secretary.facts["endereço"], "Rua das Flores, 100.");
    assert_eq!(secretary.hours.unwrap().week.friday.unwrap(), ["08:00-12:00"]);
    let [billing, duty] = &secretary.destinations[..] else {
        panic!("two destinations");
    };
    assert_eq!(billing.kind, DestinationKind::Extension);
    assert_eq!(
        (duty.kind, duty.number.as_str()),
        (DestinationKind::External, "+551199990000")
    );
    assert!(billing.hours.is_none() && duty.hours.is_some());
    assert_eq!(
        secretary.fallback.as_deref(),
        Some("Financeiro"),
        "as it is written there"
    );
    assert_eq!(secretary.tools, [Tool::TakeMessage]);
    assert_eq!(secretary.privacy.recording, Recording::Announce);
    assert!(secretary.privacy.transcript);
    assert_eq!(
        secretary.phrases.recording_notice,
        "Esta ligação está sendo gravada."
    );
}

#[test]
fn without_a_word_of_it_nothing_is_recorded_and_no_tool_is_offered_that_needs_the_pbx() {
    let secretary = Secretary::parse("reception.toml", SMALL).unwrap();
    assert_eq!(secretary.privacy.recording, Recording::Off);
    assert!(!secretary.privacy.transcript);
    assert_eq!(
        secretary.tools,
        [Tool::TransferCall, Tool::TakeMessage, Tool::EndCall]
    );
    let english = SMALL.replace("pt-BR", "en");
    let english = Secretary::parse("reception.toml", &english).unwrap();
    assert_eq!(english.phrases.recording_notice, "This call is being recorded.");
}

#[test]
fn destinations_that_callers_could_not_tell_apart_are_refused() {
    let text = with(
        "[[destinations]]\nname = \"Técnico\"\naliases = [\"suporte\", \"suporte\"]\nnumber = \"1\"\n\
         [[destinations]]\nname = \"Suporte\"\naliases = [\"tecnico\", \"!\"]\nnumber = \"2\"\n",
    );
    let rest = "give each destination names of its own (accents and case do not count)";
    assert_eq!(
        refusals(&text),
        [
            format!(
                "reception.toml, line 19: \"Suporte\" of \"Suporte\" is also a name of \"Técnico\"; {rest}"
            ),
            format!(
                "reception.toml, line 20: \"tecnico\" of \"Suporte\" is also a name of \"Técnico\"; {rest}"
            ),
            "reception.toml, line 20: \"!\" is no name that somebody could say; write letters or digits"
                .to_owned(),
        ]
    );
}

#[test]
fn a_destination_stands_once() {
    let one = "[[destinations]]\nname = \"sales\"\nnumber = \"1\"\n";
    assert_eq!(
        refusal(&with(&format!("{one}{one}"))),
        "reception.toml, line 18: \"sales\" of \"sales\" is also a name of \"sales\"; \
         give each destination names of its own (accents and case do not count)"
    );
}

#[test]
fn a_number_has_nothing_but_what_is_dialled() {
    let told = |kind: &str, number: &str| {
        let text = with(&format!(
            "[[destinations]]\nname = \"a\"\nkind = {kind:?}\nnumber = {number:?}\n"
        ));
        match Secretary::parse("reception.toml", &text) {
            Ok(_) => String::new(),
            Err(faults) => faults.iter().map(ToString::to_string).collect(),
        }
    };
    for number in ["2001", "*98", "ana.silva", "fila-2"] {
        assert_eq!(told("extension", number), "");
    }
    assert_eq!(
        told("extension", ""),
        "reception.toml, line 17: the number is empty; write the extension or number, as number = \"2001\""
    );
    assert_eq!(
        told("external", "(11) 3333-4444"),
        "reception.toml, line 17: \"(11) 3333-4444\" has characters that no number has; \
         write it as it is dialled, as number = \"1133334444\""
    );
    for attack in ["2001 XML public", "${caller}", "2001,2002", "2001'", "2001\n"] {
        assert!(
            told("extension", attack).contains("characters that no number has"),
            "{attack}"
        );
    }
    assert!(told("extention", "1").contains("did you mean \"extension\"?"));
}

#[test]
fn a_fallback_is_a_destination() {
    let destination = "[[destinations]]\nname = \"atendente\"\nnumber = \"1\"\n";
    let wrong = with(destination).replace("language =", "fallback = \"atendnte\"\nlanguage =");
    assert_eq!(
        refusal(&wrong),
        "reception.toml, line 3: fallback \"atendnte\" is no destination of this secretary; did you mean \"atendente\"?"
    );
    let none = SMALL.replace("language =", "fallback = \"atendente\"\nlanguage =");
    assert!(refusal(&none).contains("write a section [[destinations]]"));
}

#[test]
fn every_wrong_hour_is_told_with_its_own_line() {
    let text = with(
        "[hours]\ntimezone = \"America/Sao_Paolo\"\nholidays = [\n  \"12-25\",\n  \"25/12\",\n]\n\
         [hours.week]\nweekdays = [\"08:00-18:00\"]\nsaturday = [\"8-13\"]\nsundy = []\n",
    );
    let told = refusals(&text);
    let begin: Vec<&str> = told.iter().map(|line| line.split(';').next().unwrap()).collect();
    assert_eq!(
        begin,
        [
            "reception.toml, line 15: \"America/Sao_Paolo\" is no time zone",
            "reception.toml, line 18: \"25/12\" is no date",
            "reception.toml, line 22: \"8-13\" is no span of hours",
            "reception.toml, line 23: unknown key `hours.week.sundy`",
        ],
        "{told:#?}"
    );
    assert!(told[3].ends_with("did you mean \"sunday\"?"), "{told:#?}");
    let bare = refusals(&with("[hours]\n"));
    assert_eq!(bare.len(), 2, "{bare:?}");
}

#[test]
fn every_tool_is_named_as_engines_call_it() {
    let names: Vec<String> = Tool::ALL
        .iter()
        .map(|tool| format!("{:?}", tool.name()))
        .collect();
    let text = SMALL.replace(
        "language =",
        &format!("tools = [{}]\nlanguage =", names.join(", ")),
    );
    let secretary = Secretary::parse("reception.toml", &text).unwrap();
    assert_eq!(secretary.tools, Tool::ALL);
    assert_eq!(
        names.join(" "),
        "\"transfer_call\" \"transfer_announced\" \"check_extension_available\" \"hold_call\" \"resume_call\" \"send_dtmf\" \
         \"record_call\" \"voicemail\" \"take_message\" \"end_call\""
    );
}

#[test]
fn tools_privacy_and_facts_are_checked() {
    assert_eq!(
        refusals(
            &with("[privacy]\nrecording = \"anounce\"\nsensitive = [\"\"]\n[facts]\na = \"\"\nb = 1\n")
                .replace(
                    "language =",
                    "tools = [\"take_mesage\", \"end_call\", \"end_call\"]\nlanguage ="
                )
        ),
        [
            "reception.toml, line 3: \"take_mesage\" is no tool; did you mean \"take_message\"?",
            "reception.toml, line 3: the tool \"end_call\" stands twice; leave one of them out",
            "reception.toml, line 16: recording is \"anounce\"; did you mean \"announce\"?",
            "reception.toml, line 17: privacy.sensitive has an empty name; name a slot of the script or an argument of a tool, \
             such as \"cpf\"",
            "reception.toml, line 19: the fact `a` is empty; say what it is, or leave it out",
            "reception.toml, line 20: facts.b is 1; write a text in quotes",
        ]
    );
    let silent = with("[privacy]\nrecording = \"announce\"\n")
        .replace("apology =", "recording_notice = \"\"\napology =");
    assert!(refusal(&silent).contains("line 16: recording is to be announced"));
}

#[test]
fn half_a_file_is_told_of_its_syntax_alone() {
    let told = refusals("name = \"x\nlanguage = \"pt-BR\"\n");
    assert!(
        told.iter().all(|line| line.ends_with("see docs/secretary.md")),
        "{told:?}"
    );
    assert!(told[0].starts_with("reception.toml, line 1: "), "{told:?}");
}

/// The guide is read by operators: what it shows must be right.
#[test]
fn the_guide_names_every_key_that_a_file_may_have() {
    let guide = include_str!("../../../../docs/secretary.md");
    let table = guide.split("## Every key").nth(1).unwrap();
    let documented = |key: &str| table.contains(&format!("| `{key}` |"));
    let top = refusal(&with("[nothing_like_it]\n"));
    let sections = [
        "greeting",
        "phrases",
        "facts",
        "hours",
        "destinations",
        "http_tools",
        "limits",
        "privacy",
    ];
    let keys = top.rsplit_once("use one of ").unwrap().1.split(", ");
    for key in keys.filter(|key| !sections.contains(key)) {
        assert!(documented(key), "{key}");
    }
    let told = refusals(&with("[[http_tools]]\nnothing_like_it = 1\n")).join("\n");
    let keys = told.split_once("use one of ").unwrap().1;
    for key in keys.lines().next().unwrap().split(", ") {
        assert!(
            documented(&format!("http_tools.{key}")) || documented(&format!("http_tools.{key}.NAME")),
            "{key}"
        );
    }
    for section in ["phrases", "limits", "privacy", "greeting"] {
        let replaced = SMALL.replace(
            &format!("[{section}]"),
            &format!("[{section}]\nnothing_like_it = 1"),
        );
        let text = if replaced == SMALL {
            with(&format!("[{section}]\nnothing_like_it = 1\n"))
        } else {
            replaced
        };
        let told = refusal(&text);
        for key in told.rsplit_once("use one of ").unwrap().1.split(", ") {
            assert!(documented(&format!("{section}.{key}")), "{section}.{key}");
        }
    }
}
