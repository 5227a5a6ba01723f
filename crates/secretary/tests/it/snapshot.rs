//! A snapshot: from the samples, and from the folders that a configuration names.

use secretary::{DomainEntry, Language, SAMPLE_DOMAIN, Snapshot, SnapshotError};
use std::fs;
use std::path::Path;

fn entry(folder: Option<&Path>, default: &str) -> DomainEntry {
    DomainEntry {
        default_secretary: default.into(),
        max_calls: 3,
        secretaries_dir: folder.map(Into::into),
        ..DomainEntry::sample()
    }
}

fn write(folder: &Path, file: &str, name: &str) {
    let text = format!(
        "name = {name:?}\nlanguage = \"en\"\nscript = \"talk/{name}.yaml\"\n[greeting]\ntext = \"Hello\"\n\
         [phrases]\nreprompts = []\nfarewell = \"Bye\"\napology = \"Sorry\"\nbackchannels = []\n"
    );
    fs::write(folder.join(file), text).unwrap();
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
    write(folder.path(), "a.toml", "front");
    write(folder.path(), "b.toml", "night");
    fs::write(folder.path().join("notes.txt"), "not a secretary").unwrap();
    let snapshot = Snapshot::load(&[entry(Some(folder.path()), "front")]).unwrap();
    let domain = snapshot.domain(SAMPLE_DOMAIN).unwrap();
    assert_eq!(domain.secretaries.keys().collect::<Vec<_>>(), ["front", "night"]);
    assert_eq!(domain.max_calls, 3);
    let script = Path::new(&domain.secretaries["night"].script);
    assert!(
        script.is_absolute() && script.ends_with("talk/night.yaml"),
        "{}",
        script.display()
    );
}

#[test]
fn an_unknown_default_secretary_is_refused_with_the_nearest() {
    let error = Snapshot::load(&[entry(None, "provdor")]).unwrap_err().to_string();
    assert_eq!(
        error,
        "domain pbx.example.com: there is no secretary \"provdor\"; did you mean \"provedor\"?"
    );
}

#[test]
fn two_secretaries_of_one_name_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.toml", "front");
    write(folder.path(), "b.toml", "front");
    let error = Snapshot::load(&[entry(Some(folder.path()), "front")]).unwrap_err();
    assert!(
        matches!(error, SnapshotError::SameName { ref second, .. } if second.ends_with("b.toml")),
        "{error}"
    );
}

#[test]
fn a_domain_stands_once() {
    let twice = [entry(None, "isp"), entry(None, "isp")];
    assert_eq!(
        Snapshot::load(&twice).unwrap_err(),
        SnapshotError::SameDomain(SAMPLE_DOMAIN)
    );
}

#[test]
fn a_folder_that_is_missing_or_empty_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let empty = Snapshot::load(&[entry(Some(folder.path()), "front")]).unwrap_err();
    assert!(matches!(empty, SnapshotError::Empty { .. }), "{empty}");
    let missing = Snapshot::load(&[entry(Some(&folder.path().join("gone")), "front")]).unwrap_err();
    assert!(matches!(missing, SnapshotError::Unreadable { .. }), "{missing}");
}

#[test]
fn a_broken_file_is_named_with_its_path_and_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("bad.toml"),
        "name = \"x\"\nlanguage = \"fr\"\n",
    )
    .unwrap();
    let error = Snapshot::load(&[entry(Some(folder.path()), "x")])
        .unwrap_err()
        .to_string();
    assert!(error.contains("bad.toml, line 2:"), "{error}");
}
