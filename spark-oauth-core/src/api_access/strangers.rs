//! Keeps those who have no good key from filling the audit log.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::ids::ApiKeyId;

/// The same refusal makes one entry in this time.
const ONE_EACH: Duration = Duration::from_secs(1);

/// How many different refusals make an entry within that time.
const MOST: usize = 10_000;

/// Refusals that are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Alike {
    pub(super) key: Option<ApiKeyId>,
    pub(super) address: Option<IpAddr>,
    pub(super) reason: &'static str,
}

/// The refusals of the last second.
#[derive(Clone, Debug, Default)]
pub(super) struct Strangers(Arc<Mutex<HashMap<Alike, Instant>>>);

impl Strangers {
    /// Whether a refusal is the first of its kind for a second, so that it makes an
    /// entry. Where too many different ones come at once, no more do.
    pub(super) fn is_first(&self, refusal: Alike) -> bool {
        let now = Instant::now();
        let is_recent = |at: &Instant| now.duration_since(*at) < ONE_EACH;
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.get(&refusal).is_some_and(is_recent) {
            return false;
        }
        if recent.len() >= MOST {
            recent.retain(|_, at| is_recent(at));
        }
        if recent.len() >= MOST {
            return false;
        }
        recent.insert(refusal, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn from(number: u32) -> Alike {
        Alike {
            key: None,
            address: Some(Ipv4Addr::from_bits(number).into()),
            reason: "key_missing",
        }
    }

    #[tokio::test(start_paused = true)]
    async fn alike_ones_make_one_entry_a_second() {
        let strangers = Strangers::default();
        assert!(strangers.is_first(from(1)));
        assert!(!strangers.is_first(from(1)));
        assert!(strangers.is_first(from(2)));
        let other = Alike {
            reason: "key_unknown",
            ..from(1)
        };
        assert!(strangers.is_first(other));
        tokio::time::advance(ONE_EACH).await;
        assert!(strangers.is_first(from(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn more_addresses_than_anybody_honest_has_fill_nothing() {
        let strangers = Strangers::default();
        let most = u32::try_from(MOST).unwrap();
        assert!((0..most).all(|number| strangers.is_first(from(number))));
        assert!(!strangers.is_first(from(most)));
        tokio::time::advance(ONE_EACH).await;
        assert!(strangers.is_first(from(most)));
    }
}
