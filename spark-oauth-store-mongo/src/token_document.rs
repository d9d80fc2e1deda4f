//! A token as a document of its collection.

use mongodb::bson::{Binary, DateTime, Document, doc, serialize_to_document};
use serde::{Deserialize, Serialize};
use spark_oauth_core::keyring::Sealed;
use spark_oauth_core::ports::{StoreError, TrackingId};
use spark_oauth_core::token::{
    Attempt, LastFailure, LastRefresh, Lease, Profile, Status, StatusKind, Token, Upkeep,
};
use spark_oauth_core::{ClientId, EmailAddress, PersonId, Scopes};

use crate::errors::{Unreadable, corrupt};
use crate::grams::grams;
use crate::upkeep_document::UpkeepDocument;
use crate::values::{binary, date, from_word, parse, timestamp, to_word};

/// The collection.
pub(crate) const TOKENS: &str = "tokens";

/// What is absent has no field.
#[derive(Serialize, Deserialize)]
pub(crate) struct TokenDocument {
    #[serde(rename = "_id")]
    id: String,
    /// The order of insertion: see [`sequence`](crate::sequence).
    seq: i64,
    integration: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    scopes: String,
    consented_scopes: String,
    email: String,
    /// The normalized address. This and the following fields are empty if the address now
    /// belongs to another person, so that no query finds it.
    email_normalized: String,
    /// What a search by part goes through; never read.
    #[serde(default)]
    email_search: String,
    /// What a list by domain finds the address by; never read.
    #[serde(default)]
    email_domain: String,
    /// What the search finds the address by; never read.
    #[serde(default)]
    email_grams: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email_confirmed_at: Option<DateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email_lost_at: Option<DateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile_read_at: Option<DateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    status: StatusDocument,
    access: Binary,
    access_expires_at: DateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh: Option<Binary>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_expires_at: Option<DateTime>,
    obtained_at: DateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clock: Option<String>,
    granted_at: DateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_refresh: Option<RefreshDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_failure: Option<FailureDocument>,
    generation: i64,
    version: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<LeaseDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempt: Option<AttemptDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upkeep: Option<UpkeepDocument>,
}

#[derive(Serialize, Deserialize)]
struct StatusDocument {
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<DateTime>,
}

#[derive(Serialize, Deserialize)]
struct RefreshDocument {
    at: DateTime,
    by: String,
}

