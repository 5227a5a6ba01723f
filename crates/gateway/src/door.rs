//! Where streams come in: a thread of its own, so that a flood of requests waits for that and not the calls. Each connection is
//! accepted, encrypted, read and answered here; one that becomes a call leaves for the runtime of the calls ([`Connection`]).

mod connection;

pub(crate) use connection::Connection;

use crate::listen::{Answer, Terms, listen};
use std::io;
use std::sync::Arc;
use std::thread;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;
use tracing::Dispatch;

/// Lets connections in until `closed`, or until the present runtime ends.
pub(crate) fn open<A: Answer>(
    listener: TcpListener,
    terms: Terms,
    site: Arc<A>,
    closed: CancellationToken,
) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let listener = {
        let listener = listener.into_std()?;
        let _here = runtime.enter();
        TcpListener::from_std(listener)?
    };
    let gone = CancellationToken::new();
    let guard = gone.clone().drop_guard();
    tokio::spawn(async move {
        closed.cancelled().await;
        drop(guard);
    });
    let log = tracing::dispatcher::get_default(Dispatch::clone);
    thread::Builder::new().name("door".into()).spawn(move || {
        let _log = tracing::dispatcher::set_default(&log);
        runtime.block_on(listen(listener, terms, site, gone));
        // A look-up may still wait for its answer; nobody asks for that any more.
        runtime.shutdown_background();
    })?;
    Ok(())
}
