//! Slows down guessing: per account and per address, by failures only.
//!
//! Each bucket is a generic cell rate algorithm: a number of failures at once,
//! then one for each interval. A try is counted when it begins and taken back
//! when it succeeds, so that many at once cannot slip past. The buckets live in
//! the process: a restart forgives.
//!
//! An account is never locked: its bucket fills again by itself, one address
//! alone cannot empty it, and an address that has signed in to the account
//! before is not held back by what others do to it.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::network::network;
use crate::timestamp::Timestamp;

/// How many keys one kind of bucket remembers.
const CAPACITY: usize = 50_000;

/// How much of a name is remembered, in characters: more than any username has.
const LONGEST_NAME: usize = 32;

/// How fast a bucket fills.
#[derive(Clone, Copy, Debug)]
struct Rate {
    at_once: u32,
    interval: Duration,
}

const PER_ADDRESS: Rate = Rate {
    at_once: 10,
    interval: Duration::from_secs(30),
};
const PER_ACCOUNT: Rate = Rate {
    at_once: 20,
    interval: Duration::from_secs(6),
};

impl Rate {
    /// The time at which a bucket is full again. If that is more than four refills away, it
    /// was stored before the clock was set back, and the bucket counts as full.
    fn possible(self, full_at: Timestamp, now: Timestamp) -> Timestamp {
        if full_at.since(now) > self.interval * self.at_once * 4 {
            now
        } else {
            full_at
        }
    }
}

/// Buckets of one kind: for each key the time at which its bucket is full again.
struct Buckets<K>(HashMap<K, Timestamp>);

impl<K: Eq + Hash + Clone> Buckets<K> {
    fn wait(&self, key: &K, rate: Rate, now: Timestamp) -> Option<Duration> {
        let full_at = rate.possible(self.0.get(key)?.to_owned(), now);
        let span = rate.interval * (rate.at_once - 1);
        let wait = full_at.since(now).saturating_sub(span);
        (!wait.is_zero()).then_some(wait)
    }

    fn count(&mut self, key: &K, rate: Rate, now: Timestamp) {
        if self.0.len() >= CAPACITY && !self.0.contains_key(key) {
            self.make_room(now);
        }
        let full_at = self.0.entry(key.clone()).or_insert(now);
        *full_at = rate.possible(*full_at, now).max(now) + rate.interval;
    }

    fn take_back(&mut self, key: &K, rate: Rate) {
        if let Some(full_at) = self.0.get_mut(key) {
            *full_at = *full_at - rate.interval;
        }
    }

    /// Forgets the buckets that are full again; where all are in use, the half
    /// that is closest to it.
    fn make_room(&mut self, now: Timestamp) {
        self.0.retain(|_, full_at| !full_at.has_passed(now));
        if self.0.len() >= CAPACITY {
            let mut times: Vec<_> = self.0.values().copied().collect();
            let (_, median, _) = times.select_nth_unstable(CAPACITY / 2);
            let median = *median;
            self.0.retain(|_, full_at| *full_at > median);
        }
    }
}

struct State {
    addresses: Buckets<IpAddr>,
    accounts: Buckets<String>,
    /// Which address signed in to which account.
    known: HashMap<(String, IpAddr), Timestamp>,
}

/// The throttle of sign-ins.
#[derive(Clone)]
pub(super) struct SignInThrottle(Arc<Mutex<State>>);

impl fmt::Debug for SignInThrottle {
    /// Without the names: people type passwords into the wrong field.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInThrottle").finish_non_exhaustive()
    }
}

/// A try that was counted; taken back by [`succeeded`](Self::succeeded).
pub(super) struct Try {
    throttle: SignInThrottle,
    account: String,
    address: Option<IpAddr>,
}

impl SignInThrottle {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            addresses: Buckets(HashMap::new()),
            accounts: Buckets(HashMap::new()),
            known: HashMap::new(),
        })))
    }

    /// Counts a try, or says how long to wait before the next.
    pub(super) fn begin(
        &self,
        account: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Try, Duration> {
        let account: String = account
            .chars()
            .take(LONGEST_NAME)
            .map(|character| character.to_ascii_lowercase())
            .collect();
        let address = address.map(network);
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known =
            address.is_some_and(|address| state.known.contains_key(&(account.clone(), address)));
        let waits = [
            address.and_then(|address| state.addresses.wait(&address, PER_ADDRESS, now)),
            state
                .accounts
                .wait(&account, PER_ACCOUNT, now)
                .filter(|_| !known),
        ];
        if let Some(wait) = waits.into_iter().flatten().max() {
            return Err(wait);
        }
        if let Some(address) = address {
            state.addresses.count(&address, PER_ADDRESS, now);
        }
        state.accounts.count(&account, PER_ACCOUNT, now);
        drop(state);
        Ok(Try {
            throttle: self.clone(),
            account,
            address,
        })
    }
}

impl Try {
    /// The password was right: this was no failure, and the address is known now.
    pub(super) fn succeeded(self, now: Timestamp) {
        let mut state = self
            .throttle
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.accounts.take_back(&self.account, PER_ACCOUNT);
        if let Some(address) = self.address {
            state.addresses.take_back(&address, PER_ADDRESS);
            if state.known.len() >= CAPACITY {
                state.known.clear();
            }
            state.known.insert((self.account, address), now);
        }
    }

