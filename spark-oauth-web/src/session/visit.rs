//! What a session remembers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use spark_oauth_core::admins::Admin;
use spark_oauth_core::consent_links::ReturnAddress;
use spark_oauth_core::ports::{Clock, MembershipId, MessageId, RoomId};
use spark_oauth_core::{AdminId, Timestamp, TokenId};
use tower_sessions::Session;

use crate::http::PageError;
use crate::pages::Flash;

/// The one entry of our sessions.
const ENTRY: &str = "visit";

/// How long a session lasts at most, however much it is used.
pub(super) const LONGEST_SESSION: Duration = Duration::from_hours(12);

/// How far the last use of a session may lie behind what is stored: not every
/// request writes.
const TOUCH: Duration = Duration::from_mins(1);

/// How many receipts a session shows.
const RECEIPTS: usize = 10;

/// What a session remembers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Visit {
    /// When the session began, in its present role.
    begun_at: i64,
    /// When it was last used, to the minute.
    seen_at: i64,
    /// The admin who signed in.
    pub(crate) admin: Option<SignedIn>,
    /// The consents given in this session, newest first.
    pub(crate) receipts: Vec<Receipt>,
    /// What the next page says once.
    flash: Option<Flash>,
}

/// An admin who signed in. A later epoch of the admin ends the session.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SignedIn {
    pub(crate) id: AdminId,
    pub(crate) epoch: u64,
}

/// A consent given in this session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) token: TokenId,
    pub(crate) room: Option<Room>,
    /// Where the link that the consent was begun from leads back to.
    #[serde(default)]
    pub(crate) return_to: Option<ReturnAddress>,
}

/// The room in which a token was handed over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Room {
    pub(crate) name: String,
    pub(crate) id: RoomId,
    pub(crate) membership: MembershipId,
    pub(crate) message: MessageId,
}

/// When the session with this data began.
pub(super) fn begun_at(data: &HashMap<String, Value>) -> Option<Timestamp> {
    data.get(ENTRY)?
        .get("begun_at")?
        .as_i64()
        .map(Timestamp::from_millis)
}

/// The visitor of this request: what the session remembers, and how to change it.
/// A visitor who does nothing costs no stored session.
#[derive(Debug)]
pub(crate) struct Visitor {
    session: Session,
    now: Timestamp,
    pub(crate) visit: Visit,
}

impl<S> FromRequestParts<S> for Visitor
where
    S: Send + Sync,
    Arc<dyn Clock>: FromRef<S>,
{
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let now = <Arc<dyn Clock>>::from_ref(state).now();
        let session = parts
            .extensions
            .get::<Session>()
            .cloned()
            .ok_or_else(|| PageError::internal("the session layer is missing"))?;
        let stored = session
            .get::<Visit>(ENTRY)
            .await
            .map_err(PageError::session)?;
        let mut visitor = Self {
            session,
            now,
            visit: stored.clone().unwrap_or_default(),
        };
        if stored.is_some() && now.since(visitor.seen_at()) >= TOUCH {
            visitor.save().await?;
        }
        Ok(visitor)
    }
}

impl Visitor {
    fn seen_at(&self) -> Timestamp {
        Timestamp::from_millis(self.visit.seen_at)
    }

    /// Keeps what was changed.
    async fn save(&mut self) -> Result<(), PageError> {
        self.visit.seen_at = self.now.as_millis();
        if self.visit.begun_at == 0 {
            self.visit.begun_at = self.now.as_millis();
        }
        self.session
            .insert(ENTRY, &self.visit)
            .await
            .map_err(PageError::session)
    }

    /// Gives the session a new identifier: what was known of it before is worth
    /// nothing afterwards.
    async fn renew(&mut self) -> Result<(), PageError> {
        self.session.cycle_id().await.map_err(PageError::session)?;
        self.save().await
    }

    /// Begins the session of an admin, under a new identifier.
    pub(crate) async fn sign_in(&mut self, admin: &Admin) -> Result<(), PageError> {
        self.visit.admin = Some(SignedIn {
            id: admin.id,
            epoch: admin.epoch,
        });
        self.visit.begun_at = self.now.as_millis();
        self.renew().await
    }

    /// Ends the session.
    pub(crate) async fn end(&self) -> Result<(), PageError> {
        self.session.flush().await.map_err(PageError::session)
    }

    /// Keeps a receipt, under a new identifier.
    pub(crate) async fn add_receipt(
        &mut self,
        token: TokenId,
        return_to: Option<ReturnAddress>,
    ) -> Result<(), PageError> {
        let room = self
            .visit
            .receipts
            .iter()
            .find(|receipt| receipt.token == token)
            .and_then(|receipt| receipt.room.clone());
        self.visit.receipts.retain(|receipt| receipt.token != token);
        let receipt = Receipt {
            token,
            room,
            return_to,
        };
        self.visit.receipts.insert(0, receipt);
        self.visit.receipts.truncate(RECEIPTS);
        self.renew().await
    }

    /// The receipt that a form names; the only one where it names none.
    pub(crate) fn receipt(&self, named: Option<&str>) -> Option<&Receipt> {
        match named.filter(|named| !named.is_empty()) {
            Some(named) => {
                let token: TokenId = named.parse().ok()?;
                self.visit
                    .receipts
                    .iter()
                    .find(|receipt| receipt.token == token)
            }
            None => match self.visit.receipts.as_slice() {
                [only] => Some(only),
                _ => None,
            },
        }
    }

    /// Keeps or forgets the room of a receipt.
    pub(crate) async fn set_room(
        &mut self,
        token: TokenId,
        room: Option<Room>,
    ) -> Result<(), PageError> {
        if let Some(receipt) = self
            .visit
            .receipts
            .iter_mut()
            .find(|receipt| receipt.token == token)
        {
            receipt.room = room;
        }
        self.save().await
    }

    /// Forgets the receipts that `keep` does not want.
    pub(crate) async fn retain_receipts(
        &mut self,
        keep: impl Fn(&Receipt) -> bool,
    ) -> Result<(), PageError> {
        let before = self.visit.receipts.len();
        self.visit.receipts.retain(keep);
        if self.visit.receipts.len() == before {
            Ok(())
        } else {
            self.save().await
        }
    }

    /// Says something on the next page.
    pub(crate) async fn say(&mut self, flash: Flash) -> Result<(), PageError> {
        self.visit.flash = Some(flash);
        self.save().await
    }

    /// What this page is to say, once.
    pub(crate) async fn take_flash(&mut self) -> Result<Option<Flash>, PageError> {
        let flash = self.visit.flash.take();
        if flash.is_some() {
            self.save().await?;
        }
        Ok(flash)
    }
}
