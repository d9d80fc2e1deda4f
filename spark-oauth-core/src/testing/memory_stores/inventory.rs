//! [`Inventory`] in memory.

use async_trait::async_trait;

use super::{MemoryStores, Records, page_of};
use crate::admins::Admin;
use crate::api_keys::ApiKey;
use crate::audit::AuditEntry;
use crate::consent_links::ConsentLink;
use crate::ids::TokenId;
use crate::ports::{
    Found, Inventory, OutboxEntry, Page, PageRequest, Pause, PendingConsent, StoreError,
    UnreadableRecord,
};
use crate::testing::StoreCall;
use crate::token::Token;

#[async_trait]
impl Inventory for MemoryStores {
    async fn walk_tokens(&self, page: &PageRequest) -> Result<Page<Found<Token>>, StoreError> {
        self.perform(StoreCall::InventoryTokens, |records| {
            let tokens = records.tokens.values().cloned();
            let page = walk(tokens, page, |token| token.id.to_bytes().to_vec());
            let read = page.items.into_iter().map(|token| records.read(token));
            Ok(Page {
                items: read.collect(),
                next: page.next,
            })
        })
        .await
    }

    async fn walk_consents(
        &self,
        page: &PageRequest,
    ) -> Result<Page<Found<PendingConsent>>, StoreError> {
        self.perform(StoreCall::InventoryConsents, |records| {
            let callbacks = &records.callbacks;
            let waits = |consent: &&PendingConsent| !callbacks.contains_key(&consent.state);
            let consents = records.consents.values().filter(waits).cloned();
            Ok(all_read(walk(consents, page, |consent| {
                consent.state.0.to_vec()
            })))
        })
        .await
    }

    async fn walk_admins(&self, page: &PageRequest) -> Result<Page<Found<Admin>>, StoreError> {
        self.perform(StoreCall::InventoryAdmins, |records| {
            let admins = records.admins.values().cloned();
            Ok(all_read(walk(admins, page, |admin| {
                admin.id.to_bytes().to_vec()
            })))
        })
        .await
    }

    async fn walk_api_keys(&self, page: &PageRequest) -> Result<Page<Found<ApiKey>>, StoreError> {
        self.perform(StoreCall::InventoryApiKeys, |records| {
            let keys = records.api_keys.values().cloned();
            Ok(all_read(walk(keys, page, |key| key.id.to_bytes().to_vec())))
        })
        .await
    }

    async fn walk_links(&self, page: &PageRequest) -> Result<Page<Found<ConsentLink>>, StoreError> {
        self.perform(StoreCall::InventoryLinks, |records| {
            let links = records.links.values().cloned();
            Ok(all_read(walk(links, page, |link| {
                link.id.to_bytes().to_vec()
            })))
        })
        .await
    }

    async fn walk_audit(&self, page: &PageRequest) -> Result<Page<Found<AuditEntry>>, StoreError> {
        self.perform(StoreCall::InventoryAudit, |records| {
            let entries = records.audit.values().cloned();
            Ok(all_read(walk(entries, page, |entry| {
                entry.id.to_bytes().to_vec()
            })))
        })
        .await
    }

    async fn walk_pauses(&self, page: &PageRequest) -> Result<Page<Found<Pause>>, StoreError> {
        self.perform(StoreCall::InventoryPauses, |records| {
            let pauses = records.pauses.values().cloned();
            Ok(all_read(walk(pauses, page, |pause| {
                pause.integration.as_str().as_bytes().to_vec()
            })))
        })
        .await
    }

    async fn walk_outbox(
        &self,
        page: &PageRequest,
    ) -> Result<Page<Found<OutboxEntry>>, StoreError> {
        self.perform(StoreCall::InventoryOutbox, |records| {
            let entries = records.outbox.values().cloned();
            Ok(all_read(walk(entries, page, |entry| {
                let event = entry.event.id.to_bytes();
                [&event[..], entry.destination.as_bytes()].concat()
            })))
        })
        .await
    }
}

/// A page of records that are sorted by their positions.
fn walk<T>(
    sorted: impl Iterator<Item = T>,
    page: &PageRequest,
    position: impl Fn(&T) -> Vec<u8>,
) -> Page<T> {
    page_of(sorted, page, position, |position, cursor| {
        position.as_slice() > cursor
    })
}

fn all_read<T>(page: Page<T>) -> Page<Found<T>> {
    Page {
        items: page.items.into_iter().map(Ok).collect(),
        next: page.next,
    }
}

impl Records {
    /// The token, unless a test made it unreadable.
    pub(super) fn read(&self, token: Token) -> Found<Token> {
        if self.unreadable.contains(&token.id) {
            Err(unreadable(token.id))
        } else {
            Ok(token)
        }
    }
}

fn unreadable(id: TokenId) -> UnreadableRecord {
    UnreadableRecord {
        id: id.to_string(),
        source: StoreError::Corrupt {
            store: "memory",
            source: "a test wants it so".into(),
        },
    }
}
