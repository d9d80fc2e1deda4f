//! Keeps rejections that an attacker can trigger at will from filling the audit log.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::audit::{AuditAction, AuditEntry, Caller, Outcome};
use crate::ids::ApiKeyId;
use crate::network::network;

/// Rejections of one kind make two entries in this time, the second one with a count: a
/// service whose key has expired may call a thousand times a second.
pub(super) const ONE_EACH: Duration = Duration::from_secs(1);

/// How many kinds of rejections are written within that time. This bounds the entries and
/// writes that attackers in many networks can cause.
const MOST: usize = 100;

/// Refusals that are alike: the same thing was refused for the same reason to the same
/// key, or to nobody who is known, in the same network.
///
/// What a stranger chooses freely, such as a username or a path, is no part of it: it
/// would make each refusal another one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Alike {
    action: AuditAction,
    reason: String,
    key: Option<ApiKeyId>,
    network: Option<IpAddr>,
}

impl Alike {
    pub(super) fn of(caller: &Caller, action: AuditAction, outcome: &Outcome) -> Self {
        Self {
            action,
            reason: outcome.reason().unwrap_or_default().to_owned(),
            key: caller.actor.api_key(),
            network: caller.origin.address.map(network),
        }
    }
}

/// What to do with a rejection.
#[derive(Debug)]
pub(super) enum Noted {
    /// The first of its kind in this second: write its entry now.
    First(Box<AuditEntry>),
    /// Counted. For the first counted rejection of a window, call
    /// [`take_ended`](Refusals::take_ended) after the window.
    Repeated {
        /// No other rejection was counted in this window.
        first_of_window: bool,
    },
    /// Not recorded: too many kinds at once. The application's log has their number.
    LeftOut,
}

/// The rejections of the current second.
#[derive(Clone, Debug)]
pub(super) struct Refusals(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    window: Window,
    /// The counts of windows that have ended.
    ended: Vec<AuditEntry>,
}

/// Starts with a rejection. After [`ONE_EACH`], the next call replaces it.
#[derive(Debug)]
struct Window {
    begun: Instant,
    /// Each kind that has an entry, and an entry for those that followed.
    entered: HashMap<Alike, Option<AuditEntry>>,
    /// How many made no entry, by action and reason.
    left_out: BTreeMap<(&'static str, String), u64>,
}

impl Refusals {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            window: Window::begin(),
            ended: Vec::new(),
        })))
    }

    /// Writes the entry of the first rejection of its kind in this second, and counts the
    /// others.
    pub(super) fn note(&self, kind: Alike, entry: AuditEntry) -> Noted {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.end_window();
        state.window.note(kind, entry)
    }

    /// The entries with the counts of the windows that have ended.
    pub(super) fn take_ended(&self) -> Vec<AuditEntry> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.end_window();
        std::mem::take(&mut state.ended)
    }
}

impl State {
    fn end_window(&mut self) {
        if self.window.begun.elapsed() >= ONE_EACH || self.window.entered.is_empty() {
            let ended = std::mem::replace(&mut self.window, Window::begin());
            log_left_out(&ended.left_out);
            self.ended.extend(ended.entered.into_values().flatten());
        }
    }
}

impl Window {
    fn begin() -> Self {
        Self {
            begun: Instant::now(),
            entered: HashMap::new(),
            left_out: BTreeMap::new(),
        }
    }

    fn note(&mut self, kind: Alike, entry: AuditEntry) -> Noted {
        let first_of_window = self.entered.values().all(Option::is_none);
        if let Some(repeats) = self.entered.get_mut(&kind) {
            match repeats {
                Some(counted) => counted.repeat(entry.caller.origin.request_id),
                None => *repeats = Some(entry),
            }
            return Noted::Repeated { first_of_window };
        }
        if self.entered.len() < MOST {
            self.entered.insert(kind, None);
            return Noted::First(Box::new(entry));
        }
        let kind = (kind.action.as_str(), kind.reason);
        *self.left_out.entry(kind).or_default() += 1;
        Noted::LeftOut
    }
}

