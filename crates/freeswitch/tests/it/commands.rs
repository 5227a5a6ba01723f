//! What comes of commands: their answers, in whatever order, and the ways in which there is none.

use crate::happenings::{CALL, OTHER, uuid};
use crate::peer::{Answer, LONG, Peer};
use crate::states::{reaches, up};
use freeswitch::{
    Application, Command, CommandError, ContextName, DialString, Extension, FilePath, HangupCause, Music,
    Settings, State, Switch, TaskGroup, Timer, UnicastTo, VariableValue,
};
use std::path::Path;
use std::time::Duration;

fn extension(text: &str) -> Extension {
    Extension::parse(text).unwrap()
}

fn context(text: &str) -> ContextName {
    ContextName::parse(text).unwrap()
}

fn originate(number: &str) -> Command {
    Command::Originate {
        to: DialString::User {
            extension: extension(number),
            domain: context("example.org"),
        },
        caller_number: VariableValue::parse("1000").unwrap(),
        caller_name: VariableValue::parse("Jenny Cole").unwrap(),
        ring: Duration::from_secs(20),
        variables: Vec::new(),
    }
}

fn job_done(job: &str, body: &str) -> String {
    format!(
        "Event-Name: BACKGROUND_JOB\nJob-UUID: {job}\nJob-Command: originate\nContent-Length: {}\n\n{body}",
        body.len()
    )
}

/// The frame of an event with a body, whose end the body is.
fn say_job(peer: &Peer, job: &str, body: &str) {
    let event = job_done(job, body);
    peer.say_bytes(
        format!(
            "Content-Length: {}\nContent-Type: text/event-plain\n\n{event}",
            event.len()
        )
        .into_bytes(),
    );
}

/// Numbers jobs by what they dial.
fn number_jobs(peer: &Peer) {
    peer.answer(|command| {
        let number = command.strip_prefix("bgapi originate ")?.split("user/").nth(1)?;
        let job = format!("00000000-0000-4000-8000-00000000{}", &number[..4]);
        Some(Answer::Bytes(
            format!("Content-Type: command/reply\nReply-Text: +OK Job-UUID: {job}\nJob-UUID: {job}\n\n")
                .into_bytes(),
        ))
    });
}

const BUSY_JOB: &str = "00000000-0000-4000-8000-000000002001";
const DONE_JOB: &str = "00000000-0000-4000-8000-000000002002";

#[tokio::test]
async fn an_answer_comes_without_what_stands_in_front_of_it() {
    let peer = Peer::start().await;
    peer.answer(|command| match command {
        "api module_exists mod_audio_stream" => Some(Answer::Api("true".to_owned())),
        "api global_getvar empty" => Some(Answer::Api(String::new())),
        _ => None,
    });
    let (switch, _arrivals) = up(peer.settings()).await;
    let name = |text| freeswitch::VariableName::parse(text).unwrap();
    let exists = switch
        .command(Command::ModuleExists(name("mod_audio_stream")))
        .await;
    assert_eq!(exists.unwrap(), "true");
    assert_eq!(switch.command(Command::Global(name("empty"))).await.unwrap(), "");
    let deleted = switch
        .command(Command::Unschedule(TaskGroup::LastResort, uuid(CALL)))
        .await;
    assert_eq!(deleted.unwrap(), "Deleted: 0");
}

#[tokio::test]
async fn a_channel_that_is_gone_is_told_from_a_command_that_failed() {
    let peer = Peer::start().await;
    // As FreeSWITCH 1.10.12 answers for a channel that it does not have, and otherwise.
    peer.answer(|command| {
        let api = |text: &str| Some(Answer::Api(text.to_owned()));
        match command.split(' ').nth(1)? {
            "uuid_kill" => api("-ERR No such channel!\n"),
            "uuid_send_dtmf" => api("-ERR Cannot locate session!\n"),
            "uuid_bridge" => api("-ERR Invalid uuid\n"),
            "uuid_audio_stream" => api("-ERR uuid_audio_stream Command not found!\n"),
            "uuid_setvar" => api("-USAGE: <uuid> <var> [value]\n"),
            _ if command.starts_with("sendmsg") => {
                Some(Answer::Reply(format!("-ERR invalid session id [{CALL}]")))
            }
            _ => None,
        }
    });
    let (switch, _arrivals) = up(peer.settings()).await;
    let gone = CommandError::NoSuchChannel {
        switch: "main".to_owned(),
        call: uuid(CALL),
    };
    for command in [
        Command::Kill(uuid(CALL), HangupCause::NormalClearing),
        Command::SendDtmf(uuid(CALL), extension("12")),
        Command::Bridge(uuid(CALL), uuid(OTHER)),
    ] {
        assert_eq!(switch.command(command).await.unwrap_err(), gone);
    }
    assert_eq!(
        switch
            .execute(uuid(CALL), Application::HoldMusic(Music::Silence))
            .await
            .unwrap_err(),
        gone
    );
    let to = UnicastTo {
        local: "127.0.0.1:8525".parse().unwrap(),
        remote: "127.0.0.1:8526".parse().unwrap(),
    };
    assert_eq!(switch.unicast(uuid(CALL), to).await.unwrap_err(), gone);
    assert_eq!(switch.channel(uuid(CALL)).await.unwrap(), None);
    let failed = switch.command(Command::StreamStop(uuid(CALL))).await.unwrap_err();
    assert_eq!(
        failed.to_string(),
        "FreeSWITCH main refused `uuid_audio_stream`: uuid_audio_stream Command not found!"
    );
    let name = freeswitch::VariableName::parse("a").unwrap();
    let value = VariableValue::parse("b").unwrap();
    let usage = switch
        .command(Command::SetVariable(uuid(CALL), name, value))
        .await;
    assert!(
        matches!(usage.unwrap_err(), CommandError::Failed { reply, .. } if reply == "<uuid> <var> [value]")
    );
}

