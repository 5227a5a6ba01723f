//! Scenes of a call with an echo, and what Whisper makes of the caller's words in them.

use audio::{Return, SampleRate};
use secretary::Language;
use sim::{Clip, EchoOutcome, EchoScene, Line, LineEcho};
use std::path::{Path, PathBuf};
use std::time::Duration;
use voice::stt::Whisper;
use voice::stt::frame::Utterance;
use voice::stt::worker::{Cancelled, Recognizer};

/// When the secretary begins to speak, when a hole in its speech begins, and how long it is.
const SPEAKS_AT: Duration = Duration::from_millis(300);
const HOLE_AT: Duration = Duration::from_millis(3_100);
const HOLE: Duration = Duration::from_millis(310);
/// When the caller speaks over it.
pub(crate) const CALLER_AT: Duration = Duration::from_millis(1_200);
/// When the delay jumps, and jumps back.
const JUMPS_AT: Duration = Duration::from_millis(2_500);
const BACK_AT: Duration = Duration::from_millis(5_500);
pub(crate) const LENGTH: Duration = Duration::from_secs(10);
/// What a transcriber hears before and after the words. It takes other words for others when that differs by a few milliseconds, of
/// what is clean as well.
pub(crate) const AROUND: [Duration; 3] = [
    Duration::from_millis(300),
    Duration::from_millis(280),
    Duration::from_millis(320),
];

/// The first two are those of the tables, the others for more ways in which a delay may jump.
const SECRETARY: [(&str, &str); 4] = [
    (
        "pt-BR",
        "Bom dia, você ligou para o escritório da empresa. Posso transferir a sua ligação para as vendas, para o financeiro ou para \
         o suporte técnico. Diga em poucas palavras como posso ajudar, ou aguarde na linha.",
    ),
    (
        "en",
        "Good morning, you have reached the office of the company. I can put you through to sales, to billing or to technical \
         support. Please tell me, in a few words, how I can help you today, or stay on the line.",
    ),
    (
        "pt-br+f3",
        "O nosso horário de atendimento é de segunda a sexta, das oito da manhã às seis da tarde. Se preferir, deixe o seu nome e o \
         seu telefone, e alguém da nossa equipe liga de volta ainda hoje, sem falta.",
    ),
    (
        "en-gb+m3",
        "Your order left our warehouse early on Monday morning and should be with you within three working days. If nobody is at \
         home, our driver will leave a note and try again on the following afternoon.",
    ),
];
const CALLERS: [(Language, &str, &str); 6] = [
    (Language::PtBr, "pt-BR", "Quero falar com o financeiro, por favor"),
    (Language::PtBr, "pt-BR", "Estou sem internet desde ontem à noite"),
    (Language::PtBr, "pt-BR", "Preciso da segunda via do meu boleto"),
    (Language::En, "en+f2", "I would like to talk to billing, please"),
    (
        Language::En,
        "en+f2",
        "My internet has been down since last night",
    ),
    (
        Language::En,
        "en+f2",
        "No, wait a moment, I have another question",
    ),
];