#[derive(Serialize, Deserialize)]
struct FailureDocument {
    at: DateTime,
    class: String,
    summary: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tracking_id: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct LeaseDocument {
    owner: String,
    expires_at: DateTime,
}

#[derive(Serialize, Deserialize)]
struct AttemptDocument {
    owner: String,
    at: DateTime,
}

impl TokenDocument {
    /// The document of `token` as the record that has the number `seq`, with
    /// another version than it carries.
    pub(crate) fn new(token: &Token, seq: i64, version: u64) -> Result<Self, StoreError> {
        let last_refresh = token.last_refresh.as_ref();
        let last_failure = token.last_failure.as_ref();
        let held = token.held_email();
        let search = held.map_or_else(String::new, EmailAddress::search_text);
        Ok(Self {
            id: token.id.to_string(),
            seq,
            integration: token.integration.as_str().to_owned(),
            person: token.person.as_ref().map(|id| id.as_str().to_owned()),
            scopes: token.scopes.to_string(),
            consented_scopes: token.consented_scopes.to_string(),
            email: token.email.as_str().to_owned(),
            email_normalized: held.map_or("", EmailAddress::normalized).to_owned(),
            email_domain: held.map_or("", EmailAddress::domain).to_owned(),
            email_grams: grams(&search),
            email_search: search,
            email_confirmed_at: token.profile.email_confirmed_at.map(date),
            email_lost_at: token.profile.email_lost_at.map(date),
            profile_read_at: token.profile.read_at.map(date),
            display_name: token.display_name.clone(),
            status: StatusDocument::new(token.status)?,
            access: binary(token.access.as_bytes()),
            access_expires_at: date(token.access_expires_at),
            refresh: token.refresh.as_ref().map(|it| binary(it.as_bytes())),
            refresh_expires_at: token.refresh_expires_at.map(date),
            obtained_at: date(token.obtained_at),
            clock: token.clock.map(|clock| clock.to_string()),
            granted_at: date(token.granted_at),
            last_refresh: last_refresh.map(RefreshDocument::new).transpose()?,
            last_failure: last_failure.map(FailureDocument::new).transpose()?,
            generation: token.generation.cast_signed(),
            version: version.cast_signed(),
            lease: token.lease.map(|lease| LeaseDocument {
                owner: lease.owner.to_string(),
                expires_at: date(lease.expires_at),
            }),
            attempt: token.attempt.map(|attempt| AttemptDocument {
                owner: attempt.owner.to_string(),
                at: date(attempt.at),
            }),
            upkeep: UpkeepDocument::new(&token.upkeep),
        })
    }
}

/// The fields that may be absent.
const OPTIONAL: [&str; 13] = [
    "clock",
    "person",
    "email_confirmed_at",
    "email_lost_at",
    "profile_read_at",
    "display_name",
    "refresh",
    "refresh_expires_at",
    "last_refresh",
    "last_failure",
    "lease",
    "attempt",
    "upkeep",
];

/// The update that makes a document that of `token`, except for what never changes.
pub(crate) fn replacement(token: &Token, version: u64) -> Result<Document, StoreError> {
    let document = TokenDocument::new(token, 0, version)?;
    let mut set = serialize_to_document(&document).map_err(corrupt)?;
    set.remove("_id");
    set.remove("seq");
    let absent = OPTIONAL.iter().filter(|name| !set.contains_key(name));
    let unset: Document = absent.map(|name| ((*name).to_owned(), "".into())).collect();
    let mut update = doc! { "$set": set };
    if !unset.is_empty() {
        update.insert("$unset", unset);
    }
    Ok(update)
}

impl TokenDocument {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The address, unless it now belongs to another person.
    pub(crate) fn held_email(&self) -> Option<EmailAddress> {
        let held = self.email_lost_at.is_none();
        held.then(|| EmailAddress::parse(&self.email).ok())
            .flatten()
    }

    pub(crate) fn seq(&self) -> i64 {
        self.seq
    }
}

impl TryFrom<TokenDocument> for Token {
    type Error = Unreadable;

    fn try_from(document: TokenDocument) -> Result<Self, Unreadable> {
        Ok(Self {
            id: read(&document.id, "_id")?,
            integration: ClientId::new(document.integration),
            person: document.person.map(PersonId::new),
            email: read(&document.email, "email")?,
            profile: Profile {
                email_confirmed_at: document.email_confirmed_at.map(timestamp),
                email_lost_at: document.email_lost_at.map(timestamp),
                read_at: document.profile_read_at.map(timestamp),
            },
            display_name: document.display_name,
            scopes: Scopes::try_from(document.scopes)
                .map_err(|_| Unreadable::new(TOKENS, "scopes"))?,
            consented_scopes: Scopes::try_from(document.consented_scopes)
                .map_err(|_| Unreadable::new(TOKENS, "consented_scopes"))?,
            status: document.status.try_into()?,
            access: Sealed::from_bytes(document.access.bytes),
            access_expires_at: timestamp(document.access_expires_at),
            refresh: document.refresh.map(|it| Sealed::from_bytes(it.bytes)),
            refresh_expires_at: document.refresh_expires_at.map(timestamp),
            obtained_at: timestamp(document.obtained_at),
            clock: document
                .clock
                .map(|clock| read(&clock, "clock"))
                .transpose()?,
            granted_at: timestamp(document.granted_at),
            last_refresh: document.last_refresh.map(TryInto::try_into).transpose()?,
            last_failure: document.last_failure.map(TryInto::try_into).transpose()?,
            generation: document.generation.cast_unsigned(),
            version: document.version.cast_unsigned(),
            lease: document.lease.map(TryInto::try_into).transpose()?,
            attempt: document.attempt.map(TryInto::try_into).transpose()?,
            upkeep: document
                .upkeep
                .map_or_else(|| Ok(Upkeep::default()), TryInto::try_into)?,
        })
    }
}

impl StatusDocument {
    fn new(status: Status) -> Result<Self, StoreError> {
        let (cause, at) = match status {
            Status::Active => (None, None),
            Status::NeedsConsent { reason, since } => (Some(to_word(&reason)?), Some(since)),
            Status::Revoked { by, at } => (Some(to_word(&by)?), Some(at)),
        };
        Ok(Self {
            kind: status.kind().as_str().to_owned(),
            cause,
            at: at.map(date),
        })
    }
}

impl TryFrom<StatusDocument> for Status {
    type Error = Unreadable;