#[tokio::test]
async fn a_channel_is_described_by_its_dump() {
    let peer = Peer::start().await;
    peer.channel(CALL, include_str!("../data/dump_parked.json"));
    let (switch, _arrivals) = up(peer.settings()).await;
    let channel = switch.channel(uuid(CALL)).await.unwrap().unwrap();
    assert_eq!(channel.call, uuid(CALL));
    assert_eq!(
        channel.domain.map(|domain| domain.to_string()).as_deref(),
        Some("11111111-1111-4111-8111-111111111111")
    );
    assert_eq!(channel.domain_name, Some(context("acme.example.org")));
    assert_eq!(channel.secretary.as_deref(), Some("ana"));
    assert_eq!(channel.caller_number.as_deref(), Some("5511999990000"));
    assert_eq!(channel.caller_name.as_deref(), Some("Jenny Cole"));
    assert_eq!(channel.destination.as_deref(), Some("8000"));
    assert_eq!(channel.context, Some(context("default")));
    assert_eq!(channel.fallback, Some(extension("2000")));
    assert_eq!((channel.rate.hz(), channel.ptime.as_millis()), (8000, 20));
    assert_eq!(channel.codec, "PCMU");
    assert!(channel.answered && channel.parked_for_us);
}

#[tokio::test]
async fn messages_stand_on_the_wire_as_freeswitch_reads_them() {
    let mut peer = Peer::start().await;
    let (switch, _arrivals) = up(peer.settings()).await;
    let file = FilePath::parse(Path::new("/tmp/a.r8")).unwrap();
    let id = switch
        .execute(uuid(CALL), Application::Playback(file))
        .await
        .unwrap();
    let message = peer.heard("sendmsg").await.to_lowercase();
    assert_eq!(
        message,
        format!(
            "sendmsg {CALL}\ncall-command: execute\nexecute-app-name: playback\nexecute-app-arg: /tmp/a.r8\n\
             event-uuid: {id}\nevent-lock: true"
        )
    );
    let to = UnicastTo {
        local: "127.0.0.1:8525".parse().unwrap(),
        remote: "127.0.0.1:8526".parse().unwrap(),
    };
    switch.unicast(uuid(CALL), to).await.unwrap();
    assert_eq!(
        peer.heard("sendmsg").await.to_lowercase(),
        format!(
            "sendmsg {CALL}\ncall-command: unicast\nlocal-ip: 127.0.0.1\nlocal-port: 8525\nremote-ip: 127.0.0.1\n\
             remote-port: 8526\ntransport: udp"
        )
    );
}

/// What would wait in FreeSWITCH after these commands: each task by its group, in order.
fn tasks(before: &[&str], commands: &[String]) -> Vec<String> {
    let mut waiting: Vec<String> = before.iter().map(|group| (*group).to_owned()).collect();
    for command in commands {
        let words: Vec<_> = command.split(' ').collect();
        match words[..] {
            ["api", "sched_api", _, group, ..] => waiting.push(group.to_owned()),
            ["api", "sched_del", group] => waiting.retain(|known| known != group),
            _ => {}
        }
    }
    waiting
}

