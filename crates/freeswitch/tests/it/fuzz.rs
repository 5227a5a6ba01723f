//! Whatever comes over the socket, the task that keeps the connection lives: when sense comes again, so does the connection.
//!
//! Seeded: `VOICE_AI_SEED=… cargo test -p freeswitch fuzz` repeats one, and each failure names its own.

use crate::happenings::{CALL, event, uuid};
use crate::peer::{LONG, framed, settings};
use crate::states::reaches;
use fastrand::Rng;
use freeswitch::{Command, Settings, State, Switch, TaskGroup};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How many connections talk nonsense in one test.
const ROUNDS: u64 = 60;

#[tokio::test]
async fn nonsense_never_ends_the_supervisor() {
    let seed =
        std::env::var("VOICE_AI_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("VOICE_AI_SEED={seed}");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let sane = Arc::new(AtomicBool::new(false));
    let (rounds, mut done) = tokio::sync::mpsc::unbounded_channel();
    let peer = tokio::spawn({
        let sane = Arc::clone(&sane);
        async move {
            let mut rng = Rng::with_seed(seed);
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let _ = rounds.send(());
                let round = Rng::with_seed(rng.u64(..));
                let sane = Arc::clone(&sane);
                tokio::spawn(async move { talk(stream, round, &sane).await });
            }
        }
    });
    let hasty = Settings {
        patience: Duration::from_millis(300),
        longest_pause: Duration::from_millis(1),
        ..settings(port)
    };
    let (switch, mut arrivals) = Switch::connect(hasty);
    // Whoever uses it meanwhile gets answers or errors, and is never left waiting.
    let user = tokio::spawn({
        let switch = switch.clone();
        async move {
            loop {
                let mut following = switch.follow(uuid(CALL));
                let _ = switch.command(Command::Break(uuid(CALL))).await;
                let _ = switch.channel(uuid(CALL)).await;
                let _ = tokio::time::timeout(Duration::from_millis(1), following.next()).await;
            }
        }
    });
    let taker = tokio::spawn(async move { while arrivals.recv().await.is_some() {} });
    for round in 0..ROUNDS {
        tokio::time::timeout(LONG, done.recv())
            .await
            .unwrap_or_else(|_| panic!("round {round} of VOICE_AI_SEED={seed} is the last"));
    }
    sane.store(true, Ordering::SeqCst);
    reaches(&switch, State::is_up).await;
    let answer = tokio::time::timeout(LONG, async {
        // What is left of the last nonsense may still cost a connection.
        while switch
            .command(Command::Unschedule(TaskGroup::LastResort, uuid(CALL)))
            .await
            .is_err()
        {
            tokio::task::yield_now().await;
        }
    });
    answer
        .await
        .unwrap_or_else(|_| panic!("no answer after VOICE_AI_SEED={seed}"));
    assert!(!user.is_finished() && !taker.is_finished() && !peer.is_finished());
    user.abort();
    taker.abort();
    peer.abort();
}

/// One connection: sense up to some point, then nonsense; only sense once that is asked for.
async fn talk(mut stream: TcpStream, mut rng: Rng, sane: &AtomicBool) {
    let patience = if sane.load(Ordering::SeqCst) {
        usize::MAX
    } else {
        rng.usize(0..12)
    };
    let mut buffer = vec![0; 65_536];
    let mut read = Vec::new();
    if patience == 0 || stream.write_all(b"Content-Type: auth/request\n\n").await.is_err() {
        return nonsense(&mut stream, &mut rng).await;
    }
    let mut answered = 0;
    loop {
        while let Some(end) = read.windows(2).position(|two| two == b"\n\n") {
            let command = String::from_utf8_lossy(&read[..end]).into_owned();
            read.drain(..end + 2);
            answered += 1;
            if answered >= patience {
                return nonsense(&mut stream, &mut rng).await;
            }
            let answer = if command.starts_with("api ") {
                "Content-Type: api/response\nContent-Length: 4\n\n+OK\n"
            } else {
                "Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
            };
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => read.extend_from_slice(&buffer[..count]),
        }
    }
}

async fn nonsense(stream: &mut TcpStream, rng: &mut Rng) {
    for _ in 0..rng.usize(1..8) {
        let bytes = one_nonsense(rng);
        // In pieces, so that halves of it are read.
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rng.usize(1..=rest.len()));
            if stream.write_all(piece).await.is_err() {
                return;
            }
            rest = after;
            tokio::task::yield_now().await;
        }
    }
    if rng.bool() {
        // It stays silent: the other side must give it up.
        let mut buffer = [0; 1024];
        while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
    }
}

fn one_nonsense(rng: &mut Rng) -> Vec<u8> {
    let events = [
        event!("park"),
        event!("hangup"),
        event!("bridge"),
        event!("dtmf"),
        event!("execute_complete"),
    ];
    let event = framed(events[rng.usize(..events.len())]).into_bytes();
    let kinds = [
        "text/event-plain",
        "text/event-json",
        "text/event-xml",
        "api/response",
        "command/reply",
        "auth/request",
        "text/disconnect-notice",
        "text/rude-rejection",
        "log/data",
        "text/else",
    ];
    let kind = kinds[rng.usize(..kinds.len())];
    match rng.u8(..10) {
        // An event with a few bytes changed.
        0 | 1 => {
            let mut event = event;
            for _ in 0..rng.usize(1..20) {
                let at = rng.usize(..event.len());
                event[at] = rng.u8(..);
            }
            event
        }
        // Cut short.
        2 => event[..rng.usize(..event.len())].to_vec(),
        // Twice, the second one in the middle of the first.
        3 => {
            let at = rng.usize(..event.len());
            [&event[..at], &event, &event[at..]].concat()
        }
        // Lengths that are not so.
        4 => format!("Content-Length: {}\nContent-Type: {kind}\n\n", rng.u64(..)).into_bytes(),
        5 => format!("Content-Length: -{}\nContent-Type: {kind}\n\nx", rng.u16(..)).into_bytes(),
        6 => format!("Content-Type: {kind}\nContent-Length: {}\n\nshort", rng.u16(..)).into_bytes(),
        7 => format!("Content-Length: 5\nContent-Type: {kind}\nReply-Text: \n\n{{\"a\"").into_bytes(),
        // Replies that nobody asked for.
        8 => "Content-Type: command/reply\nReply-Text: +OK\n\n"
            .repeat(rng.usize(1..50))
            .into_bytes(),
        _ => (0..rng.usize(1..4000)).map(|_| rng.u8(..)).collect(),
    }
}
