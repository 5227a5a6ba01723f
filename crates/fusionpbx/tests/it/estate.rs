//! A FusionPBX of our own for a test: its database on a real PostgreSQL, and its files below a temporary folder.
#![allow(dead_code, reason = "tests of several crates use it, each a part of it")]

use fusionpbx::Host;
use sim::postgres::{PostgresError, Server};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tempfile::TempDir;

/// The role and the password of `config.conf`.
pub(crate) const ROLE: &str = "fusionpbx";
pub(crate) const PASSWORD: &str = "example-db-password";

/// The versions whose databases differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Version {
    /// Flags are text, and `public` is served whole.
    V5_4,
    /// Flags are booleans, and a DID is served by its own row.
    V5_6,
}

impl Version {
    pub(crate) const ALL: [Self; 2] = [Self::V5_4, Self::V5_6];

    /// As `v_software` has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V5_4 => "5.4.4",
            Self::V5_6 => "5.6.4-dev",
        }
    }

    fn of_schema(self) -> &'static str {
        match self {
            Self::V5_4 => "5.4",
            Self::V5_6 => "5.6",
        }
    }
}

/// Where a database's tables and rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Rows {
    /// The dump of a real one, which stands beside the project where it is at all.
    Dump,
    /// `tests/data`: what we touch, and little more.
    Own,
}

/// One FusionPBX. Its database and its files go with it.
#[derive(Debug)]
pub(crate) struct FusionPbx {
    pub(crate) version: Version,
    pub(crate) rows: Rows,
    server: &'static Server,
    database: String,
    root: TempDir,
}

impl FusionPbx {
    /// One made of the dump, or of our own rows where there is no dump. `None` where there is no PostgreSQL, which is said.
    pub(crate) fn of(version: Version) -> Option<Self> {
        let rows = if dump(version).is_dir() {
            Rows::Dump
        } else {
            Rows::Own
        };
        Self::with(version, rows)
    }

    /// One of every kind that can be had here.
    pub(crate) fn every() -> Vec<Self> {
        let kinds = Version::ALL
            .into_iter()
            .flat_map(|version| [(version, Rows::Dump), (version, Rows::Own)]);
        kinds
            .filter(|(version, rows)| *rows == Rows::Own || dump(*version).is_dir())
            .filter_map(|(version, rows)| Self::with(version, rows))
            .collect()
    }

