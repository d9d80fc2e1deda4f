//! Keeps refusals that anybody can bring about from filling the audit log.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::audit::{AuditAction, Caller, Outcome};
use crate::ids::ApiKeyId;
use crate::network::network;

/// Refusals that are alike make one entry in this time, as fetches that are alike do:
/// a service whose key has ended may ask a thousand times a second.
pub(super) const ONE_EACH: Duration = Duration::from_secs(1);

/// How many different refusals make an entry within that time: it bounds what all the
/// networks of the world can add, and how much writing they can cause.
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

/// The refusals of the second that runs.
#[derive(Clone, Debug)]
pub(super) struct Refusals(Arc<Mutex<Window>>);

/// It begins with a refusal, and ends with the first one after its time.
#[derive(Debug)]
struct Window {
    begun: Instant,
    entered: HashSet<Alike>,
    /// How many made no entry, by action and reason.
    left_out: BTreeMap<(&'static str, String), u64>,
}

impl Refusals {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Window::begin())))
    }

    /// Whether a refusal is the first of its kind in this second, so that it makes an
    /// entry. Where too many different ones come at once, no more do.
    ///
    /// The application's log tells how many were left out, when the next one begins.
    pub(super) fn is_first(&self, refusal: Alike) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = window.is_over().then(|| {
            let next = Window::begin();
            std::mem::replace(&mut *window, next)
        });
        let is_first = window.note(refusal);
        drop(window);
        if let Some(ended) = ended {
            ended.tell();
        }
        is_first
    }
}

impl Window {
    fn begin() -> Self {
        Self {
            begun: Instant::now(),
            entered: HashSet::new(),
            left_out: BTreeMap::new(),
        }
    }

    fn is_over(&self) -> bool {
        self.entered.is_empty() || self.begun.elapsed() >= ONE_EACH
    }

    fn note(&mut self, refusal: Alike) -> bool {
        if self.entered.len() < MOST && !self.entered.contains(&refusal) {
            return self.entered.insert(refusal);
        }
        let kind = (refusal.action.as_str(), refusal.reason);
        *self.left_out.entry(kind).or_default() += 1;
        false
    }

    fn tell(self) {
        for ((action, reason), left_out) in self.left_out {
            tracing::info!(
                action,
                reason,
                left_out,
                "the audit log holds one refusal of many that are alike"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::audit::{Actor, Origin};
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

    fn left_out(refusals: &Refusals) -> u64 {
        refusals.0.lock().unwrap().left_out.values().sum()
    }

    #[tokio::test(start_paused = true)]
    async fn alike_ones_make_one_entry_a_second_and_the_others_are_counted() {
        let refusals = Refusals::new();
        // However long ago the application was started.
        tokio::time::advance(ONE_EACH / 2).await;
        assert!(refusals.is_first(stranger(1)));
        for passed in 1..10 {
            tokio::time::advance(ONE_EACH / 10).await;
            assert!(!refusals.is_first(stranger(1)));
            assert_eq!(left_out(&refusals), passed);
        }
        tokio::time::advance(ONE_EACH / 10).await;
        assert!(refusals.is_first(stranger(1)));
        assert_eq!(left_out(&refusals), 0);
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
        assert_eq!(left_out(&refusals), 1);
        tokio::time::advance(ONE_EACH).await;
        assert!(refusals.is_first(stranger(most)));
    }
}
