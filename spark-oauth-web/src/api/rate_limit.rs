//! How many requests a key may make, in this process (GCRA, by `governor`).
//!
//! A key that has a limit is told how it stands in every answer, in the fields of
//! draft-ietf-httpapi-ratelimit-headers-10.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use spark_oauth_core::ApiKeyId;
use spark_oauth_core::api_keys::ApiKey;

use super::problem::in_seconds;

const FIELD: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// How many keys are remembered; one more makes room by forgetting all, which gives
/// each its full allowance again.
const REMEMBERED: usize = 10_000;

type Limiter<C> = RateLimiter<NotKeyed, InMemoryState, C, StateInformationMiddleware>;

/// The limit of a key, and what keeps it.
type Known<C> = (NonZeroU32, Arc<Limiter<C>>);

/// What every key has left.
#[derive(Debug)]
pub(super) struct RateLimits<C: Clock + Clone = DefaultClock> {
    clock: C,
    limiters: Mutex<HashMap<ApiKeyId, Known<C>>>,
}

/// How a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowance {
    per_minute: NonZeroU32,
    /// How many requests are answered right now.
    remaining: u32,
    /// When there will be more: all of them, or, where none is left, the next one.
    pub(super) wait: Duration,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self::with(DefaultClock::default())
    }
}

impl<C: Clock + Clone> RateLimits<C> {
    fn with(clock: C) -> Self {
        Self {
            clock,
            limiters: Mutex::default(),
        }
    }

    /// Takes one request off; `None` where the key has no limit.
    ///
    /// # Errors
    /// How the key stands, where nothing is left.
    pub(super) fn take(&self, key: &ApiKey) -> Result<Option<Allowance>, Allowance> {
        let Some(per_minute) = key.requests_per_minute else {
            return Ok(None);
        };
        let allowance = |remaining, wait| Allowance {
            per_minute,
            remaining,
            wait,
        };
        match self.limiter(key.id, per_minute).check() {
            Ok(snapshot) => {
                let remaining = snapshot.remaining_burst_capacity();
                let used = per_minute.get().saturating_sub(remaining);
                let each = snapshot.quota().replenish_interval();
                Ok(Some(allowance(remaining, each.saturating_mul(used))))
            }
            Err(refused) => Err(allowance(0, refused.wait_time_from(self.clock.now()))),
        }
    }

    fn limiter(&self, id: ApiKeyId, per_minute: NonZeroU32) -> Arc<Limiter<C>> {
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        match limiters.get(&id) {
            Some((known, limiter)) if *known == per_minute => return limiter.clone(),
            _ => {}
        }
        if limiters.len() >= REMEMBERED {
            limiters.clear();
        }
        let limiter =
            RateLimiter::direct_with_clock(Quota::per_minute(per_minute), self.clock.clone());
        let limiter = Arc::new(limiter.with_middleware());
        limiters.insert(id, (per_minute, limiter.clone()));
        limiter
    }
}

impl Allowance {
    /// Says it in the answer.
    pub(super) fn write(self, headers: &mut HeaderMap) {
        let Self {
            per_minute,
            remaining,
            wait,
        } = self;
        let seconds = in_seconds(wait);
        let fields = [
            (FIELD, format!("\"key\";r={remaining};t={seconds}")),
            (POLICY, format!("\"key\";q={per_minute};w=60")),
        ];
        for (name, text) in fields {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;
    use spark_oauth_core::Timestamp;
    use spark_oauth_core::api_keys::{KeyHash, KeyName, KeyScope, KeyScopes, Reach};
    use spark_oauth_core::ports::SeededRandom;

    use super::*;

    fn key(number: u64, per_minute: Option<u32>) -> ApiKey {
        let now = Timestamp::EPOCH;
        ApiKey {
            id: ApiKeyId::generate(now, &SeededRandom::new(number)),
            name: KeyName::parse("a key").unwrap(),
            hash: KeyHash([0; 32]),
            scopes: KeyScopes::new([KeyScope::TokensRead]).unwrap(),
            reach: Reach::everybody(),
            requests_per_minute: per_minute.and_then(NonZeroU32::new),
            created_at: now,
            created_by: "root".to_owned(),
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
        }
    }

    fn said(allowance: Allowance) -> String {
        let mut headers = HeaderMap::new();
        allowance.write(&mut headers);
        headers[FIELD].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_key_has_its_requests_back_as_time_passes() {
        let clock = FakeRelativeClock::default();
        let limits = RateLimits::with(clock.clone());
        let limited = key(1, Some(3));
        let take = || {
            limits
                .take(&limited)
                .map(|left| said(left.unwrap()))
                .map_err(said)
        };
        assert_eq!(take(), Ok("\"key\";r=2;t=20".to_owned()));
        assert_eq!(take(), Ok("\"key\";r=1;t=40".to_owned()));
        assert_eq!(take(), Ok("\"key\";r=0;t=60".to_owned()));
        assert_eq!(take(), Err("\"key\";r=0;t=20".to_owned()));
        clock.advance(Duration::from_secs(19));
        assert_eq!(take(), Err("\"key\";r=0;t=1".to_owned()));
        clock.advance(Duration::from_secs(1));
        assert!(take().is_ok());
        clock.advance(Duration::from_mins(10));
        assert_eq!(take(), Ok("\"key\";r=2;t=20".to_owned()));
    }

    #[test]
    fn each_key_has_its_own_and_a_new_limit_counts_at_once() {
        let limits = RateLimits::with(FakeRelativeClock::default());
        assert!(limits.take(&key(1, Some(1))).is_ok());
        assert!(limits.take(&key(1, Some(1))).is_err());
        assert!(limits.take(&key(2, Some(1))).is_ok());
        assert!(limits.take(&key(1, Some(2))).is_ok());
        assert_eq!(limits.take(&key(1, None)), Ok(None));
    }
}