    /// One of this kind.
    pub(crate) fn with(version: Version, rows: Rows) -> Option<Self> {
        let server = match Server::shared() {
            Ok(server) => server,
            Err(absent @ PostgresError::Absent) => {
                eprintln!("skipped: {absent}");
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        let database = copy(server, version, rows);
        let estate = Self {
            version,
            rows,
            server,
            database,
            root: tempfile::tempdir().unwrap(),
        };
        estate.furnish();
        Some(estate)
    }

    /// The machine that it is on.
    pub(crate) fn host(&self) -> Host {
        Host::new(self.root.path())
    }

    /// The folder that is the machine's `/`.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// The PostgreSQL that its database is on, shared with other tests.
    pub(crate) fn server(&self) -> &'static Server {
        self.server
    }

    /// The name of its database.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// The URL of its database for the user `postgres`, who may all.
    pub(crate) fn url(&self) -> String {
        self.server.url(&self.database)
    }

    /// Carries out statements in its database.
    pub(crate) fn run(&self, statements: &str) {
        self.server.run(&self.database, statements).unwrap();
    }

    /// A file of the machine.
    pub(crate) fn path(&self, absolute: &str) -> PathBuf {
        self.host().path(absolute)
    }

    /// Writes a file of the machine, and the folders to it.
    pub(crate) fn write(&self, absolute: &str, text: impl AsRef<[u8]>) {
        let path = self.path(absolute);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// `config.conf` as FusionPBX's installer writes it, with these lines in place of the installer's or after them.
    pub(crate) fn config(&self, lines: &[(&str, &str)]) -> String {
        let port = self.server.port().to_string();
        let mut settings = vec![
            ("database.0.type", "pgsql"),
            ("database.0.host", "127.0.0.1"),
            ("database.0.port", &port),
            ("database.0.sslmode", "prefer"),
            ("database.0.name", &self.database),
            ("database.0.username", ROLE),
            ("database.0.password", PASSWORD),
            ("database.1.type", "sqlite"),
            ("database.1.path", "/var/lib/freeswitch/db"),
            ("database.1.name", "core.db"),
            ("document.root", "/var/www/fusionpbx"),
            ("project.path", ""),
            ("temp.dir", "/tmp"),
            ("cache.method", "file"),
            ("cache.location", "/var/cache/fusionpbx"),
            ("cache.settings", "true"),
            ("switch.conf.dir", "/etc/freeswitch"),
            ("switch.scripts.dir", "/usr/share/freeswitch/scripts"),
        ];
        for &(key, value) in lines {
            match settings.iter_mut().find(|(known, _)| *known == key) {
                Some(setting) => setting.1 = value,
                None => settings.push((key, value)),
            }
        }
        let lines: Vec<_> = settings
            .iter()
            .map(|(key, value)| format!("{key} = {value}\n"))
            .collect();
        format!("\n#database system settings\n{}", lines.concat())
    }

    /// The files and folders of a Debian machine with FusionPBX and FreeSWITCH.
    fn furnish(&self) {
        self.write("/etc/fusionpbx/config.conf", self.config(&[]));
        self.write(
            "/etc/freeswitch/autoload_configs/modules.conf.xml",
            "<configuration name=\"modules.conf\" description=\"Modules\">\n\t<modules>\n\n\
             \t\t<!-- Applications -->\n\t\t<load module=\"mod_commands\"/>\n\n\
             \t\t<!-- Languages -->\n\t\t<load module=\"mod_lua\"/>\n\n\t</modules>\n</configuration>",
        );
        self.write(
            "/etc/passwd",
            "root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n\
             freeswitch:x:999:999:FreeSWITCH:/var/lib/freeswitch:/bin/false\n",
        );
        self.write(
            "/etc/group",
            "root:x:0:\nwww-data:x:33:\nfreeswitch:x:999:www-data\n",
        );
        for folder in [
            "/usr/share/freeswitch/scripts",
            "/usr/lib/freeswitch/mod",
            "/usr/share/freeswitch/mod",
            "/var/cache/fusionpbx",
            "/var/log/freeswitch",
            "/var/www/fusionpbx/resources",
        ] {
            fs::create_dir_all(self.path(folder)).unwrap();
        }
    }
}

impl Drop for FusionPbx {
    fn drop(&mut self) {
        let statement = format!("DROP DATABASE {} WITH (FORCE)", self.database);
        let _ = self.server.run("postgres", &statement);
    }
}

/// Where a version's dump is, if it is there.
fn dump(version: Version) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fusionpbx")).join(version.name())
}

/// A database like the one of this kind, which is filled once in a process.
fn copy(server: &Server, version: Version, rows: Rows) -> String {
    static FILLED: Mutex<Option<HashSet<(Version, Rows)>>> = Mutex::new(None);
    let template = format!("like_{version:?}_{rows:?}").to_lowercase();
    let name = format!("fusionpbx_{}", uuid::Uuid::new_v4().simple());
    let mut filled = FILLED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if filled.get_or_insert_default().insert((version, rows)) {
        fill(server, &template, version, rows);
    }
    let statement = format!("CREATE DATABASE {name} TEMPLATE {template} OWNER {ROLE}");
    server.run("postgres", &statement).unwrap();
    name
}

fn fill(server: &Server, name: &str, version: Version, rows: Rows) {
    let role = format!(
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN \
         CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'; END IF; END $$"
    );
    server.run("postgres", &role).unwrap();
    server
        .run("postgres", &format!("CREATE DATABASE {name}"))
        .unwrap();
    for file in files(version, rows) {
        server.load(name, &file).unwrap();
    }
    // The dumps have no row of it.
    let software = format!(
        "INSERT INTO v_software (software_uuid, software_name, software_version) \
         VALUES (gen_random_uuid(), 'FusionPBX', '{}'); \
         GRANT ALL ON ALL TABLES IN SCHEMA public TO {ROLE}",
        version.name()
    );
    server.run(name, &software).unwrap();
}

fn files(version: Version, rows: Rows) -> Vec<PathBuf> {
    match rows {
        Rows::Dump => ["schema.sql", "sample-data.sql"]
            .map(|file| dump(version).join(file))
            .to_vec(),
        Rows::Own => {
            let own = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../fusionpbx/tests/data"));
            let version = version.of_schema();
            vec![
                own.join(format!("schema-{version}.sql")),
                own.join("rows.sql"),
                own.join(format!("rows-{version}.sql")),
            ]
        }
    }
}
