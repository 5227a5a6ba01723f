//! An entry: what is written of it, when it is refused, and that it is written once.

use super::applied::apply_all;
use super::dump;
use super::healthy::{self, DOMAIN, bare, domain, entry, row, secretary, takes};
use freeswitch::{Extension, VariableName, VariableValue};
use fusionpbx::dialplan::{
    APP_UUID, Did, Entry, EntryLeg, ORDER, Refusal, Route, SecretaryRoute, add, did_rows, editor, is_ours,
    read_one, remove, secretary_rows, served,
};
use fusionpbx::{Change, ChoiceOfDialplan, Facts, Lang};
use proptest::prelude::*;

const MODES: [ChoiceOfDialplan; 2] = [ChoiceOfDialplan::Multiple, ChoiceOfDialplan::Single];

fn script() -> EntryLeg {
    EntryLeg::Script(Vec::new())
}

fn did(number: &str, extension: &str) -> Entry {
    let route = Route::Did(Did::parse(number).unwrap(), Extension::parse(extension).unwrap());
    Entry::new(domain(), route, "From outside")
}

/// The PBX before an entry: a number from outside leads to where a secretary answers.
fn before(entry: &Entry, mode: ChoiceOfDialplan) -> Facts {
    let mut facts = bare(mode);
    if let Route::Did(..) = entry.route {
        let changes = add(&self::entry("8000", script()), &facts).unwrap();
        apply_all(&mut facts, &changes);
    }
    facts
}

#[test]
fn a_number_from_outside_leads_to_where_a_secretary_answers() {
    for mode in MODES {
        let did = did("551155550199", "8000");
        let refused = add(&did, &bare(mode)).unwrap_err();
        for (lang, words) in [
            (Lang::En, "no secretary answers 8000 of pbx.example.com"),
            (Lang::PtBr, "nenhuma secretária atende 8000 de pbx.example.com"),
        ] {
            assert!(refused.text().in_lang(lang).contains(words), "{refused}");
        }
        assert!(!add(&did, &before(&did, mode)).unwrap().is_empty());
    }
}

#[test]
fn the_xml_is_as_fusionpbx_writes_it() {
    let mut entry = entry("8000", script());
    entry.row = "4f167587-f340-4e96-9850-8479730f0b19".parse().unwrap();
    let xml = format!(
        "<extension name=\"voice_secretary_8000\" continue=\"false\" uuid=\"4f167587-f340-4e96-9850-8479730f0b19\">\n\
         \t<condition field=\"destination_number\" expression=\"^8000$\">\n\
         \t\t<action application=\"set\" data=\"domain_uuid={DOMAIN}\"/>\n\
         \t\t<action application=\"set\" data=\"secretary_uuid={}\"/>\n\
         \t\t<action application=\"set\" data=\"voice_ai_fallback=8999\"/>\n\
         \t\t<action application=\"lua\" data=\"voice_secretary.lua\"/>\n\
         \t</condition>\n</extension>",
        secretary()
    );
    assert_eq!(entry.dialplan_xml().unwrap(), xml);
}

#[test]
fn a_parked_call_is_as_the_delivered_dialplan_has_it() {
    let delivered = include_str!("../../../../../freeswitch/dialplan/8000_unicast.xml");
    let delivered = read_one(
        &delivered
            .replace("11111111-2222-4333-8444-555555555555", DOMAIN)
            .replace("22222222-3333-4444-8555-666666666666", &secretary().to_string()),
    )
    .unwrap();
    let ours = read_one(&entry("8000", EntryLeg::Unicast).dialplan_xml().unwrap()).unwrap();
    assert!(ours.does_the_same(&delivered), "{ours:#?}\n{delivered:#?}");
}

