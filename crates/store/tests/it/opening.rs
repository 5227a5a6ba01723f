use crate::site::{NOON, Site, Talk, domain, on_both};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;
use store::{Filter, LateStore, Location, LocationError, Store, StoreError};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

on_both! {
    several_may_open_it_at_once_for_the_first_time,
    what_was_kept_is_there_after_it_is_opened_again,
    a_store_of_a_newer_program_is_refused,
}

const PASSWORD: &str = "geheim-9000";

async fn several_may_open_it_at_once_for_the_first_time(site: Site) {
    let mut opening = JoinSet::new();
    for _ in 0..4 {
        let location = site.location();
        opening.spawn(async move { Store::open(&location).await.map(drop) });
    }
    for opened in opening.join_all().await {
        opened.unwrap();
    }
}

async fn what_was_kept_is_there_after_it_is_opened_again(site: Site) {
    let store = site.store().await;
    let talk = Talk::new(domain(), NOON);
    store.apply(&talk.entries()).await.unwrap();
    store.close().await;
    let store = Store::open_existing(&site.location()).await.unwrap();
    let found = store
        .conversations(talk.domain, &Filter::default())
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
}

async fn a_store_of_a_newer_program_is_refused(site: Site) {
    const LATER: &str =
        "INSERT INTO voice_ai_migrations (version, description, success, checksum, execution_time)
                         SELECT 9000, 'later', success, checksum, 0 FROM voice_ai_migrations WHERE version = 1";
    site.store().await.close().await;
    if let Some(path) = site.location().file() {
        let url = format!("sqlite:{}", path.display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(LATER).execute(&mut connection).await.unwrap();
    } else {
        let mut connection = PgConnection::connect(&site.url).await.unwrap();
        sqlx::raw_sql(LATER).execute(&mut connection).await.unwrap();
    }
    let error = Store::open(&site.location()).await.unwrap_err().to_string();
    assert!(error.contains("its version is 9000"), "{error}");
    assert!(error.contains("run that version"), "{error}");
}

#[tokio::test]
async fn an_sqlite_file_is_made_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::parse("sqlite:deep/down/voice-ai.db", folder.path()).unwrap();
    let missing = Store::open_existing(&location).await.unwrap_err();
    assert!(matches!(missing, StoreError::Missing(_)), "{missing}");
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "to look makes nothing"
    );

    let store = Store::open(&location).await.unwrap();
    store.apply(&Talk::new(domain(), NOON).entries()).await.unwrap();
    let mut names = Vec::new();
    for file in fs::read_dir(folder.path().join("deep/down")).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["voice-ai.db", "voice-ai.db-shm", "voice-ai.db-wal"]);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_told_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("voice-ai.db");
    fs::write(
        &path,
        "not a database, but long enough to have a header of one hundred bytes; ".repeat(9),
    )
    .unwrap();
    let before = fs::read(&path).unwrap();
    let location = Location::parse("sqlite:voice-ai.db", folder.path()).unwrap();
    let error = Store::open(&location).await.unwrap_err().to_string();
    assert!(error.contains(&path.display().to_string()), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn no_password_stands_in_an_error() {
    // Nobody listens where somebody did a moment ago.
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    tokio::time::pause();
    let url = format!("postgres://voice_ai:{PASSWORD}@127.0.0.1:{port}/calls");
    let location = Location::parse(&url, Path::new("")).unwrap();
    assert_eq!(
        location.to_string(),
        format!("postgres://voice_ai@127.0.0.1:{port}/calls")
    );
    let error = Store::open(&location).await.unwrap_err();
    for text in [format!("{error}"), format!("{error:?}"), format!("{location:?}")] {
        assert!(!text.contains(PASSWORD), "{text}");
    }
    let error = error.to_string();
    assert!(error.contains(&format!("127.0.0.1:{port}/calls")), "{error}");
    assert!(error.contains("PGPASSWORD"), "{error}");
}

#[tokio::test]
async fn a_database_that_never_answers_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://voice_ai@{}/calls", silent.local_addr().unwrap());
    tokio::time::pause();
    let opened = Store::open(&Location::parse(&url, Path::new("")).unwrap()).await;
    assert!(matches!(opened, Err(StoreError::Open { .. })), "{opened:?}");
}

#[tokio::test]
async fn tables_that_take_long_are_brought_up_to_date_whoever_stops_waiting() {
    let Some(site) = Site::postgres().await else {
        return;
    };
    site.store().await.close().await;
    let mut other = PgConnection::connect(&site.url).await.unwrap();
    let hold = "BEGIN; LOCK TABLE voice_ai_migrations IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(hold).execute(&mut other).await.unwrap();

    let late = LateStore::new(site.location());
    let impatient = tokio::time::timeout(Duration::from_millis(50), late.get()).await;
    assert!(impatient.is_err(), "it is not open: {impatient:?}");
    until("it waits for the tables", async || {
        let waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'voice_ai_migrations'::regclass";
        !sqlx::raw_sql(waits)
            .fetch_all(&mut other)
            .await
            .unwrap()
            .is_empty()
    })
    .await;
    tokio::time::pause();
    let slow = late.get().await;
    assert!(matches!(slow, Err(StoreError::Slow(30))), "{slow:?}");
    tokio::time::resume();

    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    until("it is open, though nobody asks", async || late.opened().is_some()).await;
    late.get().await.unwrap();
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let held = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let held = tokio::time::timeout(Duration::from_secs(20), held).await;
    assert!(held.is_ok(), "{what}: not within 20 s");
}

#[test]
fn a_location_is_read_or_refused_with_what_would_be_right() {
    let read = |text: &str| Location::parse(text, Path::new("/var/lib/voice-ai"));
    let shown = |text: &str| read(text).unwrap().to_string();
    assert_eq!(
        shown("sqlite:voice-ai.db"),
        "sqlite:/var/lib/voice-ai/voice-ai.db"
    );
    assert_eq!(shown("sqlite:///srv/calls.db"), "sqlite:/srv/calls.db");
    assert_eq!(
        shown("postgresql://ai:p%40ss@db.example.com:6432/calls?sslmode=verify-full"),
        "postgres://ai@db.example.com:6432/calls"
    );
    for (text, right) in [
        ("voice-ai.db", "begins with sqlite: or postgres://"),
        (
            "mysql://root:geheim-9000@db/calls",
            "begins with sqlite: or postgres://",
        ),
        ("sqlite:", "needs a path"),
        ("sqlite::memory:", "would lose what callers said"),
        ("sqlite:calls.db?mode=memory", "needs a path"),
        (
            "postgres://ai:geheim-9000@db:notaport/calls",
            "postgres://USER@HOST:5432/DATABASE",
        ),
        (
            "postgres://ai:geheim-9000@db/calls?sslmode=geheim-9000",
            "sslmode=verify-full",
        ),
    ] {
        let error: LocationError = read(text).unwrap_err();
        for error in [error.to_string(), format!("{error:?}")] {
            assert!(!error.contains(PASSWORD), "{text}: {error}");
        }
        assert!(error.to_string().contains(right), "{text}: {error}");
    }
}
