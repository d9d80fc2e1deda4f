//! Writes the audit log on behalf of the services.

use std::sync::Arc;

use crate::audit::{AuditAction, AuditEntry, Caller, Outcome};
use crate::ids::{AuditId, TokenId};
use crate::ports::{AuditLog, Clock, Random};

/// What an entry is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subject {
    token: Option<TokenId>,
    name: Option<String>,
}

impl Subject {
    pub(crate) fn token(id: TokenId, email: &str) -> Self {
        Self {
            token: Some(id),
            name: Some(email.to_owned()),
        }
    }

    pub(crate) fn named(name: impl Into<String>) -> Self {
        Self {
            token: None,
            name: Some(name.into()),
        }
    }
}

/// Writes the audit log.
#[derive(Clone, Debug)]
pub(crate) struct Auditor {
    pub(crate) log: Arc<dyn AuditLog>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
}

impl Auditor {
    /// Adds an entry. What was done is done: where the log fails, the entry goes
    /// to the application's log instead, and the call goes on.
    pub(crate) async fn record(
        &self,
        caller: &Caller,
        action: AuditAction,
        subject: Subject,
        outcome: Outcome,
    ) {
        let at = self.clock.now();
        let entry = AuditEntry {
            id: AuditId::generate(at, &*self.random),
            at,
            caller: caller.clone(),
            action,
            token: subject.token,
            subject: subject.name,
            outcome,
        };
        if let Err(error) = self.log.append(&entry).await {
            tracing::error!(?entry, %error, "the audit log did not take an entry");
        }
    }
}
