//! A call with its event log: at its end the log is read and fed into a fresh call, which must do the same to the letter. Every
//! scenario of the tests goes this way, once with its words and once with all of them masked.

use call::*;
use recording::{Build, FORMAT, Header, Log, Masked, Scribe, Speaker, Verdict, replay};
use secretary::{Destination, DestinationKind, Language, Privacy};
use std::time::Instant;

/// A call that writes down what it is told and what it wants.
pub(crate) struct LoggedCall {
    call: Call,
    logs: Vec<(Scribe, String)>,
    now: Instant,
}

fn header(settings: &Settings) -> Header {
    Header {
        format: FORMAT,
        build: Build {
            name: "call's tests".into(),
            version: env!("CARGO_PKG_VERSION").into(),
        },
        call: "aaaaaaaa-bbbb-4ccc-8ddd-000000000001".parse().unwrap(),
        domain: "11111111-2222-4333-8444-555555555555".parse().unwrap(),
        started: "2026-01-01T00:00:00Z".into(),
        secretary: Speaker {
            name: "provedor".into(),
            language: Language::PtBr,
            engine: "local".into(),
        },
        masked: Masked::default(),
        settings: settings.clone(),
    }
}

/// Whom the secretary can hand a call to.
fn destinations() -> [Destination; 1] {
    [Destination {
        name: "Suporte 2".into(),
        aliases: vec!["a técnica".into()],
        kind: DestinationKind::Extension,
        number: "2001".into(),
        hours: None,
    }]
}

impl LoggedCall {
    pub(crate) fn new(settings: Settings, now: Instant) -> Self {
        let logs = [true, false].map(|transcript| {
            let privacy = Privacy {
                transcript,
                sensitive: vec!["Text".into()],
                ..Privacy::default()
            };
            Scribe::begin(header(&settings), &privacy, &destinations(), now)
        });
        Self {
            call: Call::new(settings, now),
            logs: logs.into(),
            now,
        }
    }

    fn write(&mut self, now: Instant, mut line: impl FnMut(&mut Scribe) -> String) {
        self.now = now;
        for (scribe, text) in &mut self.logs {
            text.push_str(&line(scribe));
        }
    }

    pub(crate) fn handle(&mut self, input: Input, now: Instant) {
        self.write(now, |scribe| scribe.input(&input, now));
        self.call.handle(input, now);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.write(now, |scribe| scribe.timeout(now));
        self.call.handle_timeout(now);
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        let output = self.call.poll_output()?;
        let now = self.now;
        self.write(now, |scribe| scribe.output(&output, now));
        Some(output)
    }

    /// What the caller says and presses from now on is for nobody else, or no longer is.
    pub(crate) fn private(&mut self, private: bool) {
        let now = self.now;
        self.write(now, |scribe| scribe.private(private, now));
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.call.poll_timeout()
    }

    pub(crate) fn is_listening(&self) -> bool {
        self.call.is_listening()
    }

    pub(crate) fn standing(&self) -> Standing<'_> {
        self.call.standing()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.call.is_over()
    }

    /// The logs as they are now: with words, and without.
    pub(crate) fn logs(&self) -> impl Iterator<Item = &str> {
        self.logs.iter().map(|(_, text)| text.as_str())
    }
}

impl Drop for LoggedCall {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        while self.poll_output().is_some() {}
        let now = self.now;
        self.write(now, |scribe| scribe.end(now));
        for text in self.logs() {
            let log = Log::parse(text).unwrap();
            let verdict = replay(&log).verdict;
            assert_eq!(verdict, Verdict::Same, "the log replays otherwise:\n{text}");
        }
    }
}
