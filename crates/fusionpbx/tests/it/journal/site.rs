//! A FusionPBX whose database and files can be compared, and a plan that changes every kind of thing on it.

use super::order::{Deed, End, Order};
use super::stand_in::{StandIn, UNIT};
use crate::estate::{FusionPbx, Rows, Version};
use fusionpbx::journal::{CarriedOut, Journal, JournalError, Recovered, Watch, Which};
use fusionpbx::{Change, FileChange, FileState, RowChange, SwitchChange, Table, Text};
use serde_json::{Map, Value, json};
use sqlx::{Connection as _, PgConnection};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use uuid::{Uuid, uuid};

pub(crate) const SECRETARY: Uuid = uuid!("aaaaaaaa-0001-4aaa-8aaa-aaaaaaaaaaaa");
pub(crate) const NEW_DIALPLAN: Uuid = uuid!("cccccccc-0001-4ccc-8ccc-cccccccccccc");
const NEW_DETAIL: Uuid = uuid!("cccccccc-1001-4ccc-8ccc-cccccccccccc");
const NEW_MODULE: Uuid = uuid!("cccccccc-2001-4ccc-8ccc-cccccccccccc");
const NEW_SETTING: Uuid = uuid!("cccccccc-3001-4ccc-8ccc-cccccccccccc");
const DESTINATION: Uuid = uuid!("aaaaaaaa-4001-4aaa-8aaa-aaaaaaaaaaaa");
pub(crate) const SCRIPT: &str = "/usr/share/freeswitch/scripts/voice_secretary.lua";
pub(crate) const OLD_SCRIPT: &str = "/usr/share/freeswitch/scripts/old_secretary.lua";
pub(crate) const MODULES: &str = "/etc/freeswitch/autoload_configs/modules.conf.xml";
pub(crate) const CACHED: &str = "/var/cache/fusionpbx/dialplan.pbx.example.com";

/// Long enough for any machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Everything that a plan could touch: rows of tables, and files with who may do what with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    rows: BTreeMap<&'static str, Vec<Value>>,
    files: BTreeMap<String, String>,
}

impl Standing {
    pub(crate) fn rows(&self) -> &BTreeMap<&'static str, Vec<Value>> {
        &self.rows
    }
}

/// A FusionPBX with a secretary on 8000, whose dialplan FusionPBX has cached.
pub(crate) struct Site {
    pub(crate) pbx: FusionPbx,
    pub(crate) outside: StandIn,
}

impl Site {
    pub(crate) fn of(version: Version) -> Option<Self> {
        FusionPbx::of(version).map(Self::new)
    }

    pub(crate) fn own() -> Option<Self> {
        FusionPbx::with(Version::V5_6, Rows::Own).map(Self::new)
    }

    pub(crate) fn every() -> Vec<Self> {
        FusionPbx::every().into_iter().map(Self::new).collect()
    }

    fn new(pbx: FusionPbx) -> Self {
        pbx.write(OLD_SCRIPT, "-- old\n");
        fs::set_permissions(pbx.path(OLD_SCRIPT), fs::Permissions::from_mode(0o640)).unwrap();
        pbx.write("/switch/unit", "is stopped");
        let site = Self {
            outside: StandIn::new(pbx.host(), &pbx.url()),
            pbx,
        };
        site.fresh();
        site
    }

    /// FusionPBX caches the dialplan, and FreeSWITCH begins anew: what a plan clears and tells is to be done again.
    pub(crate) fn fresh(&self) {
        self.pbx.write(CACHED, "<document/>");
        for told in ["/switch/read", "/switch/mod_audio_stream", "/switch/forgotten"] {
            let _ = fs::remove_file(self.pbx.path(told));
        }
    }

    pub(crate) async fn open(&self) -> Result<(Journal, Vec<Recovered>), JournalError> {
        self.open_with(&self.outside).await
    }

    pub(crate) async fn open_with(
        &self,
        outside: &StandIn,
    ) -> Result<(Journal, Vec<Recovered>), JournalError> {
        Journal::open(&self.pbx.host(), "voice-ai repair", LIMIT, outside, &mut silent()).await
    }

    pub(crate) async fn carry_out(&self, changes: Vec<Change>) -> Result<CarriedOut, JournalError> {
        self.carry_out_watched(changes, &mut silent()).await
    }

    pub(crate) async fn carry_out_watched(
        &self,
        changes: Vec<Change>,
        watch: &mut dyn Watch,
    ) -> Result<CarriedOut, JournalError> {
        let (mut journal, recovered) = self.open().await?;
        assert_eq!(recovered, []);
        journal.carry_out("setup", changes, &self.outside, watch).await
    }

    pub(crate) async fn undo(&self) -> Result<CarriedOut, JournalError> {
        let (mut journal, _) = self.open().await?;
        journal.undo(&Which::Last, &self.outside, &mut silent()).await
    }

    /// A process of its own, with pipes for its input and output.
    pub(crate) fn process(&self, deed: Deed, end: End) -> Child {
        let order = Order {
            url: self.pbx.url(),
            root: self.pbx.root().into(),
            deed,
            end,
        };
        Command::new(env!("CARGO_BIN_EXE_carry-out"))
            .arg(serde_json::to_string(&order).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// A connection of a test's own.
    pub(crate) async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.pbx.url()).await.unwrap()
    }

    pub(crate) async fn row(&self, table: Table, key: Uuid) -> Option<Map<String, Value>> {
        let sql = format!(
            "SELECT to_jsonb(t)::text FROM {} t WHERE {} = $1",
            table.name(),
            table.key()
        );
        let text: Option<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(key)
            .fetch_optional(&mut self.connect().await)
            .await
            .unwrap();
        text.map(|text| serde_json::from_str(&text).unwrap())
    }

