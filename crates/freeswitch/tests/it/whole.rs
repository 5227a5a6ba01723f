//! Whole stories, on the stand-in for FreeSWITCH, and on a real one where one is named:
//! `VOICE_AI_FREESWITCH=host:port cargo test -p freeswitch whole`. The real one's event socket has the password ClueCon, or the one
//! of `VOICE_AI_FREESWITCH_PASSWORD`; the extension 7002 of its context default answers and stays.

use crate::arguments::ODD_VALUES;
use crate::happenings::next;
use crate::peer::LONG;
use crate::states::{reaches, up};
use freeswitch::{
    Application, Channel, Command, CommandError, ContextName, DialString, Extension, Following, HangupCause,
    Happening, Music, Password, PlaybackEnd, Settings, State, Switch, Timer, VariableName, VariableValue,
};
use secretary::CallUuid;
use sim::freeswitch::{Behaviour, FreeSwitch, Setup};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// A FreeSWITCH, and how it is reached. The stand-in lives as long as it is held.
async fn freeswitch() -> (Option<FreeSwitch>, Settings) {
    let Ok(address) = std::env::var("VOICE_AI_FREESWITCH") else {
        let fake = FreeSwitch::start(Setup::default()).await.unwrap();
        let answers = Behaviour::Answers {
            after: Duration::ZERO,
        };
        fake.extension("7002", answers);
        let settings = crate::peer::settings(fake.addr().port());
        return (Some(fake), settings);
    };
    let (host, port) = address
        .rsplit_once(':')
        .expect("VOICE_AI_FREESWITCH is host:port");
    let password = std::env::var("VOICE_AI_FREESWITCH_PASSWORD").unwrap_or("ClueCon".to_owned());
    let settings = Settings {
        host: host.to_owned(),
        port: port.parse().unwrap(),
        password: Password::new(password),
        ..crate::peer::settings(0)
    };
    (None, settings)
}

fn name(text: &str) -> VariableName {
    VariableName::parse(text).unwrap()
}

fn value(text: &str) -> VariableValue {
    VariableValue::parse(text).unwrap()
}

fn to(number: &str) -> DialString {
    DialString::Dialplan {
        extension: Extension::parse(number).unwrap(),
        context: ContextName::parse("default").unwrap(),
    }
}

/// Calls 7002 and parks it.
fn originate(call: CallUuid, variables: &[(&str, &str)]) -> Command {
    let own = [("origination_uuid", call.to_string())];
    let own = own.iter().map(|(of, is)| (*of, is.as_str()));
    Command::Originate {
        to: to("7002"),
        caller_number: value("1000"),
        caller_name: value("Jenny Cole"),
        ring: Duration::from_secs(10),
        variables: own
            .chain(variables.iter().copied())
            .map(|(of, is)| (name(of), value(is)))
            .collect(),
    }
}

async fn kill(switch: &Switch, call: CallUuid) {
    let cause = HangupCause::NormalClearing;
    switch.command(Command::Kill(call, cause)).await.unwrap();
}

