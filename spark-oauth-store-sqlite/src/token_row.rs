//! A token as a row of its table.

use spark_oauth_core::keyring::Sealed;
use spark_oauth_core::ports::{StoreError, TrackingId};
use spark_oauth_core::token::{
    Attempt, LastFailure, LastRefresh, Lease, Profile, Status, Token, Upkeep,
};
use spark_oauth_core::{ClientId, EmailAddress, PersonId, Timestamp};

use crate::Query;
use crate::errors::{Unreadable, corrupt};
use crate::words::{from_word, parse, to_word};

macro_rules! token_columns {
    () => {
        "seq, id, status, status_cause, status_at, integration, person, scopes, \
         email, display_name, access_expires_at, refresh_expires_at, obtained_at, granted_at, \
         refreshed_at, refreshed_by, failed_at, failure_class, failure_summary, \
         failure_tracking_id, generation, version, lease_owner, lease_expires_at, attempt_owner, \
         attempt_at, access, refresh, due_at, failures, retry_at, lost_races, interrupted, \
         expiry_warned_at, events, consented_scopes, clock, email_confirmed_at, email_lost_at, \
         profile_read_at"
    };
}

pub(crate) use token_columns;

/// The columns that are read.
#[derive(sqlx::FromRow)]
pub(crate) struct TokenRow {
    pub(crate) seq: i64,
    id: String,
    status: String,
    status_cause: Option<String>,
    status_at: Option<i64>,
    integration: String,
    person: Option<String>,
    scopes: String,
    email: String,
    display_name: Option<String>,
    access_expires_at: i64,
    refresh_expires_at: Option<i64>,
    obtained_at: i64,
    granted_at: i64,
    refreshed_at: Option<i64>,
    refreshed_by: Option<String>,
    failed_at: Option<i64>,
    failure_class: Option<String>,
    failure_summary: Option<String>,
    failure_tracking_id: Option<String>,
    generation: i64,
    version: i64,
    lease_owner: Option<String>,
    lease_expires_at: Option<i64>,
    attempt_owner: Option<String>,
    attempt_at: Option<i64>,
    access: Vec<u8>,
    refresh: Option<Vec<u8>>,
    due_at: Option<i64>,
    failures: i64,
    retry_at: Option<i64>,
    lost_races: i64,
    interrupted: i64,
    expiry_warned_at: Option<i64>,
    events: Option<String>,
    consented_scopes: String,
    clock: Option<String>,
    email_confirmed_at: Option<i64>,
    email_lost_at: Option<i64>,
    profile_read_at: Option<i64>,
}

impl TryFrom<TokenRow> for Token {
    type Error = Unreadable;

    fn try_from(row: TokenRow) -> Result<Self, Unreadable> {
        Ok(Self {
            status: row.status()?,
            last_refresh: row.last_refresh()?,
            last_failure: row.last_failure()?,
            lease: row.lease()?,
            attempt: row.attempt()?,
            upkeep: row.upkeep()?,
            id: parse(&row.id, "tokens.id")?,
            integration: ClientId::new(row.integration),
            person: row.person.map(PersonId::new),
            email: parse(&row.email, "tokens.email")?,
            profile: Profile {
                email_confirmed_at: row.email_confirmed_at.map(Timestamp::from_millis),
                email_lost_at: row.email_lost_at.map(Timestamp::from_millis),
                read_at: row.profile_read_at.map(Timestamp::from_millis),
            },
            display_name: row.display_name,
            scopes: row
                .scopes
                .try_into()
                .map_err(|_| Unreadable("tokens.scopes"))?,
            consented_scopes: row
                .consented_scopes
                .try_into()
                .map_err(|_| Unreadable("tokens.consented_scopes"))?,
            clock: row
                .clock
                .map(|clock| parse(&clock, "tokens.clock"))
                .transpose()?,
            access: Sealed::from_bytes(row.access),
            access_expires_at: Timestamp::from_millis(row.access_expires_at),
            refresh: row.refresh.map(Sealed::from_bytes),
            refresh_expires_at: row.refresh_expires_at.map(Timestamp::from_millis),
            obtained_at: Timestamp::from_millis(row.obtained_at),
            granted_at: Timestamp::from_millis(row.granted_at),
            generation: row.generation.cast_unsigned(),
            version: row.version.cast_unsigned(),
        })
    }
}