#[test]
fn the_editor_makes_the_same_of_the_details() {
    let variable = |name, value| {
        (
            VariableName::parse(name).unwrap(),
            VariableValue::parse(value).unwrap(),
        )
    };
    let url = EntryLeg::Script(vec![
        variable("voice_ai_url", "ws://10.0.0.2:8085"),
        variable("voice_ai_leg", "file"),
    ]);
    for mode in MODES {
        for entry in [
            entry("8000", script()),
            entry("8000", url.clone()),
            entry("*80.1+#", EntryLeg::Unicast),
            did("551155550199", "8000"),
            did("+55 1155550199", "8000"),
        ] {
            let mut facts = before(&entry, mode);
            let changes = add(&entry, &facts).unwrap();
            apply_all(&mut facts, &changes);
            let database = facts.database.as_ref().unwrap();
            let row = database
                .dialplans
                .iter()
                .find(|row| row.uuid == entry.row)
                .unwrap();
            let made = read_one(&editor(row, &database.domains).unwrap()).unwrap();
            let stored = read_one(row.xml.as_deref().unwrap()).unwrap();
            assert_eq!(made, stored);
            assert!(stored.takes(&entry.number()) == fusionpbx::dialplan::Takes::Yes);
            assert_eq!(
                (row.app, row.hostname.as_deref(), row.enabled, row.continues),
                (Some(APP_UUID), None, true, false)
            );
            assert_eq!(
                add(&entry, &facts).unwrap(),
                [],
                "a second time there is nothing to do"
            );
            // A new entry for the same is the same row.
            let again = Entry {
                row: uuid::Uuid::new_v4(),
                ..entry.clone()
            };
            assert_eq!(add(&again, &facts).unwrap(), []);
            let served = served(database, entry.context(), &entry.number(), Some("pbx"));
            assert!(served.iter().any(|served| served.uuid == entry.row), "{mode:?}");
        }
    }
}

#[test]
fn a_row_and_all_that_leads_to_it_is_taken_back() {
    for mode in MODES {
        for entry in [entry("8000", script()), did("551155550199", "8000")] {
            let before = before(&entry, mode);
            let mut facts = before.clone();
            apply_all(&mut facts, &add(&entry, &before).unwrap());
            assert_ne!(facts.database, before.database);
            let row = facts
                .database
                .as_ref()
                .unwrap()
                .dialplans
                .iter()
                .find(|row| row.uuid == entry.row);
            let changes = remove(row.unwrap(), &facts);
            apply_all(&mut facts, &changes);
            assert_eq!(facts.database, before.database);
        }
    }
}

#[test]
fn a_number_from_outside_is_bound_where_fusionpbx_asks_for_it() {
    let entry = did("+55 1155550199", "8000");
    let mut facts = before(&entry, ChoiceOfDialplan::Single);
    let changes = add(&entry, &facts).unwrap();
    let keys: Vec<_> = changes
        .iter()
        .filter_map(|change| match change {
            Change::CacheKey(key) => Some(key.as_str()),
            _ => None,
        })
        .collect();
    for key in ["dialplan:public:551155550199", "dialplan:public:+551155550199"] {
        assert!(keys.contains(&key), "{keys:?}");
    }
    apply_all(&mut facts, &changes);
    let database = facts.database.as_ref().unwrap();
    let destination = &database.destinations[0];
    assert_eq!(
        (destination.prefix.as_deref(), destination.number.as_str()),
        (Some("55"), "1155550199")
    );
    for number in ["551155550199", "+551155550199"] {
        assert!(
            served(database, "public", number, None)
                .iter()
                .any(|row| row.uuid == entry.row),
            "{number}"
        );
    }
    // A number that was not told apart is found with its + all the same.
    let whole = did("551155550199", "8000");
    let mut facts = before(&whole, ChoiceOfDialplan::Single);
    let changes = add(&whole, &facts).unwrap();
    apply_all(&mut facts, &changes);
    let database = facts.database.as_ref().unwrap();
    assert!(
        served(database, "public", "+551155550199", None)
            .iter()
            .any(|row| row.uuid == whole.row)
    );
    let mut facts = before(&whole, ChoiceOfDialplan::Multiple);
    let changes = add(&whole, &facts).unwrap();
    apply_all(&mut facts, &changes);
    assert!(facts.database.unwrap().destinations.is_empty());
}