/// Of 52 clips of espeak-ng those of which Whisper base takes two words at most for others, on the mean of two lines and two windows;
/// not chosen by what an echo does to them. No Portuguese sentence of 40 is among them: of most, noise 40 dB below, which nobody hears,
/// turns one word in three into another.
const CLEAR: [(Language, &str, &str); 25] = [
    (
        Language::En,
        "en",
        "I would like to know when my order will arrive",
    ),
    (
        Language::En,
        "en+f2",
        "I would like to know when my order will arrive",
    ),
    (
        Language::En,
        "en",
        "Thank you very much, I will call again tomorrow morning",
    ),
    (
        Language::En,
        "en+f2",
        "Thank you very much, I will call again tomorrow morning",
    ),
    (
        Language::En,
        "en",
        "Good morning, I need some help with my account",
    ),
    (
        Language::En,
        "en+f2",
        "Good morning, I would like to make an appointment for tomorrow",
    ),
    (
        Language::En,
        "en",
        "Good afternoon, I would like to speak to someone in sales",
    ),
    (
        Language::En,
        "en+f2",
        "I want to cancel my appointment for tomorrow",
    ),
    (
        Language::En,
        "en",
        "My name is Ana and I would like to change my address",
    ),
    (
        Language::En,
        "en+f2",
        "Can you tell me how much it will cost to send it to London",
    ),
    (
        Language::En,
        "en",
        "I am calling because the machine that I bought last month does not work",
    ),
    (
        Language::En,
        "en",
        "I would like to speak to the manager about my contract",
    ),
    (
        Language::En,
        "en+f2",
        "I would like to speak to the manager about my contract",
    ),
    (
        Language::En,
        "en",
        "We have been waiting for the delivery since last Monday",
    ),
    (
        Language::En,
        "en+f2",
        "Is it possible to pay with a credit card at the front desk",
    ),
    (
        Language::En,
        "en",
        "Can I leave a message for the person who takes care of my account",
    ),
    (
        Language::En,
        "en+f2",
        "Can I leave a message for the person who takes care of my account",
    ),
    (
        Language::En,
        "en",
        "I lost the number of my order, but I know the day when I bought it",
    ),
    (
        Language::En,
        "en+f2",
        "We need two rooms for three nights from the first of June",
    ),
    (Language::En, "en", "The doctor told me to come back in two weeks"),
    (
        Language::En,
        "en+f2",
        "The doctor told me to come back in two weeks",
    ),
    (
        Language::En,
        "en",
        "I need to change the time of my flight to next Friday",
    ),
    (
        Language::En,
        "en+f2",
        "I need to change the time of my flight to next Friday",
    ),
    (
        Language::En,
        "en",
        "It is very important that somebody comes to look at it today",
    ),
    (
        Language::En,
        "en",
        "Do you have a table for four people on Saturday evening",
    ),
];

/// What is said on one kind of line.
pub(crate) struct Clips {
    pub(crate) rate: SampleRate,
    line: Line,
    said: Vec<Vec<i16>>,
    pub(crate) callers: Vec<Spoken>,
    /// What is understood when nothing is played over it.
    pub(crate) clear: Vec<Spoken>,
}

/// One thing that a caller says.
pub(crate) struct Spoken {
    language: Language,
    /// As it comes out of his line.
    pub(crate) clip: Clip,
    /// As he says it: what returns on the line goes through its codec together with it.
    said: Clip,
    rate: SampleRate,
    line: Line,
}

impl Spoken {
    async fn all(texts: &[(Language, &str, &str)], rate: SampleRate, line: Line) -> Vec<Self> {
        let mut all = Vec::new();
        for (language, voice, text) in texts {
            let clip = Clip::spoken(text, voice, rate, line).await;
            let said = Clip::spoken(text, voice, rate, Line::Pcm).await;
            all.push(Self {
                language: *language,
                clip: clip.expect("espeak-ng speaks"),
                said: said.expect("espeak-ng speaks"),
                rate,
                line,
            });
        }
        all
    }

    /// As it meets what comes back: before the line's codec or after it.
    fn meeting(&self, back: Return) -> Vec<i16> {
        let clip = match back {
            Return::Mix => &self.clip,
            Return::Line => &self.said,
        };
        clip.samples().to_vec()
    }

    /// From the beginning of the clip to that of the speech.
    fn lead(&self) -> Duration {
        self.rate.duration_of(self.clip.onset() as u64)
    }

    fn onset(&self) -> Duration {
        CALLER_AT + self.lead()
    }

    fn end(&self) -> Duration {
        CALLER_AT + self.rate.duration_of(self.clip.end() as u64)
    }
}

impl Clips {
    pub(crate) async fn make(rate: SampleRate, line: Line) -> Self {
        let mut said = Vec::new();
        for (voice, text) in SECRETARY {
            let clip = Clip::spoken(text, voice, rate, Line::Pcm).await;
            said.push(clip.expect("espeak-ng speaks").samples().to_vec());
        }
        Self {
            rate,
            line,
            said,
            callers: Spoken::all(&CALLERS, rate, line).await,
            clear: Spoken::all(&CLEAR, rate, line).await,
        }
    }

    /// What is added in FreeSWITCH does not pass the line.
    fn line_of(&self, back: Return) -> Line {
        match back {
            Return::Mix => Line::Pcm,
            Return::Line => self.line,
        }
    }
}

/// One way in which our voice comes back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) back: Return,
    /// In dB.
    pub(crate) gain: f64,
    /// In milliseconds.
    pub(crate) delay: u64,
    /// By which the delay jumps for 3 s, in milliseconds.
    pub(crate) jump: i64,
}

