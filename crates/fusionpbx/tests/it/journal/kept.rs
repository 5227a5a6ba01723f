//! What was done is kept, finished where something was left, and taken back.

use super::site::{CACHED, MODULES, SCRIPT, SECRETARY, Site, file, row, silent, state};
use super::stand_in::UNIT;
use fusionpbx::journal::{Again, FOLDER, JournalError, Recovery, State, Which};
use fusionpbx::{Change, Lang, SwitchChange, Table};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_carried_out_and_taken_back_on_every_schema() {
    for site in Site::every() {
        let before = site.standing().await;
        let plan = site.plan().await;
        let mut told = Vec::new();
        let done = site
            .carry_out_watched(plan, &mut |text: &fusionpbx::Text| {
                told.push(text.in_lang(Lang::PtBr).to_owned())
            })
            .await
            .unwrap();
        assert_eq!(done.left, []);
        let secretary = site.row(Table::Dialplans, SECRETARY).await.unwrap();
        assert_eq!(secretary["dialplan_xml"], "<extension name=\"new\"/>");
        assert_eq!(secretary["dialplan_name"], "voice_secretary");
        assert!([json!("true"), json!(true)].contains(&secretary["dialplan_continue"]));
        assert!(!site.pbx.path(CACHED).exists());
        assert_eq!(fs::read_to_string(site.pbx.path("/switch/unit")).unwrap(), "runs");
        assert!(told.contains(&format!("{SCRIPT} escrito")), "{told:?}");
        assert!(
            told.contains(&"o serviço está em execução".to_owned()),
            "{told:?}"
        );

        let (mut journal, recovered) = site.open().await.unwrap();
        assert_eq!(recovered, []);
        let list = journal.list(&site.outside).await;
        assert_eq!((list.len(), &list[0].name), (1, &done.name));
        assert_eq!((&list[0].state, &list[0].undo), (&State::Done, &None));
        assert!(done.name.ends_with("Z-setup"), "{}", done.name);

        let undone = journal
            .undo(&Which::Last, &site.outside, &mut silent())
            .await
            .unwrap();
        assert_eq!(undone.left, [], "a unit is stopped while its file is there");
        let list = journal.list(&site.outside).await;
        assert_eq!(list[1].state, State::TakenBack(undone.name.clone()));
        assert!(list[1].undo.is_some());
        let nothing = journal.undo(&Which::Last, &site.outside, &mut silent()).await;
        assert!(matches!(nothing, Err(JournalError::NothingToUndo)), "{nothing:?}");
        drop(journal);
        assert!(site.pbx.path("/switch/forgotten").exists());

        let back = site.standing().await;
        site.fresh();
        assert_ne!(back, before, "what is cached is not made again by us");
        assert_eq!(site.standing().await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_can_be_done_again_by_name() {
    let Some(site) = Site::own() else { return };
    let plan = site.plan().await;
    let done = site.carry_out(plan).await.unwrap();
    let wanted = site.standing().await;
    let undone = site.undo().await.unwrap();
    site.fresh();

    let (mut journal, _) = site.open().await.unwrap();
    for (name, why) in [(&done.name, undone.name.as_str()), (&"none".to_owned(), "none")] {
        let which = Which::Named(name.clone());
        let error = journal
            .undo(&which, &site.outside, &mut silent())
            .await
            .unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    let again = Which::Named(undone.name);
    journal.undo(&again, &site.outside, &mut silent()).await.unwrap();
    assert_eq!(journal.list(&site.outside).await[2].state, State::Done);
    drop(journal);
    fs::write(site.pbx.path("/switch/mod_audio_stream"), "loaded").unwrap();
    assert_eq!(site.standing().await, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_before_is_kept_for_people_and_hidden_from_others() {
    for site in Site::every() {
        let rows_before = site.row(Table::Dialplans, SECRETARY).await;
        let modules = fs::read_to_string(site.pbx.path(MODULES)).unwrap();
        let before = site.standing().await;
        let plan = site.plan().await;
        let name = site.carry_out(plan).await.unwrap().name;
        let folder = site.pbx.path(FOLDER).join(name);
        for (path, mode) in [
            (folder.clone(), 0o700),
            (folder.join("plan.json"), 0o600),
            (folder.join("rows.sql"), 0o600),
            (folder.join("files").join(&MODULES[1..]), 0o600),
        ] {
            let about = fs::metadata(&path).unwrap();
            assert_eq!(about.permissions().mode() & 0o777, mode, "{}", path.display());
        }
        assert_eq!(
            fs::read_to_string(folder.join("files").join(&MODULES[1..])).unwrap(),
            modules
        );
        site.pbx
            .server()
            .load(site.pbx.database(), &folder.join("rows.sql"))
            .unwrap();
        assert_eq!(site.row(Table::Dialplans, SECRETARY).await, rows_before);
        assert_eq!(site.standing().await.rows(), before.rows());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_told_now_is_left_for_the_next_command() {
    let Some(site) = Site::own() else { return };
    let away = site.pbx.path("/away");
    fs::rename(site.pbx.path("/switch"), &away).unwrap();
    let plan = site.plan().await;
    let done = site.carry_out(plan).await.unwrap();
    let left: Vec<_> = done.left.iter().map(|left| left.what.in_lang(Lang::En)).collect();
    assert_eq!(
        left,
        [
            "FreeSWITCH has not loaded mod_audio_stream",
            "FreeSWITCH has not read its XML again",
            "the service is not started"
        ]
    );
    assert!(done.left.iter().all(|left| left.again == Again::NextCommand));
    assert!(
        done.left[0]
            .text()
            .in_lang(Lang::PtBr)
            .contains("o próximo comando tenta de novo"),
        "{:?}",
        done.left[0]
    );

    let (journal, recovered) = site.open().await.unwrap();
    assert_eq!(recovered[0].left, done.left);
    assert_eq!(journal.list(&site.outside).await[0].state, State::Left);
    drop(journal);

    fs::rename(&away, site.pbx.path("/switch")).unwrap();
    let (journal, recovered) = site.open().await.unwrap();
    assert_eq!((recovered.len(), recovered[0].outcome), (1, Recovery::Finished));
    assert_eq!(recovered[0].left, []);
    assert_eq!(journal.list(&site.outside).await[0].state, State::Done);
    drop(journal);
    assert_eq!(fs::read_to_string(site.pbx.path("/switch/unit")).unwrap(), "runs");
    let (_, recovered) = site.open().await.unwrap();
    assert_eq!(recovered, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_is_not_done_once_a_later_plan_wants_otherwise() {
    let Some(site) = Site::own() else { return };
    site.carry_out(vec![file(UNIT, None, Some(state("[Service]\n", 0o644)))])
        .await
        .unwrap();
    let away = site.pbx.path("/away");
    fs::rename(site.pbx.path("/switch"), &away).unwrap();
    let starts = Change::Unit { run: true };
    let done = site
        .carry_out(vec![starts, Change::Switch(SwitchChange::ReloadXml)])
        .await
        .unwrap();
    assert_eq!(done.left.len(), 2);
    let (mut journal, _) = site.open().await.unwrap();
    let stops = vec![Change::Unit { run: false }];
    let done = journal
        .carry_out("stop", stops, &site.outside, &mut silent())
        .await
        .unwrap();
    assert_eq!(done.left.len(), 1);
    drop(journal);
    fs::rename(&away, site.pbx.path("/switch")).unwrap();
    let (_, recovered) = site.open().await.unwrap();
    assert_eq!(recovered.len(), 2);
    assert_eq!(
        fs::read_to_string(site.pbx.path("/switch/unit")).unwrap(),
        "is stopped"
    );
    assert!(site.pbx.path("/switch/read").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_is_put_back_as_it_stood() {
    let Some(site) = Site::own() else { return };
    site.pbx.write(UNIT, "[Service]\n");
    for stood in ["runs", "is active", "is enabled", "is stopped"] {
        for run in [true, false] {
            site.pbx.write("/switch/unit", stood);
            let unit = || fs::read_to_string(site.pbx.path("/switch/unit")).unwrap();
            site.carry_out(vec![Change::Unit { run }]).await.unwrap();
            let carried_out = unit();
            assert_eq!(carried_out, if run { "runs" } else { "is stopped" });
            let undone = site.undo().await.unwrap();
            assert_eq!(unit(), stood, "after {run}");
            let (mut journal, _) = site.open().await.unwrap();
            let again = Which::Named(undone.name);
            journal.undo(&again, &site.outside, &mut silent()).await.unwrap();
            assert_eq!(unit(), carried_out, "after {run}, once more");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_fifty_plans_are_kept() {
    let Some(site) = Site::own() else { return };
    let (mut journal, _) = site.open().await.unwrap();
    let mut names = Vec::new();
    for number in 0..55_u32 {
        let before = number
            .checked_sub(1)
            .map(|before| state(&before.to_string(), 0o644));
        let change = file("/etc/number", before, Some(state(&number.to_string(), 0o644)));
        let done = journal
            .carry_out("count", vec![change], &site.outside, &mut silent())
            .await
            .unwrap();
        names.push(done.name);
    }
    let kept = |journal: Vec<fusionpbx::journal::Entry>| -> Vec<_> {
        journal.into_iter().rev().map(|entry| entry.name).collect()
    };
    assert_eq!(kept(journal.list(&site.outside).await), names[5..]);
    drop(journal);
    let (journal, _) = site.open().await.unwrap();
    assert_eq!(kept(journal.list(&site.outside).await), names[5..]);
    let folders = fs::read_dir(site.pbx.path(FOLDER)).unwrap().count();
    assert_eq!(folders, 51, "fifty plans and the lock");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_somebody_has_changed_since_is_not_taken_back() {
    for site in Site::every() {
        let plan = site.plan().await;
        site.carry_out(plan).await.unwrap();
        site.pbx.run(&format!(
            "UPDATE v_dialplans SET dialplan_description = 'mine' WHERE dialplan_uuid = '{}'",
            super::site::NEW_DIALPLAN
        ));
        let before = site.standing().await;
        let error = site.undo().await.unwrap_err();
        assert!(error.to_string().contains("dialplan_description"), "{error}");
        assert!(
            error.to_string().contains(&super::site::NEW_DIALPLAN.to_string()),
            "{error}"
        );
        assert_eq!(site.standing().await, before);
        let (journal, _) = site.open().await.unwrap();
        let list = journal.list(&site.outside).await;
        let undo = list[0].undo.as_ref().unwrap();
        assert!(
            undo.in_lang(Lang::PtBr).contains("dialplan_description"),
            "{undo:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_a_plan_did_not_write_may_change_and_stays() {
    let Some(site) = Site::own() else { return };
    let change = row(
        Table::Dialplans,
        SECRETARY,
        Some(json!({"dialplan_number": "8000"})),
        Some(json!({"dialplan_order": "999"})),
    );
    site.carry_out(vec![change]).await.unwrap();
    site.pbx
        .run("UPDATE v_dialplans SET dialplan_description = 'mine' WHERE dialplan_order = 999");
    site.undo().await.unwrap();
    let row = site.row(Table::Dialplans, SECRETARY).await.unwrap();
    assert_eq!(
        (&row["dialplan_order"], &row["dialplan_description"]),
        (&json!(240), &json!("mine"))
    );
}
