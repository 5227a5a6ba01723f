//! A phone that speaks SIP and RTP, as far as it takes to call a FreeSWITCH: for tests against a real one. Its audio runs on threads of
//! its own, so that what it measures is not the test's.

use audio::g711::Law;
use std::collections::VecDeque;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a SIP answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many packets a key lasts; the last three say that it has ended.
pub(crate) const KEY_PACKETS: u16 = 8;
/// The payload type of keys.
pub(crate) const KEYS: u8 = 101;

/// How a phone speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Speech {
    /// `PCMU`, `PCMA` or `L16`.
    pub(crate) codec: &'static str,
    pub(crate) rate: u32,
    pub(crate) ptime_ms: u64,
}

/// What every phone speaks.
pub(crate) const PCMU: Speech = Speech {
    codec: "PCMU",
    rate: 8000,
    ptime_ms: 20,
};

impl Speech {
    fn payload_type(self) -> u8 {
        match self.codec {
            "PCMU" => 0,
            "PCMA" => 8,
            _ => 96,
        }
    }

    fn samples(self) -> usize {
        self.rate as usize * self.ptime_ms as usize / 1000
    }

    fn encode(self, samples: &[i16]) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self.codec {
            "PCMU" => Law::Mu.encode(samples, &mut bytes),
            "PCMA" => Law::A.encode(samples, &mut bytes),
            _ => bytes.extend(samples.iter().flat_map(|sample| sample.to_be_bytes())),
        }
        bytes
    }

    fn decode(self, bytes: &[u8]) -> Vec<i16> {
        let mut samples = Vec::new();
        match self.codec {
            "PCMU" => Law::Mu.decode(bytes, &mut samples),
            "PCMA" => Law::A.decode(bytes, &mut samples),
            _ => samples.extend(
                bytes
                    .chunks_exact(2)
                    .map(|two| i16::from_be_bytes([two[0], two[1]])),
            ),
        }
        samples
    }
}

/// A packet that came.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    pub(crate) at: Instant,
    /// None of a packet that tells a key.
    pub(crate) samples: Vec<i16>,
    /// The key that it tells has been released.
    pub(crate) key: Option<u8>,
}

impl Packet {
    /// Whether anybody hears it.
    pub(crate) fn is_loud(&self) -> bool {
        self.samples.iter().any(|sample| sample.unsigned_abs() > 400)
    }
}

/// What a phone sends next.
#[derive(Debug, Default)]
pub(crate) struct Mouth {
    pub(crate) samples: VecDeque<i16>,
    /// The key that is held down (RFC 2833), and for how many packets yet.
    pub(crate) key: Option<(u8, u16)>,
}

/// A phone with a call.
pub(crate) struct Phone {
    sip: UdpSocket,
    server: SocketAddr,
    extension: String,
    id: String,
    to: String,
    heard: Arc<Mutex<Vec<Packet>>>,
    mouth: Arc<Mutex<Mouth>>,
    off: Arc<AtomicBool>,
}

impl Phone {
    /// Calls, and waits until somebody answers. Blocks.
    pub(crate) fn call(server: SocketAddr, extension: &str, speech: Speech) -> Self {
        let sip =
            UdpSocket::bind((server.ip(), 0)).unwrap_or_else(|_| UdpSocket::bind("127.0.0.1:0").unwrap());
        sip.set_read_timeout(Some(PATIENCE)).unwrap();
        let rtp = UdpSocket::bind((sip.local_addr().unwrap().ip(), 0)).unwrap();
        let mut phone = Self {
            id: format!("phone-{}", fastrand::u64(..)),
            sip,
            server,
            extension: extension.to_owned(),
            to: String::new(),
            heard: Arc::default(),
            mouth: Arc::default(),
            off: Arc::default(),
        };
        phone.request("INVITE", 1, &offer(&rtp, speech));
        let answer = phone.answer();
        phone.to = header(&answer, "To")
            .split_once(";tag=")
            .map_or(String::new(), |(_, tag)| format!(";tag={tag}"));
        phone.request("ACK", 1, "");
        let port = answer
            .split_once("m=audio ")
            .and_then(|(_, rest)| rest.split_once(' '));
        let port: u16 = port.expect("a port for audio").0.parse().unwrap();
        phone.talk(rtp, SocketAddr::new(server.ip(), port), speech);
        phone
    }

    fn talk(&self, rtp: UdpSocket, to: SocketAddr, speech: Speech) {
        rtp.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let (ear, heard, off) = (rtp.try_clone().unwrap(), self.heard.clone(), self.off.clone());
        std::thread::spawn(move || listen(&ear, speech, &heard, &off));
        let (mouth, off) = (self.mouth.clone(), self.off.clone());
        std::thread::spawn(move || speak(&rtp, to, speech, &mouth, &off));
    }

    /// Says something, after what is being said.
    pub(crate) fn say(&self, samples: impl IntoIterator<Item = i16>) {
        self.mouth.lock().unwrap().samples.extend(samples);
    }

