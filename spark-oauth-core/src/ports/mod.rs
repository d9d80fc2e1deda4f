//! The ports: what the domain needs from outside, as traits.
//!
//! Every port is dyn-compatible, so that an adapter is chosen at run time, and
//! `Send + Sync + Debug`, so that it is shared and shown. The docs of a method
//! say what an implementation MUST do; the `conformance` feature tests it.

mod admin_store;
mod api_key_store;
mod audit_log;
mod clock;
mod consent_link_store;
mod consent_store;
mod event_sink;
mod inventory;
mod journal;
mod observer;
mod outbox;
mod page;
mod pause_store;
mod process_registry;
mod random;
mod session_store;
mod spark_client;
mod spark_error;
mod store_error;
mod stores;
mod token_store;
mod vault_store;

pub use admin_store::AdminStore;
pub use api_key_store::ApiKeyStore;
pub use audit_log::{AuditFilter, AuditLog};
#[cfg(any(test, feature = "testing"))]
pub use clock::ManualClock;
pub use clock::{Clock, SystemClock};
pub use consent_link_store::ConsentLinkStore;
pub use consent_store::{CallbackClaim, ConsentStore, PendingConsent, StateHash, Taken};
pub use event_sink::{Delivery, DeliveryError, EventSink};
pub use inventory::{Found, Inventory, UnreadableRecord};
pub use journal::{Fate, Journal, JournalEntry, JournalError, LeftBehind};
pub use observer::{
    DeliveryOutcome, Observer, PROVIDER_CALLS, PROVIDER_CODES, RefreshOutcome, Unobserved,
};
pub use outbox::{Backlog, Outbox, OutboxEntry};
pub use page::{Cursor, InvalidCursor, Page, PageRequest};
pub use pause_store::{Pause, PauseReason, PauseStore};
pub use process_registry::{ProcessRecord, ProcessRegistry};
#[cfg(any(test, feature = "testing"))]
pub use random::SeededRandom;
pub use random::{Random, SystemRandom};
pub use session_store::{SessionKey, SessionRecord, SessionStore};
pub use spark_client::{
    AuthorizationRequest, MembershipId, MessageId, Revocation, RoomId, SparkClient, TokenAnswer,
};
pub use spark_error::{ErrorClass, SparkError, SparkErrorKind, TrackingId};
pub use store_error::{StoreError, UniqueRule};
pub use stores::Stores;
pub use token_store::{Census, Claim, DueToken, TokenFilter, TokenStore};
pub use vault_store::VaultStore;

#[cfg(any(test, feature = "testing"))]
pub use {
    admin_store::MockAdminStore,
    api_key_store::MockApiKeyStore,
    audit_log::MockAuditLog,
    consent_link_store::MockConsentLinkStore,
    consent_store::MockConsentStore,
    event_sink::{MockDelivery, MockEventSink},
    inventory::MockInventory,
    journal::MockJournal,
    observer::MockObserver,
    outbox::MockOutbox,
    pause_store::MockPauseStore,
    process_registry::MockProcessRegistry,
    session_store::MockSessionStore,
    spark_client::MockSparkClient,
    token_store::MockTokenStore,
    vault_store::MockVaultStore,
};
