//! Model files: conversion, downloads, checks.

mod downloads;
mod server;

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use voice::models::{
    CATALOGUE, Installer, Kept, Model, ModelError, ModelFile, Origin, Package, Progress, Recipe, State, find,
    verify, whisper_ct2,
};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/whisper_ct2")
        .join(name)
}

fn hash(bytes: &[u8]) -> &'static str {
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    hex.leak()
}

/// A model of two small files that a wheel holds: the first part of the tiny Whisper.
fn tiny() -> (Model, Vec<u8>) {
    let wheel = std::fs::read(data("part1.whl")).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&wheel)).unwrap();
    let mut file = |name: &'static str| {
        let mut bytes = Vec::new();
        std::io::copy(
            &mut archive.by_name(&format!("tiny/data/{name}")).unwrap(),
            &mut bytes,
        )
        .unwrap();
        ModelFile {
            name,
            bytes: bytes.len() as u64,
            sha256: hash(&bytes),
        }
    };
    let files = vec![file("model.bin.part1"), file("config.json")].leak();
    let package = Package {
        project: "tiny",
        file: "tiny-1-py3-none-any.whl",
        bytes: wheel.len() as u64,
        sha256: hash(&wheel),
    };
    let kept = Kept::Folder {
        packages: vec![package].leak(),
        recipe: Recipe::Members("tiny/data/"),
    };
    let model = Model {
        name: "tiny",
        purpose: "",
        languages: &[],
        licence: "MIT",
        home: "",
        kept,
        files,
    };
    (model, wheel)
}

/// The tiny Whisper, which is made from three packages.
fn tiny_whisper() -> Model {
    let package = |file: &'static str| {
        let bytes = std::fs::read(data(file)).unwrap();
        Package {
            project: "tiny",
            file,
            bytes: bytes.len() as u64,
            sha256: hash(&bytes),
        }
    };
    let packages = ["part1.whl", "part2.whl", "sdist.tar.gz"]
        .map(package)
        .to_vec()
        .leak();
    let made = std::fs::read(data("expected.bin")).unwrap();
    let file = ModelFile {
        name: "expected.bin",
        bytes: made.len() as u64,
        sha256: hash(&made),
    };
    let kept = Kept::Folder {
        packages,
        recipe: Recipe::WhisperCt2,
    };
    Model {
        kept,
        files: vec![file].leak(),
        ..tiny().0
    }
}

async fn install(model: &Model, dir: &Path, origin: Origin) -> Result<PathBuf, ModelError> {
    Installer::new(dir, origin).install(model, &mut |_| {}).await
}

/// What lies in a folder, but for the lock.
fn files_in(dir: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(name)
        .filter(|name| name != ".lock")
        .collect();
    names.sort();
    names
}

#[test]
fn a_ctranslate2_whisper_becomes_the_bytes_that_numpy_makes() {
    let mut made = Vec::new();
    let (part1, part2) = (data("part1.whl"), data("part2.whl"));
    whisper_ct2::convert(
        &[&part1, &part2],
        &data("sdist.tar.gz"),
        Path::new("made"),
        &mut made,
    )
    .unwrap();
    let expected = std::fs::read(data("expected.bin")).unwrap();
    assert_eq!(made.len(), expected.len());
    let first_difference = made
        .iter()
        .zip(&expected)
        .position(|(made, expected)| made != expected);
    assert_eq!(first_difference, None);
}

#[test]
fn a_package_that_is_not_what_it_should_be_is_named() {
    let (part1, part2, sdist) = (data("part1.whl"), data("part2.whl"), data("sdist.tar.gz"));
    let convert = |parts: [&Path; 2], sdist: &Path| {
        whisper_ct2::convert(&[parts[0], parts[1]], sdist, Path::new("made"), &mut Vec::new())
            .unwrap_err()
            .to_string()
    };
    let swapped = convert([&part2, &part1], &sdist);
    assert!(
        swapped.contains("part2.whl") && swapped.contains("no member model.bin.part1"),
        "{swapped}"
    );
    let no_archive = convert([&part1, &part2], &data("expected.bin"));
    assert!(
        no_archive.contains("expected.bin cannot be converted"),
        "{no_archive}"
    );
}

