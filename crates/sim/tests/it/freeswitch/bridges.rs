//! Calls that FreeSWITCH makes for a parked caller.

use super::{Client, header, soon, started};
use sim::freeswitch::{Behaviour, Caller, Dial, FreeSwitch, Place};
use std::time::Duration;
use uuid::Uuid;

const EVENTS: &str =
    "CHANNEL_EXECUTE_COMPLETE CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_PARK CHANNEL_HANGUP BACKGROUND_JOB";

async fn parked(fake: &FreeSwitch) -> Caller {
    let caller = fake.caller(Dial::default());
    soon("park", caller.until(|place| *place == Place::Parked)).await;
    caller
}

fn extensions(fake: &FreeSwitch) {
    let at_once = Duration::ZERO;
    for (number, behaviour) in [
        ("2001", Behaviour::Answers { after: at_once }),
        ("2002", Behaviour::Busy),
        ("2003", Behaviour::NoAnswer),
        ("2004", Behaviour::Refuses),
        ("2005", Behaviour::Unregistered),
        ("2006", Behaviour::Unavailable),
        (
            "2007",
            Behaviour::Talks {
                after: at_once,
                hangs_up: Duration::from_millis(50),
            },
        ),
        ("8000", Behaviour::Parks),
    ] {
        fake.extension(number, behaviour);
    }
}

#[tokio::test]
async fn each_way_to_reach_nobody_has_its_own_cause() {
    let fake = started().await;
    extensions(&fake);
    let caller = parked(&fake).await;
    let id = caller.uuid().to_string();
    let mut client = Client::connect(&fake, EVENTS).await;
    client
        .api(&format!("uuid_setvar {id} continue_on_fail true"))
        .await;
    for (to, cause) in [
        ("user/2002@default", "USER_BUSY"),
        ("loopback/2002/default", "USER_BUSY"),
        ("user/2003@default", "NO_ANSWER"),
        ("user/2004@default", "CALL_REJECTED"),
        ("user/2005@default", "USER_NOT_REGISTERED"),
        ("user/2006@default", "NO_USER_RESPONSE"),
        ("user/2999@default", "SUBSCRIBER_ABSENT"),
        ("loopback/2999/default", "NO_ROUTE_DESTINATION"),
        ("error/user_busy", "USER_BUSY"),
    ] {
        let dial = format!("{{originate_timeout=1}}{to}");
        client.execute(&id, "bridge", &dial, &[]).await;
        let done = client
            .event("the end of the bridge", |event| {
                header(event, "Application") == "bridge"
            })
            .await;
        assert_eq!(header(&done, "variable_originate_disposition"), cause, "{to}");
        assert_eq!(client.api(&format!("uuid_exists {id}")).await, "true", "{to}");
    }
    assert_eq!(fake.channels(), 1, "no leg is left");
}

#[tokio::test]
async fn a_loopback_that_names_no_dialplan_takes_that_of_who_calls() {
    let fake = started().await;
    extensions(&fake);
    let caller = parked(&fake).await;
    let id = caller.uuid().to_string();
    let mut client = Client::connect(&fake, EVENTS).await;
    client
        .api(&format!("uuid_setvar {id} continue_on_fail true"))
        .await;
    for (park, to, cause) in [
        ("park", "loopback/2002/default", "DESTINATION_OUT_OF_ORDER"),
        ("park", "loopback/2002/default/XML", "USER_BUSY"),
        (
            "set_profile_var:dialplan=XML,park",
            "loopback/2002/default",
            "USER_BUSY",
        ),
    ] {
        client.api(&format!("uuid_transfer {id} {park} inline")).await;
        client.named("CHANNEL_PARK").await;
        client.execute(&id, "bridge", to, &[]).await;
        let done = client
            .event("the end of the bridge", |event| {
                header(event, "Application") == "bridge"
            })
            .await;
        assert_eq!(
            header(&done, "variable_originate_disposition"),
            cause,
            "{park}, {to}"
        );
    }
}

#[tokio::test]
async fn a_caller_is_hung_up_after_a_failed_bridge_unless_the_channel_allows_it() {
    let fake = started().await;
    extensions(&fake);
    let client = Client::connect(&fake, EVENTS).await;
    let caller = parked(&fake).await;
    client
        .execute(&caller.uuid().to_string(), "bridge", "user/2002@default", &[])
        .await;
    assert_eq!(soon("the end", caller.until_hung_up()).await, "USER_BUSY");
    // "No answer is always a reason to continue."
    let patient = parked(&fake).await;
    let dial = "{originate_timeout=1}user/2003@default";
    client
        .execute(&patient.uuid().to_string(), "bridge", dial, &[])
        .await;
    soon("park again", patient.until(|place| *place == Place::Parked)).await;
}

#[tokio::test]
async fn a_caller_comes_back_to_park_after_a_bridge() {
    let fake = started().await;
    extensions(&fake);
    let mut client = Client::connect(&fake, EVENTS).await;
    let caller = parked(&fake).await;
    let id = caller.uuid().to_string();
    client.execute(&id, "bridge", "user/2007@default", &[]).await;
    let bridged = client.named("CHANNEL_BRIDGE").await;
    let place = soon(
        "the bridge",
        caller.until(|place| matches!(place, Place::Bridged { .. })),
    )
    .await;
    let with = header(&bridged, "Bridge-B-Unique-ID").to_owned();
    assert_eq!(place, Place::Bridged { with: with.clone() });
    assert_eq!(header(&bridged, "Other-Leg-Unique-ID"), with);
    client.named("CHANNEL_UNBRIDGE").await;
    let done = client.named("CHANNEL_EXECUTE_COMPLETE").await;
    assert_eq!(header(&done, "variable_originate_disposition"), "SUCCESS");
    assert_eq!(
        header(&done, "variable_last_bridge_hangup_cause"),
        "NORMAL_CLEARING"
    );
    soon("park again", caller.until(|place| *place == Place::Parked)).await;
}

