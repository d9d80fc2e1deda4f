//! One grant: what came of one consent, with the tokens that are alive.

use std::collections::VecDeque;
use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use super::codes::Consent;
use super::scopes::Scopes;
use super::tokens::{TokenAnswer, new_token};
use crate::clock::seconds_until;
use crate::settings::Settings;

/// How many access tokens of one grant are alive at once. What the provider does
/// with an older one after a refresh is undocumented: here it works until it
/// expires or sixteen newer ones exist, so that memory has a bound.
const MAX_ACCESS_TOKENS: usize = 16;

/// How many rotated refresh tokens of one grant are remembered, to notice re-use.
const MAX_ROTATED: usize = 1000;

#[derive(Debug)]
pub(super) struct LiveAccessToken {
    pub(super) text: Arc<str>,
    pub(super) issued: OffsetDateTime,
    pub(super) expires: OffsetDateTime,
}

#[derive(Debug)]
pub(super) struct Grant {
    pub(super) person: Uuid,
    pub(super) client_id: Arc<str>,
    pub(super) scopes: Arc<Scopes>,
    pub(super) created: OffsetDateTime,
    pub(super) revoked: bool,
    /// Oldest first.
    pub(super) access_tokens: VecDeque<LiveAccessToken>,
    pub(super) refresh_token: Arc<str>,
    pub(super) refresh_expires: OffsetDateTime,
    /// Oldest first.
    pub(super) rotated: VecDeque<Arc<str>>,
}

impl Grant {
    pub(super) fn new(consent: &Consent, settings: &Settings, now: OffsetDateTime) -> Self {
        let mut grant = Self {
            person: consent.person,
            client_id: consent.client_id.as_str().into(),
            scopes: Arc::clone(&consent.scopes),
            created: now,
            revoked: false,
            access_tokens: VecDeque::new(),
            refresh_token: new_token().into(),
            refresh_expires: now + settings.refresh_ttl(),
            rotated: VecDeque::new(),
        };
        grant.add_access_token(settings, now);
        grant
    }

    /// Goes on with the tokens of an earlier run in place of its own.
    pub(super) fn resume(
        &mut self,
        access_token: String,
        access_expires: OffsetDateTime,
        refresh_token: String,
        refresh_expires: OffsetDateTime,
    ) {
        self.access_tokens = VecDeque::from([LiveAccessToken {
            text: access_token.into(),
            issued: self.created,
            expires: access_expires,
        }]);
        self.refresh_token = refresh_token.into();
        self.refresh_expires = refresh_expires;
    }

    /// Makes a new access token and says which old ones ended with it.
    pub(super) fn add_access_token(
        &mut self,
        settings: &Settings,
        now: OffsetDateTime,
    ) -> Vec<Arc<str>> {
        self.access_tokens.push_back(LiveAccessToken {
            text: new_token().into(),
            issued: now,
            expires: now + settings.access_ttl(),
        });
        let mut ended = Vec::new();
        while self.access_tokens.len() > 1
            && self.access_tokens.front().is_some_and(|oldest| {
                oldest.expires <= now || self.access_tokens.len() > MAX_ACCESS_TOKENS
            })
        {
            ended.extend(self.access_tokens.pop_front().map(|oldest| oldest.text));
        }
        ended
    }

    /// The newest access token, where a refresh may answer it once more.
    pub(super) fn repeatable(
        &self,
        settings: &Settings,
        now: OffsetDateTime,
    ) -> Option<&LiveAccessToken> {
        self.access_tokens.back().filter(|newest| {
            newest.expires > now && newest.issued + settings.same_access_token() > now
        })
    }

    /// Replaces the refresh token; answers a rotated one that is forgotten for it.
    pub(super) fn rotate(&mut self) -> Option<Arc<str>> {
        let old = std::mem::replace(&mut self.refresh_token, new_token().into());
        self.rotated.push_back(old);
        if self.rotated.len() > MAX_ROTATED {
            self.rotated.pop_front()
        } else {
            None
        }
    }

    /// The answer with the newest tokens.
    pub(super) fn answer(&self, with_refresh_token: bool, now: OffsetDateTime) -> TokenAnswer {
        let (access_token, expires) = self.access_tokens.back().map_or_else(
            || (String::new(), now),
            |token| (token.text.to_string(), token.expires),
        );
        TokenAnswer {
            access_token,
            expires_in: seconds_until(expires, now),
            refresh_token: with_refresh_token.then(|| self.refresh_token.to_string()),
            refresh_token_expires_in: seconds_until(self.refresh_expires, now),
            token_type: "Bearer",
            scope: self.scopes.to_string(),
        }
    }
}
