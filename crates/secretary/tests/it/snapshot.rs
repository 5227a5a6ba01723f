//! A snapshot: from the samples, and from the folder that a configuration names.

use secretary::{
    DomainEntry, Folder, Language, Reloading, SAMPLE_DOMAIN, SecretarySource, Snapshot, SnapshotError,
};
use std::fs;
use std::path::Path;
use std::sync::Arc;

fn entry(default: &str) -> DomainEntry {
    DomainEntry {
        default_secretary: default.into(),
        max_calls: 3,
        ..DomainEntry::sample()
    }
}

fn other(name: &str, default: &str) -> DomainEntry {
    DomainEntry {
        uuid: "11111111-2222-4333-8444-000000000002".parse().unwrap(),
        name: name.into(),
        ..entry(default)
    }
}

fn write(folder: &Path, file: &str, keys: &str) {
    let text = format!(
        "{keys}\nlanguage = \"en\"\nscript = \"talk/x.yaml\"\n[greeting]\ntext = \"Hello\"\n\
         [phrases]\nreprompts = []\nfarewell = \"Bye\"\napology = \"Sorry\"\nbackchannels = []\n"
    );
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn load(entries: &[DomainEntry], folder: &Path) -> Result<Snapshot, Vec<SnapshotError>> {
    Snapshot::load(entries, Some(&Folder::read(folder)))
}

fn faults(entries: &[DomainEntry], folder: &Path) -> Vec<String> {
    let errors = load(entries, folder).unwrap_err();
    let prefix = format!("{}/", folder.display());
    errors
        .iter()
        .map(|error| error.to_string().replace(&prefix, ""))
        .collect()
}

#[test]
fn a_secretary_is_found_by_its_uuid_too() {
    let folder = tempfile::tempdir().unwrap();
    let uuid = "22222222-3333-4444-8555-666666666666";
    let named = |name: &str, uuid: &str| format!("name = \"{name}\"\nuuid = \"{uuid}\"");
    write(folder.path(), "a.toml", &named("front", uuid));
    write(
        folder.path(),
        "b.toml",
        &named("back", "22222222-3333-4444-8555-777777777777"),
    );
    let snapshot = Snapshot::load(&[entry("back")], Some(&Folder::read(folder.path())));
    let snapshot = snapshot.unwrap_or_else(|errors| panic!("{errors:?}"));
    let domain = snapshot.domain(SAMPLE_DOMAIN).unwrap();
    for asked in [uuid, &uuid.to_uppercase(), "front"] {
        assert_eq!(domain.secretary(Some(asked)).unwrap().name, "front");
    }
    assert!(
        domain
            .secretary(Some("22222222-3333-4444-8555-000000000000"))
            .is_none()
    );
}

#[test]
fn the_samples_answer_without_configuration() {
    let snapshot = Snapshot::embedded().unwrap();
    let domain = snapshot
        .domain("11111111-2222-4333-8444-555555555555".parse().unwrap())
        .unwrap();
    assert_eq!(domain.name, "pbx.example.com");
    assert_eq!(domain.secretary(None).unwrap().language, Language::PtBr);
    assert_eq!(domain.secretary(Some("isp")).unwrap().language, Language::En);
    assert!(domain.secretary(Some("nobody")).is_none());
    for secretary in domain.secretaries.values() {
        let fallback = secretary.fallback.as_ref().unwrap();
        assert!(secretary.destinations.iter().any(|one| one.name == *fallback));
    }
}

#[test]
fn words_that_answer_a_question_are_no_backchannels() {
    let snapshot = Snapshot::embedded().unwrap();
    let domain = snapshot.domain(SAMPLE_DOMAIN).unwrap();
    for (name, murmur, answers) in [
        ("provedor", ["uhum", "ta"], ["sim", "nao", "isso"]),
        ("isp", ["uh huh", "ok"], ["yes", "no", "please"]),
    ] {
        let words = &domain.secretaries[name].phrases.backchannels;
        assert!(murmur.iter().all(|w| words.iter().any(|b| b == w)), "{name}");
        assert!(answers.iter().all(|w| words.iter().all(|b| b != w)), "{name}");
    }
}

#[test]
fn a_folder_gives_its_secretaries_by_name_and_finds_their_scripts_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.toml", "name = \"front\"");
    write(folder.path(), "north/b.toml", "name = \"night\"");
    write(folder.path(), "north/deeper/c.toml", "name = \"too deep\"");
    write(folder.path(), ".a.toml", "name = \"an editor's\"");
    write(folder.path(), "..data/a.toml", "name = \"a mount's\"");
    fs::write(folder.path().join("notes.txt"), "not a secretary").unwrap();
    let snapshot = load(&[entry("front")], folder.path()).unwrap();
    let domain = snapshot.domain(SAMPLE_DOMAIN).unwrap();
    assert_eq!(domain.secretaries.keys().collect::<Vec<_>>(), ["front", "night"]);
    assert_eq!(domain.max_calls, 3);
    let script = Path::new(&domain.secretaries["night"].script);
    assert!(
        script.is_absolute() && script.ends_with("north/talk/x.yaml"),
        "{}",
        script.display()
    );
}

