//! A machine with a configuration of FusionPBX, a FreeSWITCH and a service, whose database is another test's matter.

use crate::machine::Machine;
use fusionpbx::{Facts, Service, ServiceDomain, SurveyOptions, survey};
use sim::freeswitch::{FreeSwitch, Setup};
use std::net::SocketAddr;
use std::path::Path;

pub(crate) const DOMAIN: &str = "11111111-1111-4111-8111-111111111111";

pub(crate) struct Stage {
    pub(crate) machine: Machine,
    pub(crate) fake: FreeSwitch,
    pub(crate) service: Service,
    pub(crate) options: SurveyOptions,
}

impl Stage {
    /// A FreeSWITCH with the folders of its package, and no service.
    pub(crate) async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let password = setup.password.clone();
        let fake = FreeSwitch::start(setup).await.unwrap();
        let stage = Self {
            machine: Machine::new(),
            service: service(nobody(), nobody()),
            options: SurveyOptions::default(),
            fake,
        };
        stage.configure(&password, "file");
        stage
    }

    /// Writes config.conf.
    pub(crate) fn configure(&self, password: &str, cache: &str) {
        let (socket, database) = (self.fake.addr(), nobody());
        self.machine.write(
            "/etc/fusionpbx/config.conf",
            format!(
                "database.0.type = pgsql\ndatabase.0.host = {}\ndatabase.0.port = {}\ndatabase.0.name = fusionpbx\n\
                 database.0.username = fusionpbx\ndatabase.0.password = example-db-password\n\
                 document.root = /var/www/fusionpbx\ncache.method = {cache}\ncache.location = /var/cache/fusionpbx\n\
                 switch.conf.dir = /etc/freeswitch\nswitch.scripts.dir = /usr/share/freeswitch/scripts\n\
                 switch.event_socket.host = {}\nswitch.event_socket.port = {}\nswitch.event_socket.password = {password}\n",
                database.ip(),
                database.port(),
                socket.ip(),
                socket.port(),
            ),
        );
    }

    pub(crate) async fn survey(&self) -> Facts {
        survey(&self.machine.host(), self.service.clone(), &self.options).await
    }
}

/// The service at these listeners, with one domain.
pub(crate) fn service(listen: SocketAddr, control: SocketAddr) -> Service {
    Service {
        config: Path::new("/etc/voice-ai/voice-ai.toml").to_owned(),
        is_configured: true,
        listen,
        control,
        tls: false,
        token: None,
        event_sockets: vec![("127.0.0.1".to_owned(), 8021)],
        domains: vec![ServiceDomain {
            uuid: DOMAIN.parse().unwrap(),
            name: None,
            secretaries: Vec::new(),
        }],
        wrong: Vec::new(),
        unserved: Vec::new(),
        missing_models: Vec::new(),
        models: None,
        keys: Vec::new(),
    }
}

/// Where nobody listens: a port that no user may have without asking.
pub(crate) fn nobody() -> SocketAddr {
    ([127, 0, 0, 1], 1).into()
}
