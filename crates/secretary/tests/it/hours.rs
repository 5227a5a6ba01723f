//! When somebody is there, and how that is said.

use jiff::Timestamp;
use secretary::{Hours, HoursError, Language, Opening, Week, spoken_opening};

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Monday to Friday with a lunch break, Saturday in the morning.
fn office(timezone: &str) -> Hours {
    Hours {
        timezone: timezone.into(),
        week: Week {
            weekdays: texts(&["14:00-18:00", "08:30-12:00"]),
            saturday: Some(texts(&["09:00-12:00"])),
            ..Week::default()
        },
        holidays: texts(&["12-25", "01-01", "2026-12-24"]),
    }
}

fn at(hours: &Hours, now: &str) -> String {
    let now: Timestamp = now.parse().unwrap();
    match hours.calendar().unwrap().opening(now) {
        Opening::Open => "open".into(),
        Opening::Closed { opens: None } => "never".into(),
        Opening::Closed { opens: Some(opens) } => opens.strftime("%Y-%m-%d %H:%M %:z").to_string(),
    }
}

#[track_caller]
fn check(hours: &Hours, table: &[(&str, &str)]) {
    for (now, expected) in table {
        assert_eq!(at(hours, now), *expected, "at {now}");
    }
}

#[test]
fn a_week_has_its_hours() {
    check(
        &office("America/Sao_Paulo"),
        &[
            // A Tuesday, three hours behind UTC.
            ("2026-03-10T11:29:59Z", "2026-03-10 08:30 -03:00"),
            ("2026-03-10T11:30:00Z", "open"),
            ("2026-03-10T14:59:59Z", "open"),
            ("2026-03-10T15:00:00Z", "2026-03-10 14:00 -03:00"),
            ("2026-03-10T20:59:59Z", "open"),
            ("2026-03-10T21:00:00Z", "2026-03-11 08:30 -03:00"),
            // Tuesday in UTC, Monday evening there.
            ("2026-03-10T01:00:00Z", "2026-03-10 08:30 -03:00"),
            ("2026-03-14T14:00:00Z", "open"),
            ("2026-03-14T15:00:00Z", "2026-03-16 08:30 -03:00"),
        ],
    );
}

#[test]
fn holidays_in_a_row_are_passed_over() {
    check(
        &office("America/Sao_Paulo"),
        &[
            // The 23rd is a Wednesday; the 24th (that year alone) and the 25th are holidays, and the 26th is a Saturday.
            ("2026-12-23T22:00:00Z", "2026-12-26 09:00 -03:00"),
            ("2026-12-25T14:00:00Z", "2026-12-26 09:00 -03:00"),
            ("2027-12-24T14:00:00Z", "open"),
            ("2026-12-31T21:30:00Z", "2027-01-02 09:00 -03:00"),
        ],
    );
}

#[test]
fn a_span_over_midnight_belongs_to_the_day_on_which_it_begins() {
    let night = Hours {
        timezone: "America/Sao_Paulo".into(),
        week: Week {
            friday: Some(texts(&["22:00-06:00"])),
            ..Week::default()
        },
        holidays: texts(&["2026-03-20", "2026-03-28"]),
    };
    check(
        &night,
        &[
            ("2026-03-14T00:59:00Z", "2026-03-13 22:00 -03:00"),
            ("2026-03-14T01:00:00Z", "open"),
            ("2026-03-14T08:59:59Z", "open"),
            // The Friday after is a holiday: its night does not begin.
            ("2026-03-14T09:00:00Z", "2026-03-27 22:00 -03:00"),
            ("2026-03-21T05:00:00Z", "2026-03-27 22:00 -03:00"),
            // And where the Saturday is one, the night ends at midnight.
            ("2026-03-28T02:59:59Z", "open"),
            ("2026-03-28T03:00:00Z", "2026-04-03 22:00 -03:00"),
        ],
    );
}

#[test]
fn a_whole_day_goes_from_midnight_to_midnight() {
    let always = Hours {
        timezone: "America/New_York".into(),
        week: Week {
            weekdays: texts(&["00:00-24:00"]),
            saturday: Some(texts(&["00:00-24:00"])),
            sunday: Some(texts(&["00:00-24:00"])),
            ..Week::default()
        },
        holidays: texts(&["07-04"]),
    };
    check(
        &always,
        &[
            ("2026-03-08T06:59:59Z", "open"),
            ("2026-03-08T07:00:00Z", "open"),
            ("2026-07-04T12:00:00Z", "2026-07-05 00:00 -04:00"),
        ],
    );
}

