//! A machine with FusionPBX and FreeSWITCH, and an operator who types commands.

use super::estate::{FusionPbx, Rows, Version};
use crate::server::voice_ai;
use serde_json::Value;
use sim::freeswitch::{FreeSwitch, Setup};
use sqlx::{Connection as _, PgConnection, Row as _};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub(super) const DOMAIN: &str = "pbx.example.com";
pub(super) const DOMAIN_UUID: &str = "11111111-1111-4111-8111-111111111111";
pub(super) const OTHER: &str = "tenant2.example.com";
pub(super) const CONFIG: &str = "/etc/voice-ai/voice-ai.toml";

/// The machine. Nothing of ours is on it yet.
pub(super) struct World {
    pub(super) estate: FusionPbx,
    pub(super) fake: FreeSwitch,
}

/// What commands may change: rows and files.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Image {
    rows: BTreeSet<String>,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl World {
    /// None without a PostgreSQL, which is said.
    pub(super) async fn new(version: Version) -> Option<Self> {
        Self::with(version, Setup::default()).await
    }

    /// The same with another FreeSWITCH, whose password is as delivered.
    pub(super) async fn with(version: Version, setup: Setup) -> Option<Self> {
        let estate = FusionPbx::with(version, Rows::Own)?;
        // The sample's secretary and its number are somebody's from before.
        estate.run(
            "DELETE FROM v_dialplan_details; DELETE FROM v_destinations; \
             DELETE FROM v_dialplans WHERE dialplan_name IN ('voice_secretary', '551155550199')",
        );
        let fake = FreeSwitch::start(setup).await.unwrap();
        let world = Self { estate, fake };
        world.point_to(world.fake.addr().port());
        let of = fs::metadata(world.estate.root()).unwrap();
        let (uid, gid) = (of.uid(), of.gid());
        // What is written is the service's, and only root may give files away.
        world.estate.write(
            "/etc/passwd",
            format!(
                "root:x:0:0:root:/root:/bin/bash\nvoice-ai:x:{uid}:{gid}::/var/lib/voice-ai:/usr/sbin/nologin\n"
            ),
        );
        Some(world)
    }

    /// FusionPBX has its event socket at this port.
    pub(super) fn point_to(&self, port: u16) {
        let port = port.to_string();
        let lines = [
            ("switch.event_socket.host", "127.0.0.1"),
            ("switch.event_socket.port", port.as_str()),
            ("switch.event_socket.password", "ClueCon"),
        ];
        self.estate
            .write("/etc/fusionpbx/config.conf", self.estate.config(&lines));
    }

    /// A command, in English and with nobody at a terminal.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = voice_ai(arguments);
        command
            .arg("--root")
            .arg(self.estate.root())
            .env_remove("LC_ALL")
            .env_remove("LC_MESSAGES")
            .env("LANG", "C")
            // Whoever runs a service on this machine is not asked.
            .env("VOICE_AI__SERVER__CONTROL", "127.0.0.1:1")
            .env("VOICE_AI__SERVER__LISTEN", "127.0.0.1:2")
            .stdin(Stdio::null());
        command
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command prints that must succeed.
    pub(super) fn printed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", told(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same as JSON.
    pub(super) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.printed(arguments)).unwrap()
    }

    /// What a command complains of that must end with this code and change nothing.
    pub(super) async fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let before = self.image().await;
        let output = self.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {}",
            told(&output)
        );
        assert_eq!(before, self.image().await, "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Sets 8000 up, as the other tests take it for granted.
    pub(super) fn set_up(&self) {
        self.printed(&["setup", "--domain", DOMAIN, "--yes", "--no-test-call"]);
    }

    pub(super) fn text(&self, absolute: &str) -> String {
        fs::read_to_string(self.estate.path(absolute)).unwrap()
    }

    /// A configuration of the machine that serves here: its paths lie below the root.
    pub(super) fn config_here(&self) -> String {
        let root = self.estate.root().display();
        self.text(CONFIG).replace("\"/", &format!("\"{root}/"))
    }

    pub(super) async fn image(&self) -> Image {
        let mut connection = PgConnection::connect(&self.estate.url()).await.unwrap();
        let mut rows = BTreeSet::new();
        for table in [
            "v_dialplans",
            "v_dialplan_details",
            "v_destinations",
            "v_modules",
            "v_default_settings",
        ] {
            let query = format!("SELECT to_jsonb(t)::text FROM public.{table} AS t");
            let all = sqlx::query(sqlx::AssertSqlSafe(query))
                .fetch_all(&mut connection)
                .await
                .unwrap();
            rows.extend(
                all.iter()
                    .map(|row| format!("{table} {}", row.get::<String, _>(0))),
            );
        }
        let mut files = BTreeMap::new();
        read_all(self.estate.root(), &mut files);
        // The journal grows with what was taken back, too.
        let journal = self.estate.path(fusionpbx::journal::FOLDER);
        files.retain(|path, _| !path.starts_with(&journal));
        Image { rows, files }
    }
}

fn read_all(folder: &Path, into: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, into);
        } else {
            let text = fs::read(&path).unwrap();
            into.insert(path, text);
        }
    }
}

/// Everything that a command said.
pub(super) fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "{}\n{}{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    )
}

/// Everything that `text` must have, or what is missing.
#[track_caller]
pub(super) fn tells(text: &str, wanted: &[&str]) {
    for one in wanted {
        assert!(text.contains(one), "no {one:?} in:\n{text}");
    }
}
