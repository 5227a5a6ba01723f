//! A FusionPBX of either version with a FreeSWITCH and a secretary on 8000, with which nothing is wrong.

use crate::estate::{FusionPbx, Version};
use crate::machine::{listens, process};
use crate::survey::{Library, nobody};
use freeswitch::{Extension, VariableName, VariableValue};
use fusionpbx::checks::check;
use fusionpbx::dialplan::{Entry, EntryLeg, Route, SecretaryRoute, cache_file_name, served, stream_url};
use fusionpbx::journal::Journal;
use fusionpbx::plan::{Hindrance, Surroundings, TOKEN, Wish, repair, setup};
use fusionpbx::{
    Change, Domain, EventSocket, Facts, Finding, HomeFacts, Host, Owner, Reality, Secret, Service,
    ServiceDomain, ServiceSecretary, Settings, SurveyOptions, Text, Verdict, event_socket, home, survey,
};
use sim::freeswitch::{FreeSwitch, Setup};
use sqlx::{Connection as _, PgConnection, Row as _};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) const DOMAIN: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const CONTEXT: &str = "pbx.example.com";
const SECRETARY: &str = "bbbbbbbb-0001-4bbb-8bbb-bbbbbbbbbbbb";
pub(crate) const MODULE: &str = "/usr/lib/freeswitch/mod/mod_audio_stream.so";
const CONFIG: &str = "/etc/voice-ai/voice-ai.toml";

/// The database row by row and the files one by one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Image {
    rows: BTreeMap<String, BTreeSet<String>>,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

pub(crate) struct World {
    pub(crate) estate: FusionPbx,
    pub(crate) fake: FreeSwitch,
    /// One whose access list has nobody, and one whose password everybody knows.
    others: [FreeSwitch; 2],
    pub(crate) service: Service,
    /// What runs.
    pub(super) running: super::service::Service,
}

/// FreeSWITCH's password.
const PASSWORD: &str = "kept well";

/// What a world is that is well.
pub(super) struct Well {
    pub(super) image: Image,
    files: BTreeMap<PathBuf, Vec<u8>>,
    service: Service,
}

impl World {
    pub(crate) async fn new(version: Version) -> Option<Self> {
        let estate = FusionPbx::of(version)?;
        // FreeSWITCH's user passes through, whoever that is.
        fs::set_permissions(estate.root(), Permissions::from_mode(0o755)).unwrap();
        let setup = |password: &str, allowed| Setup {
            password: password.to_owned(),
            allowed,
            modules: vec!["mod_memcache".to_owned()],
            ..Setup::default()
        };
        let fake = FreeSwitch::start(setup(PASSWORD, true)).await.unwrap();
        let closed = FreeSwitch::start(setup(PASSWORD, false)).await.unwrap();
        let mut known = setup("ClueCon", true);
        known.modules.push("mod_audio_stream".to_owned());
        let known = FreeSwitch::start(known).await.unwrap();
        let library = Library {
            says: &[
                "mod_audio_stream API loading..",
                "Error initializing mod_audio_stream session.",
            ],
            needs: &["libfreeswitch.so.1", "libevent-2.1.so.7"],
            functions: &["mod_audio_stream_load"],
        };
        estate.write(MODULE, library.file());
        fake.loadable("mod_audio_stream");
        fake.loadable("mod_lua");
        let owner = owner_of(estate.root());
        process(&estate.host(), 812, "freeswitch", owner);
        let running = super::service::Service::start().await;
        let Owner { uid, gid } = owner;
        estate.write(
            "/etc/passwd",
            format!("voice-ai:x:{uid}:{gid}::/var/lib/voice-ai:/usr/sbin/nologin\n"),
        );
        let mut world = Self {
            estate,
            fake,
            others: [closed, known],
            service: Service {
                listen: running.listen,
                ..service()
            },
            running,
        };
        world.configure(&[]);
        let facts = world.survey().await;
        let changes = world.setup(&facts);
        assert!(!changes.is_empty());
        world.carry("setup", changes).await;
        world.configured();
        // What is in the dumps beside: on 5.4.4 the number from outside has no XML.
        let others = repair(&world.survey().await, None, &[]).changes;
        if !others.is_empty() {
            world.carry("repair", others).await;
        }
        world.starts(owner);
        world.fill_cache().await;
        assert_eq!(faults(&world.survey().await), []);
        Some(world)
    }

    /// The service runs.
    fn starts(&mut self, owner: Owner) {
        let host = self.host();
        process(&host, 901, "voice-ai", owner);
        listens(&host, 901, self.running.listen.port(), "0100007F", 7);
        let limits = "/proc/901/limits";
        let text = fs::read_to_string(self.path(limits)).unwrap();
        self.estate
            .write(limits, text.replace("            1024 ", "            65536"));
        self.service.control = self.running.control;
    }

