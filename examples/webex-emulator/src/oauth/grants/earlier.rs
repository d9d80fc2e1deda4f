//! Grants of an emulator that was restarted.
//!
//! The emulator keeps nothing on disk, so that no token lies there in clear. Whoever
//! holds the tokens of an earlier run can tell it of them instead.

use std::sync::Arc;

use time::OffsetDateTime;

use super::super::codes::Consent;
use super::super::grant::Grant;
use super::super::scopes::Scopes;
use super::{Grants, Tables};
use crate::people::InvalidEmail;
use crate::provider::Provider;
use crate::settings::Settings;

/// A grant that an earlier run of the emulator gave, as the holder of its tokens
/// remembers it.
#[derive(Clone)]
pub struct EarlierGrant {
    /// Who granted; created where unknown.
    pub email: String,
    /// To which integration.
    pub client_id: String,
    /// What was granted.
    pub scopes: Scopes,
    /// The newest access token.
    pub access_token: String,
    /// When the access token ends.
    pub access_expires: OffsetDateTime,
    /// The refresh token.
    pub refresh_token: String,
    /// When the refresh token ends.
    pub refresh_expires: OffsetDateTime,
}

impl std::fmt::Debug for EarlierGrant {
    /// Without the tokens: unlike those of a test, these outlive the process.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EarlierGrant")
            .field("email", &self.email)
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

impl Provider {
    /// Takes up a grant of an earlier run: its tokens are valid again, until they
    /// expire. Does not count in the statistics.
    ///
    /// # Errors
    /// [`InvalidEmail`] where the address is none.
    pub fn take_up(&self, earlier: EarlierGrant) -> Result<(), InvalidEmail> {
        let now = self.now();
        let consent = Consent {
            client_id: earlier.client_id.clone(),
            redirect_uri: String::new(),
            scopes: Arc::new(earlier.scopes.clone()),
            person: self.people().find_or_create(&earlier.email, now)?.id,
            code_challenge: None,
        };
        self.grants()
            .take_up(&consent, earlier, &self.settings(), now);
        Ok(())
    }
}

impl Grants {
    fn take_up(
        &self,
        consent: &Consent,
        earlier: EarlierGrant,
        settings: &Settings,
        now: OffsetDateTime,
    ) {
        let mut grant = Grant::new(consent, settings, now);
        grant.resume(
            earlier.access_token,
            earlier.access_expires,
            earlier.refresh_token,
            earlier.refresh_expires,
        );
        let tables: &mut Tables = &mut self.tables.lock();
        tables.keep(crate::random::uuid(), grant);
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    fn earlier(now: OffsetDateTime) -> EarlierGrant {
        EarlierGrant {
            email: "alice@example.com".to_owned(),
            client_id: "C1".to_owned(),
            scopes: Scopes::parse("spark:people_read").unwrap(),
            access_token: "old-access".to_owned(),
            access_expires: now + Duration::minutes(5),
            refresh_token: "old-refresh".to_owned(),
            refresh_expires: now + Duration::days(1),
        }
    }

    #[test]
    fn tokens_of_an_earlier_run_work_again() {
        let provider = Provider::default();
        provider.take_up(earlier(provider.now())).unwrap();
        let now = provider.now();

        let caller = provider.grants().caller("old-access", now).unwrap();
        assert_eq!(
            caller.person,
            provider.person("alice@example.com").unwrap().id
        );
        let settings = provider.settings();
        let refreshed = provider
            .grants()
            .refresh("C1", "old-refresh", &settings, now);
        assert_ne!(refreshed.unwrap().access_token, "old-access");
        assert_eq!(provider.stats().live_grants, 1);
    }

    #[test]
    fn they_end_when_they_would_have_ended_and_with_the_persons_withdrawal() {
        let provider = Provider::default();
        let now = provider.now();
        provider.take_up(earlier(now)).unwrap();
        let later = now + Duration::minutes(6);
        assert!(provider.grants().caller("old-access", later).is_none());

        assert_eq!(provider.revoke("alice@example.com"), 1);
        assert!(provider.grants().caller("old-access", now).is_none());
        let settings = provider.settings();
        assert!(
            provider
                .grants()
                .refresh("C1", "old-refresh", &settings, now)
                .is_err()
        );
    }

    #[test]
    fn its_debug_output_shows_no_token() {
        let shown = format!("{:?}", earlier(OffsetDateTime::UNIX_EPOCH));
        assert!(
            shown.contains("alice@example.com") && !shown.contains("old-"),
            "{shown}"
        );
    }
}