#[tokio::test]
async fn the_dead_mans_switch_is_wound_with_no_moment_without_a_task() {
    let mut peer = Peer::start().await;
    let (switch, _arrivals) = up(peer.settings()).await;
    let group = format!("voiceai-{CALL}");
    peer.all_heard();
    for _ in 0..2 {
        let timer = Timer::Transfer(extension("2000"), context("example.org"));
        switch
            .arm(uuid(CALL), timer, Duration::from_secs(15))
            .await
            .unwrap();
        let commands = peer.all_heard();
        let last_resort = format!("api sched_api +15 {group} uuid_transfer {CALL} 2000 XML example.org");
        assert!(commands.contains(&last_resort), "{commands:?}");
        // What the dialplan, the script or the renewal before has wound, and whoever is killed at any moment of this one.
        let before = [group.as_str()];
        for killed_after in 0..=commands.len() {
            let left = tasks(&before, &commands[..killed_after]);
            assert!(!left.is_empty(), "nothing after {:?}", &commands[..killed_after]);
        }
        assert_eq!(tasks(&before, &commands), [group.as_str()]);
    }
    switch.disarm(uuid(CALL)).await.unwrap();
    let everything = [TaskGroup::LastResort, TaskGroup::Renewal].map(|group| group.of(uuid(CALL)));
    assert!(tasks(&everything.each_ref().map(String::as_str), &peer.all_heard()).is_empty());
}

#[tokio::test]
async fn one_that_stands_by_goes_with_the_first_renewal() {
    let mut peer = Peer::start().await;
    let (switch, _arrivals) = up(peer.settings()).await;
    peer.all_heard();
    let after = Duration::from_secs(15);
    switch.stand_by(uuid(CALL), Timer::HangUp, after).await.unwrap();
    let waits = peer.all_heard();
    assert_eq!(tasks(&[], &waits).len(), 1, "{waits:?}");
    switch.arm(uuid(CALL), Timer::HangUp, after).await.unwrap();
    let group = TaskGroup::LastResort.of(uuid(CALL));
    let beside = TaskGroup::Renewal.of(uuid(CALL));
    assert_eq!(tasks(&[&group, &beside], &peer.all_heard()), [group]);
}

#[tokio::test]
async fn a_renewal_goes_on_where_a_task_was_taken_away_and_the_answer_did_not_come() {
    let mut peer = Peer::start().await;
    let hasty = Settings {
        patience: Duration::from_millis(500),
        ..peer.settings()
    };
    let unanswered = format!("api sched_del {}", TaskGroup::LastResort.of(uuid(CALL)));
    peer.answer(move |command| (command == unanswered).then_some(Answer::Silence));
    answer_late(&peer);
    let (switch, _arrivals) = up(hasty).await;
    let wound = switch
        .arm(uuid(CALL), Timer::HangUp, Duration::from_secs(15))
        .await;
    assert_eq!(wound, Ok(()));
    let group = TaskGroup::LastResort.of(uuid(CALL));
    assert_eq!(tasks(&[], &peer.all_heard()), [group]);
}

#[tokio::test]
async fn jobs_end_in_any_order_and_hold_up_no_other_command() {
    let mut peer = Peer::start().await;
    number_jobs(&peer);
    let (switch, _arrivals) = up(peer.settings()).await;
    let first = tokio::spawn({
        let switch = switch.clone();
        async move { switch.command(originate("2001")).await }
    });
    let second = tokio::spawn({
        let switch = switch.clone();
        async move { switch.command(originate("2002")).await }
    });
    for _ in 0..2 {
        peer.heard("bgapi originate").await;
    }
    switch.command(Command::Exists(uuid(CALL))).await.unwrap();
    // Somebody else's job changes nothing.
    say_job(&peer, "00000000-0000-4000-8000-00000000ffff", "+OK not ours\n");
    say_job(&peer, DONE_JOB, &format!("+OK {OTHER}\n"));
    let done = tokio::time::timeout(LONG, second).await.unwrap().unwrap();
    assert_eq!(done.unwrap(), OTHER);
    say_job(&peer, BUSY_JOB, "-ERR USER_BUSY\n");
    let busy = tokio::time::timeout(LONG, first).await.unwrap().unwrap();
    assert!(matches!(busy.unwrap_err(), CommandError::Failed { reply, .. } if reply == "USER_BUSY"));
}

#[tokio::test]
async fn a_job_whose_end_comes_with_its_number_is_not_missed() {
    let peer = Peer::start().await;
    peer.answer(|command| {
        command.strip_prefix("bgapi originate ")?;
        let event = job_done(BUSY_JOB, "-ERR NO_ANSWER\n");
        Some(Answer::Bytes(
            format!(
                "Content-Type: command/reply\nReply-Text: +OK Job-UUID: {BUSY_JOB}\nJob-UUID: {BUSY_JOB}\n\n\
                 Content-Length: {}\nContent-Type: text/event-plain\n\n{event}",
                event.len()
            )
            .into_bytes(),
        ))
    });
    let (switch, _arrivals) = up(peer.settings()).await;
    for _ in 0..200 {
        let answer = tokio::time::timeout(LONG, switch.command(originate("2001")))
            .await
            .unwrap();
        assert!(matches!(answer.unwrap_err(), CommandError::Failed { reply, .. } if reply == "NO_ANSWER"));
    }
}