#[test]
fn each_file_goes_to_the_domain_that_it_names_and_to_no_other() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "a.toml",
        "name = \"front\"\ndomain = \"PBX.example.com\"",
    );
    write(
        folder.path(),
        "b.toml",
        "name = \"front\"\ndomain = \"11111111-2222-4333-8444-000000000002\"",
    );
    write(
        folder.path(),
        "c.toml",
        "name = \"night\"\ndomain = \"south.example\"",
    );
    let entries = [entry("front"), other("south.example", "night")];
    let snapshot = load(&entries, folder.path()).unwrap();
    let names = |entry: &DomainEntry| {
        let domain = snapshot.domain(entry.uuid).unwrap();
        domain.secretaries.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(names(&entries[0]), ["front"]);
    assert_eq!(names(&entries[1]), ["front", "night"]);
}

#[test]
fn a_domain_that_is_not_configured_or_not_named_is_told() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "a.toml",
        "name = \"front\"\ndomain = \"pbx.exampel.com\"",
    );
    write(folder.path(), "b.toml", "name = \"night\"");
    let entries = [entry("front"), other("south.example", "night")];
    assert_eq!(
        faults(&entries, folder.path()),
        [
            "a.toml, line 2: \"pbx.exampel.com\" is no configured domain; did you mean \"pbx.example.com\"? (name or UUID, as in \
             [[domains]])",
            "b.toml, line 1: missing key `domain`; there are several: write domain = one of pbx.example.com, south.example",
        ]
    );
}

#[test]
fn an_unknown_default_secretary_is_refused_with_the_nearest() {
    let errors = Snapshot::load(&[entry("provdor"), other("south.example", "isp")], None).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(
        errors[0].to_string(),
        "domain pbx.example.com: there is no secretary \"provdor\", its default_secretary; did you mean \"provedor\"?"
    );
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "a.toml",
        "name = \"front\"\ndomain = \"pbx.example.com\"",
    );
    assert_eq!(
        faults(&[entry("front"), other("south.example", "front")], folder.path()),
        [
            "domain south.example: there is no secretary \"front\", its default_secretary; it has none at all: write a file with domain = \"south.example\""
        ]
    );
}

#[test]
fn names_of_a_domain_and_uuids_of_all_are_each_of_one_secretary() {
    const UUID: &str = "uuid = \"22222222-3333-4444-8555-666666666666\"";
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "a.toml",
        &format!("domain = \"pbx.example.com\"\nname = \"front\"\n{UUID}"),
    );
    write(
        folder.path(),
        "b.toml",
        "domain = \"pbx.example.com\"\nname = \"front\"",
    );
    write(
        folder.path(),
        "c.toml",
        &format!("domain = \"south.example\"\nname = \"front\"\n{UUID}"),
    );
    let place = folder.path().display();
    assert_eq!(
        load(&[entry("front"), other("south.example", "front")], folder.path())
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        [
            format!(
                "{place}/b.toml, line 2: the name \"front\" is taken by {place}/a.toml, line 2; \
                 give each secretary of a domain a name of its own"
            ),
            format!(
                "{place}/c.toml, line 3: the uuid 22222222-3333-4444-8555-666666666666 is taken by {place}/a.toml, line 3; \
                 give each secretary one of its own (`uuidgen` makes one)"
            ),
        ]
    );
}

