//! What a call leaves as files: its sound (a stereo WAV, left the caller, right the secretary as heard) and its event log, from which
//! it can be fed into the state machine again.
#![forbid(unsafe_code)]
