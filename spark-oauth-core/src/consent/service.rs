//! From the button "Grant access" to the stored token.

use std::sync::Arc;
use std::time::Duration;

use crate::audit::{Actor, AuditAction, Caller, Origin, Outcome};
use crate::auditor::{Auditor, Subject};
use crate::consent::begin::Beginning;
use crate::consent::grant::{Grant, GrantWriter};
use crate::consent::{BrowserSecret, Callback, CodeVerifier, ConsentError, Granted};
use crate::corrected_clock::CorrectedClock;
use crate::detached::Detached;
use crate::integration::Integration;
use crate::keyring::KeyRing;
use crate::person::Person;
use crate::ports::{Clock, ConsentStore, Random, SparkClient, SparkError, SparkErrorKind};
use crate::scopes::Scopes;
use crate::secret::{AccessToken, AuthorizationCode};

/// How often the provider is asked who consented. The code is spent by then, so
/// giving up at the first fault would cost the person a second consent.
const PERSON_ATTEMPTS: u32 = 3;

/// The pause before it is asked again; the person waits.
const PERSON_PAUSE: Duration = Duration::from_millis(250);

/// A provider that wants a longer pause than this is not asked again.
const LONGEST_PERSON_PAUSE: Duration = Duration::from_secs(5);

/// The bounds of consents that were begun.
#[derive(Clone, Copy, Debug)]
pub struct ConsentLimits {
    /// How long a person may take at the provider.
    pub open_for: Duration,
    /// How many consents may be open from one address; an IPv6 network of 64 bits
    /// counts as one.
    pub open_per_address: u64,
}

impl Default for ConsentLimits {
    fn default() -> Self {
        Self {
            open_for: Duration::from_mins(10),
            open_per_address: 50,
        }
    }
}

/// Carries consents.
#[derive(Clone, Debug)]
pub struct ConsentService {
    pub(crate) integration: Arc<Integration>,
    pub(crate) client: Arc<dyn SparkClient>,
    pub(crate) consents: Arc<dyn ConsentStore>,
    pub(super) grants: GrantWriter,
    pub(crate) auditor: Auditor,
    pub(crate) limits: ConsentLimits,
    pub(super) beginning: Beginning,
    corrected: CorrectedClock,
    detached: Detached,
}

impl ConsentService {
    pub(crate) fn new(
        parts: crate::application::Parts,
        limits: ConsentLimits,
        auditor: Auditor,
    ) -> Self {
        Self {
            corrected: parts.corrected,
            integration: parts.integration,
            client: parts.client,
            consents: parts.stores.consents,
            grants: GrantWriter {
                tokens: parts.stores.tokens,
                ring: parts.ring,
                clock: parts.clock,
                random: parts.random,
                events: parts.events,
                schedule: parts.schedule,
            },
            auditor,
            limits,
            beginning: Beginning::default(),
            detached: parts.detached,
        }
    }

    /// The integration that asks.
    pub fn integration(&self) -> &Integration {
        &self.integration
    }

    /// Ends a consent with what the provider sent the browser back with.
    ///
    /// The `state` is consumed before anything else is looked at, and the token
    /// endpoint is asked only where it stands, belongs to this browser and has
    /// not expired. The work is detached: a browser that hangs up costs neither
    /// the person's consent nor its entry in the audit log.
    ///
    /// # Errors
    /// [`ConsentError`] says why there is no token.
    pub async fn complete(
        &self,
        callback: Callback,
        browser: Option<&BrowserSecret>,
        origin: &Origin,
    ) -> Result<Granted, ConsentError> {
        let (service, browser, origin) = (self.clone(), browser.cloned(), origin.clone());
        self.detached
            .run(async move {
                let outcome = service.carry(callback, browser.as_ref()).await;
                service.record(&outcome, &origin).await;
                outcome
            })
            .await
            .unwrap_or(Err(ConsentError::Interrupted))
    }

    async fn carry(
        &self,
        callback: Callback,
        browser: Option<&BrowserSecret>,
    ) -> Result<Granted, ConsentError> {
        let (code, verifier, asked) = self.admit(callback, browser).await?;
        self.exchange(&code, &verifier, asked).await
    }

    /// Checks and consumes the state.
    async fn admit(
        &self,
        callback: Callback,
        browser: Option<&BrowserSecret>,
    ) -> Result<(AuthorizationCode, CodeVerifier, Scopes), ConsentError> {
        let state = callback.state.ok_or(ConsentError::StateMissing)?.hash();
        let begun = self
            .consents
            .take(state)
            .await?
            .ok_or(ConsentError::StateUnknown)?;
        let same_browser = browser.is_some_and(|secret| secret.hash() == begun.browser);
        if !same_browser {
            return Err(ConsentError::OtherBrowser);
        }
        if begun.expires_at.has_passed(self.clock().now()) {
            return Err(ConsentError::Expired);
        }
        if let Some(refusal) = callback.refusal {
            return Err(if refusal.is_declined() {
                ConsentError::Declined
            } else {
                ConsentError::ProviderRefused(refusal)
            });
        }
        let code = callback.code.ok_or(ConsentError::CodeMissing)?;
        let verifier = self.ring().open_verifier(state, &begun.verifier)?;
        Ok((code, CodeVerifier::from_text(verifier), begun.scopes))
    }

    async fn exchange(
        &self,
        code: &AuthorizationCode,
        verifier: &CodeVerifier,
        asked: Scopes,
    ) -> Result<Granted, ConsentError> {
        // The provider counts the token's life from before it answered.
        let sent = self.corrected.local();
        let answer = self
            .client
            .exchange_code(&self.integration, code, verifier)
            .await
            .map_err(ConsentError::Exchange)?;
        let person = self
            .ask_who(&answer.access_token)
            .await
            .map_err(ConsentError::PersonUnknown)?;
        let grant = Grant {
            integration: self.integration.client_id.clone(),
            person,
            scopes: answer
                .scopes
                .clone()
                .filter(|granted| !granted.is_empty())
                .unwrap_or(asked),
            answer,
            // What the answer says of the time is known by now.
            at: self.corrected.corrected(sent),
        };
        Ok(self.grants.write(&grant).await?)
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

    /// Anybody can make up a `state`: that goes to the log alone, or the audit log
    /// would grow at a stranger's will.
    async fn record(&self, outcome: &Result<Granted, ConsentError>, origin: &Origin) {
        if matches!(
            outcome,
            Err(ConsentError::StateMissing | ConsentError::StateUnknown)
        ) {
            return;
        }
        let (email, action, subject, result) = match outcome {
            Ok(granted) => (
                Some(granted.token.email.to_string()),
                AuditAction::ConsentGranted,
                Subject::token(granted.token.id, granted.token.email.as_str()),
                Outcome::Done,
            ),
            Err(error) => (
                None,
                AuditAction::ConsentFailed,
                Subject::default(),
                Outcome::Refused(error.reason().to_owned()),
            ),
        };
        let caller = Caller {
            actor: Actor::Person { email },
            origin: origin.clone(),
        };
        self.auditor.record(&caller, action, subject, result).await;
    }

    /// Removes the consents that ended unanswered, and answers how many.
    ///
    /// # Errors
    /// The store's own.
    pub async fn remove_expired(&self) -> Result<u64, crate::ports::StoreError> {
        self.consents.remove_expired(self.clock().now()).await
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.grants.clock
    }

    pub(super) fn random(&self) -> &dyn Random {
        &*self.grants.random
    }

    pub(super) fn ring(&self) -> &KeyRing {
        &self.grants.ring
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

#[cfg(test)]
mod tests;
