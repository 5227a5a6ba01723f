//! Making a snapshot from files or from the embedded samples.

use crate::fold::suggestion;
use crate::folder::hex;
use crate::keys::Placed;
use crate::parse::{Parsed, parse};
use crate::samples::{SAMPLE_DEFAULT, SAMPLE_DOMAIN, SAMPLE_DOMAIN_NAME, SAMPLES};
use crate::{Domain, DomainUuid, Fault, Folder, Secretary, SecretaryUuid, Snapshot, SnapshotError};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
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
        }
    }

    /// Whether a text names it: by its UUID, or by its name in any case.
    pub fn is_named(&self, text: &str) -> bool {
        self.name.eq_ignore_ascii_case(text) || text.parse().is_ok_and(|uuid: DomainUuid| uuid == self.uuid)
    }

    fn with(&self, secretaries: BTreeMap<String, Arc<Secretary>>) -> Domain {
        Domain {
            uuid: self.uuid,
            name: self.name.clone(),
            default_secretary: self.default_secretary.clone(),
            timezone: self.timezone.clone(),
            max_calls: self.max_calls,
            minutes_per_day: self.minutes_per_day,
            spend_per_day_micros: self.spend_per_day_micros,
            retention_days: self.retention_days,
            secretaries,
        }
    }
}

impl Snapshot {
    /// One domain ([`SAMPLE_DOMAIN`]) with the embedded samples.
    pub fn embedded() -> Result<Self, Vec<SnapshotError>> {
        Self::load(&[DomainEntry::sample()], None)
    }

    /// The domains of a configuration. Their secretaries are the files of the folder, which name their domains; where there is
    /// no folder, every domain has the embedded samples. All that is wrong with all files at once.
    pub fn load(entries: &[DomainEntry], folder: Option<&Folder>) -> Result<Self, Vec<SnapshotError>> {
        let (snapshot, mut wrong, obscure) = gather(entries, folder);
        // A file that nothing is known of may be what is missing.
        if !obscure {
            wrong.extend(entries.iter().filter_map(|entry| snapshot.no_default(entry)));
        }
        if wrong.is_empty() {
            Ok(snapshot)
        } else {
            Err(wrong)
        }
    }

    /// The same for a part of what is configured: a domain may be without its default secretary.
    pub fn load_part(entries: &[DomainEntry], folder: &Folder) -> Result<Self, Vec<SnapshotError>> {
        let (snapshot, wrong, _) = gather(entries, Some(folder));
        if wrong.is_empty() {
            Ok(snapshot)
        } else {
            Err(wrong)
        }
    }

    fn no_default(&self, entry: &DomainEntry) -> Option<SnapshotError> {
        let own = &self.domain(entry.uuid)?.secretaries;
        (!own.contains_key(&entry.default_secretary)).then(|| no_default(entry, own))
    }
}

/// What there is, what is wrong with it, and whether there is a file of which too little is known.
fn gather(entries: &[DomainEntry], folder: Option<&Folder>) -> (Snapshot, Vec<SnapshotError>, bool) {
    let mut wrong = Vec::new();
    let mut loading = Loading::new(entries, &mut wrong);
    let mut hash = Sha256::new();
    hash.update(format!("{entries:?}"));
    match folder {
        Some(folder) => {
            hash.update(folder.version());
            loading.folder(folder, &mut wrong);
        }
        None => loading.samples(&mut hash, &mut wrong),
    }
    let obscure = loading.obscure;
    let snapshot = Snapshot {
        version: hex(&hash.finalize()),
        domains: loading.finish(),
    };
    (snapshot, wrong, obscure)
}

/// What is known of the domains while their secretaries are read.
struct Loading<'e> {
    entries: &'e [DomainEntry],
    secretaries: BTreeMap<DomainUuid, BTreeMap<String, Arc<Secretary>>>,
    /// Where a name and a UUID were first seen.
    names: BTreeMap<(DomainUuid, String), String>,
    uuids: BTreeMap<SecretaryUuid, String>,
    /// Whether there is a file that does not even tell its name or its domain: whatever is missing may be it.
    obscure: bool,
}

impl<'e> Loading<'e> {
    fn new(entries: &'e [DomainEntry], wrong: &mut Vec<SnapshotError>) -> Self {
        let mut secretaries = BTreeMap::new();
        for entry in entries {
            if secretaries.insert(entry.uuid, BTreeMap::new()).is_some() {
                wrong.push(SnapshotError::SameDomain(entry.uuid));
            }
        }
        Self {
            entries,
            secretaries,
            names: BTreeMap::new(),
            uuids: BTreeMap::new(),
            obscure: false,
        }
    }