/// The delays of the tables, and by how much they jump, in milliseconds.
pub(crate) const DELAYS: [u64; 5] = [20, 60, 150, 250, 400];
const JUMPS: [i64; 3] = [0, 40, -40];
/// Where it comes back, and how loud, in dB.
pub(crate) const WAYS: [(Return, f64); 6] = [
    (Return::Line, -6.0),
    (Return::Line, -12.0),
    (Return::Line, -18.0),
    (Return::Line, -24.0),
    (Return::Line, -30.0),
    (Return::Mix, 0.0),
];

impl Case {
    /// Those of a row of the tables: 14 on each kind of line.
    pub(crate) fn row(back: Return, gain: f64) -> impl Iterator<Item = Self> {
        let all = DELAYS
            .into_iter()
            .flat_map(|delay| JUMPS.map(|jump| (delay, jump)));
        let possible = all.filter(|(delay, jump)| delay.checked_add_signed(*jump).is_some());
        possible.map(move |(delay, jump)| Self {
            back,
            gain,
            delay,
            jump,
        })
    }

    /// The secretary speaks, with a hole, and nobody answers.
    pub(crate) fn silent(self, clips: &Clips) -> EchoScene {
        self.scene(clips, &clips.said[1], Vec::new())
    }

    /// The caller speaks over it, in the same language.
    pub(crate) fn talking(self, clips: &Clips, spoken: &Spoken) -> EchoScene {
        let said = match spoken.language {
            Language::PtBr => &clips.said[0],
            Language::En => &clips.said[1],
        };
        self.scene(clips, said, vec![(CALLER_AT, spoken.meeting(self.back))])
    }

    fn scene(self, clips: &Clips, said: &[i16], caller: Vec<(Duration, Vec<i16>)>) -> EchoScene {
        let delay = Duration::from_millis(self.delay);
        let mut echo = LineEcho::steady(self.gain, delay);
        if self.jump != 0 {
            let jumped = Duration::from_millis(self.delay.saturating_add_signed(self.jump));
            echo.jumps = vec![(JUMPS_AT, jumped), (BACK_AT, delay)];
        }
        let hole = clips.rate.samples_in(HOLE_AT - SPEAKS_AT) as usize;
        let (first, second) = said.split_at(hole);
        EchoScene {
            rate: clips.rate,
            line: clips.line_of(self.back),
            back: self.back,
            echo: Some(echo),
            said: vec![(SPEAKS_AT, first.to_vec()), (HOLE_AT + HOLE, second.to_vec())],
            caller,
            length: LENGTH,
            cancelled: true,
        }
    }
}

/// A way back whose delay jumps and jumps back in the middle of what is said, at moments that differ from scene to scene.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Jumping {
    pub(crate) back: Return,
    /// In dB.
    pub(crate) gain: f64,
    /// In milliseconds.
    pub(crate) delay: u64,
    /// By which the delay jumps, in milliseconds.
    pub(crate) jump: i64,
    /// Which of the secretary's texts is said.
    pub(crate) said: usize,
    /// Of the moments.
    pub(crate) seed: u64,
}

impl Jumping {
    /// How often the delay jumps, there and back.
    pub(crate) const JUMPS: usize = 4;

    /// The secretary speaks, and nobody answers.
    pub(crate) fn silent(self, clips: &Clips) -> EchoScene {
        self.scene(clips, Vec::new())
    }

    /// A caller speaks over it: he begins near the first jump, from 600 ms before it to 300 ms after it. The scene, and when.
    pub(crate) fn talking(self, clips: &Clips, spoken: &Spoken) -> (EchoScene, Duration) {
        let begin = self.moments()[0] + Duration::from_millis(300);
        let begin = begin - Duration::from_millis(Draws(!self.seed).draw(900)) - spoken.lead();
        let scene = self.scene(clips, vec![(begin, spoken.meeting(self.back))]);
        (scene, begin + spoken.lead())
    }

    fn moments(self) -> [Duration; Self::JUMPS] {
        let mut draws = Draws(self.seed);
        let mut at = 1_700;
        [(); Self::JUMPS].map(|()| {
            at += 900 + draws.draw(900);
            Duration::from_millis(at)
        })
    }

