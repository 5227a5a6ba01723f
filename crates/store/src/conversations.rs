//! Conversations, to look at.

use crate::database::{Row, Transaction, values};
use crate::filter::{Cursor, Filter};
use crate::latency::LatencySheet;
use crate::messages::{self, StoredMessage};
use crate::outbox::{self, OutboxEntry};
use crate::store::{Store, within};
use crate::{ConversationId, Said, Speaker, StoreError, TurnLatency, UnixMs};
use secretary::{CallUuid, DomainUuid};
use serde::Serialize;

/// A conversation. Where its beginning was lost (the process died before it was on disk) it has no secretary and no caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conversation {
    /// Which.
    pub id: ConversationId,
    /// Whose.
    pub domain: DomainUuid,
    /// The channel on the PBX.
    pub call: Option<CallUuid>,
    /// When it began, or the first that is known of it.
    pub at: UnixMs,
    /// When it ended; none while it goes on, and for ever where its process died: it is unfinished.
    pub ended: Option<UnixMs>,
    /// Who answered.
    pub secretary: Option<String>,
    /// The language, a BCP 47 tag.
    pub language: Option<String>,
    /// The engine.
    pub engine: Option<String>,
    /// The caller's number, as the metadata claimed it.
    pub caller: Option<String>,
    /// The caller's name, as the metadata claimed it.
    pub caller_name: Option<String>,
    /// The number that was called, as the metadata claimed it.
    pub dialled: Option<String>,
    /// How it ended.
    pub outcome: Option<String>,
    /// How often the caller interrupted.
    pub barge_ins: u64,
    /// What the engine cost, in millionths of the currency of the configured prices.
    pub cost_micros: u64,
    /// The recording, a path below the data folder.
    pub recording: Option<String>,
    /// The event log, a path below the data folder.
    pub event_log: Option<String>,
}

/// A conversation with all that was said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConversationSheet {
    /// The conversation.
    pub conversation: Conversation,
    /// Its turns, in order.
    pub turns: Vec<Said>,
    /// What the caller left, in order.
    pub messages: Vec<StoredMessage>,
    /// Who was, or is to be, told about them.
    pub deliveries: Vec<OutboxEntry>,
    /// Where the caller's waiting time went.
    pub latency: LatencySheet,
}

impl Conversation {
    /// Its place in the list.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor {
            at: self.at,
            id: self.id.0,
        }
    }
}

impl Store {
    /// The domain's conversations, the newest first.
    ///
    /// # Errors
    /// Where a caller is looked for without a digit, and where the database fails or does not answer.
    pub async fn conversations(
        &self,
        domain: DomainUuid,
        filter: &Filter,
    ) -> Result<Vec<Conversation>, StoreError> {
        let values = filter.values(domain)?;
        within(async {
            let mut transaction = self.database.read().await?;
            let rows = transaction
                .rows(
                    "SELECT * FROM conversations
                     WHERE domain = $1 AND at_ms >= $2 AND at_ms < $3 AND ($4 IS NULL OR caller_digits = $4)
                       AND (at_ms, id) < ($5, $6)
                     ORDER BY at_ms DESC, id DESC LIMIT $7",
                    values,
                )
                .await?;
            transaction.commit().await?;
            rows.iter().map(as_conversation).collect()
        })
        .await
    }

    /// One conversation of the domain.
    ///
    /// # Errors
    /// Where the database fails or does not answer.
    pub async fn conversation(
        &self,
        domain: DomainUuid,
        id: ConversationId,
    ) -> Result<Option<ConversationSheet>, StoreError> {
        within(async {
            let mut transaction = self.database.read().await?;
            let rows = transaction
                .rows(
                    "SELECT * FROM conversations WHERE domain = $1 AND id = $2",
                    values![domain, id],
                )
                .await?;
            let Some(row) = rows.first() else {
                transaction.commit().await?;
                return Ok(None);
            };
            let turns = turns(&mut transaction, domain, id).await?;
            let messages = messages::of_conversation(&mut transaction, domain, id).await?;
            let deliveries = outbox::of_conversation(&mut transaction, domain, id).await?;
            transaction.commit().await?;
            Ok(Some(ConversationSheet {
                conversation: as_conversation(row)?,
                latency: LatencySheet::of(&turns),
                turns,
                messages,
                deliveries,
            }))
        })
        .await
    }
}

async fn turns(
    transaction: &mut Transaction,
    domain: DomainUuid,
    id: ConversationId,
) -> Result<Vec<Said>, StoreError> {
    let rows = transaction
        .rows(
            "SELECT * FROM turns WHERE domain = $1 AND conversation = $2 ORDER BY number",
            values![domain, id],
        )
        .await?;
    rows.iter().map(as_turn).collect()
}

fn as_conversation(row: &Row) -> Result<Conversation, StoreError> {
    Ok(Conversation {
        id: ConversationId(row.id("id")?),
        domain: DomainUuid::new(row.id("domain")?),
        call: row.optional_id("call_id")?.map(CallUuid::new),
        at: UnixMs(row.read("at_ms")?),
        ended: row.read::<Option<i64>>("ended_ms")?.map(UnixMs),
        secretary: row.read("secretary")?,
        language: row.read("language")?,
        engine: row.read("engine")?,
        caller: row.read("caller")?,
        caller_name: row.read("caller_name")?,
        dialled: row.read("dialled")?,
        outcome: row.read("outcome")?,
        barge_ins: row.count("barge_ins")?,
        cost_micros: row.count("cost_micros")?,
        recording: row.read("recording")?,
        event_log: row.read("event_log")?,
    })
}

fn as_turn(row: &Row) -> Result<Said, StoreError> {
    let speaker: String = row.read("speaker")?;
    let latency = as_latency(row)?;
    Ok(Said {
        conversation: ConversationId(row.id("conversation")?),
        domain: DomainUuid::new(row.id("domain")?),
        number: row.count("number")?.try_into().unwrap_or(u32::MAX),
        at: UnixMs(row.read("at_ms")?),
        speaker: match speaker.as_str() {
            "caller" => Speaker::Caller,
            "secretary" => Speaker::Secretary,
            "pbx" => Speaker::Pbx,
            _ => {
                return Err(StoreError::Row {
                    table: "turns",
                    column: "speaker",
                });
            }
        },
        text: row.read("words")?,
        heard_ms: row.optional_count("heard_ms")?,
        cut: row.read("cut_short")?,
        latency,
    })
}

fn as_latency(row: &Row) -> Result<Option<TurnLatency>, StoreError> {
    let Some(response_ms) = row.optional_count("response_ms")? else {
        return Ok(None);
    };
    Ok(Some(TurnLatency {
        response_ms,
        endpoint_ms: row.optional_count("endpoint_ms")?,
        stt_ms: row.optional_count("stt_ms")?,
        brain_ms: row.optional_count("brain_ms")?,
        token_ms: row.optional_count("token_ms")?,
        tts_ms: row.optional_count("tts_ms")?,
        engine_ms: row.optional_count("engine_ms")?,
        leg_ms: row.optional_count("leg_ms")?,
    }))
}
