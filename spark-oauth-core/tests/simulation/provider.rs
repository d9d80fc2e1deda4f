//! The simulated provider: grants, their tokens, and what becomes of them. A token's
//! text names its grant and its number, so that the laws can tell which it is.

use std::time::Duration;

use spark_oauth_core::Timestamp;
use spark_oauth_core::ports::TokenAnswer;
use spark_oauth_core::{AccessToken, RefreshToken};

use super::plan::{Plan, Rotation};

/// Why a grant is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The person withdrew it at the provider.
    Withdrawn,
    /// We revoked it.
    Revoked,
    /// A refresh token was presented a second time.
    Reused,
    /// Its refresh token died of age.
    Expired,
}

/// One grant of a person: a family of tokens.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) person: usize,
    pub(crate) end: Option<End>,
    /// The number of the refresh token that is good now.
    pub(crate) current: u64,
    /// When each access token ends.
    access: Vec<Timestamp>,
    refresh_ends: Option<Timestamp>,
}

/// A token's name: which grant it belongs to, and the how-manieth it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) grant: usize,
    pub(crate) number: u64,
}

impl Name {
    /// Reads `access-GRANT-NUMBER` and `refresh-GRANT-NUMBER`.
    pub(crate) fn read(text: &str) -> Self {
        let mut parts = text.split('-').skip(1);
        let mut next = || parts.next().and_then(|part| part.parse::<u64>().ok());
        let (grant, number) = (next().unwrap(), next().unwrap());
        Self {
            grant: usize::try_from(grant).unwrap(),
            number,
        }
    }
}

/// What the provider says to a refresh.
#[derive(Debug)]
pub(crate) enum Refreshed {
    Done(TokenAnswer),
    /// The grant was dead before.
    Dead,
    /// The grant is dead now: the token had been used before.
    Reused,
}

/// The provider.
#[derive(Debug, Default)]
pub(crate) struct Provider {
    pub(crate) grants: Vec<Grant>,
}

impl Provider {
    pub(crate) fn grant(&mut self, person: usize, plan: &Plan, now: Timestamp) -> TokenAnswer {
        let life = plan.refresh_life.map(|(life, _)| life);
        self.grants.push(Grant {
            person,
            end: None,
            current: 1,
            access: Vec::new(),
            refresh_ends: life.map(|life| now + life),
        });
        let grant = self.grants.len() - 1;
        self.answer(grant, plan, now, true)
    }

    pub(crate) fn refresh(&mut self, token: Name, plan: &Plan, now: Timestamp) -> Refreshed {
        let grant = &mut self.grants[token.grant];
        if grant.end.is_none() && grant.refresh_ends.is_some_and(|end| end.has_passed(now)) {
            grant.end = Some(End::Expired);
        }
        if grant.end.is_some() {
            return Refreshed::Dead;
        }
        if plan.rotation == Rotation::EachTime {
            if token.number != grant.current {
                grant.end = Some(End::Reused);
                return Refreshed::Reused;
            }
            grant.current += 1;
        }
        if let Some((life, true)) = plan.refresh_life {
            grant.refresh_ends = Some(now + life);
        }
        let says = plan.rotation != Rotation::Unsaid;
        Refreshed::Done(self.answer(token.grant, plan, now, says))
    }

    fn answer(&mut self, number: usize, plan: &Plan, now: Timestamp, says: bool) -> TokenAnswer {
        let grant = &mut self.grants[number];
        grant.access.push(now + plan.access_life);
        let refresh_life = grant.refresh_ends.map(|end| end.since(now));
        TokenAnswer {
            access_token: AccessToken::new(format!("access-{number}-{}", grant.access.len())),
            expires_in: Some(plan.access_life),
            refresh_token: says
                .then(|| RefreshToken::new(format!("refresh-{number}-{}", grant.current))),
            refresh_token_expires_in: refresh_life.map(|life| Duration::from_secs(life.as_secs())),
            scopes: None,
            // The header has whole seconds.
            provider_time: Some(Timestamp::from_millis(
                now.as_millis().div_euclid(1_000) * 1_000,
            )),
        }
    }

    /// When an access token ends by itself.
    pub(crate) fn access_end(&self, token: Name) -> Timestamp {
        let index = usize::try_from(token.number).unwrap() - 1;
        self.grants[token.grant].access[index]
    }

    /// Ends every grant of a person; `false` where none lived.
    pub(crate) fn end_all(&mut self, person: usize, end: End) -> bool {
        let living = self
            .grants
            .iter_mut()
            .filter(|grant| grant.person == person && grant.end.is_none());
        let mut any = false;
        for grant in living {
            grant.end = Some(end);
            any = true;
        }
        any
    }
}
