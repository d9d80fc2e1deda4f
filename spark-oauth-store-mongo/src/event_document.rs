//! An event as a part of a document.

use mongodb::bson::DateTime;
use serde::{Deserialize, Serialize};
use spark_oauth_core::event::{Event, EventKind, EventToken};
use spark_oauth_core::{ClientId, PersonId};

use crate::errors::Unreadable;
use crate::values::{date, parse, timestamp};

/// An event. What it tells stands beside the rest, with the words of the JSON that
/// a webhook gets: `type` and, where there are particulars, `data`.
#[derive(Serialize, Deserialize)]
pub(crate) struct EventDocument {
    id: String,
    at: DateTime,
    integration: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<EventTokenDocument>,
    #[serde(flatten)]
    kind: EventKind,
}

#[derive(Serialize, Deserialize)]
struct EventTokenDocument {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    generation: i64,
}

impl EventDocument {
    pub(crate) fn new(event: &Event) -> Self {
        Self {
            id: event.id.to_string(),
            at: date(event.at),
            integration: event.integration.as_str().to_owned(),
            token: event.token.as_ref().map(|token| EventTokenDocument {
                id: token.id.to_string(),
                person: token.person.as_ref().map(|id| id.as_str().to_owned()),
                email: token.email.as_ref().map(ToString::to_string),
                generation: token.generation.cast_signed(),
            }),
            kind: event.kind.clone(),
        }
    }

    /// The event; `field` is where the document holds it.
    pub(crate) fn read(
        self,
        collection: &'static str,
        field: &'static str,
    ) -> Result<Event, Unreadable> {
        let token = self.token.map(|token| {
            let email = token.email.as_deref();
            let email = email.map(|email| parse(email, collection, field));
            Ok::<_, Unreadable>(EventToken {
                id: parse(&token.id, collection, field)?,
                person: token.person.map(PersonId::new),
                email: email.transpose()?,
                generation: token.generation.cast_unsigned(),
            })
        });
        Ok(Event {
            id: parse(&self.id, collection, field)?,
            at: timestamp(self.at),
            integration: ClientId::new(self.integration),
            token: token.transpose()?,
            kind: self.kind,
        })
    }
}
