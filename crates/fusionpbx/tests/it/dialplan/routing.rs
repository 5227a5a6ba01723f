//! Which rows are served to a call, and which of them takes it.

use super::dump;
use super::healthy::{self, HOSTNAME, domain, row, takes};
use fusionpbx::dialplan::{NumberOwner, Takes, owner_of, read, read_one, served, shadow};
use fusionpbx::{ChoiceOfDialplan, DatabaseFacts};
use uuid::Uuid;

fn uuids(xml: &str) -> Vec<Uuid> {
    xml.match_indices("<extension ")
        .map(|(at, _)| {
            let (_, rest) = xml[at..].split_once("uuid=\"").unwrap();
            rest[..36].parse().unwrap()
        })
        .collect()
}

#[test]
fn a_domains_rows_are_served_as_fusionpbx_serves_them() {
    let (Some(facts), Some(xml)) = (dump::database("5.6.4-dev"), dump::file("xml_handler-domain.xml")) else {
        return;
    };
    let there = uuids(&xml);
    let expected: Vec<_> = there
        .iter()
        .filter(|uuid| facts.dialplans.iter().any(|row| row.uuid == **uuid))
        .collect();
    let served = served(&facts, "pbx.example.com", "8000", Some("pbx"));
    assert_eq!(served.iter().map(|row| &row.uuid).collect::<Vec<_>>(), expected);
    assert!(served.len() > 12, "{}", served.len());
}

#[test]
fn a_number_from_outside_is_served_by_its_own_row_alone() {
    let Some(facts) = dump::database("5.6.4-dev") else {
        return;
    };
    for (number, file) in [
        ("551155550199", "xml_handler-public-single.xml"),
        ("+551155550199", "cache-sample/dialplan.public.+551155550199"),
        ("5511555509999", "cache-sample/dialplan.public.5511555509999"),
    ] {
        let served = served(&facts, "public", number, Some("pbx"));
        let there = uuids(&dump::file(file).unwrap());
        assert_eq!(
            served.iter().map(|row| row.uuid).collect::<Vec<_>>(),
            there,
            "{number}"
        );
    }
}

#[test]
fn in_multiple_mode_all_public_rows_are_served() {
    let Some(facts) = dump::database("5.6.4-dev") else {
        return;
    };
    let facts = DatabaseFacts {
        mode: ChoiceOfDialplan::Multiple,
        ..facts
    };
    let names = |number| -> Vec<_> {
        served(&facts, "public", number, None)
            .iter()
            .map(|row| row.name.clone())
            .collect()
    };
    assert_eq!(names("1"), ["caller-details", "551155550199", "not-found"]);
}

#[test]
fn none_of_the_rows_that_fusionpbx_comes_with_takes_8000_before_order_250() {
    let Some(xml) = dump::file("xml_handler-domain.xml") else {
        return;
    };
    let reading = read(&xml[xml.find("<extension").unwrap()..xml.find("\t\t</context>").unwrap()]).unwrap();
    assert!(reading.extensions.len() > 50);
    let before: Vec<_> = reading
        .extensions
        .iter()
        .take_while(|meaning| meaning.name != "number_queue")
        .collect();
    assert!(before.len() > 20);
    for meaning in before {
        let expected = match meaning.name.as_str() {
            "voice_secretary" => Takes::Yes,
            _ => Takes::No,
        };
        assert_eq!(meaning.takes("8000"), expected, "{}", meaning.name);
    }
    let named = |name| {
        reading
            .extensions
            .iter()
            .find(|meaning| meaning.name == name)
            .unwrap()
    };
    assert_eq!(named("echo").takes("*9196"), Takes::Yes);
    assert_eq!(named("echo").takes("9196"), Takes::No);
    assert_eq!(named("number_queue").takes("*8001000"), Takes::Yes);
}