#[test]
fn the_published_row_is_taken_over_with_its_place() {
    for version in dump::VERSIONS {
        let Some(database) = dump::database(version) else {
            return;
        };
        let mut facts = Facts {
            database: Ok(database),
            ..bare(ChoiceOfDialplan::Single)
        };
        let there = facts
            .database
            .as_ref()
            .unwrap()
            .dialplans
            .iter()
            .find(|row| row.name == "voice_secretary")
            .unwrap()
            .clone();
        assert!(is_ours(&there), "{version}");
        let before = facts.database.clone().unwrap();
        let entry = entry("8000", script());
        let changes = add(&entry, &facts).unwrap();
        apply_all(&mut facts, &changes);
        let after = facts.database.as_ref().unwrap();
        let row = after.dialplans.iter().find(|row| row.uuid == there.uuid).unwrap();
        assert_eq!(
            (row.app, row.order, row.name.as_str()),
            (Some(APP_UUID), there.order, "voice_secretary")
        );
        assert!(row.xml.as_deref().unwrap().contains("voice_ai_fallback=8999"));
        assert_eq!(add(&entry, &facts).unwrap(), []);
        let others = |database: &fusionpbx::DatabaseFacts| -> Vec<_> {
            database
                .dialplans
                .iter()
                .filter(|row| row.uuid != there.uuid)
                .cloned()
                .collect()
        };
        assert_eq!(others(&before), others(after), "{version}");
        assert_eq!(secretary_rows(after).count(), 1, "{version}");
        // FusionPBX's own route leads to it.
        assert_eq!(
            did_rows(after).map(|row| row.name.as_str()).collect::<Vec<_>>(),
            ["551155550199"],
            "{version}"
        );
        let refused = add(&did("551155550199", "8000"), &facts);
        let does_the_same = refused.is_ok_and(|changes| changes.is_empty());
        assert!(does_the_same || version == "5.4.4", "{version}");
    }
}

#[test]
fn what_is_somebody_elses_is_refused_by_name() {
    let mut facts = bare(ChoiceOfDialplan::Single);
    let refused = add(&entry("1000", script()), &facts).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "1000 is taken by extension: choose another number"
    );
    assert_eq!(
        refused.text().in_lang(Lang::PtBr),
        "1000 já pertence a ramal: escolha outro número"
    );
    let database = facts.database.as_mut().unwrap();
    database
        .dialplans
        .push(row("pbx.example.com", "ivr", 400, &takes("ivr", "^8000$")));
    let refused = add(&entry("8000", script()), &facts).unwrap_err();
    assert!(
        matches!(&refused, Refusal::Owned { number, .. } if number == "8000"),
        "{refused}"
    );
    assert!(refused.to_string().contains("\"ivr\""), "{refused}");
}

#[test]
fn a_row_stands_where_no_other_takes_its_calls() {
    let mut facts = bare(ChoiceOfDialplan::Single);
    let order_of = |facts: &Facts, entry: &Entry| -> Result<i64, Refusal> {
        let mut facts = facts.clone();
        let changes = add(entry, &facts)?;
        apply_all(&mut facts, &changes);
        let database = facts.database.unwrap();
        Ok(database
            .dialplans
            .iter()
            .find(|row| row.uuid == entry.row)
            .unwrap()
            .order)
    };
    let entry = entry("8000", script());
    assert_eq!(order_of(&facts, &entry), Ok(ORDER));
    let pattern = row("pbx.example.com", "pattern", 230, &takes("pattern", r"^(\d{4})$"));
    facts.database.as_mut().unwrap().dialplans.push(pattern);
    assert_eq!(order_of(&facts, &entry), Ok(229));
    let fixed = Entry {
        order: Some(240),
        ..entry.clone()
    };
    let taken = |number: &str, row: &str, order| Refusal::Taken {
        number: number.to_owned(),
        row: row.to_owned(),
        order,
    };
    assert_eq!(order_of(&facts, &fixed), Err(taken("8000", "pattern", 230)));
    facts
        .database
        .as_mut()
        .unwrap()
        .dialplans
        .last_mut()
        .unwrap()
        .order = 150;
    assert_eq!(order_of(&facts, &entry), Err(taken("8000", "pattern", 150)));
}

