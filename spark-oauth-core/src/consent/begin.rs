//! Beginning a consent: a fresh state and PKCE verifier, kept until the callback,
//! and no more of them from one address than the limit.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use url::Url;

use crate::audit::Origin;
use crate::consent::{BeginError, BrowserSecret, CodeVerifier, ConsentService, State};
use crate::consent_links::{Invitation, Terms};
use crate::network::network;
use crate::ports::{AuthorizationRequest, Clock as _, PendingConsent};
use crate::scopes::Scopes;

/// Which account of the person's is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Account {
    /// The one that is signed in at the provider.
    #[default]
    SignedIn,
    /// The provider asks, although somebody is signed in.
    Choose,
}

/// What a person is asked, and under which terms.
struct Question<'a> {
    scopes: &'a Scopes,
    terms: &'a Terms,
    account: Account,
}

impl ConsentService {
    /// Begins a consent to what the integration asks for, by whoever comes, and answers
    /// where to send the browser.
    ///
    /// # Errors
    /// [`BeginError::TooMany`] where the address began too many, or the store's.
    pub async fn begin(&self, browser: &BrowserSecret, origin: &Origin) -> Result<Url, BeginError> {
        let question = Question {
            scopes: &self.integration.scopes,
            terms: &Terms::default(),
            account: Account::SignedIn,
        };
        self.ask(&question, browser, origin).await
    }

    /// Begins a consent to what a link asks for, under its terms: see
    /// [`ConsentLinkService::open`](crate::consent_links::ConsentLinkService::open).
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub async fn begin_invited(
        &self,
        invitation: &Invitation,
        account: Account,
        browser: &BrowserSecret,
        origin: &Origin,
    ) -> Result<Url, BeginError> {
        let question = Question {
            scopes: &invitation.scopes,
            terms: &invitation.terms,
            account,
        };
        self.ask(&question, browser, origin).await
    }

    async fn ask(
        &self,
        question: &Question<'_>,
        browser: &BrowserSecret,
        origin: &Origin,
    ) -> Result<Url, BeginError> {
        let now = self.clock().now();
        let address = origin.address.map(network);
        let beginning = address.map(|address| self.beginning.enter(address));
        if let Some(beginning) = &beginning {
            self.check_open_consents(beginning).await?;
        }
        let state = State::generate(self.random());
        let verifier = CodeVerifier::generate(self.random());
        let url = self.client.authorization_url(&AuthorizationRequest {
            integration: &self.integration,
            scopes: question.scopes,
            state: &state,
            challenge: &verifier.challenge(),
            login_hint: question.terms.expected_email.as_ref(),
            select_account: question.account == Account::Choose,
        });
        let sealed = self
            .ring()
            .seal_verifier(state.hash(), verifier.expose_secret());
        self.consents
            .insert(&PendingConsent {
                state: state.hash(),
                browser: browser.hash(),
                verifier: sealed,
                scopes: question.scopes.clone(),
                terms: question.terms.clone(),
                address,
                begun_at: now,
                // The clock of the process that ends it may be ahead.
                expires_at: now.max(self.grants.clock.now()) + self.limits.open_for,
            })
            .await?;
        Ok(url)
    }

    async fn check_open_consents(&self, beginning: &Entered) -> Result<(), BeginError> {
        let now = self.clock().now();
        let stored = self.consents.count_open(beginning.address, now).await?;
        if stored + beginning.others < self.limits.open_per_address {
            Ok(())
        } else {
            Err(BeginError::TooMany {
                retry_after: self.limits.open_for,
            })
        }
    }
}

/// The consents that are being begun right now: counted beside the stored ones,
/// so that many at once cannot slip past the limit.
#[derive(Clone, Debug, Default)]
pub(super) struct Beginning(Arc<Mutex<HashMap<IpAddr, u64>>>);

/// One consent that is being begun.
struct Entered {
    beginning: Beginning,
    address: IpAddr,
    /// How many were under way from this address when this one came.
    others: u64,
}

impl Beginning {
    fn enter(&self, address: IpAddr) -> Entered {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = under_way.entry(address).or_default();
        let others = *count;
        *count += 1;
        drop(under_way);
        Entered {
            beginning: self.clone(),
            address,
            others,
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut under_way = self
            .beginning
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = under_way.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests;
