//! The Deepgram adapter against a stand-in for the API, over a real socket.

mod official;
mod renewal;
mod talk;
mod trouble;

use crate::rig::{Rig, limited, setup};
use call::EngineEvent;
use sim::deepgram::{Script, VoiceAgent};
use voice::deepgram::{Config, Deepgram};
use voice::{ApiKey, ConnectError, Engine, Session, Setup};

fn config(server: &VoiceAgent) -> Config {
    Config {
        url: server.url(),
        ..Config::new(ApiKey::new("dg-sim"))
    }
}

async fn connect(config: Config, setup: Setup) -> Result<(Deepgram, Box<dyn Session>), ConnectError> {
    let engine = Deepgram::new(config).unwrap();
    let session = limited(engine.connect(setup)).await?;
    Ok((engine, session))
}

/// A server, an engine on it, and a session that has just been opened.
async fn start(script: Script, change: impl FnOnce(Config) -> Config) -> (VoiceAgent, Deepgram, Rig) {
    let server = VoiceAgent::start(script).await.unwrap();
    let (engine, session) = connect(change(config(&server)), setup()).await.unwrap();
    (server, engine, Rig::new(session))
}

/// The same, once it may be spoken to.
async fn ready(script: Script) -> (VoiceAgent, Deepgram, Rig) {
    let (server, engine, mut rig) = start(script, |config| config).await;
    assert_eq!(rig.event().await, EngineEvent::Ready);
    (server, engine, rig)
}
