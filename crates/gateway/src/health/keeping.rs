//! How the journal, the outbox and the files of calls are doing.

use super::{Check, State};
use crate::webhooks::Outbox;
use store::KeeperState;

/// Whether what calls tell arrives in the database.
pub(super) fn journal(state: &KeeperState) -> Check {
    const NAME: &str = "journal";
    let counted = format!(
        "{} entries wait for the database, {} of {} bytes; {} lost and {} set aside since the start",
        state.waiting, state.bytes, state.limit, state.lost, state.set_aside
    );
    if let Some(why) = &state.disk {
        let detail = format!("it cannot be written: {why}; messages cannot be taken; {counted}");
        return Check::new(NAME, State::Degraded, detail);
    }
    if let Some(why) = &state.failing {
        let detail = format!("the database takes nothing: {why}; {counted}");
        return Check::new(NAME, State::Degraded, detail);
    }
    if state.bytes > state.limit / 2 {
        let detail = format!("the database is slower than the calls, and the journal half full; {counted}");
        return Check::new(NAME, State::Degraded, detail);
    }
    if state.lost > 0 || state.set_aside > 0 {
        let detail = format!(
            "{counted}; the log says why, and set-aside.jsonl in the journal's folder has what was set aside"
        );
        return Check::new(NAME, State::Degraded, detail);
    }
    Check::new(NAME, State::Ok, counted)
}

/// Whether calls leave the files that they are to leave.
pub(super) fn recorder(state: recording::State) -> Check {
    const NAME: &str = "recordings";
    let counted = format!(
        "{} recordings and event logs were not made or ended before their calls, and {} ms of sound were lost since the start",
        state.cut, state.lost_ms
    );
    if state.short {
        let detail = format!(
            "the disk of data.dir is short of space, and no call is recorded: make room, or set recording.least_free_mb lower; \
             {counted}"
        );
        return Check::new(NAME, State::Degraded, detail);
    }
    if state.cut > 0 || state.lost_ms > 0 {
        return Check::new(NAME, State::Degraded, format!("{counted}; the log says why"));
    }
    Check::new(NAME, State::Ok, counted)
}

/// Whether receivers take what they are told.
pub(super) fn webhooks(outbox: &Outbox) -> Check {
    const NAME: &str = "webhooks";
    let (waiting, dead) = (outbox.waiting(), outbox.dead());
    if dead > 0 {
        let detail = format!(
            "{dead} deliveries were given up; `voice-ai outbox list --state dead` shows why, `voice-ai outbox retry --all` sends \
             them again"
        );
        return Check::new(NAME, State::Degraded, detail);
    }
    Check::new(
        NAME,
        State::Ok,
        format!("{waiting} deliveries are not acknowledged yet"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> KeeperState {
        KeeperState {
            limit: 1_000,
            ..KeeperState::default()
        }
    }

    #[test]
    fn a_journal_is_well_as_long_as_the_database_keeps_up() {
        assert_eq!(journal(&state()).state, State::Ok);
        let busy = KeeperState {
            waiting: 3,
            bytes: 400,
            ..state()
        };
        assert_eq!(journal(&busy).state, State::Ok);
    }

    #[test]
    fn what_calls_do_not_leave_is_told() {
        let well = recording::State::default();
        assert_eq!(recorder(well).state, State::Ok);
        let wrong = [
            (
                recording::State { short: true, ..well },
                "recording.least_free_mb",
            ),
            (recording::State { cut: 7, ..well }, "7 recordings"),
            (recording::State { lost_ms: 40, ..well }, "40 ms"),
        ];
        for (state, words) in wrong {
            let check = recorder(state);
            assert_eq!(check.state, State::Degraded, "{words}");
            assert!(check.detail.contains(words), "{}", check.detail);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = [
            (
                KeeperState {
                    failing: Some("connection refused".into()),
                    ..state()
                },
                "connection refused",
            ),
            (
                KeeperState {
                    disk: Some("no space left".into()),
                    ..state()
                },
                "no space left",
            ),
            (
                KeeperState {
                    bytes: 501,
                    ..state()
                },
                "501 of 1000 bytes",
            ),
            (KeeperState { lost: 7, ..state() }, "7 lost"),
            (
                KeeperState {
                    set_aside: 2,
                    ..state()
                },
                "set-aside.jsonl",
            ),
        ];
        for (state, words) in wrong {
            let check = journal(&state);
            assert_eq!(check.state, State::Degraded, "{words}");
            assert!(check.detail.contains(words), "{}", check.detail);
        }
    }
}