/// Waits for one happening among others.
async fn comes(following: &mut Following, wanted: impl Fn(&Happening) -> bool) -> Happening {
    loop {
        let happening = next(following).await;
        if wanted(&happening) {
            return happening;
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_told() {
    let (_fake, settings) = freeswitch().await;
    let wrong = Settings {
        password: Password::new("wrong"),
        longest_pause: Duration::from_secs(3600),
        ..settings
    };
    let (switch, _arrivals) = Switch::connect(wrong);
    reaches(&switch, |state| *state == State::WrongPassword).await;
}

#[tokio::test]
async fn a_call_is_made_played_to_and_ended_by_its_timer() {
    let (_fake, settings) = freeswitch().await;
    let (switch, _arrivals) = up(settings).await;
    let call = CallUuid::new(Uuid::new_v4());
    let mut following = switch.follow(call);
    assert_eq!(switch.channel(call).await.unwrap(), None);
    let made = switch
        .command(originate(
            call,
            &[("voice_ai", "true"), ("voice_ai_secretary", "Ana")],
        ))
        .await;
    assert_eq!(made.unwrap(), call.to_string());
    comes(&mut following, |happening| *happening == Happening::Parked).await;
    let channel = switch.channel(call).await.unwrap().unwrap();
    assert_eq!(channel.secretary.as_deref(), Some("Ana"));
    assert!(channel.answered && channel.parked_for_us, "{channel:?}");

    let id = switch
        .execute(call, Application::HoldMusic(Music::Silence))
        .await
        .unwrap();
    comes(&mut following, |happening| *happening == Happening::Began { id }).await;
    let file = "silence_stream://-1".to_owned();
    assert_eq!(
        next(&mut following).await,
        Happening::PlaybackStarted { file: file.clone() }
    );
    switch.command(Command::Break(call)).await.unwrap();
    let end = PlaybackEnd::Broken;
    assert_eq!(
        next(&mut following).await,
        Happening::PlaybackStopped { file, end }
    );
    let ended = next(&mut following).await;
    assert!(
        matches!(ended, Happening::Ended { id: of, .. } if of == id),
        "{ended:?}"
    );

    let after = Duration::from_secs(3600);
    switch.arm(call, Timer::HangUp, after).await.unwrap();
    switch.disarm(call).await.unwrap();
    let after = Duration::from_secs(1);
    switch.arm(call, Timer::HangUp, after).await.unwrap();
    let cause = Some(HangupCause::RecoveryOnTimerExpire);
    assert_eq!(next(&mut following).await, Happening::HungUp { cause });
    assert_eq!(following.next().await, None);
    let error = switch
        .execute(call, Application::HoldMusic(Music::Silence))
        .await
        .unwrap_err();
    assert!(matches!(error, CommandError::NoSuchChannel { .. }), "{error}");
}

#[tokio::test]
async fn odd_values_arrive_as_they_are() {
    let (_fake, settings) = freeswitch().await;
    let (switch, _arrivals) = up(settings).await;
    let set = CallUuid::new(Uuid::new_v4());
    switch.command(originate(set, &[])).await.unwrap();
    for text in ODD_VALUES {
        let Ok(odd) = VariableValue::parse(text) else {
            continue;
        };
        let command = Command::SetVariable(set, name("voice_ai_secretary"), odd);
        switch.command(command).await.unwrap();
        let told = switch.channel(set).await.unwrap().unwrap().secretary;
        assert_eq!(told.as_deref(), Some(text).filter(|text| !text.is_empty()), "set");

        let made = CallUuid::new(Uuid::new_v4());
        let variables = [("voice_ai_secretary", text), ("voice_ai_fallback", "2000")];
        switch.command(originate(made, &variables)).await.unwrap();
        let channel = switch.channel(made).await.unwrap().unwrap();
        assert_eq!(
            channel.secretary.as_deref(),
            Some(text).filter(|text| !text.is_empty()),
            "originated"
        );
        assert_eq!(
            channel.fallback.map(|extension| extension.to_string()).as_deref(),
            Some("2000"),
            "what comes after {text:?}"
        );
        kill(&switch, made).await;
    }
    kill(&switch, set).await;
}

#[tokio::test]
async fn who_is_parked_arrives_and_who_waited_too() {
    let (_fake, settings) = freeswitch().await;
    let (switch, mut arrivals) = up(settings.clone()).await;
    let call = CallUuid::new(Uuid::new_v4());
    switch
        .command(originate(call, &[("voice_ai", "true")]))
        .await
        .unwrap();
    let arrives = async |arrivals: &mut tokio::sync::mpsc::Receiver<Channel>| {
        while arrivals.recv().await.expect("arrivals").call != call {}
    };
    tokio::time::timeout(LONG, arrives(&mut arrivals)).await.unwrap();
    let (_later, mut found) = up(settings).await;
    tokio::time::timeout(LONG, arrives(&mut found)).await.unwrap();
    kill(&switch, call).await;
}

#[tokio::test]
async fn a_bridge_is_told_to_both() {
    let (_fake, settings) = freeswitch().await;
    let (switch, _arrivals) = up(settings).await;
    let calls = [Uuid::new_v4(), Uuid::new_v4()].map(CallUuid::new);
    let mut one = switch.follow(calls[0]);
    let mut other = switch.follow(calls[1]);
    for call in calls {
        // Otherwise mod_loopback would take itself out of the middle.
        let stays = [("loopback_bowout", "false")];
        switch.command(originate(call, &stays)).await.unwrap();
    }
    switch.command(Command::Bridge(calls[0], calls[1])).await.unwrap();
    let bridged = |with| move |happening: &Happening| *happening == Happening::Bridged { with };
    comes(&mut one, bridged(calls[1])).await;
    comes(&mut other, bridged(calls[0])).await;
    let cause = HangupCause::UserBusy;
    switch.command(Command::Kill(calls[1], cause)).await.unwrap();
    let cause = Some(cause);
    comes(&mut other, |happening| *happening == Happening::HungUp { cause }).await;
}

/// What the control of 500 calls costs; `--nocapture` prints it.
#[tokio::test]
async fn five_hundred_calls_wind_their_switches() {
    let (_fake, settings) = freeswitch().await;
    let (switch, _arrivals) = up(settings).await;
    let calls: Vec<_> = (0..500).map(|_| CallUuid::new(Uuid::new_v4())).collect();
    let begun = Instant::now();
    let followings: Vec<_> = calls.iter().map(|call| switch.follow(*call)).collect();
    switch.command(Command::Exists(calls[0])).await.unwrap();
    println!("500 filters set in {:?}", begun.elapsed());
    let begun = Instant::now();
    let wound: Vec<_> = calls
        .iter()
        .map(|call| {
            let (switch, call) = (switch.clone(), *call);
            tokio::spawn(async move { switch.arm(call, Timer::HangUp, Duration::from_secs(60)).await })
        })
        .collect();
    for call in wound {
        call.await.unwrap().unwrap();
    }
    println!("500 switches wound in {:?} (1000 commands)", begun.elapsed());
    for call in &calls {
        switch.disarm(*call).await.unwrap();
    }
    drop(followings);
}