/// The answer that did not come stands before the one to the ping that asks whether anybody is there.
fn answer_late(peer: &Peer) {
    peer.answer(|command| {
        (command == "api uptime").then(|| {
            let late = "Content-Type: api/response\nContent-Length: 4\n\n+OK\n";
            let own = "Content-Type: api/response\nContent-Length: 4\n\n118\n";
            Answer::Bytes(format!("{late}{own}").into_bytes())
        })
    });
}

#[tokio::test]
async fn a_slow_answer_is_timed_out_and_not_taken_for_the_next_ones() {
    let peer = Peer::start().await;
    peer.answer(|command| command.starts_with("api uuid_break").then_some(Answer::Silence));
    let hasty = Settings {
        patience: Duration::from_millis(500),
        ..peer.settings()
    };
    let (switch, _arrivals) = up(hasty).await;
    let error = switch.command(Command::Break(uuid(CALL))).await.unwrap_err();
    assert!(matches!(error, CommandError::TimedOut { .. }), "{error}");
    // The late answer comes before the next one's, on the same connection.
    answer_late(&peer);
    let dump = include_str!("../data/dump_parked.json");
    peer.channel(CALL, dump);
    let channel = tokio::time::timeout(LONG, async {
        loop {
            if let Ok(Some(channel)) = switch.channel(uuid(CALL)).await {
                return channel;
            }
        }
    });
    assert_eq!(channel.await.unwrap().destination.as_deref(), Some("8000"));
}

#[tokio::test]
async fn one_that_is_given_up_before_its_turn_is_not_carried_out() {
    let mut peer = Peer::start().await;
    peer.answer(|command| command.starts_with("api uuid_break").then_some(Answer::Silence));
    let hasty = Settings {
        patience: Duration::from_secs(1),
        ..peer.settings()
    };
    let (switch, _arrivals) = up(hasty).await;
    let slow = tokio::spawn({
        let switch = switch.clone();
        async move { switch.command(Command::Break(uuid(CALL))).await }
    });
    peer.heard("api uuid_break").await;
    let kill = switch.command(Command::Kill(uuid(CALL), HangupCause::NormalClearing));
    assert!(
        tokio::time::timeout(Duration::ZERO, kill).await.is_err(),
        "it waits for its turn"
    );
    slow.await.unwrap().unwrap_err();
    peer.heard("api uptime").await;
    assert!(
        !peer
            .all_heard()
            .iter()
            .any(|command| command.contains("uuid_kill"))
    );
}

#[tokio::test]
async fn what_is_under_way_when_the_connection_is_lost_is_answered() {
    let mut peer = Peer::start().await;
    number_jobs(&peer);
    peer.answer(|command| command.starts_with("api uuid_break").then_some(Answer::Silence));
    let (switch, _arrivals) = up(peer.settings()).await;
    let asked = [
        originate("2001"),
        Command::Break(uuid(CALL)),
        Command::Exists(uuid(CALL)),
    ];
    let mut asked: Vec<_> = asked.map(|command| spawned(&switch, command)).into();
    peer.heard("bgapi").await;
    peer.heard("api uuid_break").await;
    peer.stop().await;
    for answer in asked.drain(..) {
        let error = tokio::time::timeout(LONG, answer)
            .await
            .unwrap()
            .unwrap()
            .unwrap_err();
        assert!(matches!(error, CommandError::NotConnected { .. }), "{error}");
        assert!(error.to_string().contains("voice-ai pbx status"), "{error}");
    }
    reaches(&switch, |state| !matches!(state, State::Up { .. })).await;
}

fn spawned(switch: &Switch, command: Command) -> tokio::task::JoinHandle<Result<String, CommandError>> {
    let switch = switch.clone();
    tokio::spawn(async move { switch.command(command).await })
}

#[tokio::test]
async fn five_hundred_calls_wind_their_switches_at_once() {
    let peer = Peer::start().await;
    let (switch, _arrivals) = up(peer.settings()).await;
    let calls: Vec<_> = (0..500)
        .map(|_| {
            let switch = switch.clone();
            tokio::spawn(async move {
                let call = secretary::CallUuid::new(uuid::Uuid::new_v4());
                let _following = switch.follow(call);
                switch.arm(call, Timer::HangUp, Duration::from_secs(15)).await
            })
        })
        .collect();
    for call in calls {
        tokio::time::timeout(LONG, call).await.unwrap().unwrap().unwrap();
    }
}
