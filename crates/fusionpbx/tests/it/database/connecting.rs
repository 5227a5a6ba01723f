//! Each way in which a connection does not come about has its own sentence, in both languages.

use crate::estate::{FusionPbx, Rows, Version};
use fusionpbx::database::{DatabaseError, Reason};
use fusionpbx::{Database, DatabaseSettings, Lang, Secret, Settings, TlsMode};
use sim::postgres::UNLISTED;
use std::time::Instant;
use tokio::net::TcpListener;

const PASSWORD: &str = "a-password-that-nobody-has";

fn estate() -> Option<FusionPbx> {
    FusionPbx::with(Version::V5_6, Rows::Own)
}

fn settings(estate: &FusionPbx) -> DatabaseSettings {
    Settings::read(&estate.host()).unwrap().database
}

async fn fails(settings: &DatabaseSettings) -> DatabaseError {
    let error = Database::connect(settings).await.unwrap_err();
    let (english, portuguese) = (error.text(), error.text());
    let texts = [english.in_lang(Lang::En), portuguese.in_lang(Lang::PtBr)];
    assert_ne!(texts[0], texts[1]);
    for text in texts {
        assert!(!text.contains(settings.password.reveal()), "{text}");
        assert!(text.contains(&error.place), "{text}");
    }
    error
}

#[tokio::test]
async fn the_database_says_why() {
    let Some(estate) = estate() else { return };
    let right = settings(&estate);
    let wrong = DatabaseSettings {
        password: Secret::new(PASSWORD),
        ..right.clone()
    };
    let error = fails(&wrong).await;
    assert!(
        matches!(&error.reason, Reason::WrongPassword(user) if user == "fusionpbx"),
        "{error}"
    );

    let none = DatabaseSettings {
        name: "nowhere".into(),
        ..right.clone()
    };
    let error = fails(&none).await;
    assert!(
        matches!(&error.reason, Reason::NoDatabase(name) if name == "nowhere"),
        "{error}"
    );

    estate.run(&format!(
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{UNLISTED}') THEN CREATE ROLE {UNLISTED} LOGIN; END IF; END $$"
    ));
    let unlisted = DatabaseSettings {
        user: UNLISTED.into(),
        password: Secret::new(PASSWORD),
        ..right.clone()
    };
    let error = fails(&unlisted).await;
    assert!(
        matches!(&error.reason, Reason::NotLetIn(user) if user == UNLISTED),
        "{error}"
    );

    let encrypted = DatabaseSettings {
        tls: TlsMode::Require,
        ..right.clone()
    };
    let error = fails(&encrypted).await;
    assert!(matches!(&error.reason, Reason::Tls(_)), "{error}");

    let statement = format!("ALTER DATABASE {} CONNECTION LIMIT 0", estate.database());
    estate.server().run("postgres", &statement).unwrap();
    let error = fails(&right).await;
    assert!(matches!(&error.reason, Reason::Busy(_)), "{error}");
}

#[tokio::test]
async fn nobody_at_the_address_is_told_at_once() {
    let Some(estate) = estate() else { return };
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let nobody = DatabaseSettings {
        port: free.port(),
        password: Secret::new(PASSWORD),
        ..settings(&estate)
    };
    let began = Instant::now();
    let error = fails(&nobody).await;
    assert!(matches!(error.reason, Reason::Refused), "{error}");
    assert!(began.elapsed().as_secs() < 3, "it is not tried again and again");

    let no_socket = DatabaseSettings {
        host: estate.path("/var/log").to_string_lossy().into_owned(),
        ..nobody
    };
    let error = fails(&no_socket).await;
    assert!(matches!(error.reason, Reason::Refused), "{error}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_waited_for_for_three_seconds() {
    let Some(estate) = estate() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = DatabaseSettings {
        port: listener.local_addr().unwrap().port(),
        password: Secret::new(PASSWORD),
        ..settings(&estate)
    };
    let error = fails(&silent).await;
    assert!(matches!(error.reason, Reason::Slow(_)), "{error}");
}

#[tokio::test]
async fn its_socket_is_as_good_as_its_port() {
    let Some(estate) = estate() else { return };
    let by_socket = DatabaseSettings {
        host: estate.server().folder().to_string_lossy().into_owned(),
        ..settings(&estate)
    };
    let database = Database::connect(&by_socket).await.unwrap();
    assert_eq!(database.facts().await.unwrap().domains.len(), 2);
}

#[tokio::test]
async fn a_role_that_may_not_read_is_told() {
    let Some(estate) = estate() else { return };
    let database = Database::connect(&settings(&estate)).await.unwrap();
    estate.run("REVOKE ALL ON v_domains FROM fusionpbx");
    let error = database.facts().await.unwrap_err();
    assert!(
        matches!(&error.reason, Reason::Denied(said) if said.contains("v_domains")),
        "{error}"
    );
}