    /// Presses a digit.
    pub(crate) fn press(&self, digit: u8) {
        self.mouth.lock().unwrap().key = Some((digit, KEY_PACKETS));
    }

    /// What came so far.
    pub(crate) fn heard(&self) -> Vec<Packet> {
        self.heard.lock().unwrap().clone()
    }

    fn request(&self, method: &str, sequence: u32, body: &str) {
        let Self {
            server,
            extension,
            id,
            to,
            ..
        } = self;
        let here = self.sip.local_addr().unwrap();
        let kind = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        let text = format!(
            "{method} sip:{extension}@{server} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{id}{sequence}{method}\r\n\
             From: \"Ana\" <sip:5511999990002@{here}>;tag={id}\r\nTo: <sip:{extension}@{server}>{to}\r\nCall-ID: {id}\r\n\
             CSeq: {sequence} {method}\r\nContact: <sip:ana@{here}>\r\nMax-Forwards: 70\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.sip.send_to(text.as_bytes(), server).unwrap();
    }

    /// The final answer.
    fn answer(&self) -> String {
        let mut buffer = [0; 8192];
        loop {
            let length = self.sip.recv(&mut buffer).expect("an answer to the call");
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            match text.strip_prefix("SIP/2.0 ").and_then(|rest| rest.chars().next()) {
                Some('1') | None => {}
                Some('2') => return text,
                Some(_) => panic!(
                    "the call was refused: {}",
                    text.lines().next().unwrap_or_default()
                ),
            }
        }
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.off.store(true, Ordering::Relaxed);
        self.request("BYE", 2, "");
    }
}

pub(crate) fn offer(rtp: &UdpSocket, speech: Speech) -> String {
    let here = rtp.local_addr().unwrap();
    let (ip, port, kind) = (here.ip(), here.port(), speech.payload_type());
    let Speech {
        codec,
        rate,
        ptime_ms,
    } = speech;
    format!(
        "v=0\r\no=ana 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP {kind} {KEYS}\r\n\
         a=rtpmap:{kind} {codec}/{rate}\r\na=rtpmap:{KEYS} telephone-event/8000\r\na=ptime:{ptime_ms}\r\na=sendrecv\r\n"
    )
}

pub(crate) fn header<'a>(text: &'a str, name: &str) -> &'a str {
    let mut lines = text.lines().filter_map(|line| line.split_once(": "));
    lines
        .find(|(key, _)| *key == name)
        .map_or("", |(_, value)| value.trim())
}

/// One packet each packet time; silence where nothing is said.
pub(crate) fn speak(rtp: &UdpSocket, to: SocketAddr, speech: Speech, mouth: &Mutex<Mouth>, off: &AtomicBool) {
    let start = Instant::now();
    let (mut number, mut key_began): (u32, u32) = (0, 0);
    while !off.load(Ordering::Relaxed) {
        let time = number * speech.samples() as u32;
        let mut mouth_now = mouth.lock().unwrap();
        let (kind, time, body) = match mouth_now.key {
            Some((digit, left)) => {
                if left == KEY_PACKETS {
                    key_began = time;
                }
                mouth_now.key = (left > 1).then_some((digit, left - 1));
                let ended = if left <= 3 { 0x80 } else { 0 };
                let [high, low] = ((time - key_began) as u16 + 160).to_be_bytes();
                (KEYS, key_began, vec![digit, ended | 10, high, low])
            }
            None => {
                let samples = &mut mouth_now.samples;
                let frame: Vec<i16> = (0..speech.samples())
                    .map(|_| samples.pop_front().unwrap_or_default())
                    .collect();
                (speech.payload_type(), time, speech.encode(&frame))
            }
        };
        drop(mouth_now);
        let mut packet = vec![0x80, kind];
        packet.extend((number as u16).to_be_bytes());
        packet.extend(time.to_be_bytes());
        packet.extend(7_u32.to_be_bytes());
        packet.extend(body);
        // Whoever does not listen misses it, as on any line.
        let _ = rtp.send_to(&packet, to);
        number += 1;
        let next = start + Duration::from_millis(speech.ptime_ms) * number;
        std::thread::park_timeout(next.saturating_duration_since(Instant::now()));
    }
}

pub(crate) fn listen(rtp: &UdpSocket, speech: Speech, heard: &Mutex<Vec<Packet>>, off: &AtomicBool) {
    let mut buffer = [0; 8192];
    while !off.load(Ordering::Relaxed) {
        if let Ok(length @ 13..) = rtp.recv(&mut buffer) {
            let at = Instant::now();
            let told = &buffer[12..length];
            let (samples, key) = match buffer[1] & 0x7f {
                KEYS => (
                    Vec::new(),
                    told.get(1).filter(|end| *end & 0x80 != 0).map(|_| told[0]),
                ),
                _ => (speech.decode(told), None),
            };
            heard.lock().unwrap().push(Packet { at, samples, key });
        }
    }
}
