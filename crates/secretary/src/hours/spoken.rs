//! When somebody will be there, in words that a voice can say.

use crate::Language;
use jiff::civil::Weekday;
use jiff::{Timestamp, Unit, Zoned};

/// When it opens, as said at `now`: "hoje às quatorze horas", "on Monday at eight thirty in the morning".
pub fn spoken_opening(language: Language, now: Timestamp, opens: &Zoned) -> String {
    let today = now.to_zoned(opens.time_zone().clone()).date();
    let days = today
        .until((Unit::Day, opens.date()))
        .map_or(i32::MAX, |span| span.get_days());
    let day = match language {
        Language::PtBr => day_pt(days, opens),
        Language::En => day_en(days, opens),
    };
    let (hour, minute) = (opens.hour().unsigned_abs(), opens.minute().unsigned_abs());
    let time = match language {
        Language::PtBr => time_pt(hour, minute),
        Language::En => time_en(hour, minute),
    };
    format!("{day} {time}")
}

fn day_pt(days: i32, opens: &Zoned) -> String {
    let weekday = match opens.weekday() {
        Weekday::Monday => "na segunda-feira",
        Weekday::Tuesday => "na terça-feira",
        Weekday::Wednesday => "na quarta-feira",
        Weekday::Thursday => "na quinta-feira",
        Weekday::Friday => "na sexta-feira",
        Weekday::Saturday => "no sábado",
        Weekday::Sunday => "no domingo",
    };
    match days {
        0 => "hoje".into(),
        1 => "amanhã".into(),
        2..=6 => weekday.into(),
        _ => {
            let month = MONTHS_PT[month(opens)];
            let day = match opens.day() {
                1 => "primeiro".into(),
                day => number_pt(day.unsigned_abs(), Gender::Masculine),
            };
            format!("{weekday}, dia {day} de {month},")
        }
    }
}

fn day_en(days: i32, opens: &Zoned) -> String {
    let weekday = match opens.weekday() {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    };
    match days {
        0 => "today".into(),
        1 => "tomorrow".into(),
        2..=6 => format!("on {weekday}"),
        _ => {
            let day = ORDINALS_EN[usize::from(opens.day().unsigned_abs()).saturating_sub(1) % 31];
            format!("on {weekday}, {} {day},", MONTHS_EN[month(opens)])
        }
    }
}

fn month(opens: &Zoned) -> usize {
    usize::from(opens.month().unsigned_abs()).saturating_sub(1) % 12
}

/// "às oito e meia", "ao meio-dia", "às quatorze horas".
fn time_pt(hour: u8, minute: u8) -> String {
    let at = match hour {
        0 => "à meia-noite".into(),
        1 => "à uma".into(),
        12 => "ao meio-dia".into(),
        hour => format!("às {}", number_pt(hour, Gender::Feminine)),
    };
    match minute {
        0 if hour > 12 => format!("{at} horas"),
        0 => at,
        30 if hour <= 12 => format!("{at} e meia"),
        minute => format!("{at} e {}", number_pt(minute, Gender::Masculine)),
    }
}

/// "at eight thirty in the morning", "at noon".
fn time_en(hour: u8, minute: u8) -> String {
    let part = match hour {
        0..12 => "in the morning",
        12..18 => "in the afternoon",
        _ => "in the evening",
    };
    let of_twelve = number_en(if hour.is_multiple_of(12) { 12 } else { hour % 12 });
    match (hour, minute) {
        (0, 0) => "at midnight".into(),
        (12, 0) => "at noon".into(),
        (_, 0) => format!("at {of_twelve} {part}"),
        (_, 1..10) => format!("at {of_twelve} oh {} {part}", number_en(minute)),
        _ => format!("at {of_twelve} {} {part}", number_en(minute)),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gender {
    Feminine,
    Masculine,
}

/// A number below 60.
fn number_pt(number: u8, gender: Gender) -> String {
    const TENS: [&str; 6] = ["", "", "vinte", "trinta", "quarenta", "cinquenta"];
    let small = match (number, gender) {
        (1, Gender::Feminine) => "uma",
        (2, Gender::Feminine) => "duas",
        (number, _) => SMALL_PT[usize::from(number) % 20],
    };
    match (number / 10, number % 10) {
        (0 | 1, _) => small.into(),
        (tens, 0) => TENS[usize::from(tens) % 6].into(),
        (tens, ones) => format!("{} e {}", TENS[usize::from(tens) % 6], number_pt(ones, gender)),
    }
}

/// A number below 60.
fn number_en(number: u8) -> String {
    const TENS: [&str; 6] = ["", "", "twenty", "thirty", "forty", "fifty"];
    match (number / 10, number % 10) {
        (0 | 1, _) => SMALL_EN[usize::from(number) % 20].into(),
        (tens, 0) => TENS[usize::from(tens) % 6].into(),
        (tens, ones) => format!("{}-{}", TENS[usize::from(tens) % 6], number_en(ones)),
    }
}

const SMALL_PT: [&str; 20] = [
    "zero",
    "um",
    "dois",
    "três",
    "quatro",
    "cinco",
    "seis",
    "sete",
    "oito",
    "nove",
    "dez",
    "onze",
    "doze",
    "treze",
    "quatorze",
    "quinze",
    "dezesseis",
    "dezessete",
    "dezoito",
    "dezenove",
];

const SMALL_EN: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];

const MONTHS_PT: [&str; 12] = [
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
];

const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const ORDINALS_EN: [&str; 31] = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty-first",
    "twenty-second",
    "twenty-third",
    "twenty-fourth",
    "twenty-fifth",
    "twenty-sixth",
    "twenty-seventh",
    "twenty-eighth",
    "twenty-ninth",
    "thirtieth",
    "thirty-first",
];
