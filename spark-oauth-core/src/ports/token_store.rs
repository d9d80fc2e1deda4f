//! The port of the vault: where tokens are kept.

use std::fmt::Debug;
use std::num::NonZeroU16;

use async_trait::async_trait;

use crate::api_keys::Reach;
use crate::email::EmailAddress;
use crate::ids::{ProcessId, TokenId};
use crate::integration::ClientId;
use crate::person::PersonId;
use crate::ports::{Page, PageRequest, StoreError};
use crate::scopes::Scopes;
use crate::timestamp::Timestamp;
use crate::token::{Lease, StatusKind, Token};

/// Which tokens a list shows. Every condition that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenFilter {
    /// A part of the address that the person has now ([`Token::held_email`]):
    /// [`EmailAddress::normalize_part`] of it is in [`EmailAddress::search_text`]. Each
    /// character stands for itself: `%`, `_`, `.` and `*` have no meaning of their own.
    /// An empty part excludes nothing.
    pub email_part: Option<String>,
    /// The status.
    pub status: Option<StatusKind>,
    /// The access token ends before this time.
    pub expiring_before: Option<Timestamp>,
    /// The granted scopes hold all of these; none asks for nothing.
    pub scopes: Scopes,
    /// The persons whose tokens may be seen: the others' are left out as if they were
    /// not there.
    pub reach: Reach,
}

impl TokenFilter {
    /// Whether every condition holds.
    pub fn fits(&self, token: &Token) -> bool {
        let part = self.email_part.as_deref().map(EmailAddress::normalize_part);
        let has = |part: String| {
            let email = token.held_email();
            part.is_empty() || email.is_some_and(|email| email.search_text().contains(&part))
        };
        part.is_none_or(has) && self.fits_but_email_part(token)
    }

    /// Whether every condition holds but the part of the address, for which a store
    /// may have a better way.
    pub fn fits_but_email_part(&self, token: &Token) -> bool {
        self.status
            .is_none_or(|status| token.status.kind() == status)
            && self
                .expiring_before
                .is_none_or(|end| token.access_expires_at < end)
            && token.scopes.covers(&self.scopes)
            && self.reach.covers_token(token)
    }
}

/// A token whose time for the background worker has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueToken {
    /// The record.
    pub id: TokenId,
    /// Since when: its [`Upkeep::due_at`](crate::token::Upkeep::due_at).
    pub due_at: Timestamp,
}

/// How many tokens of an integration stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// How many are active.
    pub active: u64,
    /// Of how many the person must consent again.
    pub needs_consent: u64,
    /// How many are revoked.
    pub revoked: u64,
    /// How many are due for the background worker.
    pub due: u64,
    /// Since when the longest due one is.
    pub oldest_due_at: Option<Timestamp>,
}

/// The answer to a claim.
#[derive(Clone, Debug)]
pub enum Claim {
    /// The lease is ours; this is the record under it.
    Taken(Box<Token>),
    /// Somebody else holds this lease.
    Held(Lease),
    /// There is no such record.
    Missing,
}

