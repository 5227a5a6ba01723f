//! A log of each format stays readable for ever. These files are never changed: a new format gets new ones.

use recording::{Log, Scribe, Tail, Verdict, replay};
use secretary::Privacy;
use std::time::Instant;

const FORMAT_1: [&str; 2] = [
    include_str!("../data/format-1.jsonl"),
    include_str!("../data/format-1-handed-over.jsonl"),
];

#[test]
fn format_1_is_read_and_replays() {
    for text in FORMAT_1 {
        let log = Log::parse(text).unwrap();
        assert_eq!((log.header.format, log.tail), (1, Tail::Whole));
        assert_eq!(replay(&log).verdict, Verdict::Same);
    }
}

#[test]
fn a_field_that_a_later_build_adds_does_no_harm() {
    for text in FORMAT_1 {
        let text = text
            .replace(r#"{"format":1,"#, r#"{"format":1,"later":{"a":[1]},"#)
            .replace(r#"{"at":"#, r#"{"later":true,"at":"#)
            .replace(r#""is_final":true"#, r#""is_final":true,"later":0.5"#);
        let log = Log::parse(&text).unwrap();
        assert_eq!(replay(&log).verdict, Verdict::Same);
    }
}

#[test]
fn what_is_written_now_is_what_the_latest_files_have() {
    for text in FORMAT_1 {
        let log = Log::parse(text).unwrap();
        let privacy = Privacy {
            transcript: true,
            ..Privacy::default()
        };
        let (_, first) = Scribe::begin(log.header, &privacy, &[], Instant::now());
        assert_eq!(
            Some(first.trim_end()),
            text.lines().next(),
            "a changed header needs a thought about the format"
        );
        for (numbered, line) in log.lines.iter().zip(text.lines().skip(1)) {
            let written = serde_json::to_string(&numbered.line).unwrap();
            assert_eq!(written, line, "so does a changed line");
        }
    }
}
