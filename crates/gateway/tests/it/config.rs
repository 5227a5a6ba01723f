//! Reading the configuration: defaults, file, environment, and everything that can be wrong with them.

use gateway::Config;
use gateway::config::ConfigErrors;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const SAMPLE: &str = include_str!("../../../../voice-ai.sample.toml");

fn environment(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    variables
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect()
}

fn from_file(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse(Some(("voice-ai.toml", text)), [])
}

fn from_environment(variables: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    Config::parse(None, environment(variables))
}

fn messages(result: Result<Config, ConfigErrors>) -> Vec<String> {
    result.unwrap_err().iter().map(ToString::to_string).collect()
}

/// The only thing that is wrong.
fn message(result: Result<Config, ConfigErrors>) -> String {
    let mut all = messages(result);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

#[test]
fn without_file_and_environment_the_defaults_serve() {
    assert_eq!(Config::load(None, []).unwrap(), Config::default());
}

#[test]
fn the_sample_says_the_defaults() {
    assert_eq!(from_file(SAMPLE).unwrap(), Config::default());
}

/// The sample with the keys that have no default switched on.
fn full_sample() -> String {
    let switched_on = |line: &str| {
        let key = line
            .strip_prefix('#')
            .filter(|rest| rest.starts_with(|first: char| first.is_ascii_lowercase()));
        key.unwrap_or(line).to_owned() + "\n"
    };
    SAMPLE.lines().map(switched_on).collect()
}

#[test]
fn the_sample_has_every_key_and_no_other() {
    fn keys(path: &str, value: &toml::Value, found: &mut BTreeSet<String>) {
        let secret = |table: &toml::Table| table.get("env").is_some_and(toml::Value::is_str);
        // Whatever an operator calls it.
        let named = |path: &str| {
            path.starts_with("mcp") && (path == "mcp" || path.ends_with("s") || path.ends_with(".env"))
        };
        match value {
            toml::Value::Table(table) if !secret(table) => {
                for (key, value) in table {
                    keys(
                        &if path.is_empty() {
                            key.clone()
                        } else if named(path) {
                            format!("{path}.NAME")
                        } else {
                            format!("{path}.{key}")
                        },
                        value,
                        found,
                    );
                }
            }
            toml::Value::Array(items) if items.iter().any(toml::Value::is_table) => {
                items.iter().for_each(|item| keys(path, item, found));
            }
            _ => {
                found.insert(path.to_owned());
            }
        }
    }
    let sample: toml::Table = full_sample().parse().unwrap();
    let mut found = BTreeSet::new();
    keys("", &toml::Value::Table(sample), &mut found);
    assert_eq!(found, Config::keys().into_iter().collect());
}

#[test]
fn the_keys_without_a_default_can_be_read_as_the_sample_shows_them() {
    let secrets = [
        "VOICE_AI_TOKEN",
        "VOICE_AI_CONTROL_TOKEN",
        "OPENAI_API_KEY",
        "CHAT_API_KEY",
        "CRM_SECRET",
        "GEMINI_API_KEY",
        "GROQ_API_KEY",
        "AZURE_SPEECH_KEY",
        "ESL_PASSWORD",
        "AGENDA_TOKEN",
        "CRM_TOKEN",
    ];
    let variables: Vec<_> = secrets.iter().map(|name| (*name, "s3cret-of-16-bytes")).collect();
    let config = Config::parse(Some(("sample", &full_sample())), environment(&variables)).unwrap();
    assert_eq!(config.server.token.unwrap().expose(), "s3cret-of-16-bytes");
    assert_eq!(
        config.models.dir.unwrap().to_str(),
        Some("/var/lib/voice-ai/models")
    );
}

#[test]
fn an_mcp_server_is_a_process_or_a_service_and_its_secrets_are_shown_nowhere() {
    let text = r#"
[mcp.crm]
url = "https://crm.example.com/mcp"
headers = { Authorization = { env = "CRM_TOKEN", prefix = "Bearer " }, X-From = "phone" }
[mcp.agenda]
command = "agenda-mcp"
env = { TOKEN = { env = "CRM_TOKEN" } }
timeout_ms = 500
"#;
    let config = Config::parse(Some(("test", text)), environment(&[("CRM_TOKEN", "s3cret")])).unwrap();
    assert_eq!(
        config.mcp["crm"].headers["Authorization"].expose(),
        "Bearer s3cret"
    );
    assert_eq!(
        (config.mcp["agenda"].timeout_ms, config.mcp["crm"].timeout_ms),
        (500, 10_000)
    );
    assert!(!format!("{config:?}").contains("s3cret"));
    for (text, told) in [
        ("mcp.crm = {}", "mcp.crm: it has neither a command nor a url"),
        (
            "mcp.crm = { command = \"a\", url = \"https://a.example\" }",
            "mcp.crm: it has a command and a url",
        ),
        (
            "mcp.crm = { url = \"https://10.0.0.1/mcp\" }",
            "mcp.crm.url: 10.0.0.1 is a private",
        ),
        (
            "mcp.crm = { url = \"https://a.example\", args = [\"x\"] }",
            "mcp.crm: args and env are a process's",
        ),
        (
            "mcp.crm = { command = \"a\", headers = { A = \"b\" } }",
            "mcp.crm.headers: a process has no headers",
        ),
        (
            "mcp.CRM = { command = \"a\" }",
            "mcp.CRM: a server is named with up to 32 small letters",
        ),
        (
            "mcp.crm = { url = \"https://a.example\", headers = { \"a b\" = \"c\" } }",
            "mcp.crm: \"a b\" is no name of a header",
        ),
    ] {
        let message = message(from_file(text));
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn every_default_of_the_sample_is_explained() {
    let mut explained = false;
    for (number, line) in SAMPLE.lines().enumerate() {
        let key = line
            .trim_start_matches('#')
            .split_once(" = ")
            .filter(|_| !line.starts_with("# "));
        assert!(
            explained || key.is_none(),
            "line {}: {line} has no comment above it",
            number + 1
        );
        explained = line.starts_with("# ");
    }
}

#[test]
fn the_environment_goes_before_the_file() {
    let file = "[server]\nmax_calls = 10\n[stream]\nassume = { rate = 8000, mix = \"mono\" }\n";
    let config = Config::parse(
        Some(("voice-ai.toml", file)),
        environment(&[
            ("VOICE_AI__SERVER__MAX_CALLS", "20"),
            ("VOICE_AI__STREAM__ASSUME__RATE", "48000"),
            ("VOICE_AI__SERVER__ALLOW", r#"["192.0.2.0/24", "2001:db8::1"]"#),
            ("VOICE_AI__STT__MODEL", "1234"),
            ("VOICE_AI__VAD__ENABLED", "false"),
            ("VOICE_AI__DATA__DIR", "/srv/voice ai"),
            ("VOICE_AI_CONFIG", "not ours"),
        ]),
    )
    .unwrap();
    assert_eq!(config.server.max_calls, 20);
    assert_eq!(config.stream.assume.rate.hz(), 48_000);
    assert_eq!(
        config.stream.assume.mix,
        audio::Layout::Mono,
        "the file's other key stays"
    );
    assert_eq!(config.server.allow.len(), 2);
    assert_eq!(config.stt.model, "1234", "a name may look like a number");
    assert!(!config.vad.enabled);
    assert_eq!(config.data.dir.to_str(), Some("/srv/voice ai"));
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_right_one() {
    let error = message(from_file("[server]\n\nmax_cals = 3\n"));
    assert_eq!(
        error,
        "voice-ai.toml, line 3: unknown key server.max_cals; did you mean server.max_calls?"
    );
    let error = message(from_file("max_handshakes = 3\n"));
    assert_eq!(
        error,
        "voice-ai.toml, line 1: unknown key max_handshakes; did you mean server.max_handshakes?"
    );
    let error = message(from_file("[vad]\nxyzzy = 1\n"));
    assert_eq!(
        error,
        "voice-ai.toml, line 2: unknown key vad.xyzzy; the keys of vad are enabled"
    );
    let error = message(from_file("[engines.fast]\nkind = \"cascade\"\nmodl = \"x\"\n"));
    assert!(
        error.starts_with("voice-ai.toml, line 3: unknown key engines.") && error.contains(".model?"),
        "{error}"
    );
    let error = message(from_file(
        "[engines.fast.llm]\nkind = \"groq\"\nbase_url = \"x\"\n",
    ));
    assert!(
        error.contains("line 3: unknown key engines.fast.llm.base_url; "),
        "{error}"
    );
    assert!(
        error.ends_with("an address is called url here; base_url is the key of [chat] alone"),
        "{error}"
    );
    let error = message(from_file("[serve]\nmax_calls = 1\n"));
    assert!(error.ends_with("did you mean server?"), "{error}");
}

#[test]
fn an_unknown_variable_is_refused_too() {
    let error = message(from_environment(&[("VOICE_AI__SERVER__LISTN", "127.0.0.1:1")]));
    assert_eq!(
        error,
        "environment variable VOICE_AI__SERVER__LISTN: unknown key server.listn; did you mean server.listen?"
    );
    let error = message(from_environment(&[
        ("VOICE_AI__SERVER__MAX_CALLS", "5"),
        ("VOICE_AI__SERVER__MAX_CALLS__X", "5"),
    ]));
    assert!(
        error.contains("VOICE_AI__SERVER__MAX_CALLS__X") && error.contains("server.max_calls"),
        "{error}"
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let file = "[server]\nlisten = \"here\"\nmax_calls = 0\nallow = [\"192.0.2.0/24\", \"nowhere\"]\n\
                [stream]\nassume = { rate = 11025, mix = \"both\" }\nlead_ms = \"60\"\n[log]\nformat = \"xml\"\n";
    let errors = messages(Config::parse(
        Some(("voice-ai.toml", file)),
        environment(&[("VOICE_AI__OPENAI__VOIZE", "x")]),
    ));
    let expected = [
        ("line 2", "server.listen", "127.0.0.1:8085"),
        ("line 3", "server.max_calls", "0 is out of range; use 1 to 100000"),
        ("line 4", "server.allow[1]", "192.0.2.0/24"),
        ("line 6", "stream.assume.rate", "multiple of 8000"),
        ("line 6", "stream.assume.mix", "mono, mixed or stereo"),
        ("line 7", "stream.lead_ms", "whole number"),
        ("line 9", "log.format", "text or json"),
        ("VOICE_AI__OPENAI__VOIZE", "openai.voize", "openai.voice"),
    ];
    assert_eq!(errors.len(), expected.len(), "{errors:#?}");
    for (place, key, remedy) in expected {
        let told = errors
            .iter()
            .any(|e| e.contains(place) && e.contains(key) && e.contains(remedy));
        assert!(told, "{place} {key}: {errors:#?}");
    }
}

#[test]
fn broken_toml_is_told_by_its_line() {
    let errors = messages(from_file("[server]\nmax_calls = = 3\n[stream]\nlead_ms = \n"));
    assert!(
        errors.iter().any(|e| e.starts_with("voice-ai.toml, line 2: ")),
        "{errors:#?}"
    );
    assert!(
        errors.iter().any(|e| e.starts_with("voice-ai.toml, line 4: ")),
        "{errors:#?}"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = message(Config::load(Some("/nonexistent/voice-ai.toml".as_ref()), []));
    assert!(
        error.starts_with("/nonexistent/voice-ai.toml: ") && error.contains("--config"),
        "{error}"
    );
}

#[test]
fn a_secret_comes_from_a_variable_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "from-the-file\n").unwrap();
    let file = format!("[server]\ntoken = {{ file = {path:?} }}\ncontrol_token = {{ env = \"MINE\" }}\n");
    let config = Config::parse(
        Some(("voice-ai.toml", &file)),
        environment(&[
            ("MINE", "from-the-variable"),
            ("VOICE_AI__OPENAI__API_KEY", "12345"),
        ]),
    )
    .unwrap();
    assert_eq!(config.server.token.as_ref().unwrap().expose(), "from-the-file");
    assert_eq!(
        config.server.control_token.as_ref().unwrap().expose(),
        "from-the-variable"
    );
    assert_eq!(config.openai.api_key.as_ref().unwrap().expose(), "12345");
    let shown = format!("{config:?}");
    for secret in ["from-the-file", "from-the-variable", "12345"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    let error = message(from_file("[server]\ntoken = \"hunter2hunter2\"\n"));
    assert!(
        error.contains("line 2: server.token") && error.contains("VOICE_AI__SERVER__TOKEN"),
        "{error}"
    );
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn a_secret_that_is_not_there_is_told() {
    let error = message(from_file("[server]\ntoken = { env = \"NOT_SET\" }\n"));
    assert!(error.contains("NOT_SET is not set"), "{error}");
    let error = message(from_file("[server]\ntoken = { file = \"/nonexistent/token\" }\n"));
    assert!(error.contains("/nonexistent/token"), "{error}");
    let error = message(from_environment(&[("VOICE_AI__SERVER__TOKEN", "  ")]));
    assert!(error.contains("empty"), "{error}");
    for wrong in [
        "{}",
        "{ env = \"A\", file = \"/b\" }",
        "{ env = 1 }",
        "{ vault = \"x\" }",
    ] {
        let error = message(from_file(&format!("[server]\ntoken = {wrong}\n")));
        assert!(
            error.contains("env") && error.contains("file"),
            "{wrong}: {error}"
        );
    }
}

#[test]
fn a_secret_of_the_environment_is_taken_as_it_is_written() {
    let long = "7".repeat(100);
    for token in [
        "s3cret",
        "1_000",
        "0x1F",
        "+5",
        "00123",
        "true",
        "1979-05-27",
        &long,
    ] {
        let config = from_environment(&[("VOICE_AI__SERVER__TOKEN", token)]).unwrap();
        assert_eq!(config.server.token.unwrap().expose(), token);
    }
}

#[test]
fn an_open_stream_port_needs_a_token_or_a_list() {
    for address in ["0.0.0.0:8085", "[::]:8085", "192.0.2.1:8085"] {
        let listen = ("VOICE_AI__SERVER__LISTEN", address);
        let error = message(from_environment(&[listen]));
        assert!(
            error.contains(address) && error.contains("server.token") && error.contains("server.allow"),
            "{error}"
        );
        from_environment(&[listen, ("VOICE_AI__SERVER__TOKEN", "secret")]).unwrap();
        from_environment(&[listen, ("VOICE_AI__SERVER__ALLOW", r#"["192.0.2.0/24"]"#)]).unwrap();
    }
    from_environment(&[("VOICE_AI__SERVER__LISTEN", "[::1]:8085")]).unwrap();
}

#[test]
fn an_open_control_port_needs_a_token_of_its_own() {
    let control = ("VOICE_AI__SERVER__CONTROL", "0.0.0.0:8086");
    let error = message(from_environment(&[
        control,
        ("VOICE_AI__SERVER__TOKEN", "secret"),
    ]));
    assert!(error.contains("server.control_token"), "{error}");
    from_environment(&[control, ("VOICE_AI__SERVER__CONTROL_TOKEN", "secret")]).unwrap();
}

#[test]
fn contradictions_are_told() {
    let error = message(from_environment(&[(
        "VOICE_AI__SERVER__CONTROL",
        "127.0.0.1:8085",
    )]));
    assert!(error.contains("both 127.0.0.1:8085"), "{error}");
    let twice = "[[domains]]\nname = \"a\"\n[[domains]]\nname = \"b\"\n";
    assert!(message(from_file(twice)).contains("configured twice"));
    let namesakes = "[[domains]]\n[[domains]]\nuuid = \"11111111-2222-4333-8444-000000000001\"\nname = \"PBX.example.com\"\n";
    assert!(message(from_file(namesakes)).contains("\"PBX.example.com\" is configured twice"));
    assert!(message(from_file("domains = []\n")).contains("sample"));
}

#[test]
fn secretaries_are_read_for_all_domains_and_all_that_is_wrong_is_told() {
    let missing = from_file("secretaries.dir = \"/nonexistent/a\"\n").unwrap();
    let wrong = missing.snapshot().unwrap_err();
    assert!(
        wrong.len() == 1 && wrong[0].contains("/nonexistent/a"),
        "{wrong:?}"
    );
    let two = from_file(
        "[[domains]]\ndefault_secretary = \"nobody\"\n\
         [[domains]]\nuuid = \"11111111-2222-4333-8444-000000000001\"\nname = \"b\"\ndefault_secretary = \"provdor\"\n",
    )
    .unwrap();
    let wrong = two.snapshot().unwrap_err();
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(
        wrong[0].contains("nobody")
            && wrong[1].contains("domain b")
            && wrong[1].contains("did you mean \"provedor\"?"),
        "{wrong:?}"
    );
    let sample = Config::default().snapshot().unwrap();
    assert_eq!(sample.domains.len(), 1);
}

#[test]
fn the_folder_of_old_is_told_what_is_right_now() {
    let error = message(from_file("[[domains]]\nsecretaries_dir = \"/etc/voice-ai/a\"\n"));
    assert!(
        error.starts_with("voice-ai.toml, line 2: unknown key domains[0].secretaries_dir; ")
            && error.contains("set secretaries.dir")
            && error.contains("domain = "),
        "{error}"
    );
}

#[test]
fn a_domain_has_a_time_zone_and_limits_of_a_day() {
    let config = from_file(
        "[[domains]]\ntimezone = \"America/Sao_Paulo\"\nminutes_per_day = 90\nspend_per_day = 2.5\nretention_days = 30\n",
    )
    .unwrap();
    let snapshot = config.snapshot().unwrap();
    let domain = snapshot.domains.values().next().unwrap();
    assert_eq!(domain.timezone, "America/Sao_Paulo");
    assert_eq!(
        (
            domain.minutes_per_day,
            domain.spend_per_day_micros,
            domain.retention_days
        ),
        (90, 2_500_000, 30)
    );
    let as_text = from_file("[[domains]]\nspend_per_day = \"0.000125\"\n").unwrap();
    assert_eq!(as_text.domains[0].spend_per_day.micros(), 125);
    let wrong = messages(from_file(
        "[[domains]]\ntimezone = \"America/Sao_Paolo\"\nspend_per_day = -1\n",
    ));
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(
        wrong[0]
            .starts_with("voice-ai.toml, line 2: domains[0].timezone: \"America/Sao_Paolo\" is no time zone"),
        "{wrong:?}"
    );
    assert!(
        wrong[1].contains("line 3: domains[0].spend_per_day: -1 is not an amount"),
        "{wrong:?}"
    );
}

#[test]
fn an_address_that_no_parked_call_could_use_is_told_before_the_start() {
    let text = "[[pbx]]\nname = \"one\"\n[[pbx]]\nname = \"two\"\nunicast_address = \"::1\"\n";
    let told = message(from_file(text));
    assert!(
        told.contains("pbx[1].unicast_address") && told.contains("::1"),
        "{told}"
    );
    assert!(told.contains("IPv4"), "{told}");
}

#[test]
fn a_configuration_is_read_as_another_machine_has_it_and_before_its_secrets_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    // Of one that is split at its quotes the path in apostrophes would be forgotten.
    let text = "data.dir = '/var/lib/voice-ai' # \"\nserver.token = { file = \"/etc/stream.token\" }\nopenai.model = \"a/b\"\n";
    let name = "voice-ai.toml";
    let coming = [(PathBuf::from("/etc/stream.token"), "s3cret\n".to_owned())];
    let config = Config::parse_for(Some((name, text)), [], root, &coming).unwrap();
    assert_eq!(config.data.dir, root.join("var/lib/voice-ai"));
    assert_eq!(config.openai.model, "a/b");
    assert_eq!(config.server.token.unwrap().expose(), "s3cret");
    let here = Config::parse_for(Some((name, text)), [], Path::new("/"), &coming).unwrap();
    assert_eq!(here.data.dir, PathBuf::from("/var/lib/voice-ai"));
    let missing = message(Config::parse_for(Some((name, text)), [], root, &[]));
    assert!(
        missing.contains(&root.join("etc/stream.token").display().to_string()),
        "{missing}"
    );
}
