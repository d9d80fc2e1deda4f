//! What can be changed while the emulator runs.

use serde::Serialize;

use crate::clock::MAX_SECONDS;

/// The emulator's behaviour. Times are in seconds unless the name says otherwise.
///
/// A change holds for what happens after it: tokens keep the life that they
/// were issued with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// Life of an access token.
    pub access_ttl_s: u64,
    /// Life of a refresh token.
    pub refresh_ttl_s: u64,
    /// Answer each refresh with a new refresh token; re-use of an old one
    /// revokes everything that came of the same consent (RFC 9700, section 4.14.2).
    pub rotate_refresh_tokens: bool,
    /// Whether a refresh renews the life of the refresh token, or it only counts down.
    pub renew_refresh_ttl: bool,
    /// Leave the refresh token out of the answer to a refresh, as the provider
    /// sometimes does. Has no effect where refresh tokens rotate.
    pub omit_refresh_token: bool,
    /// A refresh within this time after the last one answers the same access
    /// token again, as the provider often does within 24 hours. 0: never.
    pub same_access_token_s: u64,
    /// Milliseconds that each call below `/v1` takes longer.
    pub latency_ms: u64,
    /// An e-mail address: the authorize page answers at once for this person,
    /// who is created where unknown.
    pub auto_approve: Option<String>,
    /// How far the emulator's clock runs ahead of the system's (not added up:
    /// setting 60 twice is one minute).
    pub clock_advance_s: i64,
}

impl Default for Settings {
    /// The lifetimes that Webex documents: 14 and 90 days, less a second.
    fn default() -> Self {
        Self {
            access_ttl_s: 1_209_599,
            refresh_ttl_s: 7_775_999,
            rotate_refresh_tokens: false,
            renew_refresh_ttl: true,
            omit_refresh_token: false,
            same_access_token_s: 0,
            latency_ms: 0,
            auto_approve: None,
            clock_advance_s: 0,
        }
    }
}

impl Settings {
    /// Every time within a hundred years, so that no sum of dates overflows.
    pub(crate) fn bounded(mut self) -> Self {
        for seconds in [
            &mut self.access_ttl_s,
            &mut self.refresh_ttl_s,
            &mut self.same_access_token_s,
        ] {
            *seconds = (*seconds).min(MAX_SECONDS.unsigned_abs());
        }
        self.latency_ms = self.latency_ms.min(MAX_SECONDS.unsigned_abs());
        self.clock_advance_s = self.clock_advance_s.clamp(-MAX_SECONDS / 2, MAX_SECONDS);
        self
    }

    pub(crate) fn access_ttl(&self) -> time::Duration {
        seconds(self.access_ttl_s)
    }

    pub(crate) fn refresh_ttl(&self) -> time::Duration {
        seconds(self.refresh_ttl_s)
    }

    pub(crate) fn same_access_token(&self) -> time::Duration {
        seconds(self.same_access_token_s)
    }
}

fn seconds(count: u64) -> time::Duration {
    time::Duration::seconds(i64::try_from(count).unwrap_or(MAX_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_times_are_bounded() {
        let settings = Settings {
            access_ttl_s: u64::MAX,
            latency_ms: u64::MAX,
            clock_advance_s: i64::MIN,
            ..Settings::default()
        }
        .bounded();
        assert_eq!(settings.access_ttl_s, 3_200_000_000);
        assert_eq!(settings.latency_ms, 3_200_000_000);
        assert_eq!(settings.clock_advance_s, -1_600_000_000);
    }
}
