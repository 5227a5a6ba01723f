//! What stands between a gateway and an event socket, and can be cut.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Connections go through while it is whole.
pub(crate) struct EslProxy {
    address: SocketAddr,
    whole: Arc<watch::Sender<bool>>,
    /// It is cut as soon as this has gone to the other end.
    last_words: Arc<Mutex<Option<String>>>,
}

impl EslProxy {
    pub(crate) async fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let whole = Arc::new(watch::Sender::new(true));
        let last_words = Arc::<Mutex<Option<String>>>::default();
        let (server, cut, words) = (server.to_owned(), whole.clone(), last_words.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if !*cut.borrow() {
                    continue;
                }
                let Ok(server) = TcpStream::connect(&server).await else {
                    continue;
                };
                tokio::spawn(carry(client, server, cut.clone(), words.clone()));
            }
        });
        Self {
            address,
            whole,
            last_words,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Every connection is lost, and no other comes about.
    pub(crate) fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// The same, once this was said.
    pub(crate) fn cut_after(&self, words: &str) {
        *self.last_words.lock().unwrap() = Some(words.to_owned());
    }

    pub(crate) fn mend(&self) {
        self.whole.send_replace(true);
    }
}

async fn carry(
    client: TcpStream,
    server: TcpStream,
    whole: Arc<watch::Sender<bool>>,
    last_words: Arc<Mutex<Option<String>>>,
) {
    let mut changes = whole.subscribe();
    let (from_client, to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let nobody = Arc::default();
    tokio::select! {
        _ = changes.wait_for(|whole| !whole) => {}
        () = copy(&mut from_server, to_client, &whole, &nobody) => {}
        () = copy(from_client, &mut to_server, &whole, &last_words) => {}
    }
    // What was said last is to be heard: a socket that is closed with something unread in it takes back what the other end has not read.
    let _ = to_server.shutdown().await;
    let _ = tokio::io::copy(&mut from_server, &mut tokio::io::sink()).await;
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    whole: &watch::Sender<bool>,
    last_words: &Mutex<Option<String>>,
) {
    let mut buffer = vec![0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
        let said = String::from_utf8_lossy(&buffer[..length]);
        let mut last = last_words.lock().unwrap();
        if last.as_deref().is_some_and(|last| said.contains(last)) {
            *last = None;
            whole.send_replace(false);
            return;
        }
    }
}
