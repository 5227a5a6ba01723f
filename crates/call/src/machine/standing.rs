//! What a call is doing, for whoever looks at it from outside.

use super::Call;
use crate::ending::{Departure, Stage};

/// What a call is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<'a> {
    /// The leg or the engine is not there yet.
    Opening,
    /// The secretary has the caller.
    Talking,
    /// The caller waits with music.
    OnHold,
    /// The PBX hands the call over, and has not told what became of it.
    Transferring {
        /// The destination's name.
        destination: &'a str,
    },
    /// The last words are said.
    Leaving,
    /// The call is over.
    Over,
}

impl Call {
    /// What the call is doing now.
    pub fn standing(&self) -> Standing<'_> {
        match &self.stage {
            Stage::Opening => Standing::Opening,
            Stage::Talking => match &self.departure {
                Departure::Transferring(transfer) => Standing::Transferring {
                    destination: &transfer.destination,
                },
                _ if self.is_held() => Standing::OnHold,
                _ => Standing::Talking,
            },
            Stage::LastWords { .. } => Standing::Leaving,
            Stage::PutThrough(transfer) => Standing::Transferring {
                destination: &transfer.destination,
            },
            Stage::HandingOver { destination, .. } => Standing::Transferring { destination },
            Stage::Over => Standing::Over,
        }
    }
}
