//! A process that is killed at any point leaves all as before or as wanted, once the next one has looked.

use super::order::{Deed, End};
use super::site::{LIMIT, SECRETARY, Site, Standing};
use super::stand_in::StandIn;
use crate::estate::Version;
use fusionpbx::Lang;
use fusionpbx::journal::{FOLDER, JournalError, Recovery};
use sqlx::{Connection as _, PgConnection};
use std::collections::HashSet;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use tokio::sync::watch;
use tokio::task::JoinHandle;

const SIGKILL: i32 = 9;

/// More points than any plan of these tests has.
const POINTS: usize = 500;

#[tokio::test(flavor = "multi_thread")]
async fn at_every_step_leaves_all_as_before_or_as_wanted() {
    for site in Version::ALL.into_iter().filter_map(Site::of) {
        let plan = site.plan().await;
        site.fresh();
        let before = site.standing().await;
        site.carry_out(plan.clone()).await.unwrap();
        let wanted = site.standing().await;
        site.undo().await.unwrap();
        let extension = Extension::watched(&site.pbx.url()).await;

        let mut outcomes = HashSet::new();
        for point in 1.. {
            assert!(point < POINTS, "the process never comes to its end");
            site.fresh();
            assert_eq!(site.standing().await, before, "taken back before {point}");
            let died = dies(&site, Deed::CarryOut(plan.clone()), point);
            let now = after_recovery(&site, point).await;
            assert!(now == before || now == wanted, "killed at {point}: {now:#?}");
            outcomes.insert(now == wanted);
            if now == wanted {
                site.undo().await.unwrap();
            }
            if !died {
                assert_eq!(now, wanted);
                break;
            }
        }
        assert_eq!(
            outcomes.len(),
            2,
            "some points are before the commit and some after"
        );
        let seen = extension.end().await;
        assert_eq!(
            seen.len(),
            2,
            "the row and its details are the old or the new ones: {seen:#?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_every_step_of_taking_back_leaves_all_as_before_or_as_wanted() {
    let Some(site) = Site::own() else { return };
    let plan = site.plan().await;
    site.carry_out(plan.clone()).await.unwrap();
    site.fresh();
    let before = site.standing().await;
    site.undo().await.unwrap();
    let wanted = site.standing().await;
    for point in 1.. {
        assert!(point < POINTS, "the process never comes to its end");
        if site.standing().await == wanted {
            site.carry_out(plan.clone()).await.unwrap();
        }
        site.fresh();
        assert_eq!(site.standing().await, before, "carried out before {point}");
        let died = dies(&site, Deed::Undo, point);
        let now = after_recovery(&site, point).await;
        assert!(now == before || now == wanted, "killed at {point}: {now:#?}");
        if !died {
            assert_eq!(now, wanted);
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_commits_is_decided_by_the_database_or_not_at_all() {
    for (end, recovery) in [
        (End::DiesBeforeCommit, Recovery::TakenBack),
        (End::DiesAfterCommit, Recovery::Finished),
    ] {
        let Some(site) = Site::own() else { return };
        let before = site.standing().await;
        let plan = site.plan().await;
        killed(&site, Deed::CarryOut(plan), end);
        let halfway = site.standing().await;
        assert_ne!(halfway, before);

        let nobody = StandIn::new(site.pbx.host(), "postgres://nobody@127.0.0.1:1/none");
        let error = site.open_with(&nobody).await.unwrap_err();
        assert!(matches!(error, JournalError::Undecided { .. }), "{error}");
        assert!(
            error.text().in_lang(Lang::PtBr).contains("nada foi mudado"),
            "{}",
            error.text().in_lang(Lang::PtBr)
        );
        assert_eq!(site.standing().await, halfway);

        let (_, recovered) = site.open().await.unwrap();
        assert_eq!(recovered.len(), 1);
        assert_eq!(recovered[0].outcome, recovery);
        assert_eq!(site.standing().await == before, recovery == Recovery::TakenBack,);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_commits_is_decided_by_the_rows_where_the_server_has_forgotten_the_transaction() {
    for (end, recovery) in [
        (End::DiesBeforeCommit, Recovery::TakenBack),
        (End::DiesAfterCommit, Recovery::Finished),
    ] {
        let Some(site) = Site::own() else { return };
        let before = site.standing().await;
        let plan = site.plan().await;
        killed(&site, Deed::CarryOut(plan), end);
        let plans = fs::read_dir(site.pbx.path(FOLDER)).unwrap();
        let steps = plans
            .map(|entry| entry.unwrap().path().join("steps"))
            .find(|path| path.exists())
            .unwrap();
        let text = fs::read_to_string(&steps).unwrap();
        let (others, number) = text.trim_end().rsplit_once("\"committing\":\"").unwrap();
        assert!(number.ends_with("\"}"), "{number}");
        fs::write(
            &steps,
            format!("{others}\"committing\":\"9000000000000\"}}\n{{\"done"),
        )
        .unwrap();

        let (_, recovered) = site.open().await.unwrap();
        assert_eq!(recovered[0].outcome, recovery);
        assert_eq!(site.standing().await == before, recovery == Recovery::TakenBack,);
    }
}

/// Whether a process died at a point; otherwise it came to its end.
fn dies(site: &Site, deed: Deed, point: usize) -> bool {
    let status = site.process(deed, End::DiesAt(point)).wait().unwrap();
    assert!(
        status.success() || status.signal() == Some(SIGKILL),
        "at {point}: {status}"
    );
    !status.success()
}

fn killed(site: &Site, deed: Deed, end: End) {
    let status = site.process(deed, end).wait().unwrap();
    assert_eq!(status.signal(), Some(SIGKILL), "{status}");
}

/// The next process is killed as well, at its first point, the one after it at its second, and so on until one comes to its end.
async fn after_recovery(site: &Site, first: usize) -> Standing {
    for point in 1.. {
        assert!(point < POINTS, "killed at {first}, the journal never opens again");
        if !dies(site, Deed::Open, point) {
            break;
        }
    }
    let (_, recovered) = site.open().await.unwrap();
    assert_eq!(recovered, [], "killed at {first}, there is something left");
    site.standing().await
}

/// Extension 8000 as somebody sees it who looks all the time.
struct Extension {
    stop: watch::Sender<bool>,
    looks: JoinHandle<HashSet<String>>,
}

impl Extension {
    async fn watched(url: &str) -> Self {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let looks = tokio::spawn(async move {
            let mut seen = HashSet::new();
            while !*stopped.borrow() {
                let row: String = sqlx::query_scalar(
                    "SELECT jsonb_build_array(to_jsonb(p), (SELECT jsonb_agg(to_jsonb(d) ORDER BY dialplan_detail_uuid) \
                     FROM v_dialplan_details d WHERE d.dialplan_uuid = p.dialplan_uuid))::text \
                     FROM v_dialplans p WHERE p.dialplan_uuid = $1",
                )
                .bind(SECRETARY)
                .fetch_one(&mut connection)
                .await
                .unwrap();
                seen.insert(row);
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            seen
        });
        Self { stop, looks }
    }

    async fn end(self) -> HashSet<String> {
        self.stop.send(true).unwrap();
        tokio::time::timeout(LIMIT, self.looks).await.unwrap().unwrap()
    }
}
