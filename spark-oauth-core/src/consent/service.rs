//! From the button "Grant access" to the stored token.

use std::sync::Arc;
use std::time::Duration;

use crate::audit::{Actor, AuditAction, Caller, Origin, Outcome};
use crate::auditor::{Auditor, Subject};
use crate::consent::begin::Beginning;
use crate::consent::grant::GrantWriter;
use crate::consent::{
    BrowserSecret, Callback, CodeVerifier, ConsentError, ConsentFailure, Granted, ProviderRefusal,
};
use crate::consent_links::{LinkLedger, Terms};
use crate::corrected_clock::CorrectedClock;
use crate::detached::Detached;
use crate::integration::Integration;
use crate::keyring::KeyRing;
use crate::ports::{Clock, ConsentStore, PendingConsent, Random, SparkClient};

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
    pub(super) ledger: LinkLedger,
    pub(super) corrected: CorrectedClock,
    detached: Detached,
}

impl ConsentService {
    pub(crate) fn new(
        parts: crate::application::Parts,
        limits: ConsentLimits,
        auditor: Auditor,
    ) -> Self {
        Self {
            ledger: LinkLedger {
                links: parts.stores.links,
                clock: parts.clock.clone(),
            },
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
    /// [`ConsentFailure`] says why there is no token.
    pub async fn complete(
        &self,
        callback: Callback,
        browser: Option<&BrowserSecret>,
        origin: &Origin,
    ) -> Result<Granted, ConsentFailure> {
        let (service, browser, origin) = (self.clone(), browser.cloned(), origin.clone());
        self.detached
            .run(async move {
                let outcome = service.carry(callback, browser.as_ref()).await;
                service.record(&outcome, &origin).await;
                outcome
            })
            .await
            .unwrap_or_else(|| Err(ConsentError::Interrupted.into()))
    }

    async fn carry(
        &self,
        callback: Callback,
        browser: Option<&BrowserSecret>,
    ) -> Result<Granted, ConsentFailure> {
        let begun = self.admit(&callback, browser).await?;
        let terms = begun.terms.clone();
        let outcome = self.end(callback, begun).await;
        outcome.map_err(|error| ConsentFailure {
            error,
            terms: Box::new(terms),
        })
    }

    /// Consumes the state, and checks whose it is.
    async fn admit(
        &self,
        callback: &Callback,
        browser: Option<&BrowserSecret>,
    ) -> Result<PendingConsent, ConsentError> {
        let state = callback.state.as_ref().ok_or(ConsentError::StateMissing)?;
        let begun = self
            .consents
            .take(state.hash())
            .await?
            .ok_or(ConsentError::StateUnknown)?;
        if browser.is_some_and(|secret| secret.hash() == begun.browser) {
            Ok(begun)
        } else {
            Err(ConsentError::OtherBrowser)
        }
    }

    async fn end(
        &self,
        callback: Callback,
        begun: PendingConsent,
    ) -> Result<Granted, ConsentError> {
        if begun.expires_at.has_passed(self.clock().now()) {
            return Err(ConsentError::Expired);
        }
        if let Some(refusal) = callback.refusal {
            return Err(self.refused(refusal, &begun.terms).await);
        }
        let code = callback.code.ok_or(ConsentError::CodeMissing)?;
        let verifier = self.ring().open_verifier(begun.state, &begun.verifier)?;
        let verifier = CodeVerifier::from_text(verifier);
        self.exchange(&code, &verifier, begun.scopes, begun.terms)
            .await
    }

    async fn refused(&self, refusal: ProviderRefusal, terms: &Terms) -> ConsentError {
        if !refusal.is_declined() {
            return ConsentError::ProviderRefused(refusal);
        }
        if let Some(link) = terms.link {
            self.ledger.declined(link).await;
        }
        ConsentError::Declined
    }

    /// Anybody can make up a `state`: that goes to the log alone, or the audit log
    /// would grow at a stranger's will.
    async fn record(&self, outcome: &Result<Granted, ConsentFailure>, origin: &Origin) {
        let outcome = outcome.as_ref().map_err(|failure| &failure.error);
        let (email, action, subject, result) = match outcome {
            Err(ConsentError::StateMissing | ConsentError::StateUnknown) => return,
            Ok(granted) => (
                Some(granted.token.email.to_string()),
                AuditAction::ConsentGranted,
                Subject::token(granted.token.id, granted.token.email.as_str()),
                Outcome::Done,
            ),
            Err(
                error @ ConsentError::OtherPerson {
                    expected,
                    signed_in,
                },
            ) => (
                Some(signed_in.to_string()),
                AuditAction::ConsentFailed,
                Subject::named(expected.as_str()),
                Outcome::Refused(error.reason().to_owned()),
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

#[cfg(test)]
mod tests;
