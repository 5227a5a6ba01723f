//! What is to change so that faults are gone, and nothing else.

use super::merging::merged;
use super::script::script;
use super::{foresight, module, token};
use crate::checks::{check, stale};
use crate::dialplan::columns;
use crate::{CacheMethod, Change, Code, Facts, Finding, LoadedModule, RowChange, Table, Verdict, dialplan};
use secretary::DomainUuid;
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

/// The checks whose faults have a safe mend, mostly; the others are for people.
pub const MENDED: &[Code] = &[
    Code::DialplanDisabled,
    Code::DialplanAudioStream,
    Code::DialplanContext,
    Code::DialplanDomain,
    Code::DialplanShadowed,
    Code::DialplanXmlNull,
    Code::DialplanXmlMalformed,
    Code::DialplanDetailsMissing,
    Code::DialplanDetailsDiffer,
    Code::DialplanContinue,
    Code::DialplanHostname,
    Code::DialplanAppUuid,
    Code::DialplanVariableMissing,
    Code::DialplanVariableWrong,
    Code::DidUnbound,
    Code::CacheStale,
    Code::CacheDiffers,
    Code::ScriptMissing,
    Code::ScriptUnreadable,
    Code::ScriptOld,
    Code::ScriptEdited,
    Code::ScriptMix,
    Code::ScriptSilence,
    Code::ScriptRate,
    Code::ScriptPath,
    Code::ScriptAddress,
    Code::ScriptToken,
    Code::ModuleNotLoaded,
    Code::ModuleNoAutoload,
    Code::ModuleGeneratedOnly,
    Code::ModuleLua,
];

/// A mend of this many faults is broken off: it would not come to an end.
const MOST: usize = 500;

/// What is to change, and what that leaves.
#[derive(Debug)]
pub struct Repair {
    /// What is to change; nothing where nothing can be mended.
    pub changes: Vec<Change>,
    /// What it mends.
    pub mended: Vec<Finding>,
    /// The faults and warnings that stay, each with what a person can do.
    pub left: Vec<Finding>,
}

/// What mends the faults and warnings of these checks, or where none is named the faults of all: a warning may be of what somebody
/// means. Of the dialplan, in one domain's rows or in all.
pub fn repair(facts: &Facts, only: Option<DomainUuid>, codes: &[Code]) -> Repair {
    let mut now = facts.clone();
    let mut changes = Vec::new();
    let mut mended = Vec::new();
    let mut hopeless = BTreeSet::new();
    for _ in 0..MOST {
        let is_asked = |fault: &Finding| !codes.is_empty() || fault.verdict == Verdict::Fault;
        let mut faults = faults(&now, only, codes).into_iter();
        let Some(fault) = faults.find(|fault| is_asked(fault) && !hopeless.contains(&id(fault))) else {
            break;
        };
        // Tried once: a mend that does not help is not tried again.
        hopeless.insert(id(&fault));
        let Some(mend) = mend(&fault, &now).filter(|mend| !mend.is_empty()) else {
            continue;
        };
        let after = foresight::foresee(&now, &mend);
        if check(&after, only)
            .iter()
            .any(|other| other.verdict >= fault.verdict && id(other) == id(&fault))
        {
            continue;
        }
        now = after;
        changes.extend(mend);
        mended.push(fault);
    }
    Repair {
        changes: merged(changes),
        mended,
        left: faults(&now, only, codes),
    }
}

fn faults(facts: &Facts, only: Option<DomainUuid>, codes: &[Code]) -> Vec<Finding> {
    let wanted = |finding: &Finding| codes.is_empty() || codes.contains(&finding.code);
    check(facts, only)
        .into_iter()
        .filter(|finding| is_fault(finding) && wanted(finding))
        .collect()
}

fn is_fault(finding: &Finding) -> bool {
    matches!(finding.verdict, Verdict::Fault | Verdict::Warning)
}

/// Which fault, of what.
fn id(finding: &Finding) -> (Code, Option<Uuid>, Option<String>) {
    let subject = finding.subject.clone().filter(|_| finding.row.is_none());
    (finding.code, finding.row, subject)
}

/// What mends one fault. `None` where that is for people.
fn mend(fault: &Finding, facts: &Facts) -> Option<Vec<Change>> {
    if let Some(uuid) = fault.row {
        let database = facts.database.as_ref().ok()?;
        let row = database.dialplans.iter().find(|row| row.uuid == uuid)?;
        return dialplan::mend(fault.code, row, facts);
    }
    match fault.code {
        Code::CacheStale => Some(forget(facts)),
        Code::CacheDiffers => same_cache(facts),
        Code::ScriptMissing
        | Code::ScriptUnreadable
        | Code::ScriptOld
        | Code::ScriptEdited
        | Code::ScriptMix
        | Code::ScriptSilence
        | Code::ScriptRate
        | Code::ScriptPath
        | Code::ScriptAddress => script(facts),
        Code::ScriptToken => Some(token::shown(facts).into_iter().collect()),
        Code::ModuleNotLoaded if facts.module.as_ref().is_ok_and(|module| module.present) => {
            module::loaded(LoadedModule::AudioStream, facts)
        }
        Code::ModuleLua => module::loaded(LoadedModule::Lua, facts),
        Code::ModuleNoAutoload => module::autoload(facts),
        Code::ModuleGeneratedOnly => module::registered(facts),
        _ => None,
    }
}

fn forget(facts: &Facts) -> Vec<Change> {
    let keys = stale(facts).into_iter().map(|stale| Change::CacheKey(stale.key));
    keys.collect()
}

/// Default Settings get what config.conf says, as calls are served by that.
fn same_cache(facts: &Facts) -> Option<Vec<Change>> {
    let database = facts.database.as_ref().ok()?;
    let lua = &facts.cache.as_ref().ok()?.lua;
    let method = match &lua.method {
        CacheMethod::File => "file",
        CacheMethod::Memcache => "memcache",
        CacheMethod::Other(_) => return None,
    };
    let location = lua.location.display().to_string();
    let mut wanted = vec![("method", method)];
    if lua.method == CacheMethod::File {
        wanted.push(("location", location.as_str()));
    }
    let changes = wanted.into_iter().flat_map(|(name, value)| {
        let rows: Vec<_> = database
            .cache_rows
            .iter()
            .filter(|row| row.name == name)
            .collect();
        // Of several that are switched on the last one counts, in an order that nobody sees: so all of them.
        let mut counted: Vec<_> = rows.iter().copied().filter(|row| row.enabled).map(Some).collect();
        if counted.is_empty() {
            counted.push(rows.first().copied());
        }
        counted.into_iter().map(move |row| {
            Change::Row(RowChange {
                table: Table::DefaultSettings,
                key: row.map_or_else(Uuid::new_v4, |row| row.uuid),
                before: row.map(|row| columns([("default_setting_value", json!(row.value))])),
                after: match row {
                    Some(_) => Some(columns([
                        ("default_setting_value", json!(value)),
                        ("default_setting_enabled", json!("true")),
                    ])),
                    None => Some(columns([
                        ("default_setting_category", json!("cache")),
                        ("default_setting_subcategory", json!(name)),
                        ("default_setting_name", json!("text")),
                        ("default_setting_value", json!(value)),
                        ("default_setting_enabled", json!("true")),
                    ])),
                },
            })
        })
    });
    Some(changes.collect())
}