#[test]
fn the_last_condition_that_is_looked_at_decides() {
    let extension = |conditions: &str| read_one(&format!("<extension>{conditions}</extension>")).unwrap();
    let number = r#"<condition field="destination_number" expression="^8000$""#;
    for (conditions, expected) in [
        (format!("{number}/>"), Takes::Yes),
        (r#"<condition field="destination_number" expression="^800"/>"#.to_owned(), Takes::Yes),
        (r#"<condition field="destination_number" expression="^(?:7|9)"/>"#.to_owned(), Takes::No),
        (r#"<condition field="" expression=""/>"#.to_owned(), Takes::Yes),
        (format!("{number}/><condition field=\"${{x}}\" expression=\"y\"/>"), Takes::Perhaps),
        (format!("{number}/><condition wday=\"2-6\"/>"), Takes::Perhaps),
        (r#"<condition field="${x}" expression="y"/>"#.to_owned(), Takes::No),
        // A condition that fails and does something takes the call.
        (r#"<condition field="destination_number" expression="^1$"><anti-action application="hangup"/></condition>"#.to_owned(), Takes::Yes),
        // One that fails and never breaks leaves it to the next.
        (format!("<condition field=\"destination_number\" expression=\"^1$\" break=\"never\"/>{number}/>"), Takes::Yes),
        (format!("{number} break=\"never\"/><condition field=\"destination_number\" expression=\"^1$\"/>"), Takes::No),
        (format!("{number} break=\"on-true\"/><condition field=\"destination_number\" expression=\"^1$\"/>"), Takes::Yes),
        (r#"<condition regex="any"><regex field="destination_number" expression="^8000$"/><regex field="x" expression="y"/></condition>"#.to_owned(), Takes::Yes),
        (r#"<condition regex="all"><regex field="destination_number" expression="^8000$"/><regex field="x" expression="y"/></condition>"#.to_owned(), Takes::Perhaps),
        // What cannot be compiled here may still match there.
        (r#"<condition field="destination_number" expression="^(?=8000)"/>"#.to_owned(), Takes::Perhaps),
    ] {
        assert_eq!(extension(&conditions).takes("8000"), expected, "{conditions}");
    }
    let continues = read_one(&format!("<extension continue=\"true\">{number}/></extension>")).unwrap();
    assert_eq!(continues.takes("8000"), Takes::No);
}

#[test]
fn the_row_that_comes_first_is_named() {
    let mut facts = healthy::bare(ChoiceOfDialplan::Single).database.unwrap();
    let (context, place) = ("pbx.example.com", (Uuid::nil(), 250));
    assert!(shadow(&facts, context, "8000", place, Some(HOSTNAME)).is_none());
    facts
        .dialplans
        .push(row(context, "pattern", 210, &takes("pattern", r"^(\d{4})$")));
    let found = shadow(&facts, context, "8000", place, Some(HOSTNAME)).unwrap();
    assert_eq!(
        (found.row.name.as_str(), found.takes, found.tied),
        ("pattern", Takes::Yes, false)
    );
    let found = shadow(&facts, context, "8000", (Uuid::nil(), 210), Some(HOSTNAME)).unwrap();
    assert!(found.tied);
    assert!(shadow(&facts, context, "8000", (Uuid::nil(), 209), Some(HOSTNAME)).is_none());
    for unseen in 0..3 {
        let pattern = facts.dialplans.last_mut().unwrap();
        match unseen {
            0 => pattern.enabled = false,
            1 => (pattern.enabled, pattern.hostname) = (true, Some(String::new())),
            _ => (pattern.hostname, pattern.context) = (None, "tenant2.example.com".to_owned()),
        }
        assert!(
            shadow(&facts, context, "8000", place, Some(HOSTNAME)).is_none(),
            "{unseen}"
        );
    }
}

#[test]
fn who_has_a_number_is_named() {
    let mut facts = healthy::bare(ChoiceOfDialplan::Single).database.unwrap();
    assert_eq!(owner_of("8000", &domain(), &facts), None);
    let listed = owner_of("1000", &domain(), &facts).unwrap();
    assert_eq!(listed, NumberOwner::Listed("extension".to_owned()));
    assert_eq!(listed.text().in_lang(fusionpbx::Lang::PtBr), "ramal");
    let other = facts.domains[1].clone();
    assert_eq!(owner_of("1000", &other, &facts), None);
    for expression in ["^8000$", r"^(8000)$", r"^\+?(8000)$"] {
        facts
            .dialplans
            .push(row("pbx.example.com", "ivr", 400, &takes("ivr", expression)));
        let owner = owner_of("8000", &domain(), &facts);
        assert!(
            matches!(owner, Some(NumberOwner::Row { name, .. }) if name == "ivr"),
            "{expression}"
        );
        facts.dialplans.pop();
    }
    facts
        .dialplans
        .push(row("pbx.example.com", "all", 400, &takes("all", r"^(\d+)$")));
    assert_eq!(
        owner_of("8000", &domain(), &facts),
        None,
        "a pattern owns no number"
    );
}
