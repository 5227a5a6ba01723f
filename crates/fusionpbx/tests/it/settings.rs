//! FusionPBX's configuration files: both readings of them, the older forms, and bad ones.

use fusionpbx::{CacheMethod, Host, Lang, PasswordCut, Settings, SettingsError, TlsMode};
use proptest::prelude::{ProptestConfig, any};
use proptest::sample::select;
use proptest::{prop_assert, proptest};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const CONF: &str = "/etc/fusionpbx/config.conf";

/// A machine with these files.
struct Machine(TempDir);

impl Machine {
    fn with(files: &[(&str, &[u8])]) -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            let path = machine.host().path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        machine
    }

    fn host(&self) -> Host {
        Host::new(self.0.path())
    }

    fn read(&self) -> Result<Settings, SettingsError> {
        Settings::read(&self.host())
    }
}

fn read(text: impl AsRef<[u8]>) -> Result<Settings, SettingsError> {
    Machine::with(&[(CONF, text.as_ref())]).read()
}

/// What the database needs at least, and these lines.
fn with(lines: &str) -> String {
    format!("database.0.name = fusionpbx\ndatabase.0.username = fusionpbx\n{lines}\n")
}

#[test]
fn the_installers_file_is_read() {
    let settings = read(
        "\n#database system settings\ndatabase.0.type = pgsql\ndatabase.0.host = 192.0.2.7\ndatabase.0.port = 6432\n\
         database.0.sslmode = require\ndatabase.0.name = pbx\ndatabase.0.username = web\ndatabase.0.password = s3cret\n\n\
         #database switch settings\ndatabase.1.type = sqlite\n\n#general settings\ndocument.root = /srv/www\nproject.path = pbx\n\n\
         cache.method = memcache\ncache.location = /var/cache/pbx\nswitch.conf.dir = /etc/fs\nswitch.scripts.dir = /usr/share/fs/scripts\n\
         switch.event_socket.host = 192.0.2.8\nswitch.event_socket.port = 8022\nswitch.event_socket.password = Other\n",
    )
    .unwrap();
    let database = &settings.database;
    assert_eq!(
        (database.host.as_str(), database.port, database.tls),
        ("192.0.2.7", 6432, TlsMode::Require)
    );
    assert_eq!((database.name.as_str(), database.user.as_str()), ("pbx", "web"));
    assert_eq!(database.password.reveal(), "s3cret");
    let installation = &settings.installation;
    assert_eq!(installation.config, Path::new(CONF));
    assert_eq!(installation.document_root, Path::new("/srv/www/pbx"));
    assert_eq!(installation.switch_conf, Path::new("/etc/fs"));
    assert_eq!(installation.scripts, Path::new("/usr/share/fs/scripts"));
    assert_eq!((installation.password_cut, &installation.second), (None, &None));
    assert_eq!(settings.lua_cache.method, CacheMethod::Memcache);
    assert_eq!(settings.lua_cache.location, Path::new("/var/cache/pbx"));
    let socket = settings.event_socket.as_ref().unwrap();
    assert_eq!(
        (socket.host.as_str(), socket.port, socket.password.reveal()),
        ("192.0.2.8", 8022, "Other")
    );
    let shown = format!("{settings:?}");
    assert!(!shown.contains("s3cret") && !shown.contains("Other"), "{shown}");
}

#[test]
fn what_is_not_said_is_as_fusionpbx_takes_it() {
    let settings = read(with("")).unwrap();
    assert_eq!(settings.database.port, 5432);
    assert_eq!(settings.database.tls, TlsMode::Prefer);
    assert_eq!(settings.database.host, "/var/run/postgresql");
    assert_eq!(settings.database.password.reveal(), "");
    assert_eq!(settings.event_socket, None);
    assert_eq!(settings.lua_cache.method, CacheMethod::Other(String::new()));
    assert_eq!(
        settings.installation.document_root,
        Path::new("/var/www/fusionpbx")
    );
    let partly = read(with("switch.event_socket.password = Other")).unwrap();
    let socket = partly.event_socket.unwrap();
    assert_eq!(
        (socket.host.as_str(), socket.port, socket.password.reveal()),
        ("127.0.0.1", 8021, "Other")
    );
}

/// A line of `config.conf`, what the pages read, and whether calls read it too. PHP 8.2.36 was measured where it reads the line at all;
/// Lua cuts at the second `=` and pastes the rest into a connection string.
#[test]
fn pages_and_calls_read_a_password_each_in_their_way() {
    for (line, pages, cut) in [
        ("plain", "plain", None),
        ("p%c*d-e.f:g,h<i>j/k+l_m@n", "p%c*d-e.f:g,h<i>j/k+l_m@n", None),
        ("a#b", "a#b", None),
        ("senhaç", "senhaç", None),
        ("'single'", "single", None),
        ("''", "", None),
        ("", "", None),
        ("abc=def", "abc=def", Some('=')),
        ("abc=", "abc=", Some('=')),
        ("=abc", "=abc", Some('=')),
        ("\"abc=def\"", "abc=def", Some('=')),
        ("'abc=def'", "abc=def", Some('=')),
        ("\"double\"", "double", Some('"')),
        ("\"a\\\"b\"", "a\"b", Some('"')),
        ("\"a;b\" ; a comment", "a;b", Some('"')),
        ("a;b", "a", Some(';')),
        ("a b", "a b", Some(' ')),
        ("a\\b", "a\\b", Some('\\')),
    ] {
        let settings = read(with(&format!("database.0.password = {line}"))).unwrap();
        assert_eq!(settings.database.password.reveal(), pages, "{line:?}");
        assert_eq!(
            settings.installation.password_cut,
            cut.map(PasswordCut::Sign),
            "{line:?}"
        );
    }
}

