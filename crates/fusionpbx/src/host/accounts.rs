//! Users and groups, by /etc/passwd and /etc/group: what a program of the PBX runs as is never in a directory elsewhere.

use super::Host;
use crate::Owner;
use std::collections::HashSet;
use std::fs;

/// A user, with all groups that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its name, or its number where it has none.
    pub name: String,
    /// The user and its first group.
    pub owner: Owner,
    /// The other groups.
    pub groups: Vec<u32>,
}

impl Host {
    /// The user of this name.
    pub fn user(&self, name: &str) -> Option<User> {
        let passwd = fs::read_to_string(self.path("/etc/passwd")).ok()?;
        let (_, owner) = passwd
            .lines()
            .filter_map(account)
            .find(|(known, _)| *known == name)?;
        Some(self.with_groups(name, owner))
    }

    /// The user behind numbers. One that /etc/passwd does not know is in no further group.
    pub fn user_of(&self, owner: Owner) -> User {
        let passwd = fs::read_to_string(self.path("/etc/passwd")).unwrap_or_default();
        let known = passwd
            .lines()
            .filter_map(account)
            .find(|(_, known)| known.uid == owner.uid);
        match known {
            Some((name, _)) => self.with_groups(name, owner),
            None => User {
                name: owner.uid.to_string(),
                owner,
                groups: Vec::new(),
            },
        }
    }

    /// A number of system accounts that no user and no group has, from the top as `systemd-sysusers` chooses.
    pub fn free_system_id(&self) -> u32 {
        let read = |file: &str| fs::read_to_string(self.path(file)).unwrap_or_default();
        let taken: HashSet<u32> = [read("/etc/passwd"), read("/etc/group")]
            .iter()
            .flat_map(|text| text.lines())
            .filter_map(|line| line.split(':').nth(2)?.parse().ok())
            .collect();
        (100..1_000).rev().find(|id| !taken.contains(id)).unwrap_or(999)
    }

    fn with_groups(&self, name: &str, owner: Owner) -> User {
        let group = fs::read_to_string(self.path("/etc/group")).unwrap_or_default();
        let groups = group.lines().filter_map(|line| {
            let mut fields = line.split(':').skip(2);
            let (gid, members) = (fields.next()?, fields.next()?);
            let is_member = members.split(',').any(|member| member.trim() == name);
            is_member.then(|| gid.parse().ok())?
        });
        User {
            name: name.to_owned(),
            owner,
            groups: groups.collect(),
        }
    }
}

/// `name:x:uid:gid:…`.
fn account(line: &str) -> Option<(&str, Owner)> {
    let mut fields = line.split(':');
    let (name, _) = (fields.next()?, fields.next()?);
    let (uid, gid) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((name, Owner { uid, gid }))
}
