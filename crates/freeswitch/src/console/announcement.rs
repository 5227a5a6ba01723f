//! An event with its headers as they are spelled. The ESL crate has `Api-Command` for `API-Command`: as good for FreeSWITCH, which
//! passes the spelling on to listeners that may take it literally.

use crate::Settings;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// The most lines of an answer's head that are read.
const LONGEST_HEAD: usize = 64;

/// Sends the lines of an event on a connection of its own. Returns the words of FreeSWITCH's answer.
pub(super) async fn send(settings: &Settings, address: SocketAddr, lines: &[String]) -> io::Result<String> {
    let mut stream = BufReader::new(TcpStream::connect(address).await?);
    head(&mut stream).await?;
    let auth = format!("auth {}\n\n", settings.password.reveal());
    stream.write_all(auth.as_bytes()).await?;
    let accepted = head(&mut stream).await?;
    if !accepted.starts_with("+OK") {
        return Ok(accepted);
    }
    let event = lines.join("\n") + "\n\n";
    stream.write_all(event.as_bytes()).await?;
    head(&mut stream).await
}

/// Reads a head to its empty line. Returns its `Reply-Text`.
async fn head(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut told = String::new();
    for _ in 0..LONGEST_HEAD {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end() {
            "" => return Ok(told),
            line => {
                if let Some(text) = line.strip_prefix("Reply-Text: ") {
                    text.clone_into(&mut told);
                }
            }
        }
    }
    Err(ErrorKind::InvalidData.into())
}