    fn folder(&mut self, folder: &Folder, wrong: &mut Vec<SnapshotError>) {
        wrong.extend_from_slice(folder.unreadable());
        if folder.files().next().is_none() && folder.unreadable().is_empty() {
            wrong.push(SnapshotError::Empty {
                path: folder.path().into(),
            });
        }
        self.obscure |= !wrong.is_empty();
        for (path, text) in folder.files() {
            let file = path.display().to_string();
            let beside = |name: &str| Some(folder.text(&path.with_file_name(name))?.to_owned());
            let mut parsed = parse(&file, text, &beside);
            absolute_script(path, &mut parsed.secretary);
            let faults = self.one(&file, parsed);
            wrong.extend(faults.into_iter().map(SnapshotError::File));
        }
    }

    /// Every domain has all samples.
    fn samples(&mut self, hash: &mut Sha256, wrong: &mut Vec<SnapshotError>) {
        for (file, text) in SAMPLES {
            hash.update(text);
            let parsed = parse(file, text, &|_| None);
            wrong.extend(parsed.faults.into_iter().map(SnapshotError::File));
            let secretary = Arc::new(parsed.secretary);
            for secretaries in self.secretaries.values_mut() {
                secretaries.insert(secretary.name.clone(), secretary.clone());
            }
        }
    }

    /// Takes one file's secretary; what is wrong with it by itself, and beside the others.
    fn one(&mut self, file: &str, parsed: Parsed) -> Vec<Fault> {
        let mut faults = parsed.faults;
        let mut fault = |line, problem, remedy| {
            faults.push(Fault {
                file: file.into(),
                line,
                problem,
                remedy,
            });
        };
        let Some(name) = parsed.name else {
            self.obscure = true;
            return faults;
        };
        if let Some(Placed { value, line }) = parsed.uuid
            && let Some(first) = self.uuids.insert(value, place(file, line))
        {
            let problem = format!("the uuid {value} is taken by {first}");
            fault(
                line,
                problem,
                "give each secretary one of its own (`uuidgen` makes one)".into(),
            );
        }
        let domain = match self.domain(parsed.domain.as_ref()) {
            Ok(domain) => domain,
            Err((line, problem, remedy)) => {
                self.obscure = true;
                fault(line, problem, remedy);
                faults.sort_by_key(|fault| fault.line);
                return faults;
            }
        };
        let Placed { value: name, line } = name;
        if let Some(first) = self.names.insert((domain, name.clone()), place(file, line)) {
            let problem = format!("the name {name:?} is taken by {first}");
            fault(
                line,
                problem,
                "give each secretary of a domain a name of its own".into(),
            );
        }
        if let Some(secretaries) = self.secretaries.get_mut(&domain) {
            secretaries.insert(name, Arc::new(parsed.secretary));
        }
        faults.sort_by_key(|fault| fault.line);
        faults
    }

    /// The domain that a file names. Where there is but one, a file need not name it.
    fn domain(&self, named: Option<&Placed<String>>) -> Result<DomainUuid, (usize, String, String)> {
        let names: Vec<&str> = self.entries.iter().map(|entry| entry.name.as_str()).collect();
        let Some(Placed { value, line }) = named else {
            if let [only] = self.entries {
                return Ok(only.uuid);
            }
            let remedy = format!("there are several: write domain = one of {}", names.join(", "));
            return Err((1, "missing key `domain`".into(), remedy));
        };
        let found = self.entries.iter().find(|entry| entry.is_named(value));
        found.map(|entry| entry.uuid).ok_or_else(|| {
            let remedy = format!("{} (name or UUID, as in [[domains]])", suggestion(value, &names));
            (*line, format!("{value:?} is no configured domain"), remedy)
        })
    }

    fn finish(self) -> BTreeMap<DomainUuid, Arc<Domain>> {
        let mut domains = BTreeMap::new();
        let mut secretaries = self.secretaries;
        for entry in self.entries {
            let Some(own) = secretaries.remove(&entry.uuid) else {
                continue;
            };
            domains.insert(entry.uuid, Arc::new(entry.with(own)));
        }
        domains
    }
}

fn no_default(entry: &DomainEntry, own: &BTreeMap<String, Arc<Secretary>>) -> SnapshotError {
    let names: Vec<&str> = own.keys().map(String::as_str).collect();
    let remedy = if names.is_empty() {
        format!("it has none at all: write a file with domain = {:?}", entry.name)
    } else {
        suggestion(&entry.default_secretary, &names)
    };
    SnapshotError::NoDefault {
        domain: entry.name.clone(),
        wanted: entry.default_secretary.clone(),
        remedy,
    }
}

fn place(file: &str, line: usize) -> String {
    format!("{file}, line {line}")
}

/// A script's path is written from the folder of the secretary's file.
fn absolute_script(file: &Path, secretary: &mut Secretary) {
    let script = Path::new(&secretary.script);
    if !script.extension().is_some_and(|e| e == "yaml" || e == "yml") {
        return;
    }
    // Only an empty path or a lost working directory has no absolute form; the path stays as it is then, and is told as missing.
    if let Ok(absolute) = std::path::absolute(file.with_file_name(script)) {
        secretary.script = absolute.display().to_string();
    }
}
