//! What callers leave: messages and wishes to be called back, each on the disk before anybody says that it was noted.

use crate::books::{Books, MASK, Subject, now};
use crate::webhooks::WebhookEvent;
use secretary::Privacy;
use serde_json::{Map, Value, json};
use std::path::Path;
use store::{Entry, KeepError, Message, MessageId, MessageKind};

/// Why a message was not taken. The engine is told so in these words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MessageError {
    #[error("the message is empty: give at least one of name, number and message")]
    Empty,
    #[error("the message is too long: say it in fewer words")]
    TooLong,
    #[error(
        "the message could not be written down: say so, and offer to hand the call over or to call again later"
    )]
    NotWritten,
}

/// Takes a message of that call: an object of what the caller said of himself and of what he wants.
pub(crate) async fn take(books: &Books, of: &Subject, fields: Value) -> Result<String, MessageError> {
    let Value::Object(fields) = fields else {
        return Err(MessageError::Empty);
    };
    if !fields.values().any(is_said) {
        return Err(MessageError::Empty);
    }
    let message = written(books, of, fields);
    books.keep(Entry::Message(message)).await.map_err(|error| {
        tracing::error!(call = %of.call, %error, "a message could not be written down");
        match error {
            KeepError::TooLong { .. } => MessageError::TooLong,
            KeepError::Full { .. } | KeepError::Disk(_) | KeepError::Closed => MessageError::NotWritten,
        }
    })?;
    Ok(json!({ "noted": true }).to_string())
}

/// Says where messages of an earlier version are, which wrote them into a file.
pub(crate) fn mention_former(data: &Path) {
    let former = data.join("messages.jsonl");
    if former.exists() {
        tracing::info!(
            path = %former.display(),
            "messages of an earlier version stay in this file; new ones are in the store (`voice-ai messages list`)"
        );
    }
}

fn is_said(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty())
}

fn written(books: &Books, of: &Subject, fields: Map<String, Value>) -> Message {
    let (id, at) = (MessageId::random(), now());
    let kind = kind(&fields);
    let event = match kind {
        MessageKind::Message => WebhookEvent::Message,
        MessageKind::Callback => WebhookEvent::Callback,
    };
    let told = json!({
        "message": id,
        "conversation": of.conversation,
        "call": of.call,
        "at": at,
        "secretary": of.secretary.name,
        "caller": of.caller,
        "fields": masked(&fields, &of.secretary.privacy),
    });
    Message {
        id,
        conversation: of.conversation,
        domain: of.domain,
        call: of.call,
        at,
        kind,
        deliveries: books.deliveries(of.domain, event, &told),
        fields: Value::Object(fields),
    }
}

/// A number and no words are a wish to be called back.
fn kind(fields: &Map<String, Value>) -> MessageKind {
    let said = |key| fields.get(key).is_some_and(is_said);
    if said("number") && !said("message") {
        MessageKind::Callback
    } else {
        MessageKind::Message
    }
}

/// The fields as others may see them, however deep a model has put one into another.
fn masked(fields: &Map<String, Value>, privacy: &Privacy) -> Value {
    let shown = fields.iter().map(|(key, value)| {
        let value = match privacy.is_sensitive(key) {
            true => MASK.into(),
            false => masked_within(value, privacy),
        };
        (key.clone(), value)
    });
    Value::Object(shown.collect())
}

fn masked_within(value: &Value, privacy: &Privacy) -> Value {
    match value {
        Value::Object(fields) => masked(fields, privacy),
        Value::Array(values) => values.iter().map(|value| masked_within(value, privacy)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_number_without_words_is_a_wish_to_be_called_back() {
        for (fields, want) in [
            (json!({"number": "1130"}), MessageKind::Callback),
            (
                json!({"number": "1130", "name": "Ana", "message": "  "}),
                MessageKind::Callback,
            ),
            (json!({"number": "1130", "message": "olá"}), MessageKind::Message),
            (json!({"name": "Ana"}), MessageKind::Message),
            (json!({"number": 7, "message": "olá"}), MessageKind::Message),
        ] {
            assert_eq!(kind(&object(&fields)), want, "{fields}");
        }
    }

    #[test]
    fn what_is_sensitive_is_told_to_nobody_whatever_its_case_or_kind() {
        let privacy = Privacy {
            sensitive: vec!["cpf".into(), "card".into()],
            ..Privacy::default()
        };
        let fields = object(&json!({"CPF": "123.456.789-09", "card": {"number": 4111}, "name": "Ana"}));
        assert_eq!(
            masked(&fields, &privacy),
            json!({"CPF": "***", "card": "***", "name": "Ana"})
        );
        let nested = object(&json!({"of": {"cpf": "123", "name": "Ana"}, "all": [{"Card": "4111"}]}));
        assert_eq!(
            masked(&nested, &privacy),
            json!({"of": {"cpf": "***", "name": "Ana"}, "all": [{"Card": "***"}]})
        );
    }
}
