//! Keeps each address with one person: the one for whom the provider confirmed it last.
//!
//! A confirmation is written only after other persons' records have lost the address. A
//! crash in between leaves an address without a person until the next refresh reads the
//! profile. It never leaves one person's token under another person's address.

use std::sync::Arc;
use std::time::Duration;

use crate::email::EmailAddress;
use crate::ids::TokenId;
use crate::integration::ClientId;
use crate::patience::Patience;
use crate::person::{Person, PersonId};
use crate::ports::{StoreError, TokenStore};
use crate::timestamp::Timestamp;
use crate::token::{Owners, Token, owners};

/// A person as the provider described them, and when it was asked.
#[derive(Clone, Debug)]
pub(crate) struct Confirmed {
    pub(crate) person: Person,
    pub(crate) at: Timestamp,
}

/// Assigns addresses to persons. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    pub(crate) tokens: Arc<dyn TokenStore>,
    /// How long to retry while the store fails.
    pub(crate) patience: Duration,
}

impl Addresses {
    /// The records under the person's address that belong to another known person.
    pub(crate) async fn others(&self, person: &Person) -> Result<Vec<Token>, StoreError> {
        let mut records = self.tokens.find_by_email(&person.email).await?;
        let other = |id: &PersonId| *id != person.id;
        records.retain(|record| record.person.as_ref().is_some_and(other));
        Ok(records)
    }

    /// Marks the address as lost in every record with an older confirmation than `new`. If
    /// another person has a newer confirmation, returns its time. The record `renewed` is
    /// skipped: it is about to become the person's.
    pub(crate) async fn take(
        &self,
        new: &Confirmed,
        renewed: Option<TokenId>,
    ) -> Result<Option<Timestamp>, StoreError> {
        let newcomer = Some((&new.person.id, new.at));
        let owners = self.settle(&new.person.email, newcomer, renewed).await?;
        let given_way = !owners.persons.contains(&Some(new.person.id.clone()));
        Ok(owners.confirmed_at.filter(|_| given_way))
    }

    /// Call after a confirmation was written. Copies the address to the person's other
    /// records for this integration, and resolves confirmations of other processes that
    /// were written meanwhile.
    pub(crate) async fn spread(
        &self,
        new: &Confirmed,
        integration: &ClientId,
    ) -> Result<(), StoreError> {
        self.fill_in_all(new, integration).await?;
        self.settle(&new.person.email, None, None).await.map(drop)
    }

    /// Writes a confirmation to every record of the person for this integration.
    pub(crate) async fn fill_in_all(
        &self,
        new: &Confirmed,
        integration: &ClientId,
    ) -> Result<(), StoreError> {
        let older = |record: &Token| record.profile.email_confirmed_at < Some(new.at);
        let change = |record: &mut Token| older(record) && new.fill_in(record, None);
        for record in self
            .tokens
            .find_by_person(integration, &new.person.id)
            .await?
        {
            self.rewrite(record, change).await?;
        }
        Ok(())
    }

    /// Marks the address as lost in every record that does not belong to its owner.
    async fn settle(
        &self,
        email: &EmailAddress,
        newcomer: Option<(&PersonId, Timestamp)>,
        renewed: Option<TokenId>,
    ) -> Result<Owners, StoreError> {
        let records = self.tokens.find_by_email(email).await?;
        let owners = owners(&records, newcomer);
        for record in records {
            let at = owners.confirmed_at.unwrap_or(Timestamp::EPOCH);
            if owners.persons.contains(&record.person) || Some(record.id) == renewed {
                continue;
            }
            let id = record.id;
            let lose = |record: &mut Token| {
                let loses = record.held_email() == Some(email)
                    && (record.person.is_none() || record.profile.email_confirmed_at < Some(at));
                if loses {
                    record.profile.email_lost_at = Some(at);
                }
                loses
            };
            if self.rewrite(record, lose).await? {
                tracing::warn!(
                    token = %id,
                    "address reassigned: the provider confirmed it for another person"
                );
            }
        }
        Ok(owners)
    }

    /// Updates a record with compare-and-set, and re-reads it after a conflict, until the
    /// update succeeds or `change` returns `false`. Returns whether the record was written.
    pub(crate) async fn rewrite(
        &self,
        mut record: Token,
        change: impl Fn(&mut Token) -> bool + Send + Sync,
    ) -> Result<bool, StoreError> {
        let mut patience = Patience::lasting(self.patience);
        while change(&mut record) {
            match self.tokens.update(&record).await {
                Ok(_) => return Ok(true),
                Err(StoreError::NotFound) => return Ok(false),
                Err(error @ StoreError::AlreadyExists(_)) => return Err(error),
                Err(error) => patience.wait(error).await?,
            }
            record = match self.tokens.get(record.id).await? {
                Some(record) => record,
                None => return Ok(false),
            };
        }
        Ok(false)
    }
}

impl Confirmed {
    /// Copies the person's ID, address and name into a record of the person, unless the
    /// record has a newer confirmation. `lost_at` is the time at which another person got
    /// the address.
    pub(crate) fn fill_in(&self, record: &mut Token, lost_at: Option<Timestamp>) -> bool {
        let Person {
            id,
            email,
            display_name,
        } = &self.person;
        let later = record.profile.email_confirmed_at > Some(self.at);
        if later || record.person.as_ref().is_some_and(|person| person != id) {
            return false;
        }
        record.person = Some(id.clone());
        record.email = email.clone();
        record.display_name.clone_from(display_name);
        record.profile.email_confirmed_at = Some(self.at);
        record.profile.email_lost_at = lost_at;
        true
    }
}
