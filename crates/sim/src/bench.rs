//! The measuring of a server's relay: so many calls at once, each frame timed from the moment at which it should have
//! been sent to its return.
//!
//! A frame carries its number in its first samples, so that a server may cut the audio anew. Frames go out in slots of
//! half a millisecond by a timer of the kernel, because a late generator would hide what it is to measure; how late it
//! was is measured too.

mod flood;
mod floor;
mod frame;
mod generator;
mod pace;
mod process;
mod report;

pub use flood::{Flood, Tally};
pub use floor::serve as serve_floor;
pub use generator::{Load, LoadError};
pub use process::{ServerError, ServerProcess};
pub use report::{Figures, Lateness, Ratio, Report};

use crate::address::StreamAddress;
use generator::Generator;
use tokio::task::LocalSet;

/// Puts a load upon a running server, from one thread. `stream` gives each call its address.
pub async fn measure(
    load: Load,
    server: &ServerProcess,
    stream: impl Fn(usize) -> StreamAddress,
) -> Result<Figures, LoadError> {
    LocalSet::new()
        .run_until(measure_locally(load, server, stream))
        .await
}

async fn measure_locally(
    load: Load,
    server: &ServerProcess,
    stream: impl Fn(usize) -> StreamAddress,
) -> Result<Figures, LoadError> {
    // What a server sets up with its first call belongs to no call.
    Generator::connect(1, &stream).await?.hang_up().await;
    let before = server.resident_kib()?;
    let generator = Generator::connect(load.calls, &stream).await?;
    generator.stay_idle().await;
    let idle = server.resident_kib()?;
    let measured = generator.run(load, server).await?;
    let busy = server.resident_kib()?;
    let per_call = |kib: u64| kib.saturating_sub(before) as f64 / load.calls as f64;
    Ok(measured.figures(load, per_call(idle), per_call(busy)))
}
