//! Of two commands at the same time, one waits.

use super::order::{Deed, End};
use super::site::{LIMIT, SCRIPT, Site, file, state};
use fusionpbx::journal::{Journal, JournalError};
use fusionpbx::{Lang, Text};
use std::io::{BufRead as _, BufReader};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn the_second_is_told_who_holds_the_journal_and_waits() {
    let Some(site) = Site::own() else { return };
    let plan = vec![file(SCRIPT, None, Some(state("-- new\n", 0o644)))];
    let mut first = site.process(Deed::CarryOut(plan), End::Holds);
    let mut said = String::new();
    BufReader::new(first.stdout.take().unwrap())
        .read_line(&mut said)
        .unwrap();
    assert_eq!(said, "holds\n");

    let host = site.pbx.host();
    let pid = first.id().to_string();
    let mut told = Vec::new();
    let mut tell = |text: &Text| told.push(text.in_lang(Lang::PtBr).to_owned());
    let at_once = Duration::from_millis(1);
    let error = Journal::open(&host, "voice-ai setup", at_once, &site.outside, &mut tell)
        .await
        .unwrap_err();
    let JournalError::Held(holder) = &error else {
        panic!("{error}")
    };
    assert_eq!(
        (holder.pid, holder.command.as_str()),
        (first.id(), "voice-ai setup")
    );
    for part in ["`voice-ai setup`", &pid, &holder.since] {
        assert!(error.to_string().contains(part), "{part}: {error}");
        assert!(told[0].contains(part), "{part}: {}", told[0]);
    }

    // The first goes on when it is told that somebody waits.
    let input = &mut first.stdin;
    let mut let_go = |text: &Text| {
        assert!(text.in_lang(Lang::En).contains(&pid));
        drop(input.take());
    };
    let (_, recovered) = Journal::open(&host, "voice-ai repair", LIMIT, &site.outside, &mut let_go)
        .await
        .unwrap();
    assert_eq!(recovered, []);
    assert!(first.wait().unwrap().success());
    assert!(site.pbx.path(SCRIPT).exists());
}
