//! One pass through all tokens.

use std::num::NonZeroU16;

use tokio::task::JoinSet;

use super::report::{Cause, Unopened};
use super::service::KeyRotation;
use crate::ids::TokenId;
use crate::keyring::{KeyFingerprint, KeyRing, OpenError, Sealed};
use crate::ports::{PageRequest, StoreError};
use crate::timestamp::Timestamp;
use crate::token::{Status, Token};

/// How many tokens are read, and worked on at once: a store may make one durable
/// write of many that wait together.
const PAGE: NonZeroU16 = NonZeroU16::new(64).unwrap();

/// What a pass found.
#[derive(Debug, Default)]
pub(super) struct Passed {
    pub(super) seen: u64,
    pub(super) resealed: u64,
    pub(super) unopened: Vec<Unopened>,
    pub(super) under_way: Vec<TokenId>,
}

/// What became of one token.
enum Outcome {
    Resealed,
    SealedAlready,
    Gone,
    Unopened(Unopened),
}

impl KeyRotation {
    /// Seals again what an older key has sealed. A refresh that began before
    /// `since` counts as one that may seal with an older key.
    pub(super) async fn pass(
        &self,
        since: Timestamp,
        mut observe: impl FnMut(u64, u64),
    ) -> Result<Passed, StoreError> {
        let mut passed = Passed::default();
        let mut request = PageRequest::first(PAGE);
        loop {
            let page = self.inventory.walk_tokens(&request).await?;
            passed.seen += page.items.len() as u64;
            let mut work = JoinSet::new();
            for found in page.items {
                match found {
                    Err(unreadable) => passed.unopened.push(unreadable.into()),
                    Ok(token) => {
                        passed.note_refresh(&token, since);
                        let rotation = self.clone();
                        work.spawn(async move { rotation.reseal(token).await });
                    }
                }
            }
            for outcome in work.join_all().await {
                passed.note(outcome?);
            }
            observe(passed.seen, passed.resealed);
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(passed),
            }
        }
    }

    /// Seals one token again, whoever else writes it.
    async fn reseal(&self, mut token: Token) -> Result<Outcome, StoreError> {
        let id = token.id;
        loop {
            match renew(&self.ring, &mut token) {
                Ok(false) => return Ok(Outcome::SealedAlready),
                Ok(true) => {}
                Err(error) => return Ok(Outcome::Unopened(unopened(&token, error, &self.ring))),
            }
            match self.tokens.update(&token).await {
                Ok(_) => return Ok(Outcome::Resealed),
                Err(StoreError::NotFound) => return Ok(Outcome::Gone),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
            token = match self.tokens.get(id).await {
                Ok(Some(token)) => token,
                Ok(None) => return Ok(Outcome::Gone),
                Err(error @ StoreError::Corrupt { .. }) => {
                    let unreadable = Unopened::unreadable(id.to_string(), error);
                    return Ok(Outcome::Unopened(unreadable));
                }
                Err(error) => return Err(error),
            };
        }
    }
}

/// Opens both values, and seals those again that an older key has sealed; `false`
/// where there is none.
fn renew(ring: &KeyRing, token: &mut Token) -> Result<bool, OpenError> {
    let newest = ring.sealing_fingerprint();
    let mut renewed = false;
    let access = ring.open_access(token.id, &token.access)?;
    if token.access.key()? != newest {
        token.access = ring.seal_access(token.id, &access);
        renewed = true;
    }
    if let Some(sealed) = &token.refresh {
        let refresh = ring.open_refresh(token.id, sealed)?;
        if sealed.key()? != newest {
            token.refresh = Some(ring.seal_refresh(token.id, &refresh));
            renewed = true;
        }
    }
    Ok(renewed)
}

fn unopened(token: &Token, error: OpenError, ring: &KeyRing) -> Unopened {
    let newest = ring.sealing_fingerprint();
    let values = [Some(&token.access), token.refresh.as_ref()];
    let keys: Result<Vec<KeyFingerprint>, OpenError> =
        values.into_iter().flatten().map(Sealed::key).collect();
    Unopened {
        record: token.id.to_string(),
        cause: Cause::Open(error),
        keys: keys
            .ok()
            .map(|keys| keys.into_iter().filter(|key| *key != newest).collect()),
    }
}

impl Passed {
    fn note(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Resealed => self.resealed += 1,
            Outcome::SealedAlready => {}
            Outcome::Gone => self.seen -= 1,
            Outcome::Unopened(unopened) => self.unopened.push(unopened),
        }
    }

    /// The marker stands until the refresh's answer is written, or somebody finds
    /// that it was lost.
    fn note_refresh(&mut self, token: &Token, since: Timestamp) {
        let began_before = token.attempt.is_some_and(|attempt| attempt.at < since);
        if began_before && token.status == Status::Active {
            self.under_way.push(token.id);
        }
    }
}
