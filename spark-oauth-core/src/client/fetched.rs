//! A token that was fetched.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use crate::email::EmailAddress;
use crate::ids::TokenId;
use crate::scopes::Scopes;
use crate::secret::AccessToken;
use crate::timestamp::Timestamp;

/// An access token that is valid now.
#[derive(Clone)]
pub struct FetchedToken {
    /// The access token.
    pub access_token: AccessToken,
    /// When it ends.
    pub expires_at: Timestamp,
    /// What it is good for.
    pub scopes: Scopes,
    /// The person's address; `None` if it now belongs to another person.
    pub email: Option<EmailAddress>,
    /// When it ends by the clock of this process that no correction moves.
    pub(super) ends: Instant,
    /// When it was asked for.
    pub(super) fetched: Instant,
    pub(super) asked: Asked,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asked {
    Id(TokenId),
    Person { email: String, scopes: Scopes },
}

impl FetchedToken {
    /// How long it lives from now, reckoned from the life that spark-oauth named: a
    /// wrong clock of this machine does not matter.
    pub fn remaining_life(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }
}

impl fmt::Debug for FetchedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchedToken")
            .field("expires_at", &self.expires_at)
            .field("scopes", &self.scopes)
            .field("email", &self.email)
            .finish_non_exhaustive()
    }
}

impl Asked {
    pub(super) fn person(email: &EmailAddress, scopes: &Scopes) -> Self {
        Self::Person {
            email: email.normalized().to_owned(),
            scopes: scopes.clone(),
        }
    }

    /// The address of the call. Path segments and queries are escaped.
    pub(super) fn url(&self, base: &Url, min_life: Duration) -> Option<Url> {
        let mut url = base.clone();
        {
            let mut path = url.path_segments_mut().ok()?;
            path.pop_if_empty().extend(["api", "v1"]);
            match self {
                Self::Id(id) => path.extend(["tokens", &id.to_string()]),
                Self::Person { email, .. } => path.extend(["people", email]),
            };
            path.push("access-token");
        }
        let mut query = url.query_pairs_mut();
        query.append_pair("min_ttl", &min_life.as_secs().to_string());
        if let Self::Person { scopes, .. } = self
            && !scopes.is_empty()
        {
            query.append_pair("scope", &scopes.to_string());
        }
        drop(query);
        Some(url)
    }
}