    /// Writes config.conf with these lines in place of its own.
    pub(super) fn configure(&self, lines: &[(&str, &str)]) {
        let port = self.fake.addr().port().to_string();
        let own = [
            ("switch.event_socket.host", "127.0.0.1"),
            ("switch.event_socket.port", &port),
            ("switch.event_socket.password", PASSWORD),
        ];
        let lines = [&own, lines].concat();
        self.estate
            .write("/etc/fusionpbx/config.conf", self.estate.config(&lines));
    }

    /// FusionPBX and the service use the FreeSWITCH whose access list has nobody.
    pub(super) fn use_closed(&mut self) {
        self.point_to(self.others[0].addr().port(), PASSWORD);
    }

    /// They use the one whose password everybody knows.
    pub(super) fn use_known(&mut self) {
        self.point_to(self.others[1].addr().port(), "ClueCon");
    }

    fn point_to(&mut self, port: u16, password: &str) {
        self.service.event_sockets = vec![("127.0.0.1".to_owned(), port)];
        self.configure(&[
            ("switch.event_socket.port", &port.to_string()),
            ("switch.event_socket.password", password),
        ]);
    }

    /// How it is while it is well.
    pub(super) async fn well(&self) -> Well {
        let mut files = BTreeMap::new();
        read_all(self.estate.root(), &mut files);
        Well {
            image: self.image().await,
            files,
            service: self.service.clone(),
        }
    }

    /// Files, configuration and service are as they were. Returns whether all is well by that.
    pub(super) async fn recovers(&mut self, well: &Well) -> bool {
        self.service = well.service.clone();
        self.running.recover();
        let journal = self.path(fusionpbx::journal::FOLDER);
        let mut files = BTreeMap::new();
        read_all(self.estate.root(), &mut files);
        files.retain(|path, _| !path.starts_with(&journal));
        for path in files.keys().filter(|path| !well.files.contains_key(*path)) {
            fs::remove_file(path).unwrap();
        }
        for (path, text) in &well.files {
            if files.get(path) != Some(text) && !path.starts_with(&journal) {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
        }
        well.image.same_as(&self.image().await).is_ok() && faults(&self.survey().await).is_empty()
    }

    pub(crate) fn host(&self) -> Host {
        self.estate.host()
    }

    pub(crate) fn path(&self, absolute: &str) -> PathBuf {
        self.estate.path(absolute)
    }

    pub(crate) fn run(&self, statements: &str) {
        self.estate.run(statements);
    }

    pub(crate) async fn survey(&self) -> Facts {
        survey(&self.host(), self.service.clone(), &SurveyOptions::default()).await
    }

    pub(crate) fn home(&self) -> HomeFacts {
        home(&self.host(), Path::new(CONFIG)).unwrap()
    }

    /// What setup would change.
    pub(crate) fn setup(&self, facts: &Facts) -> Vec<Change> {
        self.try_setup(facts).unwrap()
    }

    /// What setup would change, or why it does not.
    pub(crate) fn try_setup(&self, facts: &Facts) -> Result<Vec<Change>, Hindrance> {
        setup(&self.wish(), facts, &self.home())
    }

    /// What is wished for: 8000, by streams.
    pub(crate) fn wish(&self) -> Wish {
        let route = SecretaryRoute {
            extension: Extension::parse("8000").unwrap(),
            secretary: SECRETARY.parse().unwrap(),
            leg: EntryLeg::Script(vec![(
                VariableName::parse("voice_ai_url").unwrap(),
                VariableValue::parse(&stream_url(&self.service).unwrap()).unwrap(),
            )]),
            fallback: None,
        };
        let domain = Domain {
            uuid: DOMAIN.parse().unwrap(),
            name: CONTEXT.to_owned(),
            enabled: true,
        };
        let addr = self.fake.addr();
        Wish {
            entry: Entry::new(domain, Route::Secretary(route), "voice-ai: reception"),
            secretary: "reception".to_owned(),
            files: Vec::new(),
            event_socket: EventSocket {
                host: addr.ip().to_string(),
                port: addr.port(),
                password: Secret::new(PASSWORD),
            },
            program: "/usr/bin/voice-ai".into(),
            more: Surroundings::default(),
        }
    }

    /// The service's configuration is what setup has written.
    fn configured(&mut self) {
        let text = fs::read_to_string(self.path(CONFIG)).unwrap();
        assert!(text.contains("[[pbx]]") && text.contains(DOMAIN), "{text}");
        let addr = self.fake.addr();
        let token = fs::read_to_string(self.path(TOKEN)).unwrap();
        assert!(text.contains("token = {"), "{text}");
        self.service.token = Some(Secret::new(token.trim()));
        self.service.event_sockets = vec![(addr.ip().to_string(), addr.port())];
        self.service.domains = vec![ServiceDomain {
            uuid: DOMAIN.parse().unwrap(),
            name: Some(CONTEXT.to_owned()),
            secretaries: vec![ServiceSecretary {
                uuid: Some(SECRETARY.parse().unwrap()),
                name: "reception".to_owned(),
            }],
        }];
    }

    /// Carries changes out as the commands do.
    pub(crate) async fn carry(&self, title: &str, changes: Vec<Change>) {
        let settings = Settings::read(&self.host()).unwrap();
        let socket = event_socket(Ok(&settings), &self.service).await;
        let reality = Reality::new(self.host(), settings, socket);
        let mut quiet = |_: &Text| {};
        let (mut journal, _) = Journal::open(
            &self.host(),
            "a test",
            Duration::from_secs(10),
            &reality,
            &mut quiet,
        )
        .await
        .unwrap();
        let done = journal
            .carry_out(title, changes, &reality, &mut quiet)
            .await
            .unwrap();
        assert_eq!(done.left, []);
    }

    /// FusionPBX has answered a call of the context.
    pub(crate) async fn fill_cache(&self) {
        let facts = self.survey().await;
        let hostname = facts
            .switch
            .running
            .as_ref()
            .map(|running| running.hostname.as_str());
        let rows = served(facts.database.as_ref().unwrap(), CONTEXT, "8000", hostname);
        let xml: Vec<_> = rows.iter().filter_map(|row| row.xml.as_deref()).collect();
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<document type=\"freeswitch/xml\">\n\
             \t<section name=\"dialplan\" description=\"\">\n\t\t<context name=\"{CONTEXT}\" destination_number=\"8000\" hostname=\"pbx\">\n\
             {}\n\t\t</context>\n\t</section>\n</document>",
            xml.join("\n")
        );
        self.estate.write(&cache_file(), text);
    }

