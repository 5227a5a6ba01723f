//! `uuid_record`.

use super::channel::Channel;
use super::exchange::Exchange;
use std::time::Instant;

impl Exchange {
    /// `uuid_record <uuid> start|stop <path>`: a file of silence, as long as the recording.
    pub(super) fn record(&self, channel: &Channel, rest: &str) -> String {
        let (what, path) = rest.split_once(' ').unwrap_or((rest, ""));
        let path = path.split(' ').next().unwrap_or_default();
        match what {
            "start" => {
                // A file that cannot be written is no failure to FreeSWITCH (measured).
                write_silence(path, 0, channel);
                let begun = (path.to_owned(), Instant::now());
                channel.state().recordings.push(begun);
                self.tell_with(channel, "RECORD_START", &[("Record-File-Path", path)]);
            }
            "stop" if !self.stop_recordings(channel, |known| path == "all" || known == path) => {
                return "-ERR Cannot stop record session!\n".to_owned();
            }
            _ => {}
        }
        "+OK Success\n".to_owned()
    }

    /// Ends the recordings that are meant. False where there is none.
    pub(super) fn stop_recordings(&self, channel: &Channel, meant: impl Fn(&str) -> bool) -> bool {
        let ended: Vec<_> = {
            let mut state = channel.state();
            let all = std::mem::take(&mut state.recordings);
            let (ended, kept) = all.into_iter().partition(|(path, _)| meant(path));
            state.recordings = kept;
            ended
        };
        for (path, begun) in &ended {
            write_silence(path, channel.codec.rate.samples_in(begun.elapsed()), channel);
            self.tell_with(channel, "RECORD_STOP", &[("Record-File-Path", path)]);
        }
        !ended.is_empty()
    }
}

fn write_silence(path: &str, samples: u64, channel: &Channel) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: channel.codec.rate.hz(),
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let Ok(mut writer) = hound::WavWriter::create(path, spec) else {
        return;
    };
    for _ in 0..samples {
        let _ = writer.write_sample(0_i16);
    }
    let _ = writer.finalize();
}
