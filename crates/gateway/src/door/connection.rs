//! A connection that goes on in another runtime than it began in.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::{Handle, Id};

/// A TCP connection that belongs to the runtime in which it was accepted, until it is first used in another one: then to that.
pub(crate) struct Connection {
    /// None if it could not be moved.
    stream: Option<TcpStream>,
    /// Where it was accepted; none once it has moved.
    door: Option<Id>,
}

impl Connection {
    /// One that was accepted in the present runtime.
    pub(crate) fn accepted(stream: TcpStream) -> Self {
        Self {
            stream: Some(stream),
            door: Some(Handle::current().id()),
        }
    }

    /// The stream, in the present runtime.
    fn here(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        if self.door.is_some_and(|door| door != Handle::current().id()) {
            self.door = None;
            let stream = self.stream.take().map(TcpStream::into_std).transpose()?;
            self.stream = stream.map(TcpStream::from_std).transpose()?;
        }
        let stream = self.stream.as_mut().map(Pin::new);
        stream.ok_or_else(|| io::Error::other("the connection could not be moved to its call"))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.here()?.poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.here()?.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.here()?.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.here()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.here()?.poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::runtime::{Builder, Runtime};

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_all().build().unwrap()
    }

    #[test]
    fn a_connection_lives_on_where_it_is_used_when_its_first_runtime_is_gone() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (door, calls) = (runtime(), runtime());
        let (mut connection, mut other) = door.block_on(async {
            let other = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (accepted, _) = listener.accept().unwrap();
            accepted.set_nonblocking(true).unwrap();
            let mut connection = Connection::accepted(TcpStream::from_std(accepted).unwrap());
            connection.write_all(b"before").await.unwrap();
            (connection, other.into_std().unwrap())
        });
        drop(door);
        other.set_nonblocking(false).unwrap();
        let talk = async {
            let mut said = [0; 5];
            // It waits first, so that it must be woken here.
            let (read, ()) = tokio::join!(connection.read_exact(&mut said), async {
                tokio::task::yield_now().await;
                std::io::Write::write_all(&mut other, b"after").unwrap();
            });
            read.unwrap();
            assert_eq!(&said, b"after");
            connection.write_all(b"and back").await.unwrap();
        };
        calls
            .block_on(async { tokio::time::timeout(Duration::from_secs(10), talk).await })
            .unwrap();
        let mut heard = [0; 14];
        std::io::Read::read_exact(&mut other, &mut heard).unwrap();
        assert_eq!(&heard, b"beforeand back");
    }
}
