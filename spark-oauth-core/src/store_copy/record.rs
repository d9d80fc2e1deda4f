//! One record: how it is written, and how it is compared with what stands there.

use crate::admins::Admin;
use crate::api_keys::ApiKey;
use crate::audit::AuditEntry;
use crate::consent_links::ConsentLink;
use crate::keyring::{KeyRing, OpenError};
use crate::ports::{OutboxEntry, Pause, StoreError, Stores};
use crate::token::Token;

/// A record that is copied.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one lives at a time")]
pub(super) enum Record {
    Token(Token),
    Admin(Admin),
    ApiKey(ApiKey),
    Link(ConsentLink),
    Audit(AuditEntry),
    Pause(Pause),
    Outbox(OutboxEntry),
}

/// Nothing, or what is the matter.
type Verdict = Result<(), String>;

impl Record {
    /// What an operator finds the record by.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Token(token) => token.id.to_string(),
            Self::Admin(admin) => admin.username.to_string(),
            Self::ApiKey(key) => key.id.to_string(),
            Self::Link(link) => link.id.to_string(),
            Self::Audit(entry) => entry.id.to_string(),
            Self::Pause(pause) => pause.integration.to_string(),
            Self::Outbox(entry) => format!("{} for {}", entry.event.id, entry.destination),
        }
    }

    /// Adds the record; `false` where one stands in its way, which stays.
    pub(super) async fn write(&self, target: &Stores) -> Result<bool, StoreError> {
        let written = match self {
            Self::Token(token) => target.tokens.insert(token).await,
            Self::Admin(admin) => target.admins.insert(admin).await,
            Self::ApiKey(key) => target.api_keys.insert(key).await,
            Self::Link(link) => target.links.insert(link).await,
            Self::Audit(entry) => target.audit.append(entry).await,
            Self::Pause(pause) => {
                if target.pauses.pause(&pause.integration).await?.is_some() {
                    return Ok(false);
                }
                target.pauses.prolong_pause(pause).await.map(drop)
            }
            Self::Outbox(entry) => return target.outbox.add_to_outbox(entry).await,
        };
        match written {
            Ok(()) => Ok(true),
            Err(StoreError::AlreadyExists(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Reads the record back from the target, and compares. Entries of the audit log
    /// and of the outbox are read back all at once: see
    /// [`ReadBack`](super::read_back::ReadBack).
    pub(super) async fn compare(
        &self,
        target: &Stores,
        ring: &KeyRing,
    ) -> Result<Verdict, StoreError> {
        match self {
            Self::Token(token) => Ok(match target.tokens.get(token.id).await? {
                Some(found) if found == *token => {
                    opens(ring, &found).map_err(|error| error.to_string())
                }
                Some(_) => Err("the target holds another version of it".to_owned()),
                None => Err("the target holds another record of the same consent".to_owned()),
            }),
            Self::Admin(admin) => Ok(match target.admins.get(admin.id).await? {
                Some(found) if found == *admin => Ok(()),
                Some(_) => Err("the target holds another version of it".to_owned()),
                None => Err(
                    "the target holds another admin of this name, or another super \
                             admin"
                        .to_owned(),
                ),
            }),
            Self::ApiKey(key) => Ok(match target.api_keys.find_by_hash(key.hash).await? {
                Some(found) if found == *key => Ok(()),
                Some(found) if found.id == key.id => {
                    Err("the target holds another version of it".to_owned())
                }
                Some(_) => Err("the target holds this key under another identifier".to_owned()),
                None => Err("the target holds another key under this identifier".to_owned()),
            }),
            Self::Link(link) => Ok(match target.links.get(link.id).await? {
                Some(found) if found == *link => Ok(()),
                Some(_) => Err("the target holds another version of it".to_owned()),
                None => Err("it cannot be read back from the target".to_owned()),
            }),
            Self::Pause(pause) => Ok(match target.pauses.pause(&pause.integration).await? {
                Some(found) if found == *pause => Ok(()),
                _ => Err("the target holds another pause".to_owned()),
            }),
            Self::Audit(_) | Self::Outbox(_) => Ok(Ok(())),
        }
    }
}

/// Both sealed values open with the ring.
fn opens(ring: &KeyRing, token: &Token) -> Result<(), OpenError> {
    ring.open_access(token.id, &token.access)?;
    if let Some(sealed) = &token.refresh {
        ring.open_refresh(token.id, sealed)?;
    }
    Ok(())
}
