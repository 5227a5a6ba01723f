//! Days, minutes and money in virtual time.

use super::*;
use secretary::Snapshot;
use std::sync::atomic::{AtomicI64, Ordering};

/// A clock that is set by hand.
#[derive(Clone)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn at(time: &str) -> Self {
        Self(Arc::new(AtomicI64::new(
            time.parse::<Timestamp>().unwrap().as_millisecond(),
        )))
    }

    fn clock(&self) -> Clock {
        let hand = self.0.clone();
        Arc::new(move || Timestamp::from_millisecond(hand.load(Ordering::Relaxed)).unwrap())
    }

    fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::Relaxed);
    }
}

fn domain(minutes_per_day: u32, spend_per_day_micros: u64) -> Arc<Domain> {
    let embedded = Snapshot::embedded().unwrap();
    let sample = embedded.domains.values().next().unwrap();
    Arc::new(Domain {
        minutes_per_day,
        spend_per_day_micros,
        timezone: "America/Sao_Paulo".into(),
        ..Domain::clone(sample)
    })
}

/// Noon in São Paulo, which is three hours behind UTC.
const NOON: &str = "2026-11-23T15:00:00Z";

#[test]
fn minutes_of_ended_and_of_living_calls_count_together() {
    let hand = Hand::at(NOON);
    let allowances = Allowances::new(hand.clock());
    let ten = domain(10, 0);
    let first = allowances.begin(&ten).unwrap();
    hand.pass(6 * 60);
    drop(first);
    let second = allowances.begin(&ten).unwrap();
    hand.pass(3 * 60 + 59);
    let third = allowances.begin(&ten).unwrap();
    let refused = allowances.begin(&ten).err().unwrap();
    assert_eq!(
        refused.to_string(),
        format!(
            "domain {} has used 10 of its 10 minutes of calls today; new ones begin at 2026-11-24T03:00:00Z",
            ten.name
        )
    );
    // It was refused for a minute that the third call has not used.
    drop(third);
    drop(second);
    let _fourth = allowances.begin(&ten).unwrap();
}

#[test]
fn calls_that_begin_together_do_not_share_the_last_minutes() {
    let allowances = Allowances::new(Hand::at(NOON).clock());
    let three = domain(3, 0);
    let taken: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| allowances.begin(&three).ok()))
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(taken.len(), 3);
}

#[test]
fn a_day_begins_at_midnight_of_the_tenant_and_a_call_through_it_counts_on_both() {
    let hand = Hand::at("2026-11-24T02:58:00Z");
    let allowances = Allowances::new(hand.clock());
    let four = domain(4, 0);
    let call = allowances.begin(&four).unwrap();
    hand.pass(5 * 60);
    // Two minutes before midnight, three after it.
    let _second = allowances.begin(&four).unwrap();
    assert!(matches!(
        allowances.begin(&four),
        Err(Exhausted::Minutes { used: 4, .. })
    ));
    drop(call);
    assert!(allowances.begin(&four).is_err(), "its three minutes stay used");
    hand.pass(24 * 3600);
    assert!(allowances.begin(&four).is_ok());
}

#[test]
fn money_is_counted_as_it_is_spent_and_a_living_call_goes_on() {
    let hand = Hand::at(NOON);
    let allowances = Allowances::new(hand.clock());
    let limited = domain(0, 2_500_000);
    let call = allowances.begin(&limited).unwrap();
    call.spend(2_499_999);
    drop(allowances.begin(&limited).unwrap());
    call.spend(1);
    call.spend(30_000);
    let refused = allowances.begin(&limited).err().unwrap();
    assert_eq!(refused.key(), "spend_per_day");
    assert!(
        refused.to_string().contains("has spent 2.53 of 2.50"),
        "{refused}"
    );
    hand.pass(24 * 3600);
    assert!(allowances.begin(&limited).is_ok());
}

#[test]
fn what_was_used_before_this_process_began_counts_for_its_day_alone() {
    let hand = Hand::at(NOON);
    let allowances = Allowances::new(hand.clock());
    let limited = domain(10, 0);
    let begins = allowances.today(&limited);
    assert_eq!(begins.to_string(), "2026-11-23T03:00:00Z");
    allowances.used_before(&limited, begins, 9 * 60_000, 0);
    let last = allowances.begin(&limited).unwrap();
    assert!(allowances.begin(&limited).is_err());
    drop(last);
    hand.pass(24 * 3600);
    allowances.used_before(&limited, begins, 10 * 60_000, 0);
    assert!(allowances.begin(&limited).is_ok());
}

#[test]
fn a_tenants_limit_is_no_other_ones() {
    let allowances = Allowances::new(Hand::at(NOON).clock());
    let one = domain(1, 0);
    let mut other = Domain::clone(&one);
    other.uuid = "99999999-2222-4333-8444-555555555555".parse().unwrap();
    let _call = allowances.begin(&one).unwrap();
    assert!(allowances.begin(&one).is_err());
    assert!(allowances.begin(&Arc::new(other)).is_ok());
}

#[test]
fn amounts_are_written_as_money() {
    for (micros, text) in [
        (0, "0.00"),
        (2_500_000, "2.50"),
        (1_000_125, "1.000125"),
        (70_000, "0.07"),
    ] {
        assert_eq!(units(micros), text);
    }
}

#[tokio::test]
async fn a_domain_that_cannot_be_read_holds_up_no_other() {
    let allowances = Allowances::new(Hand::at(NOON).clock());
    let first = domain(10, 0);
    let mut second = Domain::clone(&first);
    second.uuid = "99999999-2222-4333-8444-555555555555".parse().unwrap();
    let second = Arc::new(second);
    let whole_day = Usage {
        call_ms: 10 * 60_000,
        cost_micros: 0,
    };
    let domains = vec![first.clone(), second.clone()];
    let left = read_once(&allowances, domains, async |domain, _| {
        if domain == first.uuid {
            return Err(StoreError::Slow(5));
        }
        Ok(whole_day)
    });
    let left = left.await.unwrap();
    assert_eq!(left.domains, std::slice::from_ref(&first));
    assert!(allowances.begin(&second).is_err(), "it is known");
    assert!(allowances.begin(&first).is_ok(), "it is not");
    let again = read_once(&allowances, left.domains, async |domain, since| {
        assert_eq!(domain, first.uuid);
        assert_eq!(since.0, allowances.today(&first).as_millisecond());
        Ok(whole_day)
    });
    assert!(again.await.is_none());
    assert!(allowances.begin(&first).is_err());
}