    fn try_from(document: StatusDocument) -> Result<Self, Unreadable> {
        let cause = document.cause.as_deref();
        let at = document.at.map(timestamp);
        match (read(&document.kind, "status.kind")?, cause, at) {
            (StatusKind::Active, None, None) => Ok(Self::Active),
            (StatusKind::NeedsConsent, Some(reason), Some(since)) => Ok(Self::NeedsConsent {
                reason: from_word(reason, TOKENS, "status.cause")?,
                since,
            }),
            (StatusKind::Revoked, Some(by), Some(at)) => Ok(Self::Revoked {
                by: from_word(by, TOKENS, "status.cause")?,
                at,
            }),
            _ => Err(Unreadable::new(TOKENS, "status")),
        }
    }
}

impl RefreshDocument {
    fn new(refresh: &LastRefresh) -> Result<Self, StoreError> {
        Ok(Self {
            at: date(refresh.at),
            by: to_word(&refresh.by)?,
        })
    }
}

impl TryFrom<RefreshDocument> for LastRefresh {
    type Error = Unreadable;

    fn try_from(document: RefreshDocument) -> Result<Self, Unreadable> {
        Ok(Self {
            at: timestamp(document.at),
            by: from_word(&document.by, TOKENS, "last_refresh.by")?,
        })
    }
}

impl FailureDocument {
    fn new(failure: &LastFailure) -> Result<Self, StoreError> {
        let tracking_id = failure.tracking_id.as_ref();
        Ok(Self {
            at: date(failure.at),
            class: to_word(&failure.class)?,
            summary: failure.summary.clone(),
            tracking_id: tracking_id.map(|id| id.as_str().to_owned()),
        })
    }
}

impl TryFrom<FailureDocument> for LastFailure {
    type Error = Unreadable;

    fn try_from(document: FailureDocument) -> Result<Self, Unreadable> {
        let tracking_id = document.tracking_id.as_deref().map(|text| {
            TrackingId::new(text).ok_or_else(|| Unreadable::new(TOKENS, "last_failure.tracking_id"))
        });
        Ok(Self {
            at: timestamp(document.at),
            class: from_word(&document.class, TOKENS, "last_failure.class")?,
            summary: document.summary,
            tracking_id: tracking_id.transpose()?,
        })
    }
}

impl TryFrom<LeaseDocument> for Lease {
    type Error = Unreadable;

    fn try_from(document: LeaseDocument) -> Result<Self, Unreadable> {
        Ok(Self {
            owner: read(&document.owner, "lease.owner")?,
            expires_at: timestamp(document.expires_at),
        })
    }
}

impl TryFrom<AttemptDocument> for Attempt {
    type Error = Unreadable;

    fn try_from(document: AttemptDocument) -> Result<Self, Unreadable> {
        Ok(Self {
            owner: read(&document.owner, "attempt.owner")?,
            at: timestamp(document.at),
        })
    }
}

fn read<T: std::str::FromStr>(text: &str, field: &'static str) -> Result<T, Unreadable> {
    parse(text, TOKENS, field)
}
