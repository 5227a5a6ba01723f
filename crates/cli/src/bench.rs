//! `voice-ai bench`: the gateway under a load, as a child process: against a bare echo, and beside a flood of requests.

mod flood;
mod node;

use anyhow::{Context as _, bail};
use node::Node;
use sim::StreamAddress;
use sim::bench::{Figures, Load, Report, ServerProcess, measure, serve_floor};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;
use tempfile::TempDir;
use tokio::process::Command;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Relay many calls at once through the loop-back engine, and through a bare WebSocket echo (the floor).
    ///
    /// Each call sends a frame of 20 ms (mono, 16 kHz, faint noise with a number in it) 50 times a second. A frame is
    /// timed from when it should have been sent to its return, so that a stall counts for every frame that it delays.
    /// The floor is an echo over tokio-tungstenite, the library under the gateway's WebSocket, with the same buffers.
    Calls(Calls),
    /// Measure calls while strangers ask for streams that they do not get.
    ///
    /// The calls are those of `bench calls`, measured three times: with nobody else there; with a flood that the limit of an address
    /// turns away; and with a flood of which every request is looked at and refused. The flood comes from another address
    /// (127.0.0.2) and from a process of its own.
    Flood(flood::Arguments),
    /// The flood itself, until its standard input ends.
    #[command(hide = true)]
    Strangers(flood::Strangers),
    /// The echo itself.
    #[command(hide = true)]
    Floor {
        /// Where it listens.
        #[arg(long)]
        listen: SocketAddr,
    },
}

#[derive(clap::Args)]
struct Calls {
    /// Calls at once.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    calls: u32,
    /// How long they are measured, after 2 s to warm up.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// What is on besides the relay, apart by commas: vad, recording (stereo WAV of every call).
    #[arg(long, value_delimiter = ',', value_name = "WHAT")]
    with: Vec<String>,
    /// The report as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.what {
        What::Calls(calls) => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(calls.run())
        }
        What::Flood(arguments) => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(arguments.run())
        }
        What::Strangers(strangers) => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(strangers.run())
        }
        What::Floor { listen } => {
            // As many threads as the gateway has.
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind(listen).await?;
                serve_floor(listener).await?;
                Ok(ExitCode::SUCCESS)
            })
        }
    }
}

impl Calls {
    async fn run(self) -> anyhow::Result<ExitCode> {
        self.check()?;
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let floor = self.measure_floor(&folder).await.context("the floor")?;
        let gateway = self.measure_gateway(&folder).await.context("the gateway")?;
        let report = Report::new(self.calls as usize, self.seconds, self.with, gateway, floor);
        for warning in &report.warnings {
            eprintln!("voice-ai: {warning}");
        }
        if self.json {
            println!("{}", serde_json::to_string(&report)?);
        } else {
            print(&report);
        }
        Ok(ExitCode::SUCCESS)
    }

    fn check(&self) -> anyhow::Result<()> {
        for what in &self.with {
            match what.as_str() {
                "vad" | "recording" => {}
                other => bail!("--with {other}: not known; vad and recording are"),
            }
        }
        Ok(())
    }

    fn has(&self, what: &str) -> bool {
        self.with.iter().any(|with| with == what)
    }

    async fn measure_floor(&self, folder: &TempDir) -> anyhow::Result<Figures> {
        let address = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bench", "floor", "--listen", &address.to_string()]);
        self.measure(command, address, &folder.path().join("floor.log"))
            .await
    }

    async fn measure_gateway(&self, folder: &TempDir) -> anyhow::Result<Figures> {
        let address = free_address()?;
        let node = Node {
            calls: self.calls,
            vad: self.has("vad"),
            recording: self.has("recording"),
            keys: String::new(),
        };
        let command = node.command(folder.path(), address)?;
        self.measure(command, address, &folder.path().join("gateway.log"))
            .await
    }

    async fn measure(&self, command: Command, address: SocketAddr, log: &Path) -> anyhow::Result<Figures> {
        let server = ServerProcess::start(command, address, log.to_owned()).await?;
        let load = Load {
            calls: self.calls as usize,
            seconds: self.seconds,
        };
        let figures = measure(load, &server, |_| StreamAddress::of_sample_call(address)).await;
        server.stop().await;
        Ok(figures?)
    }
}

/// A port that was free a moment ago: two processes cannot agree upon port 0.
fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?)
}

fn print(report: &Report) {
    println!(
        "{} calls for {} s; times in µs from a frame's intended send time to its return\n",
        report.calls, report.seconds
    );
    println!("{:<34}{:>12}{:>12}{:>9}", "", "gateway", "floor", "ratio");
    let row = |name: &str, of: fn(&Figures) -> f64, digits: usize, ratio: Option<f64>| {
        let ratio = ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"));
        let (gateway, floor) = (of(&report.gateway), of(&report.floor));
        println!("{name:<34}{gateway:>12.digits$}{floor:>12.digits$}{ratio:>9}");
    };
    row("p50", |figures| figures.p50_us as f64, 0, Some(report.ratio.p50));
    row("p90", |figures| figures.p90_us as f64, 0, None);
    row("p99", |figures| figures.p99_us as f64, 0, Some(report.ratio.p99));
    row("max", |figures| figures.max_us as f64, 0, None);
    row("frames lost", |figures| figures.lost as f64, 0, None);
    row("frames sent", |figures| figures.sent as f64, 0, None);
    row(
        "server, % of a core per call",
        |figures| figures.server_core_percent_per_call,
        3,
        Some(report.ratio.cpu),
    );
    row(
        "server, KiB per idle call",
        |figures| figures.server_rss_kib_per_call,
        1,
        None,
    );
    row(
        "server, KiB per busy call",
        |figures| figures.server_rss_kib_per_busy_call,
        1,
        None,
    );
    row(
        "generator late, p50",
        |figures| figures.generator.p50_us as f64,
        0,
        None,
    );
    row(
        "generator late, p99",
        |figures| figures.generator.p99_us as f64,
        0,
        None,
    );
    row(
        "generator, % of a core in all",
        |figures| figures.generator.core_percent,
        1,
        None,
    );
}
