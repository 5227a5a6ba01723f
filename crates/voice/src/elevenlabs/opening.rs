//! The beginning of a conversation: what it sets otherwise goes out, the formats that the agent has chosen come in.

use super::events::{ClientEvent, ServerEvent};
use super::failure;
use super::format::Formats;
use crate::engine::ConnectError;
use crate::realtime::Socket;
use crate::service::Place;
use call::FailureKind;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::{Error, Message};

/// Begins a conversation on an open socket. Nothing of it is read beyond the formats.
pub(super) async fn initiate(
    socket: &mut Socket,
    initiation: &ClientEvent,
    place: &Place,
) -> Result<Formats, ConnectError> {
    let failed = |kind, what: &str| ConnectError {
        kind,
        message: failure::plain(kind, what, place),
    };
    let lost = |error: &Error| {
        let what = format!("the connection to ElevenLabs was lost: {error}");
        failed(FailureKind::Transient, &what)
    };
    let text = serde_json::to_string(initiation).map_err(|error| {
        failed(
            FailureKind::Protocol,
            &format!("an event cannot be written: {error}"),
        )
    })?;
    socket
        .send(Message::text(text))
        .await
        .map_err(|error| lost(&error))?;
    loop {
        let text = match socket.next().await {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(frame))) => {
                let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                    (frame.code.into(), frame.reason.to_string())
                });
                let (kind, message) = failure::of_close(code, &reason, place);
                return Err(ConnectError { kind, message });
            }
            Some(Ok(_)) => continue,
            Some(Err(error)) => return Err(lost(&error)),
            None => return Err(failed(FailureKind::Transient, "ElevenLabs ended the connection")),
        };
        match serde_json::from_str(&text) {
            Ok(ServerEvent::ConversationInitiationMetadata {
                conversation_initiation_metadata_event: metadata,
            }) => {
                return Formats::of(&metadata).map_err(|format| {
                    let what = format!(
                        "the agent's audio format {format:?} is none of pcm_8000, pcm_16000, pcm_24000, pcm_48000, ulaw_8000"
                    );
                    failed(FailureKind::Unsupported, &what)
                });
            }
            Ok(_) => {}
            Err(_) => {
                let what = "ElevenLabs sent an event that cannot be read";
                return Err(failed(FailureKind::Protocol, what));
            }
        }
    }
}
