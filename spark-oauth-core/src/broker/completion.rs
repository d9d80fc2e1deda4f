//! An imported record has only an e-mail address. At its first refresh the provider
//! is asked whose token it is.
//!
//! The tokens are stored before that, and whatever the answer, they stay. Where the
//! person has a record of the same scopes already, from a consent that came
//! meanwhile under another address, that one stays as it is, and the imported one
//! too: it keeps its tokens and its address, and an admin may remove it.

use std::time::Duration;

use crate::broker::error::TokenError;
use crate::broker::refresh::{Refreshed, Refresher};
use crate::broker::write_back::Change;
use crate::person::Person;
use crate::ports::{StoreError, UniqueRule};
use crate::token::{Status, Token};

/// How long a store that fails is offered the person. At the next refresh the
/// provider is asked again.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

impl Refresher {
    /// Completes the record in the background, where it needs that.
    pub(super) fn complete_later(&self, refreshed: &Refreshed) {
        if refreshed.called && refreshed.token.person.is_none() {
            let (this, token) = (self.clone(), refreshed.token.clone());
            drop(
                self.detached
                    .start(async move { this.complete(token).await }),
            );
        }
    }

    async fn complete(&self, token: Token) {
        let id = token.id;
        let person = match self.ring.open_access(id, &token.access) {
            Ok(access) => self.client.me(&access).await,
            Err(error) => {
                tracing::warn!(token = %id, %error, "an imported token does not open");
                return;
            }
        };
        let person = match person {
            Ok(person) => person,
            Err(error) => {
                tracing::warn!(token = %id, %error, "whose imported token it is stays unknown");
                return;
            }
        };
        match self.write_person(token, &person).await {
            Ok(_) => tracing::info!(token = %id, "an imported token has its person"),
            Err(TokenError::Store(error)) if is_taken(&error) => tracing::warn!(
                token = %id, email = %person.email,
                "an imported token is one that its person has consented to anew; remove it \
                 when nobody uses it any more"
            ),
            Err(error) => tracing::warn!(token = %id, %error, "an imported token has no person"),
        }
    }

    async fn write_person(&self, token: Token, person: &Person) -> Result<Token, TokenError> {
        let change = |token: &mut Token| {
            // What was written by a consent meanwhile is newer.
            if token.person.is_some() || token.status != Status::Active {
                return Change::Superseded;
            }
            token.person = Some(person.id.clone());
            token.email = person.email.clone();
            token.display_name.clone_from(&person.display_name);
            Change::Write(Vec::new())
        };
        self.rewrite(token, WRITE_LIMIT, change).await
    }
}

const fn is_taken(error: &StoreError) -> bool {
    matches!(error, StoreError::AlreadyExists(UniqueRule::Consent))
}

#[cfg(test)]
mod tests;