/// With the real packages, where they are: VOICE_AI_TEST_WHEELS names their folder.
#[tokio::test]
async fn the_real_packages_become_the_whisper_of_the_catalogue() {
    let Some(wheels) = std::env::var_os("VOICE_AI_TEST_WHEELS") else {
        println!("skipped: VOICE_AI_TEST_WHEELS names no folder with the packages of whisper-base");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let whisper = find("whisper-base").unwrap();
    install(whisper, dir.path(), Origin::Paths(vec![wheels.into()]))
        .await
        .unwrap();
    assert_eq!(verify(whisper, dir.path()).unwrap(), State::Good);
}

#[test]
fn the_embedded_models_are_those_of_the_catalogue() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../audio/models");
    for model in CATALOGUE.iter().filter(|model| model.kept == Kept::Embedded) {
        for file in model.files {
            let bytes = std::fs::read(folder.join(file.name)).unwrap();
            assert_eq!(
                (hash(&bytes), bytes.len() as u64),
                (file.sha256, file.bytes),
                "{}",
                file.name
            );
        }
    }
}

#[tokio::test]
async fn local_paths_give_packages_or_the_model_itself() {
    let model = tiny_whisper();
    let dir = tempfile::tempdir().unwrap();
    let packages = ["part1.whl", "part2.whl", "sdist.tar.gz"].map(data).to_vec();
    let made = install(
        &model,
        &dir.path().join("packages"),
        Origin::Paths(packages.clone()),
    )
    .await
    .unwrap();
    assert_eq!(
        std::fs::read(made).unwrap(),
        std::fs::read(data("expected.bin")).unwrap()
    );
    install(&model, &dir.path().join("folder"), Origin::Paths(vec![data("")]))
        .await
        .unwrap();
    let renamed = dir.path().join("renamed");
    std::fs::copy(data("expected.bin"), &renamed).unwrap();
    install(&model, &dir.path().join("file"), Origin::Paths(vec![renamed]))
        .await
        .unwrap();

    let some = Origin::Paths(packages[..2].to_vec());
    let error = install(&model, &dir.path().join("some"), some)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("neither expected.bin") && error.contains("sdist.tar.gz"),
        "{error}"
    );
    let wrong = Origin::Paths(vec![data("make.py")]);
    let error = install(&model, &dir.path().join("wrong"), wrong)
        .await
        .unwrap_err();
    assert!(matches!(error, ModelError::WrongHash { .. }), "{error}");
    assert!(files_in(&dir.path().join("wrong")).is_empty());
}

#[tokio::test]
async fn a_damaged_file_is_found_and_mended() {
    let model = tiny_whisper();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("expected.bin");
    assert_eq!(verify(&model, dir.path()).unwrap(), State::Missing(file.clone()));
    let origin = || Origin::Paths(vec![data("")]);
    install(&model, dir.path(), origin()).await.unwrap();
    std::fs::write(&file, "half").unwrap();
    assert!(matches!(verify(&model, dir.path()).unwrap(), State::Damaged { path, .. } if path == file));
    install(&model, dir.path(), origin()).await.unwrap();
    assert_eq!(verify(&model, dir.path()).unwrap(), State::Good);
}

#[test]
fn a_second_installation_waits_for_the_first() {
    let model = tiny_whisper();
    let dir = tempfile::tempdir().unwrap();
    let first = std::fs::File::create(dir.path().join(".lock")).unwrap();
    first.lock().unwrap();
    let (sender, reports) = std::sync::mpsc::channel();
    let place = dir.path().to_owned();
    let second = std::thread::spawn(move || {
        let installer = Installer::new(place, Origin::Paths(vec![data("")]));
        let mut report = |progress: Progress<'_>| sender.send(format!("{progress:?}")).unwrap();
        futures_util::FutureExt::now_or_never(installer.install(&model, &mut report))
            .unwrap()
            .unwrap();
    });
    assert_eq!(reports.recv().unwrap(), "Waiting");
    drop(first);
    second.join().unwrap();
    assert!(reports.iter().last().unwrap().starts_with("Installed"));
}

#[tokio::test]
async fn a_full_disk_and_a_folder_that_cannot_be_are_named_with_the_remedy() {
    let model = tiny_whisper();
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/full", dir.path().join("expected.bin.new")).unwrap();
    let error = install(&model, dir.path(), Origin::Paths(vec![data("")]))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("the disk is full"), "{error}");
    let under_a_file = data("make.py").join("models");
    let error = install(&model, &under_a_file, Origin::Paths(vec![data("")]))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("make.py/models") && error.contains("name an existing place"),
        "{error}"
    );
}

#[tokio::test]
async fn an_embedded_model_needs_no_installation() {
    let dir = tempfile::tempdir().unwrap();
    let silero = find("silero-vad").unwrap();
    let error = install(silero, dir.path(), Origin::Paths(Vec::new()))
        .await
        .unwrap_err();
    assert!(matches!(error, ModelError::Embedded("silero-vad")), "{error}");
    assert_eq!(verify(silero, dir.path()).unwrap(), State::Embedded);
}
