//! What FusionPBX's database says.

use crate::CacheSettings;
use secretary::DomainUuid;
use std::path::PathBuf;
use uuid::Uuid;

/// The rows that concern us. Flags are read as FusionPBX means them, whether their column is text or boolean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseFacts {
    /// `v_software.software_version`.
    pub version: String,
    /// All domains.
    pub domains: Vec<Domain>,
    /// All rows of `v_dialplans` that have a name or XML (5.4.4 has nameless ones, which serve nothing), in FusionPBX's order:
    /// `dialplan_order`, then name.
    pub dialplans: Vec<DialplanRow>,
    /// `destinations/dialplan_mode`.
    pub mode: ChoiceOfDialplan,
    /// Inbound destinations.
    pub destinations: Vec<Destination>,
    /// `v_modules`.
    pub modules: Vec<Module>,
    /// Where PHP keeps the cache (`v_default_settings`).
    pub php_cache: CacheSettings,
    /// The rows of `v_default_settings` that say so, switched on or not.
    pub cache_rows: Vec<CacheRow>,
    /// Where PHP looks for FreeSWITCH's folders (`v_default_settings`, category `switch`).
    pub switch_folders: SwitchFolders,
    /// Extensions, ring groups, queues, menus and the like that have a number: domain, number, and what it is, to name an owner.
    pub numbers: Vec<(Uuid, String, String)>,
}

/// Folders of FreeSWITCH as FusionPBX's pages know them; `None` where a row is missing, empty or switched off.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SwitchFolders {
    /// `conf/dir`: `/etc/freeswitch`.
    pub conf: Option<PathBuf>,
    /// `scripts/dir`: `/usr/share/freeswitch/scripts`.
    pub scripts: Option<PathBuf>,
    /// `mod/dir`: `/usr/lib/freeswitch/mod`.
    pub modules: Option<PathBuf>,
    /// `log/dir`: `/var/log/freeswitch`.
    pub log: Option<PathBuf>,
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// `domain_uuid`.
    pub uuid: DomainUuid,
    /// `domain_name`.
    pub name: String,
    /// `domain_enabled`.
    pub enabled: bool,
}

/// A row of `v_dialplans` with its details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialplanRow {
    /// `dialplan_uuid`.
    pub uuid: Uuid,
    /// `domain_uuid`; NULL for rows of all domains.
    pub domain: Option<Uuid>,
    /// `app_uuid`.
    pub app: Option<Uuid>,
    /// `hostname`, where `''` is not NULL.
    pub hostname: Option<String>,
    /// `dialplan_context`.
    pub context: String,
    /// `dialplan_name`.
    pub name: String,
    /// `dialplan_number`.
    pub number: Option<String>,
    /// `dialplan_order`.
    pub order: i64,
    /// `dialplan_enabled`.
    pub enabled: bool,
    /// `dialplan_continue`.
    pub continues: bool,
    /// `dialplan_xml`.
    pub xml: Option<String>,
    /// Its rows of `v_dialplan_details`, by group and order. Read for rows that are or look like ours, and for
    /// inbound routes; of others it is empty.
    pub details: Vec<Detail>,
}

/// A row of `v_dialplan_details`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// `dialplan_detail_uuid`.
    pub uuid: Uuid,
    /// `condition`, `action`, `anti-action`, `regex`.
    pub tag: String,
    /// A condition's field, an action's application.
    pub kind: String,
    /// A condition's expression, an action's data.
    pub data: String,
    /// `on-true`, `on-false`, `always`, `never`.
    pub breaks: Option<String>,
    /// `true` or `false`.
    pub inline: Option<String>,
    /// Its condition's group.
    pub group: i64,
    /// Its place in the group.
    pub order: i64,
    /// Whether it counts.
    pub enabled: bool,
}

/// How FusionPBX serves the context `public`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChoiceOfDialplan {
    /// All rows at once: the way up to 5.4.4.
    Multiple,
    /// Only the row to which a destination points: the way from 5.5 on.
    Single,
}

/// A row of `v_destinations`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// `destination_uuid`.
    pub uuid: Uuid,
    /// `domain_uuid`.
    pub domain: Option<Uuid>,
    /// `dialplan_uuid`.
    pub dialplan: Option<Uuid>,
    /// `inbound`, `outbound`, `local`.
    pub kind: String,
    /// `destination_prefix`, the country's code.
    pub prefix: Option<String>,
    /// `destination_trunk_prefix`, which stands before the area code in place of the country's.
    pub trunk_prefix: Option<String>,
    /// `destination_area_code`.
    pub area_code: Option<String>,
    /// `destination_number`.
    pub number: String,
    /// `destination_enabled`.
    pub enabled: bool,
    /// `destination_description`.
    pub description: Option<String>,
}

/// A row of `v_modules`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// `module_uuid`.
    pub uuid: Uuid,
    /// `module_name`: `mod_audio_stream`.
    pub name: String,
    /// `module_enabled`; NULL is `None`.
    pub enabled: Option<bool>,
}

/// A row of `v_default_settings` in the category `cache`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheRow {
    /// `default_setting_uuid`.
    pub uuid: Uuid,
    /// `default_setting_subcategory`: `method`, `location`.
    pub name: String,
    /// `default_setting_value`.
    pub value: String,
    /// `default_setting_enabled`.
    pub enabled: bool,
}
