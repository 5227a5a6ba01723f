//! Making a snapshot from files or from the embedded samples.

use crate::fold::suggestion;
use crate::samples::{SAMPLE_DEFAULT, SAMPLE_DOMAIN, SAMPLE_DOMAIN_NAME, samples};
use crate::{Domain, DomainUuid, Secretary, Snapshot, SnapshotError};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A domain as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainEntry {
    /// Its UUID in FusionPBX.
    pub uuid: DomainUuid,
    /// Its name, as the PBX knows it.
    pub name: String,
    /// The secretary that answers where the metadata names none.
    pub default_secretary: String,
    /// See [`Domain::timezone`].
    pub timezone: String,
    /// See [`Domain::max_calls`].
    pub max_calls: u32,
    /// See [`Domain::minutes_per_day`].
    pub minutes_per_day: u32,
    /// See [`Domain::spend_per_day_micros`].
    pub spend_per_day_micros: u64,
    /// See [`Domain::retention_days`].
    pub retention_days: u32,
    /// The folder of its secretaries (`*.toml`); the embedded samples where none is named.
    pub secretaries_dir: Option<PathBuf>,
}

impl DomainEntry {
    /// The domain of the embedded samples: 100 calls at once, no other limit, nothing ever erased, days of UTC.
    pub fn sample() -> Self {
        Self {
            uuid: SAMPLE_DOMAIN,
            name: SAMPLE_DOMAIN_NAME.into(),
            default_secretary: SAMPLE_DEFAULT.into(),
            timezone: "UTC".into(),
            max_calls: 100,
            minutes_per_day: 0,
            spend_per_day_micros: 0,
            retention_days: 0,
            secretaries_dir: None,
        }
    }
}

impl Snapshot {
    /// One domain ([`SAMPLE_DOMAIN`]) with the embedded samples.
    pub fn embedded() -> Result<Self, SnapshotError> {
        Self::load(&[DomainEntry::sample()])
    }

    /// The domains of a configuration, with their secretaries read from disk.
    pub fn load(entries: &[DomainEntry]) -> Result<Self, SnapshotError> {
        let mut domains = BTreeMap::new();
        for entry in entries {
            let domain = Arc::new(load_domain(entry)?);
            if domains.insert(entry.uuid, domain).is_some() {
                return Err(SnapshotError::SameDomain(entry.uuid));
            }
        }
        Ok(Self { domains })
    }
}

fn load_domain(entry: &DomainEntry) -> Result<Domain, SnapshotError> {
    let files = match &entry.secretaries_dir {
        Some(folder) => read_folder(folder)?,
        None => samples()?,
    };
    let secretaries = by_name(files)?;
    if !secretaries.contains_key(&entry.default_secretary) {
        let names: Vec<&str> = secretaries.keys().map(String::as_str).collect();
        return Err(SnapshotError::NoDefault {
            domain: entry.name.clone(),
            wanted: entry.default_secretary.clone(),
            remedy: suggestion(&entry.default_secretary, &names),
        });
    }
    Ok(Domain {
        uuid: entry.uuid,
        name: entry.name.clone(),
        default_secretary: entry.default_secretary.clone(),
        timezone: entry.timezone.clone(),
        max_calls: entry.max_calls,
        minutes_per_day: entry.minutes_per_day,
        spend_per_day_micros: entry.spend_per_day_micros,
        retention_days: entry.retention_days,
        secretaries,
    })
}

fn by_name(files: Vec<(String, Secretary)>) -> Result<BTreeMap<String, Arc<Secretary>>, SnapshotError> {
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    let mut secretaries = BTreeMap::new();
    for (file, secretary) in files {
        let name = secretary.name.clone();
        if let Some(first) = owners.insert(name.clone(), file.clone()) {
            return Err(SnapshotError::SameName {
                name,
                first,
                second: file,
            });
        }
        secretaries.insert(name, Arc::new(secretary));
    }
    Ok(secretaries)
}

fn read_folder(folder: &Path) -> Result<Vec<(String, Secretary)>, SnapshotError> {
    let entries = fs::read_dir(folder).map_err(|e| unreadable(folder, &e))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| unreadable(folder, &e))?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(SnapshotError::Empty { path: folder.into() });
    }
    paths.sort();
    paths.iter().map(|path| read_file(folder, path)).collect()
}

fn read_file(folder: &Path, path: &Path) -> Result<(String, Secretary), SnapshotError> {
    let text = fs::read_to_string(path).map_err(|e| unreadable(path, &e))?;
    let file = path.display().to_string();
    let mut secretary = Secretary::parse(&file, &text)?;
    let script = Path::new(&secretary.script);
    if script.extension().is_some_and(|e| e == "yaml" || e == "yml") && script.is_relative() {
        let absolute = std::path::absolute(folder.join(script)).map_err(|e| unreadable(folder, &e))?;
        secretary.script = absolute.display().to_string();
    }
    Ok((file, secretary))
}

fn unreadable(path: &Path, error: &std::io::Error) -> SnapshotError {
    SnapshotError::Unreadable {
        path: path.into(),
        reason: error.to_string(),
    }
}
