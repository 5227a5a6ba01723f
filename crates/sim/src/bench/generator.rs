//! Many calls from one thread: one task sends for all of them, slot by slot, and one task a call reads what returns.

use super::floor::small_buffers;
use super::frame::{Frame, Returns};
use super::pace::{Pace, SLOTS_A_FRAME};
use super::process::{self, ServerError, ServerProcess};
use super::report::{Figures, Lateness};
use crate::address::StreamAddress;
use crate::dial::{DialError, upgrade_with};
use crate::module::Module;
use crate::wire::Metadata;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{FutureExt, SinkExt, StreamExt};
use hdrhistogram::Histogram;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Bytes, Message};

/// Before anything is measured.
const WARM_UP: Duration = Duration::from_secs(2);
/// Idle calls have so long to settle before memory is read.
const SETTLE: Duration = Duration::from_secs(1);
/// After the last frame was sent, a frame that has not returned is lost.
const LAST_RETURN: Duration = Duration::from_secs(1);
const FRAMES_A_SECOND: u64 = 50;

/// How much, and how long.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Calls at once.
    pub calls: usize,
    /// How long they are measured.
    pub seconds: u64,
}

/// Why there is no measurement.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A call could not be made.
    #[error("call {number} of the load: {source}")]
    Dial {
        /// Which, from 1.
        number: usize,
        /// Why.
        source: DialError,
    },
    /// The server cannot be observed.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The generator's clock cannot be made.
    #[error("cannot start the generator's clock: {0}")]
    Clock(#[from] io::Error),
    /// The histogram refuses.
    #[error("cannot count: {0}")]
    Count(#[from] hdrhistogram::CreationError),
}

type Socket = WebSocketStream<TcpStream>;

/// The calls of a load, connected.
pub(super) struct Generator {
    sockets: Vec<Socket>,
}

impl Generator {
    pub(super) async fn connect(
        calls: usize,
        stream: impl Fn(usize) -> StreamAddress,
    ) -> Result<Self, LoadError> {
        let mut sockets = Vec::with_capacity(calls);
        for index in 0..calls {
            let dialled = call(&stream(index)).await;
            sockets.push(dialled.map_err(|source| LoadError::Dial {
                number: index + 1,
                source,
            })?);
        }
        Ok(Self { sockets })
    }

    pub(super) async fn hang_up(self) {
        for mut socket in self.sockets {
            // A server that is gone need not be told.
            let _ = socket.close(None).await;
        }
    }

    pub(super) async fn stay_idle(&self) {
        sleep(SETTLE).await;
    }

    pub(super) async fn run(self, load: Load, server: &ServerProcess) -> Result<Measured, LoadError> {
        let warm_up = WARM_UP.as_secs() * FRAMES_A_SECOND;
        let frames = load.seconds * FRAMES_A_SECOND;
        let pace = Rc::new(Pace::start()?);
        let counted = Rc::new(RefCell::new(Counted::new(warm_up..warm_up + frames)?));
        let mut sinks = Vec::with_capacity(self.sockets.len());
        let mut readers = Vec::with_capacity(self.sockets.len());
        for (index, socket) in self.sockets.into_iter().enumerate() {
            let (sink, stream) = socket.split();
            sinks.push(sink);
            let first_slot = first_slot(index, load.calls);
            readers.push(spawn_local(read(
                stream,
                first_slot,
                pace.clone(),
                counted.clone(),
            )));
        }
        let cost = send(&mut sinks, load, warm_up, &pace, &counted, server).await?;
        sleep(LAST_RETURN).await;
        readers.iter().for_each(JoinHandle::abort);
        for reader in readers {
            // Aborted above; what it counted is in `counted`.
            let _ = reader.await;
        }
        let counted = counted.replace(Counted::new(0..0)?);
        Ok(Measured {
            counted,
            cost,
            sent: frames * load.calls as u64,
        })
    }
}

async fn call(address: &StreamAddress) -> Result<Socket, DialError> {
    let not_there = |source| DialError::NotThere {
        address: address.shown(),
        authority: address.authority(),
        source,
    };
    let stream = TcpStream::connect(address.socket()).await.map_err(not_there)?;
    stream.set_nodelay(true).map_err(not_there)?;
    let mut socket = upgrade_with(stream, address, Module::Plain, small_buffers()).await?;
    let metadata = Metadata {
        leg: Some("raw".to_owned()),
        rate: Some(16_000),
        mix: Some("mono".to_owned()),
        ..Metadata::default()
    };
    let metadata = serde_json::to_string(&metadata).unwrap_or_default();
    socket
        .send(Message::text(metadata))
        .await
        .map_err(|error| not_there(io::Error::other(error)))?;
    Ok(socket)
}

/// Calls are spread evenly over the 20 ms of a frame.
fn first_slot(call: usize, calls: usize) -> u64 {
    call as u64 * SLOTS_A_FRAME / calls as u64
}

/// What the load cost while it was measured.
struct Cost {
    seconds: f64,
    server: f64,
    generator: f64,
}

async fn send(
    sinks: &mut [SplitSink<Socket, Message>],
    load: Load,
    warm_up: u64,
    pace: &Pace,
    counted: &RefCell<Counted>,
    server: &ServerProcess,
) -> Result<Cost, LoadError> {
    let usage = || {
        Ok::<_, ServerError>((
            Instant::now(),
            server.core_seconds()?,
            process::core_seconds("self")?,
        ))
    };
    let last_slot = (warm_up + load.seconds * FRAMES_A_SECOND) * SLOTS_A_FRAME;
    let mut frame = Frame::new();
    let mut next = 0;
    let mut begun = None;
    while next < last_slot {
        let due = pace.tick().await.min(last_slot - 1);
        while next <= due {
            let (number, place) = (next / SLOTS_A_FRAME, next % SLOTS_A_FRAME);
            if number == warm_up && begun.is_none() {
                begun = Some(usage()?);
            }
            let in_slot = calls_in(place, load.calls);
            if !in_slot.is_empty() {
                send_slot(
                    &mut sinks[in_slot],
                    frame.numbered(number as u32),
                    pace.time_of(next),
                    number,
                    counted,
                );
            }
            next += 1;
        }
    }
    let (from, to) = (begun.map_or_else(usage, Ok)?, usage()?);
    let seconds = (to.0 - from.0).as_secs_f64().max(f64::EPSILON);
    Ok(Cost {
        seconds,
        server: to.1 - from.1,
        generator: to.2 - from.2,
    })
}

/// The calls whose frames go out at this place within the 20 ms.
fn calls_in(place: u64, calls: usize) -> std::ops::Range<usize> {
    let first_at = |place: u64| (place * calls as u64).div_ceil(SLOTS_A_FRAME) as usize;
    first_at(place)..first_at(place + 1)
}

fn send_slot(
    sinks: &mut [SplitSink<Socket, Message>],
    bytes: &[u8],
    intended: Instant,
    number: u64,
    counted: &RefCell<Counted>,
) {
    let bytes = Bytes::copy_from_slice(bytes);
    for sink in sinks {
        // A connection that takes nothing must not hold up the others: its frame is late when it waits in the buffer,
        // and lost when that is full or the connection gone; both are counted.
        let _ = sink.send(Message::Binary(bytes.clone())).now_or_never();
        counted.borrow_mut().sent(number, intended.elapsed());
    }
}

async fn read(
    mut stream: SplitStream<Socket>,
    first_slot: u64,
    pace: Rc<Pace>,
    counted: Rc<RefCell<Counted>>,
) {
    let mut returns = Returns::default();
    let mut newest = None;
    while let Some(Ok(message)) = stream.next().await {
        let Message::Binary(bytes) = message else { continue };
        let now = Instant::now();
        returns.take(&bytes, |number| {
            // A frame that comes twice is counted once.
            if newest.is_none_or(|newest| number > newest) {
                newest = Some(number);
                let number = u64::from(number);
                let intended = pace.time_of(first_slot + number * SLOTS_A_FRAME);
                counted
                    .borrow_mut()
                    .returned(number, now.saturating_duration_since(intended));
            }
        });
    }
}

/// The frames that count, and their times.
struct Counted {
    frames: std::ops::Range<u64>,
    returned: Histogram<u64>,
    late: Histogram<u64>,
}

impl Counted {
    fn new(frames: std::ops::Range<u64>) -> Result<Self, hdrhistogram::CreationError> {
        // To a minute in µs, with three digits.
        let histogram = || Histogram::new_with_bounds(1, 60_000_000, 3);
        Ok(Self {
            frames,
            returned: histogram()?,
            late: histogram()?,
        })
    }

    fn sent(&mut self, number: u64, late: Duration) {
        if self.frames.contains(&number) {
            self.late.saturating_record(late.as_micros() as u64);
        }
    }

    fn returned(&mut self, number: u64, after: Duration) {
        if self.frames.contains(&number) {
            self.returned.saturating_record(after.as_micros() as u64);
        }
    }
}

/// The raw result of a load.
pub(super) struct Measured {
    counted: Counted,
    cost: Cost,
    sent: u64,
}

impl Measured {
    pub(super) fn figures(self, load: Load, idle_kib: f64, busy_kib: f64) -> Figures {
        let Self {
            counted: Counted { returned, late, .. },
            cost,
            sent,
        } = self;
        let percent = |core_seconds: f64| core_seconds / cost.seconds * 100.0;
        let thousandths = |value: f64| (value * 1000.0).round() / 1000.0;
        Figures {
            p50_us: returned.value_at_quantile(0.5),
            p90_us: returned.value_at_quantile(0.9),
            p99_us: returned.value_at_quantile(0.99),
            max_us: returned.max(),
            sent,
            lost: sent.saturating_sub(returned.len()),
            server_core_percent_per_call: thousandths(percent(cost.server) / load.calls as f64),
            server_rss_kib_per_call: thousandths(idle_kib),
            server_rss_kib_per_busy_call: thousandths(busy_kib),
            generator: Lateness {
                p50_us: late.value_at_quantile(0.5),
                p99_us: late.value_at_quantile(0.99),
                max_us: late.max(),
                core_percent: thousandths(percent(cost.generator)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_has_one_place_in_a_frame() {
        for calls in [1, 7, 40, 41, 500] {
            let mut places = vec![Vec::new(); calls];
            for place in 0..SLOTS_A_FRAME {
                for call in calls_in(place, calls) {
                    places[call].push(place);
                }
            }
            for (call, places) in places.iter().enumerate() {
                assert_eq!(places, &[first_slot(call, calls)], "call {call} of {calls}");
            }
        }
    }
}
