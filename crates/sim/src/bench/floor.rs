//! The floor: what a relay costs that does nothing. A bare echo over tokio-tungstenite 0.29, which is what axum's
//! WebSocket stands on too, with the gateway's buffer sizes; without axum, so that its routing counts as the gateway's.

use futures_util::{SinkExt, StreamExt};
use std::io;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};

/// Echoes binary messages on every connection until the process ends.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            if let Err(error) = echo(stream).await {
                tracing::debug!(%peer, %error, "an echo ended");
            }
        });
    }
}

async fn echo(stream: TcpStream) -> Result<(), tungstenite::Error> {
    let mut socket = accept_async_with_config(stream, Some(small_buffers())).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if let Message::Binary(_) = message {
            socket.send(message).await?;
        }
    }
    Ok(())
}

/// Buffers for many connections with small messages.
pub(super) fn small_buffers() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(4096)
        .write_buffer_size(4096)
        .max_write_buffer_size(256 * 1024)
}
