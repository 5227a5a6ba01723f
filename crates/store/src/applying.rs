//! How entries become rows. Entries of a conversation may come twice, in any order, or never.

use crate::database::{Transaction, values};
use crate::store::{Store, within};
use crate::{
    Began, ConversationId, Delivery, Ended, Entry, Message, MessageId, MessageKind, Said, Speaker,
    StoreError, TurnLatency, UnixMs,
};
use secretary::{CallUuid, DomainUuid};

impl Store {
    /// Takes entries over, all or none. What is there already, and what belongs to an erased conversation, changes nothing.
    ///
    /// # Errors
    /// Where the database fails or does not answer; no entry is refused for what it holds.
    pub async fn apply(&self, entries: &[Entry]) -> Result<(), StoreError> {
        within(async {
            let mut transaction = self.database.write().await?;
            for entry in entries {
                apply(&mut transaction, entry).await?;
            }
            transaction.commit().await
        })
        .await
    }
}

async fn apply(transaction: &mut Transaction, entry: &Entry) -> Result<(), StoreError> {
    let place = Place::of(entry);
    if place.is_gone(transaction).await? {
        return Ok(());
    }
    place.make(transaction).await?;
    match entry {
        Entry::Began(entry) => began(transaction, entry).await,
        Entry::Said(entry) => said(transaction, entry).await,
        Entry::Message(entry) => message(transaction, &place, entry).await,
        Entry::Ended(entry) => ended(transaction, &place, entry).await,
    }
}

/// Where an entry belongs.
struct Place {
    domain: DomainUuid,
    conversation: ConversationId,
    call: Option<CallUuid>,
    at: UnixMs,
}

impl Place {
    fn of(entry: &Entry) -> Self {
        let (domain, conversation, call, at) = match entry {
            Entry::Began(entry) => (entry.domain, entry.conversation, Some(entry.call), entry.at),
            Entry::Said(entry) => (entry.domain, entry.conversation, None, entry.at),
            Entry::Message(entry) => (entry.domain, entry.conversation, Some(entry.call), entry.at),
            Entry::Ended(entry) => (entry.domain, entry.conversation, None, entry.at),
        };
        Self {
            domain,
            conversation,
            call,
            at,
        }
    }

    async fn is_gone(&self, transaction: &mut Transaction) -> Result<bool, StoreError> {
        let rows = transaction
            .rows(
                "SELECT at_ms FROM gone WHERE domain = $1 AND conversation = $2",
                values![self.domain, self.conversation],
            )
            .await?;
        Ok(!rows.is_empty())
    }

    /// The conversation's row, where its beginning has not come.
    async fn make(&self, transaction: &mut Transaction) -> Result<(), StoreError> {
        transaction
            .execute(
                "INSERT INTO conversations (domain, id, call_id, at_ms) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (domain, id) DO NOTHING",
                values![
                    self.domain,
                    self.conversation,
                    self.call.map(CallUuid::uuid),
                    self.at
                ],
            )
            .await?;
        Ok(())
    }

    async fn deliver(
        &self,
        transaction: &mut Transaction,
        message: Option<MessageId>,
        deliveries: &[Delivery],
    ) -> Result<(), StoreError> {
        for delivery in deliveries {
            transaction
                .execute(
                    "INSERT INTO outbox
                       (domain, id, conversation, message, webhook, payload, created_ms, state, attempts, next_ms)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', 0, $7)
                     ON CONFLICT (domain, id) DO NOTHING",
                    values![
                        self.domain,
                        delivery.id,
                        self.conversation,
                        message.map(|message| message.0),
                        &delivery.webhook,
                        delivery.payload.to_string(),
                        self.at,
                    ],
                )
                .await?;
        }
        Ok(())
    }
}

async fn began(transaction: &mut Transaction, entry: &Began) -> Result<(), StoreError> {
    transaction
        .execute(
            "UPDATE conversations SET
               call_id = $3, at_ms = $4, began_ms = $4, secretary = $5, language = $6, engine = $7, caller = $8,
               caller_digits = $9, caller_name = $10, dialled = $11
             WHERE domain = $1 AND id = $2 AND began_ms IS NULL",
            values![
                entry.domain,
                entry.conversation,
                entry.call,
                entry.at,
                &entry.secretary,
                entry.language.tag(),
                &entry.engine,
                entry.caller.as_ref(),
                digits(entry.caller.as_deref().unwrap_or_default()),
                entry.caller_name.as_ref(),
                entry.dialled.as_ref(),
            ],
        )
        .await?;
    Ok(())
}

async fn said(transaction: &mut Transaction, entry: &Said) -> Result<(), StoreError> {
    let latency = entry.latency;
    let part = |part: fn(TurnLatency) -> Option<u64>| latency.and_then(part);
    transaction
        .execute(
            "INSERT INTO turns
               (domain, conversation, number, at_ms, speaker, words, heard_ms, cut_short, response_ms, stt_ms, brain_ms, tts_ms,
                endpoint_ms, token_ms, engine_ms, leg_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
             ON CONFLICT (domain, conversation, number) DO NOTHING",
            values![
                entry.domain,
                entry.conversation,
                entry.number,
                entry.at,
                speaker_name(entry.speaker),
                entry.text.as_ref(),
                entry.heard_ms,
                entry.cut,
                part(|latency| Some(latency.response_ms)),
                part(|latency| latency.stt_ms),
                part(|latency| latency.brain_ms),
                part(|latency| latency.tts_ms),
                part(|latency| latency.endpoint_ms),
                part(|latency| latency.token_ms),
                part(|latency| latency.engine_ms),
                part(|latency| latency.leg_ms),
            ],
        )
        .await?;
    Ok(())
}

async fn message(transaction: &mut Transaction, place: &Place, entry: &Message) -> Result<(), StoreError> {
    transaction
        .execute(
            "INSERT INTO messages (domain, id, conversation, call_id, at_ms, kind, fields)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (domain, id) DO NOTHING",
            values![
                entry.domain,
                entry.id,
                entry.conversation,
                entry.call,
                entry.at,
                kind_name(entry.kind),
                entry.fields.to_string(),
            ],
        )
        .await?;
    place
        .deliver(transaction, Some(entry.id), &entry.deliveries)
        .await
}

async fn ended(transaction: &mut Transaction, place: &Place, entry: &Ended) -> Result<(), StoreError> {
    transaction
        .execute(
            "UPDATE conversations SET
               ended_ms = $3, outcome = $4, barge_ins = $5, cost_micros = $6, recording = $7, event_log = $8
             WHERE domain = $1 AND id = $2 AND ended_ms IS NULL",
            values![
                entry.domain,
                entry.conversation,
                entry.at,
                &entry.outcome,
                entry.barge_ins,
                entry.cost_micros,
                entry.recording.as_ref(),
                entry.event_log.as_ref(),
            ],
        )
        .await?;
    place.deliver(transaction, None, &entry.deliveries).await
}

/// The digits of a number: what two ways of writing it have in common.
pub(crate) fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

pub(crate) const fn speaker_name(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::Caller => "caller",
        Speaker::Secretary => "secretary",
        Speaker::Pbx => "pbx",
    }
}

pub(crate) const fn kind_name(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Message => "message",
        MessageKind::Callback => "callback",
    }
}
