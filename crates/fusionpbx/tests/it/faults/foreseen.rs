//! What facts will be after changes, as plans foresee it, against what is found once a journal has carried them out.

use fusionpbx::dialplan::APP_UUID;
use fusionpbx::{DatabaseFacts, DialplanRow, Facts};
use std::fmt::Debug;

/// Tells in what they differ. What FreeSWITCH and the service say of themselves meanwhile is not foreseen, but for modules.
pub(super) fn same(foreseen: &Facts, found: &Facts) -> Result<(), String> {
    let modules = |facts: &Facts| {
        facts
            .switch
            .running
            .as_ref()
            .map(|running| running.modules.clone())
    };
    alike("modules", &modules(foreseen), &modules(found))?;
    alike("script", &foreseen.script, &found.script)?;
    alike("module", &foreseen.module, &found.module)?;
    alike("cache", &foreseen.cache, &found.cache)?;
    let (Ok(foreseen), Ok(found)) = (&foreseen.database, &found.database) else {
        return Err("the database could not be read".to_owned());
    };
    let (mut foreseen, mut found) = (sorted(foreseen), sorted(found));
    for (foreseen, found) in foreseen.dialplans.iter_mut().zip(&mut found.dialplans) {
        let is_read = |row: &DialplanRow| row.app == Some(APP_UUID) || !row.details.is_empty();
        // Details of others' rows are read where these look like ours, which changes with the rows that they lead to.
        if !is_read(foreseen) || !is_read(found) {
            foreseen.details.clear();
            found.details.clear();
        }
    }
    for (foreseen, found) in foreseen.dialplans.iter().zip(&found.dialplans) {
        alike("a row", foreseen, found)?;
    }
    alike("the database", &foreseen, &found)
}

fn alike<T: PartialEq + Debug>(what: &str, foreseen: &T, found: &T) -> Result<(), String> {
    if foreseen == found {
        return Ok(());
    }
    Err(format!("{what}: foreseen {foreseen:#?}, found {found:#?}"))
}

/// Names are sorted as the database's language has it, which is not foreseen; nor is the order of two that are alike.
fn sorted(database: &DatabaseFacts) -> DatabaseFacts {
    let mut database = database.clone();
    database.dialplans.sort_by_key(|row| row.uuid);
    for row in &mut database.dialplans {
        row.details
            .sort_by_key(|detail| (detail.group, detail.order, detail.uuid));
    }
    database.destinations.sort_by_key(|destination| destination.uuid);
    database.modules.sort_by_key(|module| module.uuid);
    database.cache_rows.sort_by_key(|row| row.uuid);
    database
}
