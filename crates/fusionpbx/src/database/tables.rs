//! The small tables.

use super::columns::{Columns, flag, is_set, or_empty};
use super::{Reason, secret};
use crate::settings::EventSocket;
use crate::{
    CacheMethod, CacheRow, CacheSettings, ChoiceOfDialplan, Destination, Domain, Module, SwitchFolders,
};
use secretary::DomainUuid;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use std::path::PathBuf;
use uuid::Uuid;

/// What FusionPBX's pages take where no row says otherwise.
const CACHE: &str = "/var/cache/fusionpbx";

/// `v_software.software_version`; `?` where there is no row.
pub(super) async fn version(connection: &mut PgConnection, columns: &Columns) -> Result<String, Reason> {
    columns.require("v_software", &["software_version"])?;
    let version: Option<String> = sqlx::query_scalar(
        "SELECT software_version FROM v_software WHERE software_version <> '' ORDER BY software_name = 'FusionPBX' DESC LIMIT 1",
    )
    .fetch_optional(connection)
    .await?;
    Ok(version.unwrap_or_else(|| "?".into()))
}

pub(super) async fn domains(connection: &mut PgConnection, columns: &Columns) -> Result<Vec<Domain>, Reason> {
    columns.require("v_domains", &["domain_uuid", "domain_name", "domain_enabled"])?;
    let rows: Vec<(Uuid, String, Option<String>)> = sqlx::query_as(
        "SELECT domain_uuid, domain_name, domain_enabled::text FROM v_domains WHERE domain_name <> '' ORDER BY domain_name",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(uuid, name, enabled)| Domain {
            uuid: DomainUuid::new(uuid),
            name,
            enabled: enabled.as_deref().is_some_and(flag),
        })
        .collect())
}

/// The rows that have a number.
pub(super) async fn destinations(
    connection: &mut PgConnection,
    columns: &Columns,
) -> Result<Vec<Destination>, Reason> {
    columns.require(
        "v_destinations",
        &[
            "destination_uuid",
            "domain_uuid",
            "dialplan_uuid",
            "destination_type",
            "destination_prefix",
            "destination_trunk_prefix",
            "destination_area_code",
            "destination_number",
            "destination_enabled",
            "destination_description",
        ],
    )?;
    let rows = sqlx::query(
        "SELECT destination_uuid, domain_uuid, dialplan_uuid, destination_type, nullif(destination_prefix, '') AS prefix, \
         nullif(destination_trunk_prefix, '') AS trunk_prefix, nullif(destination_area_code, '') AS area_code, destination_number, \
         destination_enabled::text AS enabled, destination_description FROM v_destinations WHERE destination_number <> '' \
         ORDER BY destination_number, destination_uuid",
    )
    .fetch_all(connection)
    .await?;
    let destination = |row: &PgRow| {
        Ok(Destination {
            uuid: row.try_get("destination_uuid")?,
            domain: row.try_get("domain_uuid")?,
            dialplan: row.try_get("dialplan_uuid")?,
            kind: or_empty(row, "destination_type")?,
            prefix: row.try_get("prefix")?,
            trunk_prefix: row.try_get("trunk_prefix")?,
            area_code: row.try_get("area_code")?,
            number: row.try_get("destination_number")?,
            enabled: is_set(row, "enabled")?,
            description: row.try_get("destination_description")?,
        })
    };
    rows.iter().map(destination).collect()
}

pub(super) async fn modules(connection: &mut PgConnection, columns: &Columns) -> Result<Vec<Module>, Reason> {
    columns.require("v_modules", &["module_uuid", "module_name", "module_enabled"])?;
    let rows: Vec<(Uuid, String, Option<String>)> = sqlx::query_as(
        "SELECT module_uuid, module_name, nullif(module_enabled::text, '') FROM v_modules WHERE module_name <> '' \
         ORDER BY module_name, module_uuid",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(uuid, name, enabled)| Module {
            uuid,
            name,
            enabled: enabled.as_deref().map(flag),
        })
        .collect())
}

/// `domain/time_zone`, of the domain itself or of all.
pub(super) async fn time_zone(
    connection: &mut PgConnection,
    columns: &Columns,
    domain: DomainUuid,
) -> Result<Option<String>, Reason> {
    let mut zones: Vec<(String, Option<String>)> = Vec::new();
    let own = [
        "domain_uuid",
        "domain_setting_category",
        "domain_setting_subcategory",
        "domain_setting_value",
    ];
    if columns.has("v_domain_settings", &own) {
        let of_domain = sqlx::query_as(
            "SELECT domain_setting_value, domain_setting_enabled::text FROM v_domain_settings WHERE domain_uuid = $1 \
             AND domain_setting_category = 'domain' AND domain_setting_subcategory = 'time_zone' AND domain_setting_value <> ''",
        );
        zones.extend(of_domain.bind(domain.uuid()).fetch_all(&mut *connection).await?);
    }
    let of_all: Vec<(String, Option<String>)> = sqlx::query_as(
        "SELECT default_setting_value, default_setting_enabled::text FROM v_default_settings \
         WHERE default_setting_category = 'domain' AND default_setting_subcategory = 'time_zone' AND default_setting_value <> ''",
    )
    .fetch_all(connection)
    .await?;
    zones.extend(of_all);
    let mut set = zones.into_iter();
    Ok(set.find_map(|(zone, enabled)| enabled.is_some_and(|enabled| flag(&enabled)).then_some(zone)))
}

