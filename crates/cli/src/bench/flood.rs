//! `voice-ai bench flood`: what live calls notice of strangers who ask for streams and are refused.

use super::free_address;
use super::node::Node;
use anyhow::{Context as _, bail};
use serde::Serialize;
use sim::StreamAddress;
use sim::bench::{Figures, Flood, Load, ServerProcess, Tally, measure};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{ExitCode, Stdio};
use tokio::process::{Child, Command};

/// Another address of this machine than that of the calls.
const STRANGERS: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// A stream of a domain that no node has.
const NOWHERE: &str = "/stream/99999999-2222-4333-8444-555555555555/aaaaaaaa-bbbb-4ccc-8ddd-000000000001";

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Calls at once.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    calls: u32,
    /// How long they are measured each time, after 2 s to warm up.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Requests of the flood in a second.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    per_second: u32,
    /// The report as one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub(super) struct Strangers {
    /// Where the server is.
    #[arg(long)]
    at: SocketAddr,
    /// Requests in a second.
    #[arg(long)]
    per_second: u32,
}

/// The calls beside a flood, and what came of that.
#[derive(Serialize)]
struct Flooded {
    #[serde(flatten)]
    figures: Figures,
    flood: Tally,
}

#[derive(Serialize)]
struct Report {
    calls: u32,
    seconds: u64,
    per_second: u32,
    /// Nobody else is there.
    alone: Figures,
    /// An address has its limit, as delivered.
    turned_away: Flooded,
    /// An address has no limit to speak of, so that every request is read and refused for what it says.
    looked_at: Flooded,
}

impl Strangers {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let flood = Flood {
            from: STRANGERS,
            to: self.at,
            path: NOWHERE.to_owned(),
            per_second: self.per_second,
        };
        let end = async {
            // It ends when whoever started it closes this, or is gone.
            let _ =
                tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()))
                    .await;
        };
        let tally = flood.until(end).await;
        println!("{}", serde_json::to_string(&tally)?);
        Ok(ExitCode::SUCCESS)
    }
}

impl Arguments {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let limited = String::new();
        let unlimited = "address_requests_per_second = 100000".to_owned();
        let (alone, _) = self.measure(&limited, 0).await.context("without a flood")?;
        let turned_away = self.flooded(&limited).await.context("turned away")?;
        let looked_at = self.flooded(&unlimited).await.context("looked at")?;
        let report = Report {
            calls: self.calls,
            seconds: self.seconds,
            per_second: self.per_second,
            alone,
            turned_away,
            looked_at,
        };
        if self.json {
            println!("{}", serde_json::to_string(&report)?);
        } else {
            print(&report);
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn flooded(&self, keys: &str) -> anyhow::Result<Flooded> {
        let (figures, flood) = self.measure(keys, self.per_second).await?;
        let flood = flood.context("there was no flood")?;
        if flood.answers.keys().any(|status| ![403, 429].contains(status)) {
            bail!("the flood was not refused: {:?}", flood.answers);
        }
        Ok(Flooded { figures, flood })
    }

    async fn measure(&self, keys: &str, per_second: u32) -> anyhow::Result<(Figures, Option<Tally>)> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let address = free_address()?;
        let node = Node {
            calls: self.calls,
            vad: false,
            recording: false,
            keys: keys.to_owned(),
        };
        let command = node.command(folder.path(), address)?;
        let server = ServerProcess::start(command, address, folder.path().join("gateway.log")).await?;
        let strangers = match per_second {
            0 => None,
            _ => Some(strangers(address, per_second)?),
        };
        let load = Load {
            calls: self.calls as usize,
            seconds: self.seconds,
        };
        let figures = measure(load, &server, |_| StreamAddress::of_sample_call(address)).await;
        let tally = match strangers {
            None => None,
            // Its standard input ends here.
            Some(strangers) => {
                let output = strangers.wait_with_output().await?;
                Some(serde_json::from_slice(&output.stdout).context("the flood told nothing")?)
            }
        };
        server.stop().await;
        Ok((figures?, tally))
    }
}

fn strangers(address: SocketAddr, per_second: u32) -> anyhow::Result<Child> {
    let child = Command::new(std::env::current_exe()?)
        .args(["bench", "strangers", "--at", &address.to_string(), "--per-second"])
        .arg(per_second.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    Ok(child)
}

fn print(report: &Report) {
    println!(
        "{} calls for {} s beside {} refused requests a second; times in µs from a frame's intended send time to its return\n",
        report.calls, report.seconds, report.per_second
    );
    println!(
        "{:<34}{:>12}{:>14}{:>12}",
        "", "alone", "turned away", "looked at"
    );
    let (away, looked) = (&report.turned_away, &report.looked_at);
    let row = |name: &str, of: fn(&Figures) -> f64, digits: usize| {
        let (alone, away, looked) = (of(&report.alone), of(&away.figures), of(&looked.figures));
        println!("{name:<34}{alone:>12.digits$}{away:>14.digits$}{looked:>12.digits$}");
    };
    row("p50", |figures| figures.p50_us as f64, 0);
    row("p90", |figures| figures.p90_us as f64, 0);
    row("p99", |figures| figures.p99_us as f64, 0);
    row("max", |figures| figures.max_us as f64, 0);
    row("frames lost", |figures| figures.lost as f64, 0);
    row("frames sent", |figures| figures.sent as f64, 0);
    row(
        "server, % of a core per call",
        |figures| figures.server_core_percent_per_call,
        3,
    );
    row(
        "generator late, p99",
        |figures| figures.generator.p99_us as f64,
        0,
    );
    let strangers = |name: &str, of: fn(&Tally) -> f64| {
        println!(
            "{name:<34}{:>12}{:>14.0}{:>12.0}",
            "",
            of(&away.flood),
            of(&looked.flood)
        );
    };
    strangers("refused a second", Tally::per_second);
    strangers("of them 429", |tally| {
        tally.answers.get(&429).copied().unwrap_or_default() as f64
    });
    strangers("of them 403", |tally| {
        tally.answers.get(&403).copied().unwrap_or_default() as f64
    });
    strangers("without an answer", |tally| {
        (tally.unanswered + tally.unsent) as f64
    });
}
