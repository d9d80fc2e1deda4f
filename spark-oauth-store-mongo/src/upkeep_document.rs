//! What keeps a token fresh, as a part of its document.

use mongodb::bson::DateTime;
use serde::{Deserialize, Serialize};
use spark_oauth_core::token::Upkeep;

use crate::errors::Unreadable;
use crate::event_document::EventDocument;
use crate::token_document::TOKENS;
use crate::values::{count, date, timestamp};

/// What is as in a new record has no field, and where all is, there is no part.
#[derive(Serialize, Deserialize)]
pub(crate) struct UpkeepDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<DateTime>,
    #[serde(default, skip_serializing_if = "is_zero")]
    failures: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_at: Option<DateTime>,
    #[serde(default, skip_serializing_if = "is_zero")]
    lost_races: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    interrupted: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expiry_warned_at: Option<DateTime>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    events: Vec<EventDocument>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes what it may skip by reference"
)]
const fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl UpkeepDocument {
    /// `None` where everything is as in a new record.
    pub(crate) fn new(upkeep: &Upkeep) -> Option<Self> {
        (*upkeep != Upkeep::default()).then(|| Self {
            due_at: upkeep.due_at.map(date),
            failures: upkeep.failures.into(),
            retry_at: upkeep.retry_at.map(date),
            lost_races: upkeep.lost_races.cast_signed(),
            interrupted: upkeep.interrupted.cast_signed(),
            expiry_warned_at: upkeep.expiry_warned_at.map(date),
            events: upkeep.events.iter().map(EventDocument::new).collect(),
        })
    }
}

impl TryFrom<UpkeepDocument> for Upkeep {
    type Error = Unreadable;

    fn try_from(document: UpkeepDocument) -> Result<Self, Unreadable> {
        let events = document.events.into_iter();
        let events = events.map(|event| event.read(TOKENS, "upkeep.events"));
        Ok(Self {
            due_at: document.due_at.map(timestamp),
            failures: count(document.failures, TOKENS, "upkeep.failures")?,
            retry_at: document.retry_at.map(timestamp),
            lost_races: document.lost_races.cast_unsigned(),
            interrupted: document.interrupted.cast_unsigned(),
            expiry_warned_at: document.expiry_warned_at.map(timestamp),
            events: events.collect::<Result<_, _>>()?,
        })
    }
}
