//! Tokens, as far as the key's reach goes.

use std::time::Duration;

use crate::api_access::access::{Admitted, ApiAccess};
use crate::api_access::{AccessError, AccessRefusal};
use crate::broker::{CheckedOut, Refreshed, TokenError};
use crate::email::EmailAddress;
use crate::ids::TokenId;
use crate::ports::{Page, PageRequest, Revocation, TokenFilter};
use crate::scopes::Scopes;
use crate::token::{RefreshTrigger, RevokedBy, StatusKind, Token};

impl ApiAccess {
    /// A page of the tokens that fit the filter and that the key may see, newest
    /// first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_tokens(
        &self,
        admitted: &Admitted,
        filter: TokenFilter,
        page: &PageRequest,
    ) -> Result<Page<Token>, AccessError> {
        let filter = TokenFilter {
            reach: admitted.key().reach.clone(),
            ..filter
        };
        Ok(self.0.broker.list(&filter, page).await?)
    }

    /// One token.
    ///
    /// # Errors
    /// [`AccessRefusal::PersonNotAllowed`], or the broker's.
    pub async fn token(&self, admitted: &Admitted, id: TokenId) -> Result<Token, AccessError> {
        let token = self.0.broker.get(id).await;
        let token = self.explain(id, token).await?;
        self.check_token(admitted, &token).await?;
        Ok(token)
    }

    /// An access token that lives at least `min_life`: see
    /// [`Broker::check_out`](crate::broker::Broker::check_out).
    ///
    /// # Errors
    /// [`AccessRefusal::PersonNotAllowed`], or the broker's.
    pub async fn check_out(
        &self,
        admitted: &Admitted,
        id: TokenId,
        min_life: Duration,
    ) -> Result<CheckedOut, AccessError> {
        let broker = &self.0.broker;
        let token = broker.recent_or_read(id, min_life).await;
        let token = self.explain(id, token).await?;
        self.check_token(admitted, &token).await?;
        let valid = broker.check_out_read(&token, min_life, admitted.caller());
        self.explain(id, valid.await).await
    }

    /// An access token of the person to whom this address belongs, which covers at least
    /// these scopes. Among the active tokens that cover them, the newest consent wins.
    ///
    /// # Errors
    /// [`AccessRefusal::PersonNotAllowed`], [`AccessError::PersonNotFound`],
    /// [`AccessError::Ambiguous`], or the broker's: for the newest of the person's
    /// tokens, where none of those that fit is active.
    pub async fn check_out_of(
        &self,
        admitted: &Admitted,
        email: &EmailAddress,
        scopes: &Scopes,
        min_life: Duration,
    ) -> Result<CheckedOut, AccessError> {
        self.check_reach(admitted, email).await?;
        let broker = &self.0.broker;
        let mut tokens = broker.find_by_email(email).await?;
        loop {
            let token = choose(tokens.clone(), scopes, |token| broker.is_parked(token))?;
            let valid = broker.check_out_read(&token, min_life, admitted.caller());
            let valid = self.explain(token.id, valid.await).await?;
            if valid.scopes.covers(scopes) {
                return Ok(valid);
            }
            // The refresh in between narrowed the granted scopes.
            tokens.retain(|other| other.id != token.id);
        }
    }

    /// Refreshes a token now, unless it was refreshed a moment ago.
    ///
    /// # Errors
    /// [`AccessRefusal::PersonNotAllowed`], or the broker's.
    pub async fn refresh(
        &self,
        admitted: &Admitted,
        id: TokenId,
    ) -> Result<Refreshed, AccessError> {
        self.token(admitted, id).await?;
        let (broker, trigger) = (&self.0.broker, RefreshTrigger::Api);
        let refreshed = broker.refresh(id, trigger, admitted.caller()).await;
        self.explain(id, refreshed).await
    }

    /// Deletes a token's record. With `revoke`, the provider must first confirm that it
    /// revoked the person's authorization. A token that is revoked already is only deleted,
    /// so that the caller can repeat an interrupted call.
    ///
    /// # Errors
    /// [`AccessRefusal::PersonNotAllowed`], [`AccessError::RevocationNotPermitted`],
    /// [`AccessError::RevocationNotConfirmed`], or the broker's. The record then still
    /// exists.
    pub async fn remove(
        &self,
        admitted: &Admitted,
        id: TokenId,
        revoke: bool,
    ) -> Result<(), AccessError> {
        self.token(admitted, id).await?;
        let (broker, caller) = (&self.0.broker, admitted.caller());
        if revoke {
            match broker.revoke(id, RevokedBy::Admin, caller).await {
                Ok(Revocation::NotPermitted) => return Err(AccessError::RevocationNotPermitted),
                Ok(Revocation::NotConfirmed) => return Err(AccessError::RevocationNotConfirmed),
                Ok(Revocation::Confirmed) | Err(TokenError::Revoked { .. }) => {}
                Err(error) => return self.explain(id, Err(error)).await,
            }
        }
        let removed = broker.remove(id, caller).await;
        self.explain(id, removed.map(drop)).await
    }

    /// Says which token an error is about and, where its person must consent again,
    /// under which link.
    async fn explain<T>(
        &self,
        id: TokenId,
        outcome: Result<T, TokenError>,
    ) -> Result<T, AccessError> {
        let source = match outcome {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let renewal = match &source {
            TokenError::NeedsConsent { .. } | TokenError::IntegrationUnknown { .. } => {
                self.0.broker.get(id).await.ok()
            }
            _ => None,
        };
        Err(AccessError::Token {
            id,
            source,
            renewal: renewal.map(|token| self.0.links.renewal(&token)),
        })
    }

    async fn check_token(&self, admitted: &Admitted, token: &Token) -> Result<(), AccessRefusal> {
        let covered = admitted.key().reach.covers_token(token);
        self.check(admitted, covered, Some(token.id)).await
    }

    pub(super) async fn check_reach(
        &self,
        admitted: &Admitted,
        email: &EmailAddress,
    ) -> Result<(), AccessRefusal> {
        let covered = admitted.key().reach.covers(email);
        self.check(admitted, covered, None).await
    }

    async fn check(
        &self,
        admitted: &Admitted,
        covered: bool,
        token: Option<TokenId>,
    ) -> Result<(), AccessRefusal> {
        if covered {
            return Ok(());
        }
        let refusal = AccessRefusal::PersonNotAllowed;
        self.refuse(admitted, refusal, token).await;
        Err(refusal)
    }
}

/// Of one person's tokens, the newest consent first, that cover the scopes: the first
/// that is active; where none is, the first that says best why. A parked token is
/// chosen only where the person has no other.
fn choose(
    tokens: Vec<Token>,
    scopes: &Scopes,
    is_parked: impl Fn(&Token) -> bool,
) -> Result<Token, AccessError> {
    if tokens
        .windows(2)
        .any(|pair| pair[0].person != pair[1].person)
    {
        let mut ids: Vec<_> = tokens.iter().map(|token| token.id).collect();
        ids.sort_unstable();
        return Err(AccessError::Ambiguous(ids));
    }
    let rank = |token: &Token| {
        let status = match token.status.kind() {
            StatusKind::Active => 0,
            StatusKind::NeedsConsent => 1,
            StatusKind::Revoked => 2,
        };
        (is_parked(token), status)
    };
    tokens
        .into_iter()
        .filter(|token| token.scopes.covers(scopes))
        .min_by_key(rank)
        .ok_or(AccessError::PersonNotFound)
}
