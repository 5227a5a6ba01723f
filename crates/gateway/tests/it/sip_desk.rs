//! A phone that is called: what FreeSWITCH bridges to, for tests against a real one.

use crate::sip_phone::{KEY_PACKETS, Mouth, PCMU, Packet, header, listen, offer, speak};
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What it does when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Rings for a moment, and is picked up.
    Answers,
    /// Rings until the other end has had enough.
    Rings,
    /// Says no with this status (486, 603, …).
    Refuses(u16),
}

/// How its call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// It has not been called.
    Free,
    Ringing,
    Talking,
    /// The call is over, or was refused.
    Over,
}

/// What its threads share.
struct Shared {
    line: Mutex<Line>,
    heard: Arc<Mutex<Vec<Packet>>>,
    mouth: Arc<Mutex<Mouth>>,
    off: Arc<AtomicBool>,
    /// Whoever it rings for takes the receiver.
    picked_up: AtomicBool,
    /// The call that it has, as its INVITE came.
    invite: Mutex<Option<(String, SocketAddr)>>,
}

/// A phone on a port of its own, for one call.
pub(crate) struct Desk {
    sip: UdpSocket,
    shared: Arc<Shared>,
}

const TAG: &str = ";tag=desk";

impl Desk {
    pub(crate) fn new(manner: Manner) -> Self {
        let sip = UdpSocket::bind("127.0.0.1:0").unwrap();
        sip.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let shared = Arc::new(Shared {
            line: Mutex::new(Line::Free),
            heard: Arc::default(),
            mouth: Arc::default(),
            off: Arc::default(),
            picked_up: AtomicBool::default(),
            invite: Mutex::default(),
        });
        let serving = Serving {
            sip: sip.try_clone().unwrap(),
            rtp: UdpSocket::bind("127.0.0.1:0").unwrap(),
            manner,
            shared: shared.clone(),
        };
        std::thread::spawn(move || serving.run());
        Self { sip, shared }
    }

    /// What is dialled to reach it.
    pub(crate) fn number(&self) -> String {
        format!("4{}", self.address().port())
    }

    /// Where it hears SIP.
    pub(crate) fn address(&self) -> SocketAddr {
        self.sip.local_addr().unwrap()
    }

    /// One that rings is answered within 200 ms.
    pub(crate) fn pick_up(&self) {
        self.shared.picked_up.store(true, Ordering::Relaxed);
    }

    pub(crate) fn line(&self) -> Line {
        *self.shared.line.lock().unwrap()
    }

    /// Presses a digit.
    pub(crate) fn press(&self, digit: u8) {
        self.shared.mouth.lock().unwrap().key = Some((digit, KEY_PACKETS));
    }

    /// Says something.
    pub(crate) fn say(&self, samples: impl IntoIterator<Item = i16>) {
        self.shared.mouth.lock().unwrap().samples.extend(samples);
    }

    /// What came so far.
    pub(crate) fn heard(&self) -> Vec<Packet> {
        self.shared.heard.lock().unwrap().clone()
    }

    /// Puts the receiver down.
    pub(crate) fn hang_up(&self) {
        let Some((invite, server)) = self.shared.invite.lock().unwrap().clone() else {
            return;
        };
        if std::mem::replace(&mut *self.shared.line.lock().unwrap(), Line::Over) != Line::Talking {
            return;
        }
        let here = self.sip.local_addr().unwrap();
        let (from, to, id) = (
            header(&invite, "From"),
            header(&invite, "To"),
            header(&invite, "Call-ID"),
        );
        let contact = header(&invite, "Contact");
        let contact = contact
            .split_once('<')
            .and_then(|(_, rest)| rest.split_once('>'))
            .map_or(contact, |(address, _)| address);
        let bye = format!(
            "BYE {contact} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKdesk{}\r\nFrom: {to}{TAG}\r\nTo: {from}\r\n\
             Call-ID: {id}\r\nCSeq: 1 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            fastrand::u64(..)
        );
        self.sip.send_to(bye.as_bytes(), server).unwrap();
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.hang_up();
        self.shared.off.store(true, Ordering::Relaxed);
    }
}

/// What answers to the network.
struct Serving {
    sip: UdpSocket,
    rtp: UdpSocket,
    manner: Manner,
    shared: Arc<Shared>,
}