#[tokio::test]
async fn whoever_is_called_goes_when_the_caller_does() {
    let fake = started().await;
    extensions(&fake);
    let client = Client::connect(&fake, EVENTS).await;
    let caller = parked(&fake).await;
    let id = caller.uuid().to_string();
    client.execute(&id, "bridge", "user/2001@default", &[]).await;
    soon(
        "the bridge",
        caller.until(|place| matches!(place, Place::Bridged { .. })),
    )
    .await;
    let called = fake.called("2001").pop().unwrap();
    caller.hang_up();
    assert_eq!(soon("the end", called.until_hung_up()).await, "NORMAL_CLEARING");
    soon("the end", caller.until_hung_up()).await;

    let ringing = parked(&fake).await;
    client
        .execute(&ringing.uuid().to_string(), "bridge", "user/2003@default", &[])
        .await;
    let called = soon("ringing", async {
        loop {
            if let Some(called) = fake.called("2003").pop() {
                return called;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    ringing.hang_up();
    assert_eq!(soon("the end", called.until_hung_up()).await, "ORIGINATOR_CANCEL");
}

#[tokio::test]
async fn a_leg_of_its_own_is_joined_and_gives_back_only_with_park_after_bridge() {
    let fake = started().await;
    extensions(&fake);
    let mut client = Client::connect(&fake, EVENTS).await;
    for parks_again in [true, false] {
        let caller = parked(&fake).await;
        let (id, leg) = (caller.uuid(), Uuid::new_v4());
        if parks_again {
            client
                .api(&format!("uuid_setvar {id} park_after_bridge true"))
                .await;
        }
        let command = format!(
            "originate {{origination_uuid={leg},origination_caller_id_name='Ana, 8000'}}user/2001@default &park()"
        );
        client.esl.bgapi(&command).await.unwrap().check().unwrap();
        let job = client.named("BACKGROUND_JOB").await;
        assert_eq!(job.body(), Some(format!("+OK {leg}\n").as_str()));
        let called = fake.channel(&leg.to_string()).unwrap();
        assert_eq!(called.shown_as().1, "Ana, 8000");
        soon("the leg's park", called.until(|place| *place == Place::Parked)).await;
        let reply = client.api(&format!("uuid_bridge {id} {leg}")).await;
        assert_eq!(reply, format!("+OK {leg}\n"));
        client.named("CHANNEL_BRIDGE").await;
        called.hang_up();
        client.named("CHANNEL_UNBRIDGE").await;
        match parks_again {
            true => {
                soon(
                    "park again",
                    caller.until(|place| matches!(place, Place::Bridged { .. })),
                )
                .await;
                soon("park again", caller.until(|place| *place == Place::Parked)).await;
            }
            false => assert_eq!(soon("the end", caller.until_hung_up()).await, "NORMAL_CLEARING"),
        }
    }
}

#[tokio::test]
async fn a_call_that_reaches_nobody_says_so_in_its_job() {
    let fake = started().await;
    extensions(&fake);
    let mut client = Client::connect(&fake, EVENTS).await;
    for (number, reply) in [
        ("2002", "-ERR USER_BUSY\n"),
        ("2005", "-ERR USER_NOT_REGISTERED\n"),
    ] {
        let command = format!("originate {{originate_timeout=5}}user/{number}@default &park()");
        client.esl.bgapi(&command).await.unwrap().check().unwrap();
        assert_eq!(client.named("BACKGROUND_JOB").await.body(), Some(reply));
    }
    assert_eq!(client.api("uuid_bridge a b").await, "-ERR Invalid uuid\n");
}

#[tokio::test]
async fn a_transfer_goes_where_it_is_sent_and_nowhere_ends_the_call() {
    let fake = started().await;
    extensions(&fake);
    let client = Client::connect(&fake, EVENTS).await;
    let caller = parked(&fake).await;
    let id = caller.uuid();
    assert_eq!(
        client.api(&format!("uuid_transfer {id} 2001 XML default")).await,
        "+OK\n"
    );
    let there = Place::Transferred {
        extension: "2001".to_owned(),
        context: "default".to_owned(),
    };
    soon("the transfer", caller.until(|place| *place == there)).await;
    soon(
        "the bridge",
        caller.until(|place| matches!(place, Place::Bridged { .. })),
    )
    .await;
    assert_eq!(
        client.api(&format!("uuid_transfer {id} 8000 XML default")).await,
        "+OK\n"
    );
    soon("park", caller.until(|place| *place == Place::Parked)).await;
    soon("nobody left at the other phone", async {
        while !fake.called("2001").is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(
        client
            .api(&format!("uuid_transfer {id} nobody XML default"))
            .await,
        "+OK\n"
    );
    assert_eq!(
        soon("the end", caller.until_hung_up()).await,
        "NO_ROUTE_DESTINATION"
    );
    assert_eq!(
        client.api(&format!("uuid_transfer {id} 8000")).await,
        "-ERR No such channel!\n"
    );
}