impl TokenRow {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    fn status(&self) -> Result<Status, Unreadable> {
        let cause = self.status_cause.as_deref();
        let at = self.status_at.map(Timestamp::from_millis);
        match (self.status.as_str(), cause, at) {
            ("active", None, None) => Ok(Status::Active),
            ("needs_consent", Some(reason), Some(since)) => Ok(Status::NeedsConsent {
                reason: from_word(reason, "tokens.status_cause")?,
                since,
            }),
            ("revoked", Some(by), Some(at)) => Ok(Status::Revoked {
                by: from_word(by, "tokens.status_cause")?,
                at,
            }),
            _ => Err(Unreadable("tokens.status")),
        }
    }

    fn last_refresh(&self) -> Result<Option<LastRefresh>, Unreadable> {
        let parts = self.refreshed_at.zip(self.refreshed_by.as_deref());
        parts
            .map(|(at, by)| {
                Ok(LastRefresh {
                    at: Timestamp::from_millis(at),
                    by: from_word(by, "tokens.refreshed_by")?,
                })
            })
            .transpose()
    }

    fn last_failure(&self) -> Result<Option<LastFailure>, Unreadable> {
        let (Some(at), Some(class), Some(summary)) =
            (self.failed_at, &self.failure_class, &self.failure_summary)
        else {
            return Ok(None);
        };
        let tracking_id = match self.failure_tracking_id.as_deref() {
            None => None,
            Some(text) => {
                Some(TrackingId::new(text).ok_or(Unreadable("tokens.failure_tracking_id"))?)
            }
        };
        Ok(Some(LastFailure {
            at: Timestamp::from_millis(at),
            class: from_word(class, "tokens.failure_class")?,
            summary: summary.clone(),
            tracking_id,
        }))
    }

    fn lease(&self) -> Result<Option<Lease>, Unreadable> {
        let parts = self.lease_owner.as_deref().zip(self.lease_expires_at);
        parts
            .map(|(owner, expires_at)| {
                Ok(Lease {
                    owner: parse(owner, "tokens.lease_owner")?,
                    expires_at: Timestamp::from_millis(expires_at),
                })
            })
            .transpose()
    }

    fn attempt(&self) -> Result<Option<Attempt>, Unreadable> {
        let parts = self.attempt_owner.as_deref().zip(self.attempt_at);
        parts
            .map(|(owner, at)| {
                Ok(Attempt {
                    owner: parse(owner, "tokens.attempt_owner")?,
                    at: Timestamp::from_millis(at),
                })
            })
            .transpose()
    }

    fn upkeep(&self) -> Result<Upkeep, Unreadable> {
        let failures = self.failures.try_into();
        let events = self.events.as_deref().map(serde_json::from_str);
        Ok(Upkeep {
            due_at: self.due_at.map(Timestamp::from_millis),
            failures: failures.map_err(|_| Unreadable("tokens.failures"))?,
            retry_at: self.retry_at.map(Timestamp::from_millis),
            lost_races: self.lost_races.cast_unsigned(),
            interrupted: self.interrupted.cast_unsigned(),
            expiry_warned_at: self.expiry_warned_at.map(Timestamp::from_millis),
            events: events
                .transpose()
                .map_err(|_| Unreadable("tokens.events"))?
                .unwrap_or_default(),
        })
    }
}

/// The token of a row.
pub(crate) fn read(row: TokenRow) -> Result<Token, StoreError> {
    Ok(Token::try_from(row)?)
}

