//! `uuid_audio_stream`: the open audio modules.

use super::exchange::Exchange;

impl Exchange {
    pub(super) fn audio_stream(&self, _: &str) -> String {
        "-ERR uuid_audio_stream Command not found!\n".to_owned()
    }
}
