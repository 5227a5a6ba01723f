//! What a call tells the store, while it goes and when it is over. Words are there only as far as the secretary's privacy allows.

use super::recorder::Files;
use crate::books::{Books, MASK, Subject, now};
use crate::leg::metadata::Metadata;
use crate::metrics::{outcome_label, transfer_label};
use crate::webhooks::WebhookEvent;
use call::{AnswerId, Outcome, Record, TransferOutcome, Utterance};
use secretary::{CallUuid, DomainUuid, Secretary};
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use store::{Began, ConversationId, Ended, Entry, Said, Speaker, TurnLatency, UnixMs};

/// The most of a number or name that metadata claims: longer ones are no caller's.
const CLAIM: usize = 80;

/// So many of the caller's last texts are remembered, each until the call puts it out.
const REMEMBERED: usize = 64;

/// A conversation's account.
pub(super) struct Account {
    books: Books,
    subject: Arc<Subject>,
    began: UnixMs,
    /// The turns told so far.
    turns: u32,
    barge_ins: u32,
    transfers: Vec<Transferred>,
    /// Where the waiting time before the answer under way went.
    latency: Option<TurnLatency>,
    words: CallersWords,
    /// Answers of which something came while it was.
    private_answers: BTreeSet<AnswerId>,
}

/// A transfer, as a webhook is told of it.
#[derive(Serialize)]
struct Transferred {
    /// One of the secretary's destinations.
    destination: Option<String>,
    outcome: &'static str,
}

impl Account {
    /// A conversation begins.
    pub(super) fn begin(
        books: Books,
        domain: DomainUuid,
        call: CallUuid,
        secretary: Arc<Secretary>,
        engine: &str,
        claims: &Metadata,
    ) -> Self {
        let conversation = ConversationId::random();
        let began = now();
        let caller = claimed(claims.caller_number.as_deref());
        books.note(Entry::Began(Began {
            conversation,
            domain,
            call,
            at: began,
            secretary: secretary.name.clone(),
            language: secretary.language,
            engine: engine.to_owned(),
            caller: caller.clone(),
            caller_name: claimed(claims.caller_name.as_deref()),
            dialled: claimed(claims.destination.as_deref()),
        }));
        Self {
            books,
            subject: Arc::new(Subject {
                conversation,
                domain,
                call,
                secretary,
                caller,
            }),
            began,
            turns: 0,
            barge_ins: 0,
            transfers: Vec::new(),
            latency: None,
            words: CallersWords::default(),
            private_answers: BTreeSet::new(),
        }
    }

    /// Whose entries they are.
    pub(super) fn subject(&self) -> Arc<Subject> {
        self.subject.clone()
    }

    /// The books that they are written into.
    pub(super) fn books(&self) -> &Books {
        &self.books
    }

    /// From now on what is said is for nobody else, or no longer is.
    pub(super) fn private(&mut self, private: bool) {
        self.words.private = private;
    }

    /// The engine has understood this; the call puts it out now or later.
    pub(super) fn caller_heard(&mut self, text: &str) {
        self.words.heard(text);
    }

    /// What the caller said, as it may be shown to whoever listens on the leg.
    pub(super) fn told_of_caller<'a>(&self, text: &'a str) -> &'a str {
        if self.words.were_private(text) { MASK } else { text }
    }

    /// What was heard of this utterance, as it may be shown to whoever listens on the leg.
    pub(super) fn told_of_secretary<'a>(&self, utterance: Utterance, text: &'a str) -> &'a str {
        match utterance {
            Utterance::Answer(answer) if self.private_answers.contains(&answer) => MASK,
            Utterance::Answer(_) | Utterance::Prompt(_) => text,
        }
    }

    /// Something of an answer has come.
    pub(super) fn answer_comes(&mut self, answer: AnswerId) {
        if self.words.private {
            self.private_answers.insert(answer);
        }
    }

    /// The caller's turn, as its words are known in the end.
    pub(super) fn caller_said(&mut self, text: &str) {
        let text = self.shown(text, self.words.were_private(text));
        self.said(Speaker::Caller, text, None, false);
    }

    /// Takes what is worth keeping out of a record of the call.
    pub(super) fn record(&mut self, record: &Record) {
        match record {
            Record::TransferEnded { destination, outcome } => self.transfer_ended(destination, outcome),
            Record::Heard {
                utterance,
                played,
                cut,
                text,
            } => {
                let private = match utterance {
                    Utterance::Answer(answer) => self.private_answers.remove(answer),
                    Utterance::Prompt(_) => false,
                };
                if played.0 == 0 && text.is_empty() {
                    return;
                }
                let text = self.shown(text, private);
                self.said(Speaker::Secretary, text, Some(played.0), *cut);
            }
            Record::BargeIn { .. } => self.barge_ins += 1,
            Record::UserTurn { .. }
            | Record::Answered { .. }
            | Record::FalseBargeIn
            | Record::EngineFailed { .. }
            | Record::EngineReplaced { .. }
            | Record::ToolTimedOut { .. }
            | Record::Ended { .. } => {}
        }
    }

    /// What became of a transfer is kept with or without the words of a call; to whom it went, where that is no word of the caller's.
    fn transfer_ended(&mut self, destination: &str, outcome: &TransferOutcome) {
        let secretary = &self.subject.secretary;
        let mut destinations = secretary.destinations.iter();
        let known = destinations.find(|known| known.name == destination);
        let shown = known.is_some() || secretary.privacy.transcript;
        let told = transfer_told(shown.then_some(destination), outcome);
        self.transfers.push(Transferred {
            destination: known.map(|known| known.name.clone()),
            outcome: transfer_label(outcome),
        });
        self.said(Speaker::Pbx, Some(told), None, false);
    }

    /// So long the caller has waited for the answer that is heard next, as far as it is known.
    pub(super) fn answered(&mut self, latency: TurnLatency) {
        self.latency = Some(latency);
    }

    fn shown(&self, text: &str, private: bool) -> Option<String> {
        let text = if private { MASK } else { text };
        self.subject.secretary.privacy.transcript.then(|| text.to_owned())
    }

    fn said(&mut self, speaker: Speaker, text: Option<String>, heard_ms: Option<u64>, cut: bool) {
        self.turns += 1;
        let latency = match speaker {
            Speaker::Secretary => self.latency.take(),
            Speaker::Caller | Speaker::Pbx => None,
        };
        self.books.note(Entry::Said(Said {
            conversation: self.subject.conversation,
            domain: self.subject.domain,
            number: self.turns,
            at: now(),
            speaker,
            text,
            heard_ms,
            cut,
            latency,
        }));
    }

    /// Its id.
    pub(super) fn conversation(&self) -> ConversationId {
        self.subject.conversation
    }

    /// The conversation is over.
    pub(super) fn ended(&self, outcome: Outcome, cost_micros: u64, files: &Files) {
        let subject = &self.subject;
        let (at, outcome) = (now(), outcome_label(outcome));
        let told = json!({
            "conversation": subject.conversation,
            "call": subject.call,
            "secretary": subject.secretary.name,
            "caller": subject.caller,
            "began": self.began,
            "ended": at,
            "outcome": outcome,
            "transfers": self.transfers,
            "barge_ins": self.barge_ins,
            "cost_micros": cost_micros,
        });
        self.books.note(Entry::Ended(Ended {
            conversation: subject.conversation,
            domain: subject.domain,
            at,
            outcome: outcome.to_owned(),
            barge_ins: self.barge_ins,
            cost_micros,
            recording: files.recording.clone(),
            event_log: files.event_log.clone(),
            deliveries: self
                .books
                .deliveries(subject.domain, WebhookEvent::CallEnded, &told),
        }));
    }
}

