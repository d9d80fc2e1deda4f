//! The test suite that every store must pass.
//!
//! Each MUST in the docs of the [ports](crate::ports) is a *contract*: a function
//! that takes the stores, uses them through their ports alone and panics where
//! they do not keep it. [`store_conformance!`](crate::store_conformance) makes one
//! test of each, every one with a fresh store:
//!
//! ```text
//! // tests/conformance.rs of the crate of a store; needs tokio with the features
//! // `macros` and `rt-multi-thread` among the dev-dependencies.
//! use spark_oauth_core::ports::Stores;
//! use spark_oauth_core::store_conformance;
//!
//! async fn fresh() -> Stores {
//!     Stores::of(MyStore::new())
//! }
//!
//! store_conformance!(my_store, fresh().await);
//! ```
//!
//! `cargo test` then names what does not hold, as in
//! `my_store::leases::one_of_many_takes_a_free_lease`.
//!
//! Not tested here, since no port can show it: that a write which was answered
//! outlives the process and the power, and that the cost of a query does not grow
//! with what it does not answer. Every store tests these by its own means.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a contract that is not kept panics, like every test"
)]

pub mod admin_list;
pub mod admins;
pub mod api_keys;
pub mod audit;
pub mod audit_names;
pub mod audit_retention;
pub mod audit_search;
pub mod census;
pub mod consents;
mod contracts;
pub mod cursors;
pub mod due;
pub mod inventory;
pub mod leases;
pub mod links;
pub mod listing;
pub mod lookups;
pub mod outbox;
mod pages;
pub mod pauses;
pub mod processes;
mod races;
pub mod reach;
pub mod readers;
pub mod samples;
pub mod search;
pub mod sessions;
pub mod token_filter;
pub mod tokens;
pub mod uniqueness;
pub mod updates;
pub mod upkeep;
pub mod usernames;
pub mod vault;

use crate::ports::Stores;

/// What a contract is tested on: the stores, and perhaps something that must live
/// as long as they do, such as a temporary folder.
pub trait Subject: Send {
    /// The stores.
    fn stores(&self) -> &Stores;

    /// Whether a contract is tested on this subject, by its name with its module
    /// (`updates::an_update_…`): for a store that needs a server which not every
    /// machine has, or whose server here has a known fault. Whoever says no prints
    /// why, and fails where nothing may be left out.
    fn is_tested(&self, contract: &str) -> bool {
        let _ = contract;
        true
    }
}

impl Subject for Stores {
    fn stores(&self) -> &Stores {
        self
    }
}

/// With `None` nothing is tested: see [`is_tested`](Subject::is_tested).
impl<S: Subject> Subject for Option<S> {
    fn stores(&self) -> &Stores {
        self.as_ref()
            .expect("nothing is tested where there is no store")
            .stores()
    }

    fn is_tested(&self, contract: &str) -> bool {
        self.as_ref()
            .is_some_and(|subject| subject.is_tested(contract))
    }
}

impl<G: Send> Subject for (Stores, G) {
    fn stores(&self) -> &Stores {
        &self.0
    }
}
