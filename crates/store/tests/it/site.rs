//! A database to test with, and entries to put there.

use crate::postgres;
use secretary::{CallUuid, DomainUuid, Language};
use store::{
    Began, ConversationId, Delivery, DeliveryId, Ended, Entry, Location, Message, MessageId, MessageKind,
    Said, Speaker, Store, TurnLatency, UnixMs,
};
use tempfile::TempDir;
use uuid::Uuid;

/// One database, empty at first.
pub(crate) struct Site {
    pub(crate) url: String,
    pub(crate) folder: TempDir,
}

impl Site {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            url: "sqlite:voice-ai.db".into(),
            folder,
        }
    }

    pub(crate) async fn postgres() -> Option<Self> {
        match postgres::database() {
            Ok(url) => Some(Self {
                url,
                folder: tempfile::tempdir().unwrap(),
            }),
            Err(why) => {
                eprintln!("skipped: {why}");
                None
            }
        }
    }

    pub(crate) fn location(&self) -> Location {
        Location::parse(&self.url, self.folder.path()).unwrap()
    }

    pub(crate) async fn store(&self) -> Store {
        Store::open(&self.location()).await.unwrap()
    }
}

/// The same test on both databases.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::site::Site::sqlite()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                if let Some(site) = crate::site::Site::postgres().await {
                    super::$name(site).await;
                }
            })+
        }
    };
}
pub(crate) use on_both;

/// Monday, 2 March 2026, noon in UTC.
pub(crate) const NOON: i64 = 1_772_452_800_000;
pub(crate) const SECOND: i64 = 1_000;
pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const DAY: i64 = 24 * HOUR;

pub(crate) const WORDS: &str = "O meu número é \u{1F4DE} 'onze'; DROP TABLE turns; --";

pub(crate) fn domain() -> DomainUuid {
    DomainUuid::new(Uuid::new_v4())
}

/// A conversation, its ids, and what it tells.
#[derive(Clone)]
pub(crate) struct Talk {
    pub(crate) id: ConversationId,
    pub(crate) domain: DomainUuid,
    pub(crate) call: CallUuid,
    pub(crate) message: MessageId,
    pub(crate) deliveries: [DeliveryId; 2],
    pub(crate) at: i64,
    pub(crate) caller: &'static str,
}

impl Talk {
    pub(crate) fn new(domain: DomainUuid, at: i64) -> Self {
        Self {
            id: ConversationId::random(),
            domain,
            call: CallUuid::new(Uuid::new_v4()),
            message: MessageId::random(),
            deliveries: [DeliveryId::random(), DeliveryId::random()],
            at,
            caller: "+55 11 91234-5678",
        }
    }

    pub(crate) fn by(self, caller: &'static str) -> Self {
        Self { caller, ..self }
    }

    pub(crate) fn began(&self) -> Entry {
        Entry::Began(Began {
            conversation: self.id,
            domain: self.domain,
            call: self.call,
            at: UnixMs(self.at),
            secretary: "provedor".into(),
            language: Language::PtBr,
            engine: "local".into(),
            caller: Some(self.caller.into()),
            caller_name: Some("Zero\0byte".into()),
            dialled: None,
        })
    }

    pub(crate) fn greeted(&self) -> Entry {
        Entry::Said(Said {
            conversation: self.id,
            domain: self.domain,
            number: 1,
            at: UnixMs(self.at + 2 * SECOND),
            speaker: Speaker::Secretary,
            text: Some("Provedor, bom dia".into()),
            heard_ms: Some(1_240),
            cut: true,
            latency: Some(TurnLatency {
                response_ms: 410,
                endpoint_ms: Some(200),
                stt_ms: None,
                brain_ms: Some(20),
                token_ms: Some(15),
                tts_ms: Some(u64::MAX),
                engine_ms: Some(190),
                leg_ms: Some(7),
            }),
        })
    }

    pub(crate) fn said(&self) -> Entry {
        Entry::Said(Said {
            conversation: self.id,
            domain: self.domain,
            number: 2,
            at: UnixMs(self.at + 5 * SECOND),
            speaker: Speaker::Caller,
            text: Some(WORDS.into()),
            heard_ms: None,
            cut: false,
            latency: None,
        })
    }

    pub(crate) fn left_message(&self) -> Entry {
        Entry::Message(Message {
            id: self.message,
            conversation: self.id,
            domain: self.domain,
            call: self.call,
            at: UnixMs(self.at + 8 * SECOND),
            kind: MessageKind::Callback,
            fields: serde_json::json!({ "number": "11 91234-5678", "words": WORDS, "zero": "\0" }),
            deliveries: vec![self.delivery(0)],
        })
    }

    pub(crate) fn ended(&self) -> Entry {
        Entry::Ended(Ended {
            conversation: self.id,
            domain: self.domain,
            at: UnixMs(self.at + 60 * SECOND),
            outcome: "caller_hung_up".into(),
            barge_ins: 3,
            cost_micros: 125_000,
            recording: Some(format!("recordings/{}.wav", self.id)),
            event_log: Some(format!("events/{}.jsonl", self.id)),
            deliveries: vec![self.delivery(1)],
        })
    }

    fn delivery(&self, number: usize) -> Delivery {
        Delivery {
            id: self.deliveries[number],
            webhook: "crm".into(),
            payload: serde_json::json!({ "conversation": self.id, "number": number }),
        }
    }

    /// All of it, in order.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        vec![
            self.began(),
            self.greeted(),
            self.said(),
            self.left_message(),
            self.ended(),
        ]
    }
}
