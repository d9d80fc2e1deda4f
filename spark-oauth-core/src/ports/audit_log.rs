//! The port for the record of who did what.

use std::fmt::Debug;
use std::num::NonZeroU16;

use async_trait::async_trait;

use crate::audit::{AuditAction, AuditEntry, OutcomeKind};
use crate::email::EmailAddress;
use crate::ids::{ApiKeyId, TokenId};
use crate::ports::{Page, PageRequest, StoreError};
use crate::timestamp::Timestamp;

/// Which entries a list shows. Every condition that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Who acted: [`Actor::name`](crate::audit::Actor::name), as a whole and without
    /// regard to case ([`EmailAddress::normalize`] on both sides).
    pub actor: Option<String>,
    /// To whom: [`AuditEntry::subject`], as a whole and without regard to case
    /// ([`EmailAddress::normalize`] on both sides).
    pub subject: Option<String>,
    /// To which token.
    pub token: Option<TokenId>,
    /// Which API key acted, or had something done to it: [`AuditEntry::api_key`].
    pub api_key: Option<ApiKeyId>,
    /// What was done.
    pub action: Option<AuditAction>,
    /// How it ended.
    pub outcome: Option<OutcomeKind>,
    /// It happened at this time or later.
    pub from: Option<Timestamp>,
    /// It happened before this time.
    pub until: Option<Timestamp>,
}

impl AuditFilter {
    /// Whether an entry is shown.
    pub fn fits(&self, entry: &AuditEntry) -> bool {
        let same = |wanted: Option<&str>, stands: Option<&str>| {
            wanted.is_none_or(|wanted| {
                stands.is_some_and(|stands| {
                    EmailAddress::normalize(stands) == EmailAddress::normalize(wanted)
                })
            })
        };
        same(self.actor.as_deref(), entry.caller.actor.name())
            && same(self.subject.as_deref(), entry.subject.as_deref())
            && self.token.is_none_or(|token| entry.token == Some(token))
            && self.api_key.is_none_or(|key| entry.api_key == Some(key))
            && self.action.is_none_or(|action| entry.action == action)
            && self
                .outcome
                .is_none_or(|outcome| entry.outcome.kind() == outcome)
            && self.from.is_none_or(|from| entry.at >= from)
            && self.until.is_none_or(|until| entry.at < until)
    }
}

/// Keeps audit entries. An entry is never changed.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditLog: Debug + Send + Sync + 'static {
    /// Adds an entry, durably.
    ///
    /// MUST refuse an entry whose identifier stands already, and leave the one that
    /// stands as it is, also where both come at once.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] with [`UniqueRule::Id`](super::UniqueRule::Id);
    /// otherwise the store's own.
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError>;

    /// A page of the entries that fit the filter, newest first: whatever the times in
    /// them say, the one that was appended last.
    ///
    /// The order MUST be total and stable, as for
    /// [`TokenStore::list`](super::TokenStore::list).
    ///
    /// # Errors
    /// The store's own.
    async fn list(
        &self,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError>;

    /// Removes up to `limit` entries that happened before `at`, and answers how many.
    /// Fewer than `limit` means that no more stood there.
    ///
    /// # Errors
    /// The store's own.
    async fn remove_before(&self, at: Timestamp, limit: NonZeroU16) -> Result<u64, StoreError>;
}