#[test]
fn what_would_break_is_refused_with_what_would_be_right() {
    let facts = bare(ChoiceOfDialplan::Single);
    let named = |name: &str| {
        let mut facts = facts.clone();
        facts.database.as_mut().unwrap().domains[0].name = name.to_owned();
        let mut entry = entry("8000", script());
        entry.domain.name = name.to_owned();
        add(&entry, &facts)
    };
    for name in [
        "public",
        "global",
        "a.public",
        "public@a",
        "a&b",
        "a\"b",
        "a<b",
        "a'b",
        "a\\b",
        "a\nb",
        "a\0b",
        "",
        &"a".repeat(200),
    ] {
        assert!(named(name).is_err(), "{name:?}");
    }
    named("a-b.example.com").unwrap();
    let mut unknown = entry("8000", script());
    unknown.domain.name = "nobody.example.com".to_owned();
    assert!(matches!(add(&unknown, &facts), Err(Refusal::Domain(_))));
    let own = Entry {
        route: Route::Secretary(SecretaryRoute {
            extension: Extension::parse("8999").unwrap(),
            secretary: secretary(),
            leg: script(),
            fallback: Some(Extension::parse("8999").unwrap()),
        }),
        ..entry("8000", script())
    };
    assert!(matches!(add(&own, &facts), Err(Refusal::FallbackIsItself(_))));
    for text in [
        "",
        "a",
        "+",
        "5",
        "+55 11 5555x0199",
        "5 / 5",
        "1+2345",
        "5511555501990000000000",
        "٥٥",
    ] {
        assert!(matches!(Did::parse(text), Err(Refusal::Did(_))), "{text:?}");
    }
    let unreadable = Facts {
        database: Err(fusionpbx::Unread(fusionpbx::Text::plain("no database"))),
        ..facts
    };
    assert_eq!(add(&entry("8000", script()), &unreadable).unwrap(), []);
}

#[test]
fn a_number_from_outside_is_read_as_people_write_it() {
    for (text, prefix, number) in [
        ("551155550199", "", "551155550199"),
        ("+551155550199", "", "551155550199"),
        ("55 1155550199", "55", "1155550199"),
        ("55-1155550199", "55", "1155550199"),
        ("+55 11 5555-0199", "55", "1155550199"),
        ("+55 (11) 5555-0199", "55", "1155550199"),
        (" +55.11.5555.0199 ", "55", "1155550199"),
        // An area code is none of a country.
        ("(11) 5555-0199", "", "1155550199"),
        ("11 5555-0199", "", "1155550199"),
    ] {
        let did = Did::parse(text).unwrap();
        assert_eq!((did.prefix(), did.number()), (prefix, number), "{text:?}");
    }
}

proptest! {
    #[test]
    fn hostile_names_survive_or_are_refused(
        description in "\\PC*|[&\"<'\\\\\n\\x00]{0,200}",
        value in "\\PC*|[&\"<'\\\\\n\\x00]{0,40}|[a-z&]{1,20}",
        name in "\\PC*|[&\"<'\\\\\n\\x00$]{0,200}",
    ) {
        let leg = VariableValue::parse(&value).map_or(EntryLeg::Unicast, |value| {
            EntryLeg::Script(vec![(VariableName::parse("voice_ai_language").unwrap(), value)])
        });
        let mut facts = healthy::bare(ChoiceOfDialplan::Single);
        // A row that was there before, by whatever name.
        let mut old = row("pbx.example.com", &name, 250, "");
        old.app = Some(APP_UUID);
        old.number = Some("8000".to_owned());
        facts.database.as_mut().unwrap().dialplans.push(old.clone());
        let entry = Entry { description, ..entry("8000", leg) };
        if let Ok(changes) = add(&entry, &facts) {
            apply_all(&mut facts, &changes);
            let database = facts.database.as_ref().unwrap();
            let row = database.dialplans.iter().find(|row| row.uuid == old.uuid).unwrap();
            let stored = read_one(row.xml.as_deref().unwrap()).unwrap();
            let made = read_one(&editor(row, &database.domains).unwrap()).unwrap();
            prop_assert_eq!(&stored, &made);
            prop_assert!(stored.does_the_same(&entry.meaning("")));
            prop_assert!(!row.xml.as_deref().unwrap().contains("Voice AI"));
            prop_assert_eq!(add(&entry, &facts).unwrap(), []);
        } else {
            let open = value.contains('&') || entry.description.contains('\0');
            prop_assert!(open, "{:?}", add(&entry, &facts));
        }
    }
}