/// The settings of all domains. Of two rows that are switched on the later counts.
pub(super) struct Defaults(Vec<Setting>);

struct Setting {
    uuid: Uuid,
    category: String,
    name: String,
    value: String,
    enabled: bool,
}

pub(super) async fn defaults(connection: &mut PgConnection, columns: &Columns) -> Result<Defaults, Reason> {
    columns.require(
        "v_default_settings",
        &[
            "default_setting_uuid",
            "default_setting_category",
            "default_setting_subcategory",
            "default_setting_value",
            "default_setting_order",
            "default_setting_enabled",
        ],
    )?;
    let rows = sqlx::query(
        "SELECT default_setting_uuid, default_setting_category, default_setting_subcategory, default_setting_value, \
         default_setting_enabled::text AS enabled FROM v_default_settings \
         WHERE default_setting_category IN ('cache', 'destinations', 'switch') AND default_setting_subcategory IS NOT NULL \
         ORDER BY default_setting_order, default_setting_uuid",
    )
    .fetch_all(connection)
    .await?;
    let setting = |row: &PgRow| {
        Ok(Setting {
            uuid: row.try_get("default_setting_uuid")?,
            category: row.try_get("default_setting_category")?,
            name: row.try_get("default_setting_subcategory")?,
            value: or_empty(row, "default_setting_value")?,
            enabled: is_set(row, "enabled")?,
        })
    };
    let rows: Result<_, Reason> = rows.iter().map(setting).collect();
    Ok(Defaults(rows?))
}

impl Defaults {
    pub(super) fn mode(&self) -> Option<ChoiceOfDialplan> {
        match self.get("destinations", "dialplan_mode")? {
            "single" => Some(ChoiceOfDialplan::Single),
            "multiple" => Some(ChoiceOfDialplan::Multiple),
            _ => None,
        }
    }

    pub(super) fn cache(&self) -> CacheSettings {
        CacheSettings {
            method: CacheMethod::parse(self.get("cache", "method").unwrap_or("file")),
            location: self.get("cache", "location").unwrap_or(CACHE).into(),
        }
    }

    pub(super) fn switch_folders(&self) -> SwitchFolders {
        let folder = |name| self.get("switch", name).map(PathBuf::from);
        SwitchFolders {
            conf: folder("conf"),
            scripts: folder("scripts"),
            modules: folder("mod"),
            log: folder("log"),
        }
    }

    /// The rows of the category `cache`, switched on or not.
    pub(super) fn cache_rows(&self) -> Vec<CacheRow> {
        let of_cache = self.0.iter().filter(|setting| setting.category == "cache");
        of_cache
            .map(|setting| CacheRow {
                uuid: setting.uuid,
                name: setting.name.clone(),
                value: setting.value.clone(),
                enabled: setting.enabled,
            })
            .collect()
    }

    fn get(&self, category: &str, name: &str) -> Option<&str> {
        let counts = |setting: &&Setting| {
            setting.enabled
                && !setting.value.is_empty()
                && setting.category == category
                && setting.name == name
        };
        Some(&self.0.iter().rfind(counts)?.value)
    }
}

/// `v_settings`, which newer versions do not have.
pub(super) async fn event_socket(
    connection: &mut PgConnection,
    columns: &Columns,
) -> Result<Option<EventSocket>, Reason> {
    let wanted = [
        "event_socket_ip_address",
        "event_socket_port",
        "event_socket_password",
    ];
    if !columns.has("v_settings", &wanted) {
        return Ok(None);
    }
    let row: Option<(String, Option<String>, Option<String>)> = sqlx::query_as(
        "SELECT event_socket_ip_address, event_socket_port::text, nullif(event_socket_password, '') FROM v_settings \
         WHERE event_socket_ip_address <> '' LIMIT 1",
    )
    .fetch_optional(connection)
    .await?;
    let usual = EventSocket::default();
    Ok(row.map(|(host, port, password)| EventSocket {
        host,
        port: port
            .and_then(|port| port.trim().parse().ok())
            .unwrap_or(usual.port),
        password: secret(password),
    }))
}