#[test]
fn comments_spaces_line_ends_and_marks_do_not_matter() {
    let text = "\u{feff}; a comment = 1\r\n\r\n[section]\r\n#database.0.name = no\r\n  database.0.name\t=  one  \r\n\
                database.0.name=two\r\ndatabase.0.username='web' ; who\r\nnothing of ours\r\ndatabase.0.password = x\r\n";
    let settings = read(text).unwrap();
    assert_eq!(settings.database.name, "two", "the later line counts");
    assert_eq!(settings.database.user, "web");
    assert_eq!(settings.installation.password_cut, None);
}

#[test]
fn a_bad_line_is_named_with_what_is_right() {
    let ours = [
        (
            with("database.0.port = 99999"),
            "config.conf:3: database.0.port is \"99999\"; it can be 1–65535",
        ),
        (
            with("database.0.port = 0"),
            "config.conf:3: database.0.port is \"0\"",
        ),
        (
            with("switch.event_socket.port = x"),
            "config.conf:3: switch.event_socket.port",
        ),
        (
            with("\ndatabase.0.sslmode = maybe"),
            "config.conf:4: database.0.sslmode is \"maybe\"; it can be prefer",
        ),
        (with("database.0.type = sqlite"), "PostgreSQL alone is supported"),
        (
            with("database.0.password = \"s3cret"),
            "config.conf:3: the value of database.0.password begins with a quote",
        ),
        (
            with("database.0.host 127.0.0.1"),
            "config.conf:3: database.0.host has no \"=\"",
        ),
        (
            "database.0.name = x\n".into(),
            "config.conf does not say database.0.username",
        ),
        (String::new(), "config.conf does not say database.0.name"),
        (with("a = \0"), "config.conf:3: this is not UTF-8 text"),
    ];
    for (text, expected) in ours {
        let error = read(&text).unwrap_err();
        assert!(error.to_string().contains(expected), "{text:?}: {error}");
        assert!(error.to_string().starts_with(CONF), "{error}");
        assert_ne!(error.text().in_lang(Lang::En), error.text().in_lang(Lang::PtBr));
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
    let error = read(b"database.0.name = x\n\ndatabase.0.password = \xff\n").unwrap_err();
    assert!(
        error.to_string().contains("config.conf:3: this is not UTF-8"),
        "{error}"
    );
}

#[test]
fn where_there_is_no_file_all_places_are_named() {
    let error = Machine::with(&[]).read().unwrap_err();
    for place in [
        CONF,
        "/usr/local/etc/fusionpbx/config.conf",
        "/etc/fusionpbx/config.php",
        "/etc/fusionpbx/config.lua",
    ] {
        assert!(error.to_string().contains(place), "{error}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_not_passed_over() {
    let machine = Machine::with(&[
        ("/etc/fusionpbx/config.conf/oops", b""),
        ("/usr/local/etc/fusionpbx/config.conf", with("").as_bytes()),
    ]);
    let error = machine.read().unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("/etc/fusionpbx/config.conf cannot be read"),
        "{error}"
    );
}

#[test]
fn where_two_are_pages_and_calls_take_different_ones() {
    let machine = Machine::with(&[
        (
            CONF,
            with("database.0.password = new\ncache.method = file").as_bytes(),
        ),
        (
            "/usr/local/etc/fusionpbx/config.conf",
            with("database.0.password = old\ncache.method = memcache").as_bytes(),
        ),
    ]);
    let settings = machine.read().unwrap();
    assert_eq!(settings.installation.config, Path::new(CONF));
    assert_eq!(
        settings.lua_config,
        Path::new("/usr/local/etc/fusionpbx/config.conf")
    );
    assert_eq!(settings.database.password.reveal(), "new");
    assert_eq!(settings.lua_cache.method, CacheMethod::Memcache);
    assert_eq!(
        settings.installation.password_cut, None,
        "each file is read alike by both"
    );
    let second = settings.installation.second.unwrap();
    assert_eq!(second.path, Path::new("/usr/local/etc/fusionpbx/config.conf"));
    assert_eq!(second.differs, ["cache.method", "database.0.password"]);
}

#[test]
fn the_sockets_folder_of_a_mounted_machine_is_below_its_root() {
    let machine = Machine::with(&[
        (CONF, with("database.0.host = /run/pg").as_bytes()),
        ("/run/pg/.s.PGSQL.5432", b""),
    ]);
    let settings = machine.read().unwrap();
    assert_eq!(Path::new(&settings.database.host), machine.host().path("/run/pg"));
}

const PHP: &str = "<?php\n\n//set the database type\n\t$db_type = 'pgsql'; //sqlite, mysql, pgsql\n\n\
    \t//$db_name = 'no';\n\t$db_host = 'localhost'; //set the host only if the database is not local\n\t$db_port = '5433';\n\
    \t$db_name = 'fusionpbx';\n\t$db_username = 'web';\n\t$db_password = 's3cret\\'x';\n\nerror_reporting (E_ALL ^ E_NOTICE);\n?>";

const LUA: &str = "--set the variables\n\tconf_dir = [[/etc/fs]];\n\tscripts_dir = [[/usr/share/fs/scripts]];\n\tphp_bin = \"php\";\n\
    \tdocument_root = [[/srv/pbx]];\n\n--cache settings\n\tcache = {}\n\tcache.method = [[file]];\n\tcache.location = [[/tmp/cache]];\n\
    \tcache.settings = true;\n\n--database information\n\tdatabase = {}\n\
    \tdatabase.system = \"pgsql://hostaddr=127.0.0.1 port=5433 dbname=fusionpbx user=web password=PASSWORD options=''\";\n";

#[test]
fn the_older_forms_are_read() {
    let lua = LUA.replace("PASSWORD", "other");
    let both = Machine::with(&[
        ("/etc/fusionpbx/config.php", PHP.as_bytes()),
        ("/etc/fusionpbx/config.lua", lua.as_bytes()),
    ]);
    let settings = both.read().unwrap();
    assert_eq!(
        (settings.database.host.as_str(), settings.database.port),
        ("localhost", 5433)
    );
    assert_eq!(settings.database.name, "fusionpbx");
    assert_eq!(settings.database.password.reveal(), "s3cret'x");
    assert_eq!(
        settings.installation.password_cut,
        Some(PasswordCut::Files),
        "calls have another password"
    );
    assert_eq!(
        settings.installation.config,
        Path::new("/etc/fusionpbx/config.php")
    );
    assert_eq!(settings.lua_config, Path::new("/etc/fusionpbx/config.lua"));
    assert_eq!(settings.installation.switch_conf, Path::new("/etc/fs"));
    assert_eq!(settings.installation.document_root, Path::new("/srv/pbx"));
    assert_eq!(settings.lua_cache.method, CacheMethod::File);
    assert_eq!(settings.lua_cache.location, Path::new("/tmp/cache"));

    let pages = Machine::with(&[("/var/www/fusionpbx/resources/config.php", PHP.as_bytes())]);
    assert_eq!(pages.read().unwrap().installation.password_cut, None);

    let scripts = "/usr/share/freeswitch/scripts/resources/config.lua";
    let calls = Machine::with(&[(scripts, LUA.replace("PASSWORD", "'it is'").as_bytes())]);
    let settings = calls.read().unwrap();
    assert_eq!(settings.database.password.reveal(), "it is");
    assert_eq!(
        (settings.database.host.as_str(), settings.database.user.as_str()),
        ("127.0.0.1", "web")
    );
    assert_eq!(settings.installation.config, Path::new(scripts));
}

#[test]
fn bad_older_forms_are_named_by_their_line() {
    for (php, expected) in [
        (PHP.replace("'5433'", "'x'"), "config.php:8: db_port is \"x\""),
        (
            PHP.replace("'fusionpbx'", "'fusionpbx"),
            "config.php:9: the value of db_name begins with a quote",
        ),
        (
            PHP.replace("= 'pgsql'", "= 'sqlite'"),
            "config.php:4: db_type is \"sqlite\"",
        ),
        (
            PHP.replace("$db_username", "$nobody"),
            "config.php does not say db_username",
        ),
    ] {
        let machine = Machine::with(&[("/etc/fusionpbx/config.php", php.as_bytes())]);
        let error = machine.read().unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    /// Whatever stands there: it is read, or refused with the file's name.
    #[test]
    fn no_file_is_too_strange(
        value in any::<String>(),
        quote in select(&["", "\"", "'", "[["][..]),
        file in select(&["/etc/fusionpbx/config.conf", "/etc/fusionpbx/config.php", "/etc/fusionpbx/config.lua"][..]),
    ) {
        let lines = [
            with(&format!("database.0.password = {quote}{value}")),
            format!("$db_name = 'x';\n$db_username = 'x';\n$db_password = {quote}{value}\n"),
            format!("database.system = {quote}pgsql://dbname=x user=x password={value}\n"),
        ];
        let machine = Machine::with(&[(file, lines.concat().as_bytes())]);
        if let Err(error) = machine.read() {
            prop_assert!(error.to_string().starts_with(file), "{error}");
        }
    }

    /// A password of letters, digits and the signs that neither reader takes for something else is the same for both.
    #[test]
    fn a_plain_password_is_the_same_for_both(password in "[A-Za-z0-9_.:,@%*/+-]{0,40}") {
        let settings = read(with(&format!("database.0.password = {password}"))).unwrap();
        prop_assert!(settings.installation.password_cut.is_none());
        prop_assert!(settings.database.password.reveal() == password);
    }
}
