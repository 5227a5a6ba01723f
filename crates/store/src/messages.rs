//! What callers left, to look at.

use crate::database::{Row, Transaction, values};
use crate::filter::{Cursor, Filter};
use crate::outbox::{OutboxEntry, of_message};
use crate::store::{Store, within};
use crate::{ConversationId, MessageId, MessageKind, StoreError, UnixMs};
use secretary::{CallUuid, DomainUuid};
use serde::Serialize;

/// A message or a wish to be called back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoredMessage {
    /// Which.
    pub id: MessageId,
    /// In which conversation.
    pub conversation: ConversationId,
    /// Whose it is.
    pub domain: DomainUuid,
    /// The channel on the PBX.
    pub call: CallUuid,
    /// When.
    pub at: UnixMs,
    /// What it is.
    pub kind: MessageKind,
    /// The caller's number, as the metadata claimed it.
    pub caller: Option<String>,
    /// Its fields as the tool took them, an object.
    pub fields: serde_json::Value,
}

impl StoredMessage {
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
    /// The domain's messages, the newest first.
    ///
    /// # Errors
    /// Where a caller is looked for without a digit, and where the database fails or does not answer.
    pub async fn messages(
        &self,
        domain: DomainUuid,
        filter: &Filter,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let values = filter.values(domain)?;
        within(async {
            let mut transaction = self.database.read().await?;
            let rows = transaction
                .rows(
                    "SELECT m.*, c.caller FROM messages m
                     JOIN conversations c ON c.domain = m.domain AND c.id = m.conversation
                     WHERE m.domain = $1 AND m.at_ms >= $2 AND m.at_ms < $3 AND ($4 IS NULL OR c.caller_digits = $4)
                       AND (m.at_ms, m.id) < ($5, $6)
                     ORDER BY m.at_ms DESC, m.id DESC LIMIT $7",
                    values,
                )
                .await?;
            transaction.commit().await?;
            rows.iter().map(as_message).collect()
        })
        .await
    }

    /// One message of the domain, and how far its deliveries are.
    ///
    /// # Errors
    /// Where the database fails or does not answer.
    pub async fn message(
        &self,
        domain: DomainUuid,
        id: MessageId,
    ) -> Result<Option<(StoredMessage, Vec<OutboxEntry>)>, StoreError> {
        within(async {
            let mut transaction = self.database.read().await?;
            let rows = transaction
                .rows(
                    "SELECT m.*, c.caller FROM messages m
                     JOIN conversations c ON c.domain = m.domain AND c.id = m.conversation
                     WHERE m.domain = $1 AND m.id = $2",
                    values![domain, id],
                )
                .await?;
            let deliveries = of_message(&mut transaction, domain, id).await?;
            transaction.commit().await?;
            let message = rows.first().map(as_message).transpose()?;
            Ok(message.map(|message| (message, deliveries)))
        })
        .await
    }
}

/// The messages of a conversation, in order.
pub(crate) async fn of_conversation(
    transaction: &mut Transaction,
    domain: DomainUuid,
    conversation: ConversationId,
) -> Result<Vec<StoredMessage>, StoreError> {
    let rows = transaction
        .rows(
            "SELECT m.*, c.caller FROM messages m
             JOIN conversations c ON c.domain = m.domain AND c.id = m.conversation
             WHERE m.domain = $1 AND m.conversation = $2 ORDER BY m.at_ms, m.id",
            values![domain, conversation],
        )
        .await?;
    rows.iter().map(as_message).collect()
}

fn as_message(row: &Row) -> Result<StoredMessage, StoreError> {
    let wrong = |column| StoreError::Row {
        table: "messages",
        column,
    };
    let kind: String = row.read("kind")?;
    let fields: String = row.read("fields")?;
    Ok(StoredMessage {
        id: MessageId(row.id("id")?),
        conversation: ConversationId(row.id("conversation")?),
        domain: DomainUuid::new(row.id("domain")?),
        call: CallUuid::new(row.id("call_id")?),
        at: UnixMs(row.read("at_ms")?),
        kind: match kind.as_str() {
            "message" => MessageKind::Message,
            "callback" => MessageKind::Callback,
            _ => return Err(wrong("kind")),
        },
        caller: row.read("caller")?,
        fields: serde_json::from_str(&fields).map_err(|_| wrong("fields"))?,
    })
}
