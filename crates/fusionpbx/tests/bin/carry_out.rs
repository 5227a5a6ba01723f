//! A command that holds a journal and may die at any point. Tests start it, with an order as JSON.

#[path = "../it/journal/order.rs"]
mod order;
#[path = "../it/journal/stand_in.rs"]
mod stand_in;

use fusionpbx::journal::{Journal, JournalError, Point, Watch, Which};
use fusionpbx::{Host, Text};
use order::{Deed, End, Order};
use stand_in::StandIn;
use std::io::Read as _;
use std::process::{Command, ExitCode};
use std::time::Duration;

struct Fate {
    end: End,
    passed: usize,
}

impl Watch for Fate {
    fn told(&mut self, _text: &Text) {}

    fn passes(&mut self, point: Point) {
        self.passed += 1;
        match (self.end, point) {
            (End::DiesAt(number), _) if number == self.passed => die(),
            (End::DiesBeforeCommit, Point::Committing) | (End::DiesAfterCommit, Point::Committed) => die(),
            (End::Holds, Point::Kept) => hold(),
            _ => {}
        }
    }
}

fn hold() {
    println!("holds");
    let _ = std::io::stdin().read_to_string(&mut String::new());
}

/// Nothing of ours runs after this.
fn die() {
    let _ = Command::new("kill")
        .arg("-KILL")
        .arg(std::process::id().to_string())
        .status();
    loop {
        std::thread::park();
    }
}

async fn obey(order: Order) -> Result<(), JournalError> {
    let host = Host::new(order.root);
    let outside = StandIn::new(host.clone(), &order.url);
    let mut fate = Fate {
        end: order.end,
        passed: 0,
    };
    let (mut journal, _) =
        Journal::open(&host, "voice-ai setup", Duration::ZERO, &outside, &mut fate).await?;
    match order.deed {
        Deed::Open => {}
        Deed::CarryOut(changes) => {
            journal.carry_out("setup", changes, &outside, &mut fate).await?;
        }
        Deed::Undo => {
            journal.undo(&Which::Last, &outside, &mut fate).await?;
        }
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let order = std::env::args()
        .nth(1)
        .and_then(|order| serde_json::from_str(&order).ok());
    let Some(order) = order else {
        eprintln!("an order is wanted, as JSON");
        return ExitCode::from(2);
    };
    match obey(order).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
