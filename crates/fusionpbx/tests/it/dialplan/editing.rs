//! What FusionPBX's editor makes of details, and what XML means.

use super::dump;
use fusionpbx::dialplan::{Break, Test, editor, read, read_one};

/// The rows of the dumps whose stored XML is not what the editor makes of their details today, and why.
const OTHERWISE: &[&str] = &[];

#[test]
fn the_editor_makes_of_all_details_of_a_real_database_what_stands_there() {
    for version in dump::VERSIONS {
        let Some(facts) = dump::database(version) else {
            return;
        };
        let mut compared = 0;
        for row in &facts.dialplans {
            let Some(stored) = &row.xml else { continue };
            let made = editor(row, &facts.domains).unwrap_or_else(|| panic!("{} has no details", row.name));
            if OTHERWISE.contains(&row.name.as_str()) {
                continue;
            }
            match (read(&made), read(stored)) {
                (Ok(made), Ok(stored)) => {
                    assert_eq!(
                        made.extensions[0].conditions, stored.extensions[0].conditions,
                        "{version}: {}",
                        row.name
                    );
                    assert_eq!(
                        made.extensions[0].continues, stored.extensions[0].continues,
                        "{}",
                        row.name
                    );
                }
                // Quotation marks in a value: the same malformed text, but for blanks.
                (made_error, stored_error) => {
                    assert!(
                        made_error.is_err() && stored_error.is_err(),
                        "{version}: {}",
                        row.name
                    );
                    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                    let continues = |text: &str| plain(text).replace("continue=\"1\"", "continue=\"true\"");
                    assert_eq!(continues(&made), continues(stored), "{version}: {}", row.name);
                }
            }
            compared += 1;
        }
        assert!(compared >= 14, "{version}: {compared} rows have XML");
    }
}

#[test]
fn texts_that_mean_the_same_are_the_same() {
    let one = r#"<extension name="a" continue="false"><condition field="destination_number" expression="^8000$"><action application="set" data="a=1" inline="true"/></condition></extension>"#;
    for other in [
        "<extension continue=\"\" name=\"other\">\n\t<condition expression=\"^8000$\" field=\"destination_number\" break=\"on-false\">\n\t\t<action data=\"a=1\" application=\"set\" inline=\"1\"/>\n\t</condition>\n</extension>\n",
        "<!-- ours --><extension><condition field='destination_number'><expression>^8000$</expression><action application='set' inline='yes'>a=1</action></condition></extension>",
    ] {
        let (one, other) = (read_one(one).unwrap(), read_one(other).unwrap());
        assert!(one.does_the_same(&other), "{one:?} {other:?}");
        assert_eq!(one.continues, other.continues);
    }
    for (different, what) in [
        (one.replace("^8000$", "^8001$"), "expression"),
        (one.replace("inline=\"true\"", ""), "inline"),
        (one.replace("a=1", "a=2"), "data"),
        (one.replace("<condition ", "<condition break=\"never\" "), "break"),
        (one.replace("<condition ", "<condition wday=\"2-6\" "), "time"),
        (one.replace("action ", "anti-action "), "anti-action"),
    ] {
        let different = read_one(&different).unwrap();
        assert!(!read_one(one).unwrap().does_the_same(&different), "{what}");
    }
    for (text, continues) in [
        ("true", true),
        ("1", true),
        ("false", false),
        ("", false),
        ("t", true),
        ("0", false),
    ] {
        let meaning = read_one(&one.replace("continue=\"false\"", &format!("continue=\"{text}\""))).unwrap();
        assert_eq!(meaning.continues, continues, "{text:?}");
    }
}

#[test]
fn what_is_malformed_is_told_with_its_place() {
    let malformed =
        read("<extension name=\"a\">\n\t<condition field=\"x\" expression=\"y\">\n</extension>").unwrap_err();
    assert_eq!(malformed.line, 3, "{malformed}");
    assert!(malformed.reason.contains("condition"), "{malformed}");
    for (xml, line) in [
        (
            "<extension>\n<condition>\n<action application=\"log\" data=\"a \"q\" <x>\"/>\n</condition></extension>",
            3,
        ),
        ("</voice-ai-context><extension/>", 1),
        ("<extension", 1),
        ("<extension name=\"\u{0}\"/>", 1),
    ] {
        assert_eq!(read(xml).unwrap_err().line, line, "{xml}");
    }
    // FreeSWITCH takes these in a value as they are.
    let reading = read("<extension>\n<condition><action application=\"log\" data=\"a & b < c &amp; d\"/></condition></extension>").unwrap();
    assert_eq!(
        reading.extensions[0].conditions[0].actions[0].data,
        "a & b < c & d"
    );
    assert_eq!(reading.unescaped.unwrap().line, 2);
    assert_eq!(read("").unwrap().extensions, []);
}

#[test]
fn conditions_are_read_as_freeswitch_does() {
    let meaning = read_one(
        r#"<extension name="x"><condition field="" expression=""/><condition wday="2-6" time-of-day="09:00-18:00" break="never"/><condition regex="any"><regex field="a" expression="b"/></condition><condition break="nonsense"/></extension>"#,
    )
    .unwrap();
    let [always, time, several, bare] = meaning.conditions.as_slice() else {
        panic!("{meaning:?}")
    };
    assert_eq!((&always.test, &bare.test), (&Test::Always, &Test::Always));
    assert_eq!(time.times.len(), 2);
    assert_eq!((time.breaks, bare.breaks), (Break::Never, Break::OnFalse));
    assert!(matches!(&several.test, Test::Several(_, tests) if tests.len() == 1));
}
