//! Leases of tokens: who may refresh one.
//!
//! A lease is read, judged and changed where the record still has the version that
//! was read: the change is one atomic operation, which succeeds only where nobody
//! took the lease meanwhile.

use mongodb::bson::{Document, doc};
use spark_oauth_core::ports::{Claim, StoreError, TokenStore as _};
use spark_oauth_core::token::{Lease, Token};
use spark_oauth_core::{ProcessId, Timestamp, TokenId};

use crate::MongoStore;
use crate::errors::NoAnswer;
use crate::tokens::Standing;
use crate::values::date;

/// How often a record may change under the eyes of one who wants its lease.
const ATTEMPTS: usize = 64;

impl MongoStore {
    pub(crate) async fn claim_lease(
        &self,
        id: TokenId,
        lease: Lease,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        for _ in 0..ATTEMPTS {
            let Some(mut token) = self.get(id).await? else {
                return Ok(Claim::Missing);
            };
            match token.leased_by(now) {
                Some(held) if held.owner != lease.owner => return Ok(Claim::Held(*held)),
                _ => {}
            }
            let claiming = self.tokens().update(unchanged(&token), hold(lease));
            if claiming.await? {
                token.lease = Some(lease);
                token.version = token.version.wrapping_add(1);
                return Ok(Claim::Taken(Box::new(token)));
            }
        }
        Err(NoAnswer::Contention.into())
    }

    pub(crate) async fn move_lease(
        &self,
        id: TokenId,
        lease: Lease,
    ) -> Result<Option<u64>, StoreError> {
        for _ in 0..ATTEMPTS {
            let token = self.get(id).await?;
            let Some(token) = token.filter(|token| is_held_by(token, lease.owner)) else {
                return Ok(None);
            };
            let extending = self.tokens().update(unchanged(&token), hold(lease));
            if extending.await? {
                return Ok(Some(token.version.wrapping_add(1)));
            }
        }
        Err(NoAnswer::Contention.into())
    }

    pub(crate) async fn give_lease_back(
        &self,
        id: TokenId,
        owner: ProcessId,
    ) -> Result<bool, StoreError> {
        for _ in 0..ATTEMPTS {
            let token = self.get(id).await?;
            let Some(token) = token.filter(|token| is_held_by(token, owner)) else {
                return Ok(false);
            };
            let own_marker = token.attempt.is_some_and(|attempt| attempt.owner == owner);
            let releasing = self.tokens().update(unchanged(&token), release(own_marker));
            if releasing.await? {
                return Ok(true);
            }
        }
        Err(NoAnswer::Contention.into())
    }
}

fn is_held_by(token: &Token, owner: ProcessId) -> bool {
    token.lease.is_some_and(|lease| lease.owner == owner)
}

/// The record, where it is still as it was read.
fn unchanged(token: &Token) -> Document {
    Standing::of(token).filter(token.id)
}

fn hold(lease: Lease) -> Document {
    doc! {
        "$set": {
            "lease": {
                "owner": lease.owner.to_string(),
                "expires_at": date(lease.expires_at),
            },
        },
        "$inc": { "version": 1_i64 },
    }
}

fn release(own_marker: bool) -> Document {
    let mut gone = doc! { "lease": "" };
    if own_marker {
        gone.insert("attempt", "");
    }
    doc! { "$unset": gone, "$inc": { "version": 1_i64 } }
}
