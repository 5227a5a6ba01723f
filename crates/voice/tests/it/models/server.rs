//! A file server that misbehaves as it is told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What a server does.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Manners {
    /// The first response with a file breaks off after so many bytes.
    pub(super) break_first_at: Option<usize>,
    /// It honours `Range`.
    pub(super) ranges: bool,
}

/// For each file asked for: its path and the `Range` header.
pub(super) type Asked = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// A running server; it ends with the runtime of its test.
pub(super) struct Server {
    pub(super) address: String,
    /// What was asked for so far.
    pub(super) asked: Asked,
}

/// Serves these files. A path that ends with `/` is a page: JSON where it begins with `{`.
pub(super) async fn serve(files: impl IntoIterator<Item = (String, Vec<u8>)>, manners: Manners) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let files: Arc<HashMap<String, Vec<u8>>> = Arc::new(files.into_iter().collect());
    let asked = Asked::default();
    let seen = asked.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(answer(socket, files.clone(), manners, seen.clone()));
        }
    });
    Server { address, asked }
}

async fn answer(mut socket: TcpStream, files: Arc<HashMap<String, Vec<u8>>>, manners: Manners, seen: Asked) {
    let (read, mut write) = socket.split();
    let mut lines = BufReader::new(read).lines();
    let path = lines
        .next_line()
        .await
        .unwrap()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .to_owned();
    let mut range = None;
    while let Some(line) = lines.next_line().await.unwrap().filter(|line| !line.is_empty()) {
        let header = line
            .split_once(": ")
            .filter(|(name, _)| name.eq_ignore_ascii_case("range"));
        range = header.map(|(_, value)| value.to_owned()).or(range);
    }
    let Some(body) = files.get(&path) else {
        write
            .write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        return;
    };
    let is_first = seen.lock().unwrap().is_empty();
    if !path.ends_with('/') {
        seen.lock().unwrap().push((path, range.clone()));
    }
    let from: Option<usize> = range.filter(|_| manners.ranges).map(|range| {
        range
            .trim_start_matches("bytes=")
            .trim_end_matches('-')
            .parse()
            .unwrap()
    });
    let kind = if body.starts_with(b"{") {
        "application/vnd.pypi.simple.v1+json"
    } else {
        "text/html"
    };
    let status = match from {
        Some(from) if from >= body.len() => "416 Range Not Satisfiable".into(),
        Some(from) => format!(
            "206 Partial Content\r\ncontent-range: bytes {from}-{}/{}",
            body.len() - 1,
            body.len()
        ),
        None => "200 OK".into(),
    };
    let sent = body.get(from.unwrap_or(0)..).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        sent.len()
    );
    write.write_all(head.as_bytes()).await.unwrap();
    let end = manners
        .break_first_at
        .filter(|_| is_first && kind == "text/html")
        .unwrap_or(sent.len());
    // A client that refuses the file may have gone.
    let _ = write.write_all(&sent[..end.min(sent.len())]).await;
}
