//! A log of each format stays readable for ever. These files are never changed: a new format gets new ones.

use recording::{FORMAT, Log, Scribe, Tail, Verdict, replay};
use secretary::Privacy;
use std::time::Instant;

const FORMAT_1: [&str; 2] = [
    include_str!("../data/format-1.jsonl"),
    include_str!("../data/format-1-handed-over.jsonl"),
];

const FORMAT_2: [&str; 1] = [include_str!("../data/format-2-transfers.jsonl")];

const FORMAT_3: [&str; 1] = [include_str!("../data/format-3-operator.jsonl")];

/// Every log there is, with its format.
fn every() -> impl Iterator<Item = (u32, &'static str)> {
    let first = FORMAT_1.into_iter().map(|text| (1, text));
    let second = FORMAT_2.into_iter().map(|text| (2, text));
    let third = FORMAT_3.into_iter().map(|text| (3, text));
    first.chain(second).chain(third)
}

#[test]
fn every_format_is_read_and_replays() {
    for (format, text) in every() {
        let log = Log::parse(text).unwrap();
        assert_eq!((log.header.format, log.tail), (format, Tail::Whole));
        assert_eq!(replay(&log).verdict, Verdict::Same);
    }
    assert_eq!(every().last().map(|(format, _)| format), Some(FORMAT));
}

#[test]
fn a_field_that_a_later_build_adds_does_no_harm() {
    for (format, text) in every() {
        let header = format!(r#"{{"format":{format},"#);
        let text = text
            .replace(&header, &format!(r#"{header}"later":{{"a":[1]}},"#))
            .replace(r#"{"at":"#, r#"{"later":true,"at":"#)
            .replace(r#""is_final":true"#, r#""is_final":true,"later":0.5"#);
        let log = Log::parse(&text).unwrap();
        assert_eq!(replay(&log).verdict, Verdict::Same);
    }
}

#[test]
fn what_is_written_now_is_what_the_latest_files_have() {
    for (_, text) in every() {
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
