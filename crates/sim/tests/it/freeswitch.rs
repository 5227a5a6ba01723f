//! The fake FreeSWITCH.

mod bridges;
mod crowd;
mod faults;
mod order;
mod playing;
mod schedules;
mod streams;
mod unicast;
mod wire;

use freeswitch_esl_tokio::{EslClient, EslEvent, EslEventStream, EventFormat};
use sim::freeswitch::{FreeSwitch, Setup};
use std::future::Future;
use std::time::Duration;
use tokio::time::timeout;

/// No step of a test takes so long, on any machine.
const LIMIT: Duration = Duration::from_secs(20);

async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    timeout(LIMIT, work)
        .await
        .unwrap_or_else(|_| panic!("{what} did not happen within {LIMIT:?}"))
}

async fn started() -> FreeSwitch {
    FreeSwitch::start(Setup::default()).await.unwrap()
}

/// A client that somebody else has written, with its events.
struct Client {
    esl: EslClient,
    events: EslEventStream,
}

impl Client {
    async fn connect(fake: &FreeSwitch, events: &str) -> Self {
        let address = fake.addr();
        let (esl, stream) = soon(
            "a connection",
            Box::pin(EslClient::connect(
                &address.ip().to_string(),
                address.port(),
                "ClueCon",
            )),
        )
        .await
        .unwrap();
        esl.subscribe_events_raw(EventFormat::Plain, events)
            .await
            .unwrap();
        Self { esl, events: stream }
    }

    /// The reply to a command of `api`.
    async fn api(&self, command: &str) -> String {
        let reply = soon(command, self.esl.api(command)).await.unwrap();
        reply.body().unwrap_or_default().to_owned()
    }

    /// Sends a message to a channel.
    async fn message(&self, id: &str, headers: &[(&str, &str)]) {
        let mut message = EslEvent::new();
        for (name, value) in headers {
            message.set_header(*name, *value);
        }
        soon("a message", self.esl.sendmsg(Some(id), message))
            .await
            .unwrap()
            .check()
            .unwrap();
    }

    async fn execute(&self, id: &str, application: &str, data: &str, more: &[(&str, &str)]) {
        let mut headers = vec![
            ("call-command", "execute"),
            ("execute-app-name", application),
            ("execute-app-arg", data),
        ];
        headers.extend(more);
        self.message(id, &headers).await;
    }

    /// The next event that is as wanted; those before it are gone.
    async fn event(&mut self, what: &str, wanted: impl Fn(&EslEvent) -> bool) -> EslEvent {
        soon(what, async {
            loop {
                let event = self.events.recv().await.expect("the connection lives").unwrap();
                if wanted(&event) {
                    return event;
                }
            }
        })
        .await
    }

    async fn named(&mut self, name: &str) -> EslEvent {
        self.event(name, |event| header(event, "Event-Name") == name)
            .await
    }
}

fn header<'a>(event: &'a EslEvent, name: &str) -> &'a str {
    event.header_str(name).unwrap_or_default()
}
