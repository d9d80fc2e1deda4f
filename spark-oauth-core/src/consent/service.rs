//! From the button "Grant access" to the stored token.

use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument as _;
use url::Url;

use crate::audit::{Actor, AuditAction, Caller, Origin, Outcome};
use crate::auditor::{Auditor, Subject};
use crate::consent::grant::{Grant, GrantWriter};
use crate::consent::{
    BeginError, BrowserSecret, Callback, CodeVerifier, ConsentError, Granted, State,
};
use crate::integration::Integration;
use crate::keyring::KeyRing;
use crate::person::Person;
use crate::ports::{
    AuthorizationRequest, Clock, ConsentStore, PendingConsent, Random, SparkClient, SparkError,
    SparkErrorKind,
};
use crate::scopes::Scopes;
use crate::secret::{AccessToken, AuthorizationCode};

/// How often the provider is asked who consented. The code is spent by then, so
/// giving up at the first fault would cost the person a second consent.
const PERSON_ATTEMPTS: u32 = 3;

/// The bounds of consents that were begun.
#[derive(Clone, Copy, Debug)]
pub struct ConsentLimits {
    /// How long a person may take at the provider.
    pub open_for: Duration,
    /// How many consents may be open from one address.
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
}

impl ConsentService {
    pub(crate) fn new(
        parts: crate::application::Parts,
        limits: ConsentLimits,
        auditor: Auditor,
    ) -> Self {
        Self {
            integration: parts.integration,
            client: parts.client,
            consents: parts.stores.consents,
            grants: GrantWriter {
                tokens: parts.stores.tokens,
                ring: parts.ring,
                clock: parts.clock,
                random: parts.random,
            },
            auditor,
            limits,
        }
    }

    /// The integration that asks.
    pub fn integration(&self) -> &Integration {
        &self.integration
    }

    /// Begins a consent and answers where to send the browser.
    ///
    /// # Errors
    /// [`BeginError::TooMany`] where the address began too many, or the store's.
    pub async fn begin(&self, browser: &BrowserSecret, origin: &Origin) -> Result<Url, BeginError> {
        let now = self.clock().now();
        self.check_open_consents(origin).await?;
        let state = State::generate(self.random());
        let verifier = CodeVerifier::generate(self.random());
        let scopes = self.integration.scopes.clone();
        let url = self.client.authorization_url(&AuthorizationRequest {
            integration: &self.integration,
            scopes: &scopes,
            state: &state,
            challenge: &verifier.challenge(),
        });
        let sealed = self
            .ring()
            .seal_verifier(state.hash(), verifier.expose_secret());
        self.consents
            .insert(&PendingConsent {
                state: state.hash(),
                browser: browser.hash(),
                verifier: sealed,
                scopes,
                address: origin.address,
                begun_at: now,
                expires_at: now + self.limits.open_for,
            })
            .await?;
        Ok(url)
    }

    async fn check_open_consents(&self, origin: &Origin) -> Result<(), BeginError> {
        let Some(address) = origin.address else {
            return Ok(());
        };
        let open = self
            .consents
            .count_open(address, self.clock().now())
            .await?;
        if open < self.limits.open_per_address {
            Ok(())
        } else {
            Err(BeginError::TooMany {
                retry_after: self.limits.open_for,
            })
        }
    }

    /// Ends a consent with what the provider sent the browser back with.
    ///
    /// The `state` is consumed before anything else is looked at, and the token
    /// endpoint is asked only where it stands, belongs to this browser and has
    /// not expired. From there on the work is detached: a browser that hangs up
    /// does not cost the person's consent.
    ///
    /// # Errors
    /// [`ConsentError`] says why there is no token.
    pub async fn complete(
        &self,
        callback: Callback,
        browser: Option<&BrowserSecret>,
        origin: &Origin,
    ) -> Result<Granted, ConsentError> {
        let outcome = match self.admit(callback, browser).await {
            Ok((code, verifier, scopes)) => {
                let service = self.clone();
                let work = async move { service.exchange(&code, &verifier, scopes).await };
                tokio::spawn(work.in_current_span())
                    .await
                    .unwrap_or(Err(ConsentError::Interrupted))
            }
            Err(error) => Err(error),
        };
        self.record(&outcome, origin).await;
        outcome
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
        let answer = self
            .client
            .exchange_code(&self.integration, code, verifier)
            .await
            .map_err(ConsentError::Exchange)?;
        let at = self.clock().now();
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
            at,
        };
        Ok(self.grants.write(&grant).await?)
    }

    /// Asks again at once where the fault may pass; a time-out has cost enough
    /// time already.
    async fn ask_who(&self, access_token: &AccessToken) -> Result<Person, SparkError> {
        let mut attempt = 1;
        loop {
            match self.client.me(access_token).await {
                Err(error) if attempt < PERSON_ATTEMPTS && is_worth_asking_again(&error) => {
                    tracing::warn!(%error, attempt, "asking again who consented");
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
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

    fn clock(&self) -> &dyn Clock {
        &*self.grants.clock
    }

    fn random(&self) -> &dyn Random {
        &*self.grants.random
    }

    fn ring(&self) -> &KeyRing {
        &self.grants.ring
    }
}

const fn is_worth_asking_again(error: &SparkError) -> bool {
    matches!(
        error.kind,
        SparkErrorKind::Unreachable
            | SparkErrorKind::Unavailable { .. }
            | SparkErrorKind::Unreadable
            | SparkErrorKind::RateLimited { retry_after: None }
    )
}