    /// As everything is now. What the journal keeps for itself is not part of it.
    pub(crate) async fn standing(&self) -> Standing {
        let mut connection = self.connect().await;
        let mut rows = BTreeMap::new();
        for table in [
            Table::Dialplans,
            Table::DialplanDetails,
            Table::Destinations,
            Table::Modules,
            Table::DefaultSettings,
        ] {
            let (name, key) = (table.name(), table.key());
            let sql = format!("SELECT to_jsonb(t)::text FROM {name} t ORDER BY {key}");
            let texts: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                .fetch_all(&mut connection)
                .await
                .unwrap();
            let values = texts.iter().map(|text| serde_json::from_str(text).unwrap());
            rows.insert(name, values.collect());
        }
        let mut files = BTreeMap::new();
        gather(self.pbx.root(), self.pbx.root(), &mut files);
        Standing { rows, files }
    }

    /// A plan that changes something of every kind.
    pub(crate) async fn plan(&self) -> Vec<Change> {
        let mut changes = vec![
            Change::Switch(SwitchChange::Load("mod_audio_stream".into())),
            Change::Unit { run: true },
            Change::Switch(SwitchChange::ReloadXml),
            Change::CacheKey("dialplan:pbx.example.com".into()),
            row(
                Table::Dialplans,
                NEW_DIALPLAN,
                None,
                Some(json!({
                    "dialplan_context": "pbx.example.com",
                    "dialplan_name": "it's \"8002\" \\ & <ação>\n",
                    "dialplan_number": "8002",
                    "dialplan_continue": "false",
                    "dialplan_enabled": "true",
                    "dialplan_order": "240",
                })),
            ),
            row(
                Table::Dialplans,
                SECRETARY,
                Some(json!({"dialplan_enabled": "true", "dialplan_number": "8000"})),
                Some(
                    json!({"dialplan_xml": "<extension name=\"new\"/>", "dialplan_continue": "true", "dialplan_order": 241}),
                ),
            ),
            row(
                Table::DialplanDetails,
                NEW_DETAIL,
                None,
                Some(json!({
                    "dialplan_uuid": SECRETARY,
                    "dialplan_detail_tag": "action",
                    "dialplan_detail_enabled": "true",
                    "dialplan_detail_order": 10,
                })),
            ),
            row(
                Table::Modules,
                NEW_MODULE,
                None,
                Some(json!({"module_name": "mod_new", "module_enabled": "true", "module_order": 800})),
            ),
            row(
                Table::DefaultSettings,
                NEW_SETTING,
                None,
                Some(json!({"default_setting_category": "voice_ai", "default_setting_enabled": "true"})),
            ),
            row(
                Table::Destinations,
                DESTINATION,
                Some(json!({"destination_enabled": "true"})),
                Some(
                    json!({"destination_enabled": "false", "destination_actions": [{"destination_data": "8002 XML pbx.example.com"}]}),
                ),
            ),
            file(SCRIPT, None, Some(state("-- new\n", 0o644))),
            file(UNIT, None, Some(state("[Service]\n", 0o644))),
            file(
                "/etc/voice-ai/secretaries/one.toml",
                None,
                Some(state("name = \"Ana\"\n", 0o600)),
            ),
            self.file_after(MODULES, Some(state("<configuration/>", 0o664))),
            self.file_after(OLD_SCRIPT, None),
        ];
        let details: Vec<Uuid> = sqlx::query_scalar(
            "SELECT dialplan_detail_uuid FROM v_dialplan_details WHERE dialplan_uuid = $1 ORDER BY 1",
        )
        .bind(SECRETARY)
        .fetch_all(&mut self.connect().await)
        .await
        .unwrap();
        assert!(!details.is_empty());
        for key in details {
            let before = self.row(Table::DialplanDetails, key).await;
            changes.push(row(Table::DialplanDetails, key, before.map(Value::Object), None));
        }
        changes
    }

    /// A change of a file that is as it is now.
    pub(crate) fn file_after(&self, path: &str, after: Option<FileState>) -> Change {
        let now = self.pbx.path(path);
        let mode = fs::metadata(&now).unwrap().mode() & 0o7777;
        let text = fs::read_to_string(now).unwrap();
        file(path, Some(state(&text, mode)), after)
    }
}

pub(crate) fn silent() -> impl Watch {
    |_: &Text| {}
}

pub(crate) fn state(text: &str, mode: u32) -> FileState {
    FileState {
        text: text.into(),
        mode,
        owner: None,
    }
}

pub(crate) fn file(path: &str, before: Option<FileState>, after: Option<FileState>) -> Change {
    Change::File(FileChange {
        path: path.into(),
        before,
        after,
    })
}

pub(crate) fn row(table: Table, key: Uuid, before: Option<Value>, after: Option<Value>) -> Change {
    let columns = |value: Option<Value>| value.map(|value| value.as_object().unwrap().clone());
    Change::Row(RowChange {
        table,
        key,
        before: columns(before),
        after: columns(after),
    })
}

fn gather(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().display().to_string();
        if name == "var/lib" {
            continue;
        }
        let about = fs::symlink_metadata(&path).unwrap();
        let rights = format!("{:o} {}:{}", about.mode(), about.uid(), about.gid());
        if about.is_dir() {
            files.insert(name, rights);
            gather(root, &path, files);
        } else {
            files.insert(name, format!("{rights} {}", fs::read_to_string(&path).unwrap()));
        }
    }
}
