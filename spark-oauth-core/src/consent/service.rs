//! From the button "Grant access" to the stored token.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::addresses::Addresses;
use crate::audit::{Actor, AuditAction, Caller, Origin, Outcome};
use crate::auditor::{Auditor, Subject};
use crate::broker::Breaker;
use crate::consent::begin::Beginning;
use crate::consent::callback::clean;
use crate::consent::grant::GrantWriter;
use crate::consent::{
    BrowserSecret, Callback, CodeVerifier, ConsentError, ConsentFailure, Granted, ProviderRefusal,
};
use crate::consent_links::{LinkLedger, Terms};
use crate::detached::Detached;
use crate::ids::TokenId;
use crate::integration::Integration;
use crate::keyring::KeyRing;
use crate::ports::{
    CallbackClaim, Clock, ConsentStore, PendingConsent, Random, SparkClient, StateHash, Taken,
};

/// How long a repeated callback waits for the first one, whose process may have crashed.
/// Browsers and proxies wait longer.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The interval at which a repeated callback polls the store.
const POLL: Duration = Duration::from_millis(200);

/// How long to retry one update of another person's record while the store fails. After
/// that, the whole write of the consent is retried.
const ADDRESS_PATIENCE: Duration = Duration::from_secs(2);

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
    clock: Arc<dyn Clock>,
    pub(super) breaker: Breaker,
    /// The `iss` that a callback must have, where one is configured.
    issuer: Option<String>,
    pub(super) detached: Detached,
}

impl ConsentService {
    pub(crate) fn new(
        parts: crate::application::Parts,
        limits: ConsentLimits,
        auditor: Auditor,
        issuer: Option<String>,
    ) -> Self {
        Self {
            ledger: LinkLedger {
                links: parts.stores.links,
                clock: parts.clock.clone(),
            },
            clock: parts.clock,
            breaker: parts.breaker,
            integration: parts.integration,
            client: parts.client,
            consents: parts.stores.consents,
            grants: GrantWriter {
                addresses: Addresses {
                    tokens: parts.stores.tokens.clone(),
                    patience: ADDRESS_PATIENCE,
                },
                tokens: parts.stores.tokens,
                ring: parts.ring,
                clock: parts.corrected,
                random: parts.random,
                events: parts.events,
                schedule: parts.schedule,
            },
            auditor,
            limits,
            beginning: Beginning::default(),
            issuer,
            detached: parts.detached,
        }
    }

    /// The integration that asks.
    pub fn integration(&self) -> &Integration {
        &self.integration
    }