/// What is written, in the order of the parameters.
pub(crate) struct TokenValues {
    token: Token,
    version: u64,
    status_cause: Option<String>,
    status_at: Option<Timestamp>,
    refreshed_by: Option<String>,
    failure_class: Option<String>,
    events: Option<String>,
}

impl TokenValues {
    /// The values of `token`, with another version than it carries.
    pub(crate) fn new(token: &Token, version: u64) -> Result<Self, StoreError> {
        let (status_cause, status_at) = match token.status {
            Status::Active => (None, None),
            Status::NeedsConsent { reason, since } => (Some(to_word(&reason)?), Some(since)),
            Status::Revoked { by, at } => (Some(to_word(&by)?), Some(at)),
        };
        let refreshed_by = token.last_refresh.map(|refresh| to_word(&refresh.by));
        let failure = token.last_failure.as_ref();
        let failure_class = failure.map(|failure| to_word(&failure.class));
        let events = &token.upkeep.events;
        let events = (!events.is_empty()).then(|| serde_json::to_string(events));
        Ok(Self {
            token: token.clone(),
            version,
            status_cause,
            status_at,
            refreshed_by: refreshed_by.transpose()?,
            failure_class: failure_class.transpose()?,
            events: events.transpose().map_err(corrupt)?,
        })
    }

    /// Binds the parameters 1 to 41.
    pub(crate) fn bind(self, query: Query<'_>) -> Query<'_> {
        let token = self.token;
        let held = token.held_email();
        let normalized = held.map_or("", EmailAddress::normalized).to_owned();
        let search = held.map_or_else(String::new, EmailAddress::search_text);
        let profile = token.profile;
        let failure = token.last_failure;
        let millis = Timestamp::as_millis;
        query
            .bind(token.id.to_string())
            .bind(normalized)
            .bind(token.status.kind().as_str())
            .bind(self.status_cause)
            .bind(self.status_at.map(millis))
            .bind(token.integration.as_str().to_owned())
            .bind(token.person.map(|person| person.as_str().to_owned()))
            .bind(token.scopes.to_string())
            .bind(token.email.as_str().to_owned())
            .bind(token.display_name)
            .bind(token.access_expires_at.as_millis())
            .bind(token.refresh_expires_at.map(millis))
            .bind(token.obtained_at.as_millis())
            .bind(token.granted_at.as_millis())
            .bind(token.last_refresh.map(|refresh| refresh.at.as_millis()))
            .bind(self.refreshed_by)
            .bind(failure.as_ref().map(|failure| failure.at.as_millis()))
            .bind(self.failure_class)
            .bind(failure.as_ref().map(|failure| failure.summary.clone()))
            .bind(failure.and_then(|failure| {
                failure
                    .tracking_id
                    .map(|tracking| tracking.as_str().to_owned())
            }))
            .bind(token.generation.cast_signed())
            .bind(self.version.cast_signed())
            .bind(token.lease.map(|lease| lease.owner.to_string()))
            .bind(token.lease.map(|lease| lease.expires_at.as_millis()))
            .bind(token.attempt.map(|attempt| attempt.owner.to_string()))
            .bind(token.attempt.map(|attempt| attempt.at.as_millis()))
            .bind(token.access.into_bytes())
            .bind(token.refresh.map(Sealed::into_bytes))
            .bind(token.upkeep.due_at.map(millis))
            .bind(i64::from(token.upkeep.failures))
            .bind(token.upkeep.retry_at.map(millis))
            .bind(token.upkeep.lost_races.cast_signed())
            .bind(token.upkeep.interrupted.cast_signed())
            .bind(token.upkeep.expiry_warned_at.map(millis))
            .bind(self.events)
            .bind(token.consented_scopes.to_string())
            .bind(token.clock.map(|clock| clock.to_string()))
            .bind(search)
            .bind(profile.email_confirmed_at.map(millis))
            .bind(profile.email_lost_at.map(millis))
            .bind(profile.read_at.map(millis))
    }
}