/// What became of a transfer, as the transcript has it.
fn transfer_told(destination: Option<&str>, outcome: &TransferOutcome) -> String {
    let how = match outcome {
        TransferOutcome::Failed { cause } => format!("failed ({cause})"),
        other => transfer_label(other).replace('_', " "),
    };
    match destination {
        Some(destination) => format!("transfer to {destination}: {how}"),
        None => format!("transfer: {how}"),
    }
}

/// Which of the caller's words are for nobody else: those that were when they were heard, whatever holds when they are put out.
#[derive(Debug, Default)]
struct CallersWords {
    /// Whether what is said now is for nobody else.
    private: bool,
    /// The last texts, and whether each was.
    heard: VecDeque<(String, bool)>,
}

impl CallersWords {
    fn heard(&mut self, text: &str) {
        if self.heard.len() == REMEMBERED {
            self.heard.pop_front();
        }
        self.heard.push_back((text.to_owned(), self.private));
    }

    fn were_private(&self, text: &str) -> bool {
        let heard = self.heard.iter().rfind(|(heard, _)| heard == text);
        heard.map_or(self.private, |(_, private)| *private)
    }
}

/// What metadata claims, fit for a table.
fn claimed(text: Option<&str>) -> Option<String> {
    let text: String = text?
        .chars()
        .filter(|letter| !letter.is_control())
        .take(CLAIM)
        .collect();
    (!text.trim().is_empty()).then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_as_private_as_they_were_when_they_were_heard() {
        let mut words = CallersWords::default();
        words.heard("bom dia");
        words.private = true;
        words.heard("one two three");
        assert!(words.were_private("one two three") && words.were_private("never heard"));
        assert!(!words.were_private("bom dia"), "it was heard before the question");
        words.private = false;
        assert!(
            words.were_private("one two three"),
            "the question is over, they stay private"
        );
        assert!(!words.were_private("never heard"));
        words.heard("one two three");
        assert!(!words.were_private("one two three"), "said again for everybody");
        for number in 0..1_000 {
            words.heard(&number.to_string());
        }
        assert_eq!(words.heard.len(), REMEMBERED);
    }

    #[test]
    fn a_transfer_is_told_with_what_became_of_it() {
        let told = |destination, outcome| transfer_told(destination, &outcome);
        assert_eq!(
            told(Some("Billing"), TransferOutcome::NoAnswer),
            "transfer to Billing: no answer"
        );
        let cause = "NORMAL_TEMPORARY_FAILURE".to_owned();
        assert_eq!(
            told(None, TransferOutcome::Failed { cause }),
            "transfer: failed (NORMAL_TEMPORARY_FAILURE)"
        );
    }

    #[test]
    fn claims_are_cut_to_what_a_table_shows() {
        assert_eq!(
            claimed(Some(" +55 11 98765-4321\r\n")).as_deref(),
            Some("+55 11 98765-4321")
        );
        assert_eq!(
            claimed(Some(&"9".repeat(5_000))).map(|text| text.len()),
            Some(CLAIM)
        );
        assert_eq!(claimed(Some("\u{0}\n ")), None);
        assert_eq!(claimed(None), None);
    }
}