    /// Nobody looked at the password: the try does not count.
    pub(super) fn void(self) {
        let mut state = self
            .throttle
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.accounts.take_back(&self.account, PER_ACCOUNT);
        if let Some(address) = self.address {
            state.addresses.take_back(&address, PER_ADDRESS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn failures_of_one_address_are_slowed_down_whatever_the_account() {
        let throttle = SignInThrottle::new();
        for n in 0..PER_ADDRESS.at_once {
            drop(
                throttle
                    .begin(&format!("user{n}"), Some(address(1)), NOW)
                    .unwrap(),
            );
        }
        let wait = throttle
            .begin("another", Some(address(1)), NOW)
            .err()
            .unwrap();
        assert_eq!(wait, PER_ADDRESS.interval);
        assert!(throttle.begin("another", Some(address(2)), NOW).is_ok());
        assert!(
            throttle
                .begin("another", Some(address(1)), NOW + PER_ADDRESS.interval)
                .is_ok()
        );
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let throttle = SignInThrottle::new();
        let ahead = NOW + Duration::from_hours(48);
        for _ in 0..PER_ADDRESS.at_once {
            drop(throttle.begin("admin", Some(address(1)), ahead).unwrap());
        }
        assert!(throttle.begin("admin", Some(address(1)), ahead).is_err());
        assert!(throttle.begin("admin", Some(address(1)), NOW).is_ok());
    }

    #[test]
    fn failures_on_one_account_are_slowed_down_whatever_the_address_and_case() {
        let throttle = SignInThrottle::new();
        for n in 0..PER_ACCOUNT.at_once {
            let n = u8::try_from(n).unwrap();
            drop(
                throttle
                    .begin(
                        ["admin", "ADMIN"][usize::from(n % 2)],
                        Some(address(n)),
                        NOW,
                    )
                    .unwrap(),
            );
        }
        let wait = throttle
            .begin("Admin", Some(address(99)), NOW)
            .err()
            .unwrap();
        assert_eq!(wait, PER_ACCOUNT.interval);
    }

    #[test]
    fn one_address_alone_never_empties_the_bucket_of_an_account() {
        let throttle = SignInThrottle::new();
        for second in 0..3_600 {
            let _ = throttle.begin("admin", Some(address(1)), NOW + Duration::from_secs(second));
        }
        assert!(
            throttle
                .begin("admin", Some(address(2)), NOW + Duration::from_hours(1))
                .is_ok()
        );
    }

    #[test]
    fn an_address_that_signed_in_before_is_not_locked_out_by_others() {
        let throttle = SignInThrottle::new();
        throttle
            .begin("admin", Some(address(1)), NOW)
            .unwrap()
            .succeeded(NOW);
        for n in 2..60 {
            let _ = throttle.begin("admin", Some(address(n)), NOW);
        }
        assert!(throttle.begin("admin", Some(address(99)), NOW).is_err());
        assert!(throttle.begin("admin", Some(address(1)), NOW).is_ok());
    }

    #[test]
    fn successes_do_not_count() {
        let throttle = SignInThrottle::new();
        for _ in 0..1_000 {
            throttle
                .begin("admin", Some(address(1)), NOW)
                .unwrap()
                .succeeded(NOW);
            throttle
                .begin("admin", Some(address(1)), NOW)
                .unwrap()
                .void();
        }
    }

    #[test]
    fn many_at_once_cannot_slip_past() {
        let throttle = SignInThrottle::new();
        let tries: Vec<_> = (0..100)
            .map(|_| throttle.begin("admin", Some(address(1)), NOW))
            .collect();
        assert_eq!(tries.iter().filter(|begun| begun.is_ok()).count(), 10);
    }

    #[test]
    fn a_flood_of_names_does_not_grow_without_bound() {
        let throttle = SignInThrottle::new();
        for n in 0..CAPACITY + 10 {
            drop(throttle.begin(&n.to_string(), None, NOW).unwrap());
        }
        let held = throttle.0.lock().unwrap().accounts.0.len();
        assert!(held <= CAPACITY, "{held}");
    }

    #[test]
    fn a_long_name_is_not_kept_whole() {
        let throttle = SignInThrottle::new();
        let name = "a".repeat(100_000);
        drop(throttle.begin(&name, None, NOW).unwrap());
        let state = throttle.0.lock().unwrap();
        assert!(state.accounts.0.keys().all(|key| key.len() < 100));
    }

    #[test]
    fn all_addresses_of_an_ipv6_network_share_a_bucket() {
        let throttle = SignInThrottle::new();
        let address = |n: u32| Some(format!("2001:db8::{n:x}").parse().unwrap());
        for n in 0..PER_ADDRESS.at_once {
            drop(
                throttle
                    .begin(&format!("user{n}"), address(n), NOW)
                    .unwrap(),
            );
        }
        assert!(throttle.begin("another", address(99), NOW).is_err());
    }
}
