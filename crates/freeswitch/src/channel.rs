//! What FreeSWITCH says of a channel.

use crate::{ContextName, Extension};
use audio::SampleRate;
use secretary::{CallUuid, DomainUuid};
use std::time::Duration;

/// A channel, as FreeSWITCH describes it: facts, where a stream's metadata are claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its UUID.
    pub call: CallUuid,
    /// The tenant, where the dialplan has set `domain_uuid` (FusionPBX always does).
    pub domain: Option<DomainUuid>,
    /// The domain's name, where the dialplan has set `domain_name`.
    pub domain_name: Option<ContextName>,
    /// Who is to answer: `voice_ai_secretary` (a name), or `secretary_uuid` as the published dialplan sets it.
    pub secretary: Option<String>,
    /// The caller's number.
    pub caller_number: Option<String>,
    /// The caller's name.
    pub caller_name: Option<String>,
    /// What was dialled.
    pub destination: Option<String>,
    /// The dialplan context it is in, which a transfer goes to.
    pub context: Option<ContextName>,
    /// Where the call goes when nobody carries it any more: `voice_ai_fallback`.
    pub fallback: Option<Extension>,
    /// The rate of its audio inside FreeSWITCH.
    pub rate: SampleRate,
    /// The length of its packets.
    pub ptime: Duration,
    /// Its codec (`PCMU`, `PCMA`, `opus`, …).
    pub codec: String,
    /// Whether it was answered.
    pub answered: bool,
    /// Whether the dialplan has parked it for us: `voice_ai` is true and park runs.
    pub parked_for_us: bool,
}
