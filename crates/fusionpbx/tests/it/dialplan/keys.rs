//! Which keys a row makes stale.

use super::dump;
use super::healthy::{bare, row, takes};
use fusionpbx::dialplan::{cache_file_name, stale_keys};
use fusionpbx::{CacheFile, ChoiceOfDialplan, Destination, Facts};
use uuid::Uuid;

fn cached(names: &[&str]) -> Facts {
    let mut facts = bare(ChoiceOfDialplan::Single);
    facts.cache.as_mut().unwrap().files = names
        .iter()
        .map(|name| CacheFile {
            name: (*name).to_owned(),
            text: String::new(),
        })
        .collect();
    facts
}

#[test]
fn a_key_is_found_by_its_files_name() {
    for (key, name) in [
        ("dialplan:pbx.example.com", "dialplan.pbx.example.com"),
        ("dialplan:public:+551155550199", "dialplan.public.+551155550199"),
        ("dialplan:a/b\\c", "dialplan.a_b_c"),
    ] {
        assert_eq!(cache_file_name(key), name);
        if name.contains("example") {
            assert!(dump::file(&format!("cache-sample/{name}")).is_none_or(|text| text.contains("<context")));
        }
    }
}

#[test]
fn a_domains_row_makes_its_own_context_stale_and_no_other() {
    let facts = cached(&["dialplan.pbx.example.com", "dialplan.tenant2.example.com"]);
    let own = row("pbx.example.com", "a", 1, "");
    assert_eq!(stale_keys(&own, &facts), ["dialplan:pbx.example.com"]);
    let xfer = row("conf-xfer@pbx.example.com", "a", 1, "");
    assert_eq!(stale_keys(&xfer, &facts), ["dialplan:conf-xfer@pbx.example.com"]);
}

#[test]
fn a_row_of_all_domains_makes_all_stale_but_what_is_no_dialplan() {
    let facts = cached(&[
        "dialplan.mode",
        "dialplan.destination",
        "dialplan.other",
        "dialplan.public.5511",
        "directory.1000",
    ]);
    for context in ["global", "${domain_name}"] {
        let keys = stale_keys(&row(context, "a", 1, ""), &facts);
        assert_eq!(
            keys,
            [
                "dialplan:other",
                "dialplan:pbx.example.com",
                "dialplan:tenant2.example.com"
            ]
        );
    }
    let everywhere = stale_keys(&row("public", "not-found", 999, ""), &facts);
    assert_eq!(
        everywhere,
        ["dialplan:public", "dialplan:public:+5511", "dialplan:public:5511"]
    );
}

#[test]
fn a_number_from_outside_makes_its_own_keys_stale_with_and_without_plus() {
    let mut facts = cached(&[]);
    let mut own = row("public", "did", 100, &takes("did", r"^\+?(551155550199)$"));
    own.domain = Some(facts.database.as_ref().unwrap().domains[0].uuid.uuid());
    own.number = Some("551155550199".to_owned());
    let database = facts.database.as_mut().unwrap();
    database.destinations.push(Destination {
        uuid: Uuid::new_v4(),
        domain: own.domain,
        dialplan: Some(own.uuid),
        kind: "inbound".to_owned(),
        prefix: Some("55".to_owned()),
        trunk_prefix: None,
        area_code: None,
        number: "1155550199".to_owned(),
        enabled: true,
        description: None,
    });
    let both = |number: &str| {
        [
            format!("dialplan:public:+{number}"),
            format!("dialplan:public:{number}"),
        ]
    };
    let expected: Vec<_> = both("1155550199")
        .into_iter()
        .take(1)
        .chain(both("551155550199").into_iter().take(1))
        .chain([both("1155550199")[1].clone(), both("551155550199")[1].clone()])
        .collect();
    let keys = stale_keys(&own, &facts);
    assert_eq!(keys[0], "dialplan:public");
    assert_eq!(keys[1..], expected);
    facts.database.as_mut().unwrap().mode = ChoiceOfDialplan::Multiple;
    assert_eq!(stale_keys(&own, &facts), ["dialplan:public"]);
}