impl Serving {
    fn run(self) {
        let mut buffer = [0; 8192];
        while !self.shared.off.load(Ordering::Relaxed) {
            if let Ok((length, from)) = self.sip.recv_from(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                self.request(&text, from);
            }
            self.pick_up_if_asked();
        }
    }

    fn pick_up_if_asked(&self) {
        let line = *self.shared.line.lock().unwrap();
        if line != Line::Ringing || !self.shared.picked_up.load(Ordering::Relaxed) {
            return;
        }
        let invite = self.shared.invite.lock().unwrap().clone();
        let (invite, from) = invite.expect("a phone rings for a call");
        self.take(&invite, from);
    }

    fn request(&self, text: &str, from: SocketAddr) {
        match text.split(' ').next() {
            Some("INVITE") => self.called(text, from),
            Some("CANCEL") => {
                self.answer(text, from, "200 OK", "");
                let invite = self.shared.invite.lock().unwrap().clone();
                if let Some((invite, _)) = invite {
                    self.answer(&invite, from, "487 Request Terminated", "");
                }
                self.enter(Line::Over);
            }
            Some("BYE") => {
                self.answer(text, from, "200 OK", "");
                self.enter(Line::Over);
            }
            Some("ACK" | "SIP/2.0") | None => {}
            Some(_) => self.answer(text, from, "200 OK", ""),
        }
    }

    fn called(&self, text: &str, from: SocketAddr) {
        let line = *self.shared.line.lock().unwrap();
        match (line, self.manner) {
            // Asked anew in the middle of the call, or once more for what was not heard.
            (Line::Talking, _) => return self.answer(text, from, "200 OK", &offer(&self.rtp, PCMU)),
            (Line::Ringing | Line::Over, _) => return,
            (Line::Free, _) => *self.shared.invite.lock().unwrap() = Some((text.to_owned(), from)),
        }
        match self.manner {
            Manner::Refuses(status) => {
                self.answer(text, from, &format!("{status} No"), "");
                self.enter(Line::Over);
            }
            Manner::Rings => {
                self.answer(text, from, "180 Ringing", "");
                self.enter(Line::Ringing);
            }
            Manner::Answers => {
                self.answer(text, from, "180 Ringing", "");
                self.take(text, from);
            }
        }
    }

    fn take(&self, invite: &str, from: SocketAddr) {
        self.talk(invite, from);
        self.answer(invite, from, "200 OK", &offer(&self.rtp, PCMU));
        self.enter(Line::Talking);
    }

    fn talk(&self, invite: &str, from: SocketAddr) {
        let port = invite
            .split_once("m=audio ")
            .and_then(|(_, rest)| rest.split_once(' '));
        let port: u16 = port.expect("a port for audio").0.parse().unwrap();
        let to = SocketAddr::new(from.ip(), port);
        let Shared {
            heard, mouth, off, ..
        } = &*self.shared;
        self.rtp
            .set_read_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        let (ear, heard, ended) = (self.rtp.try_clone().unwrap(), heard.clone(), off.clone());
        std::thread::spawn(move || listen(&ear, PCMU, &heard, &ended));
        let (rtp, mouth, ended) = (self.rtp.try_clone().unwrap(), mouth.clone(), off.clone());
        std::thread::spawn(move || speak(&rtp, to, PCMU, &mouth, &ended));
    }

    fn answer(&self, request: &str, to: SocketAddr, status: &str, body: &str) {
        let here = self.sip.local_addr().unwrap();
        let [via, from, whom, id, sequence] =
            ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| header(request, name));
        let tag = if whom.contains(";tag=") { "" } else { TAG };
        let kind = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        let text = format!(
            "SIP/2.0 {status}\r\nVia: {via}\r\nFrom: {from}\r\nTo: {whom}{tag}\r\nCall-ID: {id}\r\nCSeq: {sequence}\r\n\
             Contact: <sip:desk@{here}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.sip.send_to(text.as_bytes(), to).unwrap();
    }

    fn enter(&self, line: Line) {
        *self.shared.line.lock().unwrap() = line;
    }
}

/// Whether any of these packets that came after a moment is loud.
pub(crate) fn loud_since(heard: &[Packet], from: Instant) -> bool {
    heard.iter().any(|packet| packet.at > from && packet.is_loud())
}
