//! Everything at once, on the databases of both versions.

use super::stage::{nobody, service};
use crate::estate::FusionPbx;
use crate::machine;
use fusionpbx::{EslState, Owner, SurveyOptions, survey};
use sim::freeswitch::{FreeSwitch, Setup};

#[tokio::test]
async fn a_healthy_machine_is_told_in_one_go() {
    let fake = FreeSwitch::start(Setup::default()).await.unwrap();
    let port = fake.addr().port().to_string();
    for estate in FusionPbx::every() {
        let socket = [
            ("switch.event_socket.port", port.as_str()),
            ("switch.event_socket.host", "127.0.0.1"),
        ];
        estate.write("/etc/fusionpbx/config.conf", estate.config(&socket));
        estate.write("/usr/share/freeswitch/scripts/voice_secretary.lua", "--");
        machine::process(&estate.host(), 812, "freeswitch", Owner { uid: 33, gid: 33 });
        let facts = survey(
            &estate.host(),
            service(nobody(), nobody()),
            &SurveyOptions::default(),
        )
        .await;
        let database = facts.database.unwrap();
        assert_eq!(database.version, estate.version.name());
        let installation = facts.system.installation.unwrap();
        assert_eq!(installation.version.as_deref(), Some(estate.version.name()));
        assert_eq!(facts.switch.esl.state, EslState::Up);
        assert_eq!(facts.switch.process.unwrap().name, "www-data");
        assert!(facts.cache.is_ok() && facts.module.is_ok());
        assert_eq!(facts.script.unwrap().readable, Some(true));
        // The same clock, on the same machine.
        let clock = facts.system.database_clock_ms.unwrap();
        assert!(clock.abs() < 1_000, "{clock} ms");
        println!("{:?} {:?}: {:?}", estate.version, estate.rows, facts.system.took);
    }
}