    /// Ends a consent with what the provider sent the browser back with.
    ///
    /// The first callback of the browser that began the consent consumes the `state`,
    /// before any other check. Another browser cannot consume it. The token endpoint is
    /// called once, and only if the consent has not expired. If the same browser repeats
    /// the same callback, it gets the same token. The work is detached: if the browser
    /// disconnects, the consent and its audit entry are still written.
    ///
    /// `browsers` are the secrets that the browser sent, see
    /// [`cookies`](crate::consent::cookies).
    ///
    /// # Errors
    /// [`ConsentFailure`] says why there is no token.
    pub async fn complete<'b>(
        &self,
        callback: Callback,
        browsers: impl IntoIterator<Item = &'b BrowserSecret>,
        origin: &Origin,
    ) -> Result<Granted, ConsentFailure> {
        let browsers: Vec<_> = browsers.into_iter().map(BrowserSecret::hash).collect();
        let (service, origin) = (self.clone(), origin.clone());
        self.detached
            .run(async move {
                let outcome = service.carry(callback, browsers).await;
                service.record(&outcome, &origin).await;
                outcome
            })
            .await
            .unwrap_or_else(|| Err(ConsentError::Interrupted.into()))
    }

    async fn carry(
        &self,
        callback: Callback,
        browsers: Vec<[u8; 32]>,
    ) -> Result<Granted, ConsentFailure> {
        let state = callback.state.as_ref().ok_or(ConsentError::StateMissing)?;
        let claim = CallbackClaim {
            state: state.hash(),
            browsers,
            answer: callback.answer(),
        };
        let begun = match self.consents.take(&claim).await {
            Ok(Taken::First(begun)) => begun,
            Ok(Taken::Again { consent, token }) => {
                return Ok(self.granted_before(&claim, consent, token).await?);
            }
            Ok(Taken::OtherBrowser) => return Err(ConsentError::OtherBrowser.into()),
            Ok(Taken::Unknown) => return Err(ConsentError::StateUnknown.into()),
            Err(error) => return Err(ConsentError::Store(error).into()),
        };
        let terms = begun.terms.clone();
        let outcome = self.end(callback, begun).await;
        let ended = outcome.as_ref().ok().map(|granted| granted.token.id);
        self.note_end(claim.state, ended).await;
        outcome.map_err(|error| ConsentFailure {
            error,
            terms: Box::new(terms),
        })
    }

    /// The token that an earlier delivery of the same callback created. Waits while that
    /// delivery is in progress, perhaps in another process.
    async fn granted_before(
        &self,
        claim: &CallbackClaim,
        mut consent: PendingConsent,
        mut token: Option<TokenId>,
    ) -> Result<Granted, ConsentError> {
        let waiting = Instant::now();
        let id = loop {
            if let Some(id) = token {
                break id;
            }
            if waiting.elapsed() >= LONGEST_WAIT {
                return Err(ConsentError::Interrupted);
            }
            tokio::time::sleep(POLL).await;
            match self.consents.take(claim).await? {
                Taken::Again {
                    consent: found,
                    token: ended,
                } => (consent, token) = (found, ended),
                _ => return Err(ConsentError::StateUnknown),
            }
        };
        let found = self.grants.tokens.get(id).await?;
        Ok(Granted {
            token: found.ok_or(ConsentError::StateUnknown)?,
            renewed: false,
            terms: consent.terms,
            repeated: true,
        })
    }

    /// Records the result of a consent. If the store fails, only a repeated callback is
    /// affected: it does not get the token.
    async fn note_end(&self, state: StateHash, token: Option<TokenId>) {
        let noted = match token {
            Some(token) => self.consents.finish(state, token).await,
            None => self.consents.discard(state).await,
        };
        if let Err(error) = noted {
            tracing::warn!(%error, "could not note the end of a consent");
        }
    }

    async fn end(
        &self,
        callback: Callback,
        begun: PendingConsent,
    ) -> Result<Granted, ConsentError> {
        self.check_issuer(callback.issuer)?;
        // Another process may have begun the consent by another clock, so both clocks here
        // must agree that it has expired.
        let now = self.clock().now().min(self.grants.clock.now());
        if begun.expires_at.has_passed(now) {
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

    /// A code of another server must not reach the token endpoint, and another server
    /// cannot decline (RFC 9207 section 2.4). Without a configured issuer, `iss` is
    /// ignored.
    fn check_issuer(&self, found: Option<String>) -> Result<(), ConsentError> {
        match &self.issuer {
            Some(expected) if found.as_ref() != Some(expected) => Err(ConsentError::OtherIssuer {
                expected: expected.clone(),
                found: found.map(|text| clean(&text, 300)),
            }),
            _ => Ok(()),
        }
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
    /// would grow at a stranger's will. A callback that is delivered again did nothing.
    async fn record(&self, outcome: &Result<Granted, ConsentFailure>, origin: &Origin) {
        let outcome = outcome.as_ref().map_err(|failure| &failure.error);
        let (email, action, subject, result) = match outcome {
            Err(ConsentError::StateMissing | ConsentError::StateUnknown) => return,
            Ok(granted) if granted.repeated => return,
            Ok(granted) => (
                Some(granted.token.email.to_string()),
                AuditAction::ConsentGranted,
                Subject::token(&granted.token),
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
        if matches!(outcome, Err(ConsentError::OtherBrowser)) {
            // Another browser does not consume the state, so it can repeat this at will.
            let refusal = self
                .auditor
                .record_refusal(&caller, action, subject, result);
            refusal.await;
        } else {
            self.auditor.record(&caller, action, subject, result).await;
        }
    }

    /// Removes the consents that ended unanswered, and answers how many.
    ///
    /// # Errors
    /// The store's own.
    pub async fn remove_expired(&self) -> Result<u64, crate::ports::StoreError> {
        self.consents.remove_expired(self.clock().now()).await
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
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