    fn scene(self, clips: &Clips, caller: Vec<(Duration, Vec<i16>)>) -> EchoScene {
        let delay = Duration::from_millis(self.delay);
        let jumped = Duration::from_millis(self.delay.saturating_add_signed(self.jump));
        let delays = [jumped, delay].into_iter().cycle();
        let said = &clips.said[self.said];
        EchoScene {
            rate: clips.rate,
            line: clips.line_of(self.back),
            back: self.back,
            echo: Some(LineEcho {
                jumps: self.moments().into_iter().zip(delays).collect(),
                ..LineEcho::steady(self.gain, delay)
            }),
            said: vec![(SPEAKS_AT, said.clone())],
            caller,
            length: LENGTH,
            cancelled: true,
        }
    }
}

/// Numbers that are the same in each run (SplitMix64).
struct Draws(u64);

impl Draws {
    /// The next one, below `end`.
    fn draw(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// The same without a canceller.
pub(crate) fn uncancelled(scene: EchoScene) -> EchoScene {
    EchoScene {
        cancelled: false,
        ..scene
    }
}

/// How long after the caller began to speak the ear told it, in milliseconds.
pub(crate) fn onset_after(outcome: &EchoOutcome, spoken: &Spoken) -> Option<u128> {
    told_after(outcome, spoken.onset())
}

/// How long after a moment the ear told an onset, in milliseconds.
pub(crate) fn told_after(outcome: &EchoOutcome, moment: Duration) -> Option<u128> {
    let told = outcome.onsets.iter().find(|told| **told >= moment)?;
    Some((*told - moment).as_millis())
}

/// Words that were taken for others, of so many.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wrong {
    pub(crate) words: usize,
    pub(crate) of: usize,
}

impl Wrong {
    /// The part of all words that is wrong.
    pub(crate) fn part(self) -> f64 {
        self.words as f64 / self.of as f64
    }
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.words, self.of)
    }
}

impl std::ops::AddAssign for Wrong {
    fn add_assign(&mut self, other: Self) {
        self.words += other.words;
        self.of += other.of;
    }
}

/// Whisper base.
pub(crate) struct Words(Whisper);

impl Words {
    /// None, and a line that says why, where it is not installed.
    pub(crate) fn load() -> Option<Self> {
        let folder = std::env::var_os("VOICE_AI_TEST_MODELS").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.models"),
            PathBuf::from,
        );
        let file = folder.join("whisper-base.q8_0.bin");
        if !file.exists() {
            println!(
                "skipped: {} is not there; `voice-ai models install whisper-base --dir .models` makes it",
                file.display()
            );
            return None;
        }
        let whisper = Whisper::load(&file, 2.try_into().expect("two")).expect("a model");
        Some(Self(whisper))
    }

    /// Errors in these words, spoken by themselves through the same line.
    pub(crate) fn alone(&mut self, spoken: &Spoken, around: Duration) -> Wrong {
        let alone = EchoScene {
            rate: spoken.rate,
            line: spoken.line,
            back: Return::Line,
            // Nothing is said that could return.
            echo: Some(LineEcho::steady(0.0, Duration::ZERO)),
            said: Vec::new(),
            caller: vec![(CALLER_AT, spoken.meeting(Return::Line))],
            length: LENGTH,
            cancelled: false,
        };
        self.over(spoken, &alone, around)
    }

    /// Errors in these words, in a scene in which they are spoken.
    pub(crate) fn over(&mut self, spoken: &Spoken, scene: &EchoScene, around: Duration) -> Wrong {
        let wide = SampleRate::HZ_16000;
        let from = wide.samples_in(spoken.onset() - around) as usize;
        let to = wide.samples_in(spoken.end() + around) as usize;
        let heard = self.hear(&scene.play().wide[from..to], spoken.language);
        let said = words(spoken.clip.text());
        Wrong {
            words: distance(&said, &words(&heard)),
            of: said.len(),
        }
    }

    /// What is understood.
    pub(crate) fn hear(&mut self, wide: &[i16], language: Language) -> String {
        let utterance = Utterance::new(wide.into(), language);
        self.0
            .recognize(&utterance, Cancelled::never())
            .expect("Whisper works")
    }
}

fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Words that were left out, put in or taken for others (Levenshtein).
fn distance(text: &[String], heard: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (index, word) in text.iter().enumerate() {
        let mut before = std::mem::replace(&mut row[0], index + 1);
        for (at, other) in heard.iter().enumerate() {
            let same = before + usize::from(word != other);
            before = row[at + 1];
            row[at + 1] = same.min(before + 1).min(row[at] + 1);
        }
    }
    row[heard.len()]
}
