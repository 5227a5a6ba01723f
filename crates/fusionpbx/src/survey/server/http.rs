//! One question and its answer by HTTP/1.1, on a connection of its own.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The most of an answer that is read. Health of a node with hundreds of domains has some 20 KB.
const LONGEST: usize = 512 * 1024;

/// A GET.
pub(super) struct Request<'a> {
    pub(super) path: &'a str,
    pub(super) host: SocketAddr,
    pub(super) token: Option<&'a str>,
    pub(super) headers: &'a [(&'a str, &'a str)],
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// Asks and reads the answer to its end, which an upgrade has with its head.
///
/// # Errors
///
/// [`ErrorKind::InvalidData`] for what is no HTTP, with its first characters.
pub(super) async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &Request<'_>,
) -> io::Result<Answer> {
    stream.write_all(written(request)?.as_bytes()).await?;
    stream.flush().await?;
    let mut told = Vec::new();
    let mut piece = [0; 8 * 1024];
    loop {
        if let Some(answer) = read(&told)? {
            return Ok(answer);
        }
        let length = stream.read(&mut piece).await?;
        if length == 0 || told.len() > LONGEST {
            return ended(&told);
        }
        told.extend_from_slice(&piece[..length]);
    }
}

fn written(request: &Request<'_>) -> io::Result<String> {
    let mut text = format!("GET {} HTTP/1.1\r\nHost: {}\r\n", request.path, request.host);
    for (name, value) in request.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(token) = request.token {
        if token.contains(['\r', '\n']) {
            let words = "the token holds a line's end: write it on one line";
            return Err(io::Error::new(ErrorKind::InvalidInput, words));
        }
        text.push_str(&format!("Authorization: Bearer {token}\r\n"));
    }
    Ok(text + "\r\n")
}

/// The answer, once all of it is there. One that does not tell its length ends with the connection.
fn read(told: &[u8]) -> io::Result<Option<Answer>> {
    let Some((status, length, head)) = head(told)? else {
        return Ok(None);
    };
    let body = &told[head..];
    let length = if status == 101 { Some(0) } else { length };
    Ok(length
        .filter(|length| body.len() >= *length)
        .map(|length| answer(status, &body[..length])))
}

fn ended(told: &[u8]) -> io::Result<Answer> {
    match head(told)? {
        Some((status, _, head)) => Ok(answer(status, &told[head..])),
        None => Err(ErrorKind::UnexpectedEof.into()),
    }
}

fn answer(status: u16, body: &[u8]) -> Answer {
    Answer {
        status,
        body: String::from_utf8_lossy(body).into_owned(),
    }
}

/// Status, length of the body where it is told, and where the body begins.
fn head(told: &[u8]) -> io::Result<Option<(u16, Option<usize>, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let end = match response.parse(told) {
        Ok(httparse::Status::Complete(end)) => end,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(stranger(told, error)),
    };
    let length = response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok());
    Ok(response.code.map(|status| (status, length, end)))
}

fn stranger(told: &[u8], error: httparse::Error) -> io::Error {
    let begin: String = String::from_utf8_lossy(told).chars().take(40).collect();
    io::Error::new(ErrorKind::InvalidData, format!("{begin:?} is no HTTP ({error})"))
}