#[test]
fn clocks_that_are_set_forward_and_back_are_followed() {
    let early = |timezone: &str, span: &str| Hours {
        timezone: timezone.into(),
        week: Week {
            sunday: Some(texts(&[span])),
            ..Week::default()
        },
        holidays: Vec::new(),
    };
    // New York, 8 March 2026: 02:00 to 03:00 is skipped.
    check(
        &early("America/New_York", "09:00-17:00"),
        &[
            ("2026-03-08T12:59:00Z", "2026-03-08 09:00 -04:00"),
            ("2026-03-08T13:00:00Z", "open"),
            ("2026-03-01T13:59:00Z", "2026-03-01 09:00 -05:00"),
        ],
    );
    check(
        &early("America/New_York", "02:30-04:00"),
        &[
            ("2026-03-08T06:00:00Z", "2026-03-08 03:00 -04:00"),
            ("2026-03-08T07:00:00Z", "open"),
        ],
    );
    // Nothing is left of a span that the clocks skip.
    check(
        &early("America/New_York", "02:15-02:45"),
        &[("2026-03-08T06:00:00Z", "2026-03-15 02:15 -04:00")],
    );
    // Lisbon, 25 October 2026: 01:00 to 02:00 comes twice.
    check(
        &early("Europe/Lisbon", "01:30-02:00"),
        &[
            ("2026-10-25T00:00:00Z", "2026-10-25 01:30 +01:00"),
            ("2026-10-25T00:45:00Z", "open"),
            ("2026-10-25T01:15:00Z", "2026-10-25 01:30 +00:00"),
            ("2026-10-25T01:45:00Z", "open"),
        ],
    );
    // São Paulo as it was in 2018: the day began at 01:00.
    check(
        &early("America/Sao_Paulo", "00:00-06:00"),
        &[("2018-11-04T02:59:00Z", "2018-11-04 01:00 -02:00")],
    );
}

#[test]
fn who_never_opens_is_told_so() {
    let never = Hours {
        timezone: "UTC".into(),
        week: Week::default(),
        holidays: Vec::new(),
    };
    check(&never, &[("2026-03-10T12:00:00Z", "never")]);
}

#[test]
fn a_wrong_value_is_named_with_its_remedy() {
    let spans = [
        "8-18",
        "08:00",
        "18:00-18:00",
        "08:00-25:00",
        "08:60-09:00",
        "24:00-06:00",
        "+8:00-09:00",
        "08:0-09:00",
        "",
    ];
    for span in spans {
        let mut hours = office("UTC");
        hours.week.sunday = Some(texts(&["10:00-11:00", span]));
        let error = hours.calendar().unwrap_err();
        assert_eq!(error, HoursError::Span(span.into()));
        assert_eq!(error.value(), span);
        assert!(error.to_string().contains("08:00-18:00"), "{error}");
    }
    for day in ["25/12", "13-01", "02-30", "2026-02-29", "12-25-2026", "1-1", ""] {
        let mut hours = office("UTC");
        hours.holidays.push(day.into());
        let error = hours.calendar().unwrap_err();
        assert_eq!(error, HoursError::Holiday(day.into()));
        assert!(error.to_string().contains("12-25"), "{error}");
    }
    let error = office("America/Sao_Paolo").calendar().unwrap_err();
    assert_eq!(error, HoursError::Timezone("America/Sao_Paolo".into()));
    assert!(error.to_string().contains("America/Sao_Paulo"), "{error}");
}

#[test]
fn an_opening_is_told_as_people_say_it() {
    let said = |language, now: &str, opens: &str| {
        let now: Timestamp = now.parse().unwrap();
        let opens: Timestamp = opens.parse().unwrap();
        let zone = match language {
            Language::PtBr => "America/Sao_Paulo",
            Language::En => "America/New_York",
        };
        spoken_opening(language, now, &opens.in_tz(zone).unwrap())
    };
    // A Wednesday, in the afternoon of both.
    let now = "2026-03-11T16:00:00Z";
    for (opens, expected) in [
        ("2026-03-11T17:00:00Z", "hoje às quatorze horas"),
        ("2026-03-12T00:30:00Z", "hoje às vinte e uma e trinta"),
        ("2026-03-12T11:00:00Z", "amanhã às oito"),
        ("2026-03-12T04:00:00Z", "amanhã à uma"),
        ("2026-03-12T03:30:00Z", "amanhã à meia-noite e meia"),
        ("2026-03-13T15:00:00Z", "na sexta-feira ao meio-dia"),
        ("2026-03-16T11:30:00Z", "na segunda-feira às oito e meia"),
        ("2026-03-14T12:15:00Z", "no sábado às nove e quinze"),
        ("2026-03-15T05:00:00Z", "no domingo às duas"),
        (
            "2026-03-18T13:00:00Z",
            "na quarta-feira, dia dezoito de março, às dez",
        ),
        (
            "2026-04-01T13:00:00Z",
            "na quarta-feira, dia primeiro de abril, às dez",
        ),
        (
            "2027-01-22T13:05:00Z",
            "na sexta-feira, dia vinte e dois de janeiro, às dez e cinco",
        ),
    ] {
        assert_eq!(said(Language::PtBr, now, opens), expected);
    }
    for (opens, expected) in [
        ("2026-03-11T18:00:00Z", "today at two in the afternoon"),
        ("2026-03-11T23:05:00Z", "today at seven oh five in the evening"),
        ("2026-03-12T12:00:00Z", "tomorrow at eight in the morning"),
        ("2026-03-12T04:00:00Z", "tomorrow at midnight"),
        ("2026-03-13T16:00:00Z", "on Friday at noon"),
        ("2026-03-16T12:30:00Z", "on Monday at eight thirty in the morning"),
        (
            "2026-03-16T16:45:00Z",
            "on Monday at twelve forty-five in the afternoon",
        ),
        (
            "2026-03-18T13:00:00Z",
            "on Wednesday, March eighteenth, at nine in the morning",
        ),
    ] {
        assert_eq!(said(Language::En, now, opens), expected);
    }
    // Late in the evening of one day, there it is that day still.
    assert_eq!(
        said(Language::PtBr, "2026-03-12T01:00:00Z", "2026-03-12T11:00:00Z"),
        "amanhã às oito"
    );
}
