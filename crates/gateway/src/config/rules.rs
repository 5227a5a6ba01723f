//! What must hold between keys.

use super::Config;
use super::error::ConfigError;
use std::collections::BTreeSet;

impl Config {
    /// What is right key by key and wrong together.
    pub(super) fn contradictions(&self) -> Vec<ConfigError> {
        let mut found = Vec::new();
        self.listeners(&mut found);
        self.tenants(&mut found);
        self.receivers(&mut found);
        self.mcp_servers(&mut found);
        self.switches(&mut found);
        found.into_iter().map(ConfigError::Rule).collect()
    }

    /// An open port on which strangers could start calls, or read what calls there are, is refused.
    fn listeners(&self, found: &mut Vec<String>) {
        let server = &self.server;
        if !server.listen.ip().is_loopback() && server.token.is_none() && server.allow.is_empty() {
            found.push(format!(
                "server.listen: {} can be reached from other machines, and nothing says who may stream; set server.token \
                 (a secret that the PBX shows), or server.allow (the PBX's addresses), or listen on 127.0.0.1",
                server.listen
            ));
        }
        if let Some(tls) = &server.tls {
            for (key, path) in [("certificate", &tls.certificate), ("key", &tls.key)] {
                if path.as_os_str().is_empty() {
                    found.push(format!(
                        "server.tls.{key}: it is missing; name both PEM files, or leave server.tls out for ws://"
                    ));
                }
            }
        }
        if !server.control.ip().is_loopback() && server.control_token.is_none() {
            found.push(format!(
                "server.control: {} can be reached from other machines; set server.control_token, or use 127.0.0.1",
                server.control
            ));
        }
        if server.listen == server.control && server.listen.port() != 0 {
            found.push(format!(
                "server.listen and server.control are both {}; give each a port of its own",
                server.listen
            ));
        }
    }

    fn tenants(&self, found: &mut Vec<String>) {
        let mut seen = BTreeSet::new();
        let mut names = BTreeSet::new();
        for domain in &self.domains {
            if !seen.insert(domain.uuid) {
                found.push(format!(
                    "domains: {} is configured twice; each domain may stand once",
                    domain.uuid
                ));
            }
        }
        // Files and commands say a domain by its name.
        for domain in &self.domains {
            if !names.insert(domain.name.to_ascii_lowercase()) {
                found.push(format!(
                    "domains: the name {:?} is configured twice; give each domain its own",
                    domain.name
                ));
            }
        }
        if self.domains.is_empty() {
            found.push(
                "domains: the list is empty, so every call would be refused; name a domain, or leave the \
                        key out for the sample"
                    .into(),
            );
        }
    }
}
