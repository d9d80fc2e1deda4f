//! From the code to the stored token: what the provider is asked, and whether the
//! consent is one that was asked for.

use std::time::Duration;

use crate::addresses::Confirmed;
use crate::consent::grant::Grant;
use crate::consent::{CodeVerifier, ConsentError, ConsentService, Granted};
use crate::consent_links::Terms;
use crate::email::EmailAddress;
use crate::person::Person;
use crate::ports::{Clock as _, Revocation, SparkError, SparkErrorKind, StoreError};
use crate::scopes::Scopes;
use crate::secret::{AccessToken, AuthorizationCode};
use crate::token::Token;

/// How often the provider is asked who consented. The code is spent by then, so
/// giving up at the first fault would cost the person a second consent.
const PERSON_ATTEMPTS: u32 = 3;

/// The pause before it is asked again; the person waits.
const PERSON_PAUSE: Duration = Duration::from_millis(250);

/// A provider that wants a longer pause than this is not asked again.
const LONGEST_PERSON_PAUSE: Duration = Duration::from_secs(5);

impl ConsentService {
    pub(super) async fn exchange(
        &self,
        code: &AuthorizationCode,
        verifier: &CodeVerifier,
        asked: Scopes,
        terms: Terms,
    ) -> Result<Granted, ConsentError> {
        if let Some(link) = terms.link {
            // Before the code is spent: a link that has ended costs the person nothing.
            self.ledger.check(link).await.map_err(ConsentError::Link)?;
        }
        // The provider counts the token's life from before it answered.
        let sent = self.grants.clock.uptime();
        let answer = self
            .client
            .exchange_code(&self.integration, code, verifier)
            .await
            .map_err(ConsentError::Exchange)?;
        // Detached, so that the person does not wait for the update of the breaker.
        let breaker = self.breaker.clone();
        drop(
            self.detached
                .start(async move { breaker.provider_works().await }),
        );
        let confirmed = self
            .identify(&answer.access_token)
            .await
            .map_err(ConsentError::PersonUnknown)?;
        let grant = Grant {
            integration: self.integration.client_id.clone(),
            confirmed,
            scopes: answer
                .scopes
                .clone()
                .filter(|granted| !granted.is_empty())
                .unwrap_or(asked),
            answer,
            terms,
            // What the answer says of the time is known by now.
            at: self.grants.clock.time_of(sent),
        };
        if let Some(expected) = &grant.terms.expected_email
            && !is_expected(expected, &grant)
        {
            self.give_back(&grant).await;
            return Err(ConsentError::OtherPerson {
                expected: expected.clone(),
                signed_in: grant.confirmed.person.email,
            });
        }
        self.write(&grant).await
    }

    /// Writes the token. A link that is good for one consent is taken before: of two
    /// at once one ends in a token.
    ///
    /// The tokens of the other are let go, not revoked: where both are the same
    /// person's, revoking would end the one that was written.
    async fn write(&self, grant: &Grant) -> Result<Granted, ConsentError> {
        let Some(link) = grant.terms.link else {
            return self
                .grants
                .write(grant)
                .await
                .map_err(ConsentError::NotStored);
        };
        let claim = self.ledger.claim(link).await.map_err(ConsentError::Link)?;
        match self.grants.write(grant).await {
            Ok(granted) => {
                self.ledger.granted(claim, granted.token.id).await;
                Ok(granted)
            }
            Err(error) => {
                self.ledger.release(claim).await;
                Err(ConsentError::NotStored(error))
            }
        }
    }

    async fn records_of(&self, person: &Person) -> Result<Vec<Token>, StoreError> {
        let client = &self.integration.client_id;
        self.grants.tokens.find_by_person(client, &person.id).await
    }

    /// Revokes what a person granted who was not asked, as far as the provider lets us.
    ///
    /// Where they have granted access before, everything is left as it is: the provider
    /// revokes per person and integration, so the earlier grant would end as well. The
    /// new tokens are nowhere but here, and are forgotten.
    async fn give_back(&self, grant: &Grant) {
        let person = &grant.confirmed.person;
        let by_address = self.grants.tokens.find_by_email(&person.email);
        let stands = match (self.records_of(person).await, by_address.await) {
            (Ok(theirs), Ok(same_address)) => !theirs.is_empty() || !same_address.is_empty(),
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!(%error, "an unasked grant is not revoked, in case an earlier one stands");
                true
            }
        };
        if stands {
            return;
        }
        let access = &grant.answer.access_token;
        let client_id = &self.integration.client_id;
        match self.client.revoke(client_id, access).await {
            Ok(Revocation::Confirmed) => tracing::info!("revoked a grant by an unexpected account"),
            Ok(revocation) => tracing::warn!(
                ?revocation,
                "revocation of a grant by an unexpected account not confirmed"
            ),
            Err(error) => tracing::warn!(
                %error,
                "revocation of a grant by an unexpected account failed"
            ),
        }
    }

    /// Asks the provider who consented. If another person has a newer confirmation of the
    /// address, maybe by the clock of another process, it asks once more. The second answer
    /// is newer, whatever the clocks show.
    async fn identify(&self, access_token: &AccessToken) -> Result<Confirmed, SparkError> {
        let at = self.clock().now();
        let person = self.ask_who(access_token).await?;
        let others = self.grants.addresses.others(&person).await;
        let others = others.unwrap_or_default().into_iter();
        let last = others
            .filter_map(|other| other.profile.email_confirmed_at)
            .max();
        let Some(last) = last.filter(|last| *last >= at) else {
            return Ok(Confirmed { person, at });
        };
        let later = self.clock().now().max(last + Duration::from_millis(1));
        match self.ask_who(access_token).await {
            Ok(person) => Ok(Confirmed { person, at: later }),
            // The tokens are worth more than a second answer. The first one gives way to
            // the later confirmation.
            Err(error) => {
                tracing::warn!(%error, "address not confirmed again");
                Ok(Confirmed { person, at })
            }
        }
    }

    async fn ask_who(&self, access_token: &AccessToken) -> Result<Person, SparkError> {
        for attempt in 1..PERSON_ATTEMPTS {
            match self.client.me(access_token).await {
                Err(error) => {
                    let Some(pause) = pause_before_asking_again(&error) else {
                        return Err(error);
                    };
                    tracing::warn!(%error, attempt, "asking again who consented");
                    tokio::time::sleep(pause).await;
                }
                known => return known,
            }
        }
        self.client.me(access_token).await
    }
}

/// Whether the expected person consented. A renewal expects a person ID, since the address
/// may have changed or belong to another person. A stored link expects the person who has
/// the address now.
fn is_expected(expected: &EmailAddress, grant: &Grant) -> bool {
    let person = &grant.confirmed.person;
    match &grant.terms.expected_person {
        Some(id) => person.id == *id,
        None => person.email == *expected,
    }
}

/// How long to wait before the provider is asked again; `None` where that is in
/// vain, or where a time-out has cost enough time already.
fn pause_before_asking_again(error: &SparkError) -> Option<Duration> {
    let may_pass = matches!(
        error.kind,
        SparkErrorKind::Unreachable
            | SparkErrorKind::Unavailable { .. }
            | SparkErrorKind::Unreadable
            | SparkErrorKind::RateLimited { .. }
    );
    let pause = error.retry_after().unwrap_or(PERSON_PAUSE);
    (may_pass && pause <= LONGEST_PERSON_PAUSE).then_some(pause)
}
