//! Every fault that has a cause in the database, in files or in FreeSWITCH's modules, one at a time, on real databases of both versions: it is
//! named and nothing else is, what can be mended is mended, and then everything is as it was before.

mod foreseen;
mod service;
mod table;
pub(crate) mod world;

use crate::estate::Version;
use fusionpbx::plan::{Repair, foresee, repair};
use fusionpbx::{Code, Finding, Verdict};
use table::{Case, FAULTS, Mend};
use world::{Well, World, faults};

fn codes(findings: &[Finding]) -> Vec<Code> {
    let mut codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
    codes.dedup();
    codes
}

/// Breaks one thing in a world that is well, and tells what is not as it should be.
async fn one(case: &Case, world: &mut World, well: &Well) -> Result<(), String> {
    let Case { code, mend, .. } = case;
    (case.cause)(world);
    let broken = world.image().await;
    let facts = world.survey().await;
    if let Err(what) = broken.same_as(&world.image().await) {
        return Err(format!("looking has changed {what}"));
    }
    let found = faults(&facts);
    if codes(&found) != [*code] {
        return Err(format!("found {found:#?}"));
    }
    // A fault is mended without being named, a warning where it is.
    let is_fault = found.iter().any(|finding| finding.verdict == Verdict::Fault);
    let named = [*code];
    let named = if is_fault { &[][..] } else { &named[..] };
    let Repair {
        changes,
        mended,
        left,
    } = repair(&facts, None, named);
    if *mend == Mend::ByHand {
        let silent = left.iter().find(|finding| finding.remedy.is_none());
        return match (changes.is_empty(), silent) {
            (false, _) => Err(format!("changes {changes:#?}")),
            (true, Some(finding)) => Err(format!("no remedy: {finding:#?}")),
            (true, None) => Ok(()),
        };
    }
    if codes(&mended) != [*code] {
        return Err(format!("mended {mended:#?}, left {left:#?}"));
    }
    let foreseen = foresee(&facts, &changes);
    world.carry("repair", changes).await;
    let facts = world.survey().await;
    foreseen::same(&foreseen, &facts)?;
    let still = faults(&facts);
    if !still.is_empty() {
        return Err(format!("still {still:#?}"));
    }
    match mend {
        Mend::Safe => well.image.same_as(&world.image().await),
        Mend::Otherwise | Mend::ByHand => Ok(()),
    }
}

/// Breaks one thing after the other, each in a world that is well.
async fn all(version: Version) {
    let mut wrong = Vec::new();
    let mut kept: Option<(World, Well)> = None;
    for case in FAULTS.iter().filter(|case| case.is_of(version)) {
        let (mut world, well) = match kept.take() {
            Some(kept) => kept,
            None => {
                let Some(world) = World::new(version).await else {
                    return;
                };
                let well = world.well().await;
                (world, well)
            }
        };
        if let Err(what) = one(case, &mut world, &well).await {
            wrong.push(format!("{} {}: {what}", case.code, case.name));
        }
        if world.recovers(&well).await {
            kept = Some((world, well));
        }
    }
    assert!(wrong.is_empty(), "{version:?}\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn freeswitch_is_only_asked_what_changes_nothing() {
    const ASKED: [&str; 7] = [
        "auth ",
        "api version",
        "api global_getvar ",
        "api hostname",
        "api module_exists ",
        "api show ",
        "exit",
    ];
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    let before = world.fake.commands().len();
    world.survey().await;
    let commands = world.fake.commands().split_off(before);
    assert!(!commands.is_empty());
    let clock =
        |command: &str| command.starts_with("api strepoch") || command.starts_with("api strmicroepoch");
    let others: Vec<_> = commands
        .iter()
        .filter(|command| !clock(command) && !ASKED.iter().any(|asked| command.starts_with(asked)))
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn no_check_is_without_a_fault_on_a_real_database() {
    let is_broken = |code: &&Code| FAULTS.iter().any(|case| case.code == **code);
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !is_broken(code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_5_4_is_named_alone_and_mended_with_nothing_else_changed() {
    Box::pin(all(Version::V5_4)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_5_6_is_named_alone_and_mended_with_nothing_else_changed() {
    Box::pin(all(Version::V5_6)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_setup_leads_to_is_foreseen() {
    for version in Version::ALL {
        let Some(world) = World::new(version).await else {
            return;
        };
        let changes = fusionpbx::plan::uninstall(&world.survey().await, &world.home()).unwrap();
        world.carry("uninstall", changes).await;
        world.run("DELETE FROM v_modules WHERE module_name = 'mod_audio_stream'");
        world.fake.unload("mod_audio_stream");
        let facts = world.survey().await;
        let changes = world.setup(&facts);
        let foreseen = foresee(&facts, &changes);
        world.carry("setup", changes).await;
        foreseen::same(&foreseen, &world.survey().await).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_setup_changes_nothing() {
    for version in Version::ALL {
        let Some(world) = World::new(version).await else {
            return;
        };
        let facts = world.survey().await;
        assert_eq!(world.setup(&facts), [], "{version:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_uninstalled_leaves_nothing_of_ours_and_touches_nothing_else() {
    for version in Version::ALL {
        let Some(world) = World::new(version).await else {
            return;
        };
        let before = world.survey().await;
        let changes = fusionpbx::plan::uninstall(&before, &world.home()).unwrap();
        let foreseen = foresee(&before, &changes);
        world.carry("uninstall", changes).await;
        let facts = world.survey().await;
        foreseen::same(&foreseen, &facts).unwrap();
        let database = facts.database.as_ref().unwrap();
        let ours = database
            .dialplans
            .iter()
            .filter(|row| row.app == Some(fusionpbx::dialplan::APP_UUID));
        assert_eq!(ours.count(), 0);
        assert!(facts.script.unwrap().file.is_none());
        assert!(
            !world
                .path("/etc/systemd/system/voice-ai-realtime.service")
                .exists()
        );
        assert!(!world.path("/etc/voice-ai").exists());
        let again = fusionpbx::plan::uninstall(&world.survey().await, &world.home());
        assert_eq!(again.unwrap(), []);
    }
}