fn log_left_out(left_out: &BTreeMap<(&'static str, String), u64>) {
    for ((action, reason), left_out) in left_out {
        tracing::warn!(
            action,
            reason,
            left_out,
            "audit entries left out: too many different rejections at once"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::audit::{Actor, Origin};
    use crate::conformance::samples::audit_entry;
    use crate::ports::SeededRandom;
    use crate::testing::scene::NOW;

    fn refused(actor: Actor, address: IpAddr, reason: &str) -> Alike {
        let caller = Caller {
            actor,
            origin: Origin {
                address: Some(address),
                request_id: None,
            },
        };
        let outcome = Outcome::Refused(reason.to_owned());
        Alike::of(&caller, AuditAction::ApiCalled, &outcome)
    }

    fn stranger(number: u32) -> Alike {
        let address = Ipv4Addr::from_bits(number).into();
        refused(Actor::Unauthenticated, address, "key_missing")
    }

    impl Refusals {
        fn is_first(&self, kind: Alike) -> bool {
            matches!(self.note(kind, audit_entry(1)), Noted::First(_))
        }

        fn left_out(&self) -> u64 {
            self.0.lock().unwrap().window.left_out.values().sum()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_of_a_kind_makes_an_entry_each_second_and_the_others_are_counted() {
        let refusals = Refusals::new();
        // However long ago the application was started.
        tokio::time::advance(ONE_EACH / 2).await;
        assert!(refusals.is_first(stranger(1)));
        for _ in 1..10 {
            tokio::time::advance(ONE_EACH / 10).await;
            assert!(!refusals.is_first(stranger(1)));
            assert!(refusals.take_ended().is_empty());
        }
        tokio::time::advance(ONE_EACH / 10).await;
        assert!(refusals.is_first(stranger(1)));
        let counts: Vec<_> = refusals
            .take_ended()
            .iter()
            .map(|it| it.count.get())
            .collect();
        assert_eq!(counts, [9]);
        assert_eq!(refusals.left_out(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn another_reason_key_or_network_is_another_kind_another_name_is_not() {
        let refusals = Refusals::new();
        let (here, there) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let key = |number| Actor::ApiKey {
            id: ApiKeyId::generate(NOW, &SeededRandom::new(number)),
            name: "nightly report".to_owned(),
        };
        let claimed = |name: &str| Actor::Claimed {
            username: name.to_owned(),
        };
        for (refusal, is_first) in [
            (refused(Actor::Unauthenticated, here, "throttled"), true),
            (refused(claimed("ann"), here, "throttled"), false),
            (refused(claimed("bob"), here, "throttled"), false),
            (refused(claimed("bob"), here, "busy"), true),
            (refused(claimed("bob"), there, "throttled"), true),
            (refused(key(1), here, "throttled"), true),
            (refused(key(2), here, "throttled"), true),
            (refused(key(1), here, "throttled"), false),
        ] {
            assert_eq!(refusals.is_first(refusal.clone()), is_first, "{refusal:?}");
        }
        let one: IpAddr = "2001:db8::1".parse().unwrap();
        let neighbour: IpAddr = "2001:db8::2".parse().unwrap();
        assert!(refusals.is_first(refused(Actor::Unauthenticated, one, "busy")));
        assert!(!refusals.is_first(refused(Actor::Unauthenticated, neighbour, "busy")));
    }

    #[tokio::test(start_paused = true)]
    async fn more_addresses_than_anybody_honest_has_fill_nothing() {
        let refusals = Refusals::new();
        let most = u32::try_from(MOST).unwrap();
        assert!((0..most).all(|number| refusals.is_first(stranger(number))));
        assert!(!refusals.is_first(stranger(most)));
        assert_eq!(refusals.left_out(), 1);
        tokio::time::advance(ONE_EACH).await;
        assert!(refusals.is_first(stranger(most)));
    }
}
