//! Pairs of ports, and datagrams between them.

use freeswitch::{Ports, PortsError, Unicast};
use std::future::poll_fn;
use std::net::{Ipv4Addr, Ipv6Addr, UdpSocket};
use std::time::Duration;
use tokio::time::timeout;

const HOST: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// The end of FreeSWITCH.
fn theirs(unicast: &Unicast) -> UdpSocket {
    let socket = UdpSocket::bind(unicast.to().local).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    socket
}

async fn received(unicast: &mut Unicast) -> Vec<u8> {
    let packet = poll_fn(|cx| unicast.poll_receive(cx));
    let packet = timeout(Duration::from_secs(10), packet).await;
    packet.expect("a packet").unwrap().to_vec()
}

#[tokio::test]
async fn packets_go_both_ways_and_strangers_are_not_heard() {
    let ports = Ports::new(HOST.into(), 23_100, 4).unwrap();
    let mut unicast = ports.open(HOST).unwrap();
    let freeswitch = theirs(&unicast);
    let stranger = UdpSocket::bind((HOST, 0)).unwrap();
    // More than are read past at once.
    for _ in 0..100 {
        stranger.send_to(b"strange", unicast.to().remote).unwrap();
    }
    freeswitch.send_to(b"the caller", unicast.to().remote).unwrap();
    assert_eq!(received(&mut unicast).await, b"the caller");
    assert_eq!(unicast.strangers(), 100);

    unicast.send(b"");
    unicast.send(b"the secretary");
    let mut buffer = [0; 64];
    let (length, from) = freeswitch.recv_from(&mut buffer).unwrap();
    assert_eq!(
        buffer[..length],
        *b"the secretary",
        "an empty one would come first, and end FreeSWITCH's reading"
    );
    assert_eq!(from, unicast.to().remote);
    assert_eq!(unicast.unsent(), 0);
}

#[tokio::test]
async fn what_nobody_reads_harms_nobody() {
    let ports = Ports::new(HOST.into(), 23_110, 1).unwrap();
    let mut unicast = ports.open(HOST).unwrap();
    // Nobody is there yet: the system may tell so, later, by an error that is no reason to end a call.
    for _ in 0..10 {
        unicast.send(b"is anybody there?");
    }
    let freeswitch = theirs(&unicast);
    freeswitch.send_to(b"yes", unicast.to().remote).unwrap();
    assert_eq!(received(&mut unicast).await, b"yes");
}

#[tokio::test]
async fn a_pair_is_taken_once_and_given_back() {
    let ports = Ports::new(HOST.into(), 23_120, 2).unwrap();
    let (one, other) = (ports.open(HOST).unwrap(), ports.open(HOST).unwrap());
    let pairs = [one.to(), other.to()];
    assert_ne!(pairs[0].remote, pairs[1].remote);
    assert_ne!(pairs[0].local, pairs[1].local);
    let error = ports.open(HOST).unwrap_err();
    assert!(matches!(error, PortsError::NoneFree { .. }), "{error}");
    drop(other);
    drop(one);
    assert_eq!(ports.free(), 2);
    // What is late of a call that has just ended finds nobody: its pair comes last.
    assert_eq!(ports.open(HOST).unwrap().to(), pairs[1]);
}

#[tokio::test]
async fn a_port_that_somebody_has_is_passed_over() {
    let _ours = UdpSocket::bind((HOST, 23_130)).unwrap();
    let _freeswitchs = UdpSocket::bind((HOST, 23_133)).unwrap();
    let ports = Ports::new(HOST.into(), 23_130, 3).unwrap();
    assert_eq!(ports.open(HOST).unwrap().to().remote.port(), 23_134);
    assert_eq!(ports.free(), 3, "none is lost");
}

#[test]
fn ports_end_where_there_are_no_more() {
    assert_eq!(Ports::new(HOST.into(), 65_530, 500).unwrap().free(), 3);
    assert_eq!(Ports::new(HOST.into(), 26_000, 500).unwrap().free(), 500);
    assert_eq!(Ports::new(HOST.into(), u16::MAX, 500).unwrap().free(), 0);
}

#[tokio::test]
async fn what_is_wrong_is_said_with_what_would_help() {
    let six = Ports::new(Ipv6Addr::LOCALHOST.into(), 26_000, 1).unwrap_err();
    assert!(six.to_string().contains("set unicast_address"), "{six}");
    // 203.0.113.0/24 is for documentation: no machine has it.
    let elsewhere = Ipv4Addr::new(203, 0, 113, 1);
    let away = Ports::new(elsewhere.into(), 26_000, 1).unwrap();
    let error = away.open(HOST).unwrap_err().to_string();
    assert!(
        error.contains("203.0.113.1:26000") && error.contains("unicast_address"),
        "{error}"
    );
    let none = Ports::new(HOST.into(), 26_000, 0)
        .unwrap()
        .open(HOST)
        .unwrap_err()
        .to_string();
    assert!(none.contains("unicast_port"), "{none}");
}