    /// Everything that is to stay as it was.
    pub(crate) async fn image(&self) -> Image {
        let mut connection = PgConnection::connect(&self.estate.url()).await.unwrap();
        let tables = sqlx::query(
            "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap();
        let mut rows = BTreeMap::new();
        for table in tables {
            let table: String = table.get(0);
            let query = format!("SELECT to_jsonb(t)::text FROM public.{table} AS t");
            let all = sqlx::query(sqlx::AssertSqlSafe(query))
                .fetch_all(&mut connection)
                .await
                .unwrap();
            rows.insert(table, all.iter().map(|row| row.get::<String, _>(0)).collect());
        }
        let mut files = BTreeMap::new();
        read_all(self.estate.root(), &mut files);
        // The journal grows, the cache is cleared, and processes are no files.
        let ours =
            [fusionpbx::journal::FOLDER, "/var/cache/fusionpbx", "/proc"].map(|folder| self.path(folder));
        files.retain(|path, _| !ours.iter().any(|folder| path.starts_with(folder)));
        Image { rows, files }
    }
}

/// The file in which the context is kept.
pub(crate) fn cache_file() -> String {
    format!(
        "/var/cache/fusionpbx/{}",
        cache_file_name(&format!("dialplan:{CONTEXT}"))
    )
}

impl Image {
    /// Tells what differs, and not all that is the same.
    pub(crate) fn same_as(&self, other: &Self) -> Result<(), String> {
        for (table, rows) in &self.rows {
            let now = &other.rows[table];
            let gone: BTreeSet<_> = rows.difference(now).map(|row| without_key(table, row)).collect();
            let new: BTreeSet<_> = now.difference(rows).map(|row| without_key(table, row)).collect();
            if gone != new {
                return Err(format!("{table}: gone {gone:#?}, new {new:#?}"));
            }
        }
        let paths: BTreeSet<_> = self.files.keys().chain(other.files.keys()).collect();
        let changed = paths
            .into_iter()
            .find(|&path| self.files.get(path) != other.files.get(path));
        changed.map_or(Ok(()), |path| Err(format!("{} has changed", path.display())))
    }
}

/// A row without what is new with each write: details that were made anew have other keys.
fn without_key(table: &str, row: &str) -> String {
    let mut row: serde_json::Value = serde_json::from_str(row).unwrap();
    let columns = row.as_object_mut().unwrap();
    if table == "v_dialplan_details" {
        columns.remove("dialplan_detail_uuid");
    }
    if table == "v_destinations" {
        columns.remove("destination_uuid");
    }
    for stamp in ["insert_date", "insert_user", "update_date", "update_user"] {
        columns.remove(stamp);
    }
    row.to_string()
}

fn read_all(folder: &Path, into: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            read_all(&path, into);
        } else {
            let text = fs::read(&path).unwrap();
            into.insert(path, text);
        }
    }
}

fn owner_of(path: &Path) -> Owner {
    let file = fs::metadata(path).unwrap();
    Owner {
        uid: file.uid(),
        gid: file.gid(),
    }
}

/// What is not as it should be.
pub(crate) fn faults(facts: &Facts) -> Vec<Finding> {
    let mut faults = check(facts, None);
    faults.retain(|finding| finding.verdict > Verdict::Skipped);
    faults
}

/// The service before it is configured: it has the sample domain alone.
fn service() -> Service {
    Service {
        config: CONFIG.into(),
        is_configured: true,
        listen: nobody(),
        control: nobody(),
        tls: false,
        token: None,
        event_sockets: Vec::new(),
        domains: Vec::new(),
        wrong: Vec::new(),
        unserved: Vec::new(),
        missing_models: Vec::new(),
        models: None,
        keys: Vec::new(),
    }
}
