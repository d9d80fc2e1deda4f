//! What happened so far, counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::Method;
use serde::Serialize;

use crate::calls::CALLS;

/// A copy of the counters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Consents that ended in an authorization code (or an approved device).
    pub authorizes: u64,
    /// Codes (and device codes) that were exchanged for tokens.
    pub code_exchanges: u64,
    /// Codes that were sent again after their use; what came of them was revoked.
    pub code_reuses: u64,
    /// Refreshes that answered tokens, also where the answer was cut off.
    pub refreshes: u64,
    /// Rotated refresh tokens that were sent again; their family was revoked.
    pub refresh_reuses: u64,
    /// Times that a person or a client withdrew at least one authorization.
    pub revocations: u64,
    /// Authorizations that are not revoked.
    pub live_grants: u64,
    /// Requests by method and path template, refused and faulted ones too.
    pub calls: BTreeMap<String, u64>,
}

/// The counters; each is read and written without a lock.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) authorizes: AtomicU64,
    pub(crate) code_exchanges: AtomicU64,
    pub(crate) code_reuses: AtomicU64,
    pub(crate) refreshes: AtomicU64,
    pub(crate) refresh_reuses: AtomicU64,
    pub(crate) revocations: AtomicU64,
    calls: [AtomicU64; CALLS.len()],
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            authorizes: AtomicU64::default(),
            code_exchanges: AtomicU64::default(),
            code_reuses: AtomicU64::default(),
            refreshes: AtomicU64::default(),
            refresh_reuses: AtomicU64::default(),
            revocations: AtomicU64::default(),
            calls: [const { AtomicU64::new(0) }; CALLS.len()],
        }
    }
}

/// Adds one to a counter.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn count_call(&self, method: &Method, template: &str) {
        let position = CALLS
            .iter()
            .position(|(name, path)| *name == method.as_str() && *path == template);
        if let Some(counter) = position.and_then(|position| self.calls.get(position)) {
            count(counter);
        }
    }

    pub(crate) fn snapshot(&self, live_grants: usize) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let calls = CALLS
            .iter()
            .zip(&self.calls)
            .map(|((method, path), counter)| (format!("{method} {path}"), read(counter)))
            .filter(|(_, count)| *count > 0)
            .collect();
        Stats {
            authorizes: read(&self.authorizes),
            code_exchanges: read(&self.code_exchanges),
            code_reuses: read(&self.code_reuses),
            refreshes: read(&self.refreshes),
            refresh_reuses: read(&self.refresh_reuses),
            revocations: read(&self.revocations),
            live_grants: u64::try_from(live_grants).unwrap_or(u64::MAX),
            calls,
        }
    }
}