/// Keeps tokens. Every write is durable when it is answered, and each is one
/// atomic change of one record.
///
/// Every write that succeeds raises the record's `version` by one.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait TokenStore: Debug + Send + Sync + 'static {
    /// Adds a record, with the version it carries.
    ///
    /// MUST refuse a second record with the same `(integration, person,
    /// consented_scopes)` where the person is known; records without a known person
    /// never collide. [`Token::scopes`] plays no part: a refresh may change them to
    /// those of another record of the person, and both records stay.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] with [`UniqueRule::Id`](super::UniqueRule::Id)
    /// or [`UniqueRule::Consent`](super::UniqueRule::Consent), either where both are
    /// broken; otherwise the store's own.
    async fn insert(&self, token: &Token) -> Result<(), StoreError>;

    /// The record with this identifier, as the last answered write left it, or a
    /// later one. What is read is one version as a whole, also while others write.
    ///
    /// # Errors
    /// The store's own.
    async fn get(&self, id: TokenId) -> Result<Option<Token>, StoreError>;

    /// The record of this person for this integration with exactly these
    /// [`consented_scopes`](Token::consented_scopes).
    ///
    /// # Errors
    /// The store's own.
    async fn find(
        &self,
        integration: &ClientId,
        person: &PersonId,
        consented: &Scopes,
    ) -> Result<Option<Token>, StoreError>;

    /// Every record of this person for this integration, whatever the scopes, in no
    /// particular order.
    ///
    /// # Errors
    /// The store's own.
    async fn find_by_person(
        &self,
        integration: &ClientId,
        person: &PersonId,
    ) -> Result<Vec<Token>, StoreError>;

    /// Every record, of any integration, whose person has this address
    /// ([`Token::held_email`] equals it), in no particular order. A record whose
    /// address now belongs to another person MUST NOT be among them.
    ///
    /// # Errors
    /// The store's own.
    async fn find_by_email(&self, email: &EmailAddress) -> Result<Vec<Token>, StoreError>;

    /// A page of the records of every integration that fit the filter, newest first:
    /// by the order in which they were added or that of their identifiers, which
    /// differ only where the clocks of two processes do.
    ///
    /// The order MUST be total and stable: while records come and go between two
    /// pages, one that stays is shown exactly once, and a change does not move it.
    ///
    /// # Errors
    /// The store's own.
    async fn list(
        &self,
        filter: &TokenFilter,
        page: &PageRequest,
    ) -> Result<Page<Token>, StoreError>;

    /// Replaces every field of the record `token.id`, lease, marker and upkeep too,
    /// where its stored version is `token.version`, and answers the new version.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the stored version is another;
    /// [`StoreError::NotFound`] where there is no such record;
    /// [`StoreError::AlreadyExists`] where the change would make a second record of
    /// one consent; otherwise the store's own.
    async fn update(&self, token: &Token) -> Result<u64, StoreError>;

    /// Takes the lease of a record, in one atomic operation that succeeds only
    /// where no lease stands at `now`, or `lease.owner` holds it already. A lease
    /// stands as long as its `expires_at` is later than `now`. Nothing else of the
    /// record changes but its version: not the write-ahead marker, whosever it is.
    ///
    /// # Errors
    /// The store's own.
    async fn claim(&self, id: TokenId, lease: Lease, now: Timestamp) -> Result<Claim, StoreError>;

    /// Moves the end of the lease that `lease.owner` holds, and answers the
    /// record's new version; `None` where somebody else holds it, nobody does, or
    /// the record is gone. An own lease that has run out but that nobody took
    /// meanwhile is extended.
    ///
    /// # Errors
    /// The store's own.
    async fn extend_lease(&self, id: TokenId, lease: Lease) -> Result<Option<u64>, StoreError>;

    /// Gives back the lease that `owner` holds, and removes the write-ahead marker
    /// that `owner` set; `false` where it holds none.
    ///
    /// # Errors
    /// The store's own.
    async fn release_lease(&self, id: TokenId, owner: ProcessId) -> Result<bool, StoreError>;

    /// Up to `limit` records of this integration whose
    /// [`Upkeep::due_at`](crate::token::Upkeep::due_at) has come at `now` and whose
    /// lease, if any, has ended (both are `now` or earlier), the longest due first;
    /// those that are due since the same time in any order. The status does not
    /// matter: whoever writes a record decides whether it comes due.
    ///
    /// The cost MUST NOT grow with the number of records that are not due.
    ///
    /// # Errors
    /// The store's own.
    async fn list_due(
        &self,
        integration: &ClientId,
        now: Timestamp,
        limit: NonZeroU16,
    ) -> Result<Vec<DueToken>, StoreError>;

    /// Up to `limit` records that carry
    /// [`Upkeep::events`](crate::token::Upkeep::events), in the store's order: of
    /// every integration and status, due or not.
    ///
    /// The cost MUST NOT grow with the number of records that carry none.
    ///
    /// # Errors
    /// The store's own.
    async fn list_with_events(&self, limit: NonZeroU16) -> Result<Vec<Token>, StoreError>;

    /// Counts the records of this integration: by status, and those that are due at
    /// `now`, leased or not. It MUST count every write that was answered, and none
    /// that was refused; what is written meanwhile may be counted or not.
    ///
    /// # Errors
    /// The store's own.
    async fn census(&self, integration: &ClientId, now: Timestamp) -> Result<Census, StoreError>;

    /// Counts the records of every other integration than this one, by integration, in
    /// any order; none where there are no such records.
    ///
    /// # Errors
    /// The store's own.
    async fn count_of_others(
        &self,
        integration: &ClientId,
    ) -> Result<Vec<(ClientId, u64)>, StoreError>;

    /// Counts the active records of this integration whose access token ends at
    /// `from` or later and before `until`; zero where `until` is not later.
    ///
    /// # Errors
    /// The store's own.
    async fn count_expiring(
        &self,
        integration: &ClientId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<u64, StoreError>;

    /// Deletes the record; `false` where there is none. Of several callers at once
    /// exactly one is answered `true`.
    ///
    /// # Errors
    /// The store's own.
    async fn remove(&self, id: TokenId) -> Result<bool, StoreError>;
}
