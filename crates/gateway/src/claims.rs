//! What a stream's address claims (this call, of this domain), held against what the FreeSWITCHes say.
//!
//! Requests for the same call share one look-up. Its answer is kept as long as a request may last; a failure is kept for nobody.

use crate::config::Verify;
use crate::pbx::Line;
use crate::switches::Switches;
use freeswitch::CommandError;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use secretary::{CallUuid, DomainUuid};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A look-up may last so long: amigniter's module gives a stream up after a second (measured on ec2a781).
const LIMIT: Duration = Duration::from_millis(700);
/// How long it is known that nobody has a call. Whoever mends a dialplan need not wait for long.
const NOBODY: Duration = Duration::from_secs(1);
/// At most so many answers are kept, or waited for.
const KEPT: usize = 4_096;

/// Why a claim is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClaimError {
    /// FreeSWITCH says otherwise. Which of the reasons it was is for the log: a stranger must not learn which calls there are.
    #[error("call {call} is no channel of domain {domain} on a FreeSWITCH of this node")]
    Untrue {
        /// The call.
        call: CallUuid,
        /// The domain that was named.
        domain: DomainUuid,
        /// What is not true.
        reason: Untruth,
    },
    /// FreeSWITCH could not be asked.
    #[error("the call could not be verified: FreeSWITCH did not answer")]
    Unverified {
        /// Why, for the log.
        reason: String,
    },
}

/// What is not true of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Untruth {
    /// No configured FreeSWITCH has such a channel.
    #[error("no FreeSWITCH has that channel")]
    NoSuchCall,
    /// The channel is another tenant's.
    #[error("the channel's domain_uuid is {0}")]
    OtherDomain(DomainUuid),
    /// The channel is nobody's.
    #[error(
        "the channel has no variable domain_uuid; set it in the dialplan before the stream begins, or set server.verify = \"channel\""
    )]
    NoDomain,
}

/// What the FreeSWITCHes said.
#[derive(Clone)]
enum Answer {
    Found(Arc<Line>),
    Nobody,
    Failed(CommandError),
    Late,
}

/// A look-up that runs or has run. It is a task of its own, so that no request that goes away stops it for the others.
type LookUp = Shared<BoxFuture<'static, Answer>>;

struct Asked {
    look_up: LookUp,
    at: Instant,
}

impl Asked {
    /// Whether another request may have its answer.
    fn holds(&self, kept: Duration, now: Instant) -> bool {
        let age = now.duration_since(self.at);
        match self.look_up.peek() {
            None => true,
            Some(Answer::Found(_)) => age < kept,
            Some(Answer::Nobody) => age < NOBODY,
            Some(Answer::Failed(_) | Answer::Late) => false,
        }
    }
}

/// The claims of streams' addresses.
pub(crate) struct Claims {
    switches: Switches,
    verify: Verify,
    kept: Duration,
    asked: Mutex<HashMap<CallUuid, Asked>>,
}

impl Claims {
    /// Asks these; an answer holds as long as a request may last.
    pub(crate) fn new(switches: Switches, verify: Verify, kept: Duration) -> Self {
        Self {
            switches,
            verify,
            kept,
            asked: Mutex::default(),
        }
    }

    /// The channel that the claim is true of. None where nobody can be asked, or need be and can.
    pub(crate) async fn check(&self, domain: DomainUuid, call: CallUuid) -> Result<Option<Line>, ClaimError> {
        if self.switches.all().is_empty() {
            return Ok(None);
        }
        let told = self.line(call).await;
        match self.verify {
            Verify::Domain | Verify::Channel => {
                let line = told?.ok_or(Untruth::NoSuchCall);
                line.and_then(|line| self.of_domain(line, domain))
                    .map(Some)
                    .map_err(|reason| ClaimError::Untrue { call, domain, reason })
            }
            // A channel of another domain's is not given into this one's hands, whatever is believed.
            Verify::Nothing => {
                let line = told.ok().flatten();
                Ok(line.filter(|line| line.channel.domain.is_none_or(|of| of == domain)))
            }
        }
    }

    fn of_domain(&self, line: Line, domain: DomainUuid) -> Result<Line, Untruth> {
        match line.channel.domain {
            Some(of) if of == domain => Ok(line),
            Some(other) => Err(Untruth::OtherDomain(other)),
            None if self.verify == Verify::Channel => Ok(line),
            None => Err(Untruth::NoDomain),
        }
    }

    async fn line(&self, call: CallUuid) -> Result<Option<Line>, ClaimError> {
        let unverified = |reason: String| ClaimError::Unverified { reason };
        let Some(look_up) = self.look_up(call, Instant::now()) else {
            return Err(unverified(format!("{KEPT} calls are being looked up")));
        };
        match look_up.await {
            Answer::Found(line) => Ok(Some(Line::clone(&line))),
            Answer::Nobody => Ok(None),
            Answer::Failed(error) => Err(unverified(error.to_string())),
            Answer::Late => Err(unverified(format!(
                "it did not say within {} ms which channel that is",
                LIMIT.as_millis()
            ))),
        }
    }

    /// The look-up of this call that runs or still holds, else a new one. None if too many are under way.
    fn look_up(&self, call: CallUuid, now: Instant) -> Option<LookUp> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = asked.get(&call).filter(|known| known.holds(self.kept, now)) {
            return Some(known.look_up.clone());
        }
        if asked.len() >= KEPT {
            asked.retain(|_, known| known.holds(self.kept, now));
        }
        if asked.len() >= KEPT {
            return None;
        }
        let look_up = ask(self.switches.clone(), call);
        let entry = Asked {
            look_up: look_up.clone(),
            at: now,
        };
        asked.insert(call, entry);
        Some(look_up)
    }
}

fn ask(switches: Switches, call: CallUuid) -> LookUp {
    let task = tokio::spawn(async move {
        match tokio::time::timeout(LIMIT, switches.line(call)).await {
            Ok(Ok(Some(line))) => Answer::Found(Arc::new(line)),
            Ok(Ok(None)) => Answer::Nobody,
            Ok(Err(error)) => Answer::Failed(error),
            Err(_) => Answer::Late,
        }
    });
    // A panic there is ours, and nothing was learned.
    task.map(|answer| answer.unwrap_or(Answer::Late)).boxed().shared()
}
