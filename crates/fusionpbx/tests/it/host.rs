//! What is read of a machine: its users, processes, ports, disks, and who may read what.

use crate::machine::Machine;
use fusionpbx::{Host, Owner, Want};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

#[test]
fn a_path_never_leads_out_of_the_root() {
    let host = Host::new("/srv/host");
    for (path, found) in [
        ("/etc/passwd", "/srv/host/etc/passwd"),
        ("etc/passwd", "/srv/host/etc/passwd"),
        ("/../../etc/passwd", "/srv/host/etc/passwd"),
        ("/a/../../../b/./c", "/srv/host/b/c"),
        ("/", "/srv/host"),
    ] {
        assert_eq!(host.path(path), PathBuf::from(found), "{path}");
    }
    assert_eq!(Host::default().path("/etc/passwd"), PathBuf::from("/etc/passwd"));
}

#[test]
fn users_have_their_names_and_all_their_groups() {
    let machine = Machine::new();
    machine.write(
        "/etc/passwd",
        "root:x:0:0::/:/bin/sh\nbroken line\nwww-data:x:33:33::/:/bin/false\n",
    );
    machine.write(
        "/etc/group",
        "root:x:0:\nssl:x:110:ana,www-data\nbad\nadm:x:4:www-data2\n",
    );
    let host = machine.host();
    let user = host.user("www-data").unwrap();
    assert_eq!(
        (user.owner, user.groups.as_slice()),
        (Owner { uid: 33, gid: 33 }, &[110][..])
    );
    assert_eq!(host.user("nobody"), None);
    let stranger = host.user_of(Owner { uid: 4711, gid: 33 });
    assert_eq!((stranger.name.as_str(), stranger.groups.len()), ("4711", 0));
}

#[test]
fn a_process_is_found_with_the_user_that_it_really_runs_as() {
    let machine = Machine::new();
    machine.write("/etc/passwd", "www-data:x:33:33::/:/bin/false\n");
    machine.process(812, "freeswitch", Owner { uid: 33, gid: 33 });
    machine.process(90, "freeswitch", Owner { uid: 999, gid: 999 });
    machine.process(91, "freeswitch-old", Owner { uid: 0, gid: 0 });
    machine.dead(17, "freeswitch");
    let found = machine.host().processes("freeswitch");
    let told: Vec<_> = found
        .iter()
        .map(|account| (account.pid, account.name.as_str(), account.owner.uid))
        .collect();
    assert_eq!(told, [(90, "999", 999), (812, "www-data", 33)]);
    assert_eq!(machine.host().file_limit(812), Some(1_024));
    assert_eq!(machine.host().file_limit(4), None);
    assert!(
        Machine::new().host().processes("freeswitch").is_empty(),
        "there is no /proc"
    );
}

#[test]
fn a_port_has_its_addresses_and_its_owner() {
    let machine = Machine::new();
    machine.process(812, "nginx", Owner { uid: 0, gid: 0 });
    machine.listens(812, 8_085, "0100007F", 5_501);
    machine.listens(812, 8_086, "00000000", 5_502);
    let host = machine.host();
    assert_eq!(host.listening(8_085), [IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    assert_eq!(host.listening(8_086), [IpAddr::V4(Ipv4Addr::UNSPECIFIED)]);
    let owner = host.port_owner(8_085).unwrap();
    assert_eq!((owner.pid, owner.name.as_str()), (812, "nginx"));
    assert_eq!(host.port_owner(8_087), None);
    assert!(host.listening(8_087).is_empty());
}

#[test]
fn the_machine_itself_tells_of_this_very_process() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let host = Host::default();
    assert_eq!(host.port_owner(port).unwrap().pid, std::process::id());
    assert_eq!(host.listening(port), [IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    assert!(host.file_limit(std::process::id()).unwrap() > 16);
    drop(listener);
    assert_eq!(host.port_owner(port), None);
}

#[test]
fn free_space_is_that_of_the_disk_that_a_path_will_be_on() {
    let machine = Machine::new();
    let host = machine.host();
    let (free, all) = host.disk(Path::new("/")).unwrap();
    assert!(0 < all && free <= all);
    assert_eq!(host.disk(Path::new("/var/lib/not/there/yet")).unwrap().1, all);
}

#[test]
fn a_mode_tells_who_may_and_every_folder_on_the_way_counts() {
    let machine = Machine::new();
    machine.write("/srv/scripts/a.lua", "--");
    let me = {
        let file = fs::metadata(machine.path("/srv/scripts/a.lua")).unwrap();
        Owner {
            uid: file.uid(),
            gid: file.gid(),
        }
    };
    let host = machine.host();
    // The files belong to whoever runs the test: whether they are "owner", "group" or "others" is the user's choice.
    let owner = host.user_of(me);
    let other = Owner {
        uid: me.uid + 4_711,
        gid: me.gid + 4_711,
    };
    let stranger = host.user_of(other);
    let member = fusionpbx::User {
        groups: vec![me.gid],
        ..stranger.clone()
    };
    let root = host.user_of(Owner { uid: 0, gid: 0 });
    let script = Path::new("/srv/scripts/a.lua");
    let may = |user, want| host.may(user, script, want).unwrap().unwrap();

    machine.mode("/srv/scripts/a.lua", 0o640);
    machine.mode("/srv/scripts", 0o755);
    machine.mode("/srv", 0o755);
    assert!(may(&member, Want::Read) && !may(&member, Want::Write));
    assert!(!may(&stranger, Want::Read));
    assert!(may(&root, Want::Write) && may(&owner, Want::Write));

    // The owner has what the owner's digit says, even where the group has more; but root may all.
    machine.mode("/srv/scripts/a.lua", 0o044);
    assert!(may(&stranger, Want::Read) && may(&member, Want::Read));
    assert_eq!(may(&owner, Want::Read), me.uid == 0);

    // A folder that cannot be passed hides what is in it.
    machine.mode("/srv/scripts/a.lua", 0o644);
    machine.mode("/srv", 0o750);
    assert!(!may(&stranger, Want::Read) && may(&member, Want::Read));

    // To make files in a folder it must be written and passed.
    machine.mode("/srv", 0o755);
    let folder = Path::new("/srv/scripts");
    for (mode, allowed) in [(0o757, true), (0o752, false), (0o755, false)] {
        machine.mode("/srv/scripts", mode);
        let told = host.may(&stranger, folder, Want::Write).unwrap();
        assert_eq!(told, Some(allowed), "{mode:o}");
    }
    assert!(host.may(&stranger, Path::new("/srv/none"), Want::Read).is_err());
}

#[test]
fn a_link_is_judged_by_where_it_leads() {
    let machine = Machine::new();
    machine.write("/opt/kept/a.lua", "--");
    machine.write("/srv/here", "");
    symlink(machine.path("/opt/kept/a.lua"), machine.path("/srv/a.lua")).unwrap();
    let host = machine.host();
    let stranger = host.user_of(Owner {
        uid: 47_110,
        gid: 47_110,
    });
    for (mode, allowed) in [(0o755, true), (0o700, false)] {
        machine.mode("/opt/kept", mode);
        let told = host.may(&stranger, Path::new("/srv/a.lua"), Want::Read).unwrap();
        assert_eq!(told, Some(allowed), "{mode:o}");
    }
}