#[test]
fn a_domain_stands_once() {
    let errors = Snapshot::load(&[entry("isp"), entry("isp")], None).unwrap_err();
    assert_eq!(errors, [SnapshotError::SameDomain(SAMPLE_DOMAIN)]);
}

#[test]
fn a_folder_that_is_missing_or_empty_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let empty = load(&[entry("front")], folder.path()).unwrap_err();
    assert!(matches!(empty[..], [SnapshotError::Empty { .. }]), "{empty:?}");
    let missing = load(&[entry("front")], &folder.path().join("gone")).unwrap_err();
    assert!(
        matches!(missing[..], [SnapshotError::Unreadable { .. }]),
        "{missing:?}"
    );
}

#[test]
fn all_faults_of_all_files_are_told_at_once_each_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "good.toml", "name = \"front\"");
    write(
        folder.path(),
        "one.toml",
        "name = \"front\"\nbrain = \"oracle\"\ngreetings = \"x\"",
    );
    fs::write(folder.path().join("two.toml"), "name = \"x\"\nlanguage = = 3\n").unwrap();
    fs::write(folder.path().join("three.toml"), [0xff, 0xfe]).unwrap();
    let told = faults(&[entry("front")], folder.path());
    let begin: Vec<&str> = told
        .iter()
        .map(|line| line.split([':', '/']).next().unwrap())
        .collect();
    assert_eq!(
        begin,
        [
            "three.toml cannot be read",
            "one.toml, line 1",
            "one.toml, line 2",
            "one.toml, line 3",
            "two.toml, line 2",
        ],
        "{told:#?}"
    );
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_told_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "good.toml", "name = \"front\"");
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("odd.toml")).unwrap();
    let told = faults(&[entry("front")], folder.path());
    assert!(
        told.len() == 1 && told[0].contains("odd.toml cannot be read: it is no file"),
        "{told:?}"
    );
}

#[test]
fn markdown_beside_a_file_is_its_text() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "north/a.toml",
        "name = \"front\"\npersona = \"who.md\"",
    );
    fs::write(folder.path().join("north/who.md"), "# Ana\n\nYou are Ana.\n").unwrap();
    let snapshot = load(&[entry("front")], folder.path()).unwrap();
    let domain = snapshot.domain(SAMPLE_DOMAIN).unwrap();
    assert_eq!(domain.secretaries["front"].persona, "# Ana\n\nYou are Ana.");

    write(
        folder.path(),
        "north/a.toml",
        "name = \"front\"\npersona = \"../who.md\"\nrules = \"what.md\"",
    );
    assert_eq!(
        faults(&[entry("front")], folder.path()),
        [
            "north/a.toml, line 2: persona names \"../who.md\", which is not beside this file; \
             put the file into this folder and give its name alone",
            "north/a.toml, line 3: rules names \"what.md\", which cannot be read; \
             put that file beside this one, or write the text itself",
        ]
    );
}

#[test]
fn the_version_changes_with_every_text_and_with_the_domains_and_with_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.toml", "name = \"front\"");
    fs::write(folder.path().join("talk.yaml"), "a").unwrap();
    let version = || load(&[entry("front")], folder.path()).unwrap().version;
    let first = version();
    assert_eq!(first.len(), 12);
    fs::write(folder.path().join("notes.txt"), "nothing").unwrap();
    assert_eq!(version(), first);
    fs::write(folder.path().join("talk.yaml"), "b").unwrap();
    let second = version();
    assert_ne!(second, first);
    let limited = DomainEntry {
        minutes_per_day: 5,
        ..entry("front")
    };
    assert_ne!(load(&[limited], folder.path()).unwrap().version, second);
}

#[test]
fn who_holds_a_snapshot_keeps_it_when_another_takes_its_place() {
    let source = Reloading::new(Snapshot::embedded().unwrap());
    let held = source.snapshot();
    source.replace(Snapshot::load(&[entry("isp")], None).unwrap());
    assert_eq!(held.domain(SAMPLE_DOMAIN).unwrap().default_secretary, "provedor");
    let now = source.snapshot();
    assert_eq!(now.domain(SAMPLE_DOMAIN).unwrap().default_secretary, "isp");
    assert!(Arc::ptr_eq(&now, &source.snapshot()));
}
