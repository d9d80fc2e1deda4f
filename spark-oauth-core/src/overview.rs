//! How the tokens of the integration stand as a whole: what an operator looks at
//! first.

use std::sync::Arc;
use std::time::Duration;

use crate::application::Parts;
use crate::integration::ClientId;
use crate::ports::{Census, Clock, Pause, PauseStore, StoreError, TokenStore};
use crate::timestamp::Timestamp;

const DAY: Duration = Duration::from_hours(24);
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// Looks over the tokens of the integration.
#[derive(Clone, Debug)]
pub struct OverviewService {
    tokens: Arc<dyn TokenStore>,
    pauses: Arc<dyn PauseStore>,
    clock: Arc<dyn Clock>,
    integration: ClientId,
}

/// How the tokens of the integration stand.
#[derive(Clone, Debug)]
pub struct Overview {
    /// When this was seen.
    pub at: Timestamp,
    /// How many tokens stand where.
    pub census: Census,
    /// How many tokens are parked, by the client ID that obtained them: another one than
    /// the configured one.
    pub parked: Vec<(ClientId, u64)>,
    /// The pause of the integration's refreshing, also one whose time is over but
    /// that no refresh has ended yet.
    pub pause: Option<Pause>,
    /// How many access tokens expire on which day: the rest of today, then whole days, in
    /// UTC.
    pub expiries: Vec<ExpiryWindow>,
}

/// How many active tokens have an access token that expires within a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpiryWindow {
    /// The beginning of the span.
    pub from: Timestamp,
    /// Its end, which belongs to the next one.
    pub until: Timestamp,
    /// How many.
    pub tokens: u64,
}

impl OverviewService {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            tokens: parts.stores.tokens.clone(),
            pauses: parts.stores.pauses.clone(),
            clock: Arc::new(parts.corrected.clone()),
            integration: parts.integration.client_id.clone(),
        }
    }

    /// Looks over everything, with a window for each of `days` calendar days in UTC, of
    /// which today is the first.
    ///
    /// # Errors
    /// The store's.
    pub async fn look(&self, days: u32) -> Result<Overview, StoreError> {
        let at = self.clock.now();
        let census = self.tokens.census(&self.integration, at).await?;
        let mut expiries = Vec::new();
        let today = midnight_before(at);
        for day in 0..days {
            let from = at.max(today + DAY * day);
            let until = today + DAY * (day + 1);
            let tokens = self
                .tokens
                .count_expiring(&self.integration, from, until)
                .await?;
            expiries.push(ExpiryWindow {
                from,
                until,
                tokens,
            });
        }
        Ok(Overview {
            parked: self.tokens.count_of_others(&self.integration).await?,
            at,
            census,
            pause: self.pauses.pause(&self.integration).await?,
            expiries,
        })
    }
}

/// The beginning of the day in UTC.
fn midnight_before(at: Timestamp) -> Timestamp {
    let into_day = at.as_millis().rem_euclid(DAY_MILLIS);
    Timestamp::from_millis(at.as_millis().saturating_sub(into_day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::PauseReason;
    use crate::testing::scene::scene;

    const HOUR: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn counts_what_ends_when_and_tells_of_a_pause() {
        let scene = scene().await;
        let token = scene.stored_token();
        let pause = Pause {
            integration: token.integration.clone(),
            reason: PauseReason::RateLimited,
            since: scene.clock.now(),
            until: scene.clock.now() + HOUR,
            counted_from: scene.clock.now(),
            trips: 1,
            summary: "the provider asks for fewer calls (HTTP 429)".to_owned(),
            tracking_id: None,
        };
        let stores = scene.stores.stores();
        stores.pauses.prolong_pause(&pause).await.unwrap();

        let overview = scene.oauth.overview.look(2).await.unwrap();
        assert_eq!(overview.census.active, 1);
        assert_eq!(overview.pause, Some(pause));
    }

    #[tokio::test]
    async fn a_token_is_counted_on_the_utc_day_on_which_it_expires() {
        for (now, expires, day) in [
            // 24 hours from the late evening reach into the day after tomorrow's morning.
            ("2026-12-12T23:30:00Z", "2026-12-14T00:10:00Z", "2026-12-14"),
            ("2026-12-13T10:00:00Z", "2026-12-14T09:00:00Z", "2026-12-14"),
            // A day ends before its midnight.
            (
                "2026-12-13T10:00:00Z",
                "2026-12-13T23:59:59.999Z",
                "2026-12-13",
            ),
            ("2026-12-13T10:00:00Z", "2026-12-14T00:00:00Z", "2026-12-14"),
            // At midnight, today is a whole day.
            (
                "2026-12-13T00:00:00Z",
                "2026-12-13T00:00:00.001Z",
                "2026-12-13",
            ),
            ("2026-12-31T18:00:00Z", "2027-01-01T01:00:00Z", "2027-01-01"),
            ("2028-02-28T12:00:00Z", "2028-02-29T11:00:00Z", "2028-02-29"),
            ("2026-03-28T12:00:00Z", "2026-03-29T02:30:00Z", "2026-03-29"),
        ] {
            let at = |text: &str| text.parse::<Timestamp>().unwrap();
            let scene = scene().await;
            let mut token = scene.stored_token();
            scene.clock.set(at(now));
            token.access_expires_at = at(expires);
            scene.stores.stores().tokens.update(&token).await.unwrap();
            let overview = scene.oauth.overview.look(3).await.unwrap();
            let expiries = &overview.expiries;
            assert_eq!(expiries[0].from, at(now), "what is left of today");
            for pair in expiries.windows(2) {
                assert_eq!(pair[0].until, pair[1].from);
                assert_eq!(pair[1].until.since(pair[1].from), DAY);
            }
            let days: Vec<_> = expiries
                .iter()
                .filter(|window| window.tokens == 1)
                .map(|window| window.from.to_string()[..10].to_owned())
                .collect();
            assert_eq!(days, [day], "expires {expires}, seen at {now}");
        }
    }
}
