//! What is wrong with a store's URL or a webhook is told before anything is lost by it.

use gateway::Config;

fn parse(text: &str) -> Result<Config, String> {
    parse_with("s3cret-of-the-crm", text)
}

fn parse_with(secret: &str, text: &str) -> Result<Config, String> {
    let secret = [("CRM_SECRET".to_owned(), secret.to_owned())];
    Config::parse(Some(("voice-ai.toml", text)), secret).map_err(|errors| errors.to_string())
}

fn webhook(keys: &str) -> Result<Config, String> {
    let rest = [
        ("name", "\"crm\""),
        ("domain", "\"pbx.example.com\""),
        ("url", "\"https://crm.example.com/\""),
        ("secret", "{ env = \"CRM_SECRET\" }"),
    ];
    let mut text = format!("[[webhooks]]\n{keys}\n");
    for (key, value) in rest.iter().filter(|(key, _)| !keys.contains(&format!("{key} ="))) {
        text.push_str(&format!("{key} = {value}\n"));
    }
    parse(&text)
}

#[test]
fn a_webhook_needs_little_and_may_name_its_domain_by_uuid() {
    webhook("").unwrap();
    let config =
        webhook("domain = \"11111111-2222-4333-8444-555555555555\"\nevents = [\"callback\"]").unwrap();
    assert_eq!(config.webhooks.len(), 1);
}

#[test]
fn what_is_wrong_with_a_webhook_is_told_with_its_remedy() {
    for (keys, told) in [
        ("name = \"\"", "webhooks[0].name"),
        (
            "domain = \"other.example.com\"",
            "the domains are pbx.example.com",
        ),
        ("url = \"http://crm.example.com/\"", "https://"),
        ("url = \"https://10.0.0.7/\"", "allow_private"),
        (
            "url = \"https://ana:hidden@crm.example.com/\"",
            "does not belong into the URL",
        ),
        ("events = [\"mesage\"]", "message, callback, call_ended"),
        ("events = []", "webhooks[0].events"),
        ("secret = \"hidden\"", "{ env = \"NAME\" }"),
    ] {
        let error = webhook(keys).unwrap_err();
        assert!(error.contains(told), "{keys}: {error}");
        assert!(!error.contains("hidden"), "{error}");
    }
    let unsigned = parse(
        "[[webhooks]]\nname = \"crm\"\ndomain = \"pbx.example.com\"\nurl = \"https://crm.example.com/\"",
    );
    assert!(unsigned.unwrap_err().contains("webhooks[0].secret"));
}

#[test]
fn a_secret_that_could_be_guessed_is_refused() {
    let text = "[[webhooks]]\nname = \"crm\"\ndomain = \"pbx.example.com\"\nurl = \"https://crm.example.com/\"\nsecret = { env = \"CRM_SECRET\" }\n";
    let error = parse_with("fifteen--bytes!", text).unwrap_err();
    assert!(
        error.contains("webhooks[0].secret") && error.contains("openssl rand -hex 32"),
        "{error}"
    );
    assert!(!error.contains("fifteen--"), "{error}");
    parse_with("sixteen---bytes!", text).unwrap();
}

#[test]
fn two_webhooks_of_a_domain_have_names_of_their_own() {
    let one = "[[webhooks]]\nname = \"crm\"\ndomain = \"pbx.example.com\"\nurl = \"https://crm.example.com/\"\nsecret = { env = \"CRM_SECRET\" }\n";
    let error = parse(&format!("{one}{one}")).unwrap_err();
    assert!(error.contains("webhooks[1].name"), "{error}");
}

#[test]
fn a_password_of_the_database_stands_in_no_file_and_in_no_error() {
    for url in [
        "postgres://voice_ai:hidden@db.example.com/voice_ai",
        "postgres://db.example.com/voice_ai?user=a&password=hidden",
        "mysql://voice_ai:hidden@db.example.com/voice_ai",
    ] {
        let error = parse(&format!("[store]\nurl = \"{url}\"")).unwrap_err();
        assert!(
            error.contains("store.url") && error.contains("PGPASSWORD"),
            "{error}"
        );
        assert!(!error.contains("hidden"), "{error}");
    }
    parse("[store]\nurl = \"postgres://voice_ai@db.example.com/voice_ai\"").unwrap();
    let variable = (
        "VOICE_AI__STORE__URL".to_owned(),
        "postgres://voice_ai:hidden@db.example.com/voice_ai".to_owned(),
    );
    let config = Config::parse(None, [variable]).unwrap();
    assert!(!format!("{config:?}").contains("hidden"));
    assert!(!config.store_location().unwrap().to_string().contains("hidden"));
}

#[test]
fn what_is_no_database_is_told() {
    let error = parse("[store]\nurl = \"voice-ai.db\"").unwrap_err();
    assert!(error.contains("sqlite:"), "{error}");
}
