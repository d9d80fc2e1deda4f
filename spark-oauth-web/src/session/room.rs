//! The room of a receipt. Several submissions of the form create one room.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use spark_oauth_core::handoff::{HandedOver, RoomName};
use spark_oauth_core::ports::{MembershipId, MessageId, RoomId};
use spark_oauth_core::{Timestamp, TokenId};
use tokio::time::{Instant, sleep};

use super::receipts::{Receipt, Receipts};
use super::sessions::{Session, Sessions};
use crate::http::PageError;

/// The time limit to create a room, that of a request. After a crash, the receipt is locked
/// for this long.
const LONGEST: Duration = Duration::from_mins(2);

/// The interval at which a request polls for a room that another request creates.
const POLL: Duration = Duration::from_millis(200);

/// The state of the room of a receipt.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) enum RoomState {
    #[default]
    Absent,
    /// A request is creating it.
    Creating {
        since: Timestamp,
        name: String,
    },
    Ready(Room),
}

impl RoomState {
    /// Whether the request that was creating the room was interrupted.
    pub(crate) fn is_interrupted(&self, now: Timestamp) -> bool {
        matches!(self, Self::Creating { since, .. } if now.since(*since) >= LONGEST)
    }

    fn is_free(&self, now: Timestamp) -> bool {
        matches!(self, Self::Absent) || self.is_interrupted(now)
    }
}

/// The room in which a token was handed over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Room {
    pub(crate) name: String,
    pub(crate) id: RoomId,
    pub(crate) membership: MembershipId,
    pub(crate) message: MessageId,
}

/// The result of [`Receipts::begin_room`].
#[derive(Debug)]
pub(crate) enum Beginning {
    /// This request creates the room and records the result.
    Here(Box<RoomNote>),
    /// The room exists.
    Ready,
    /// Another request failed to create the room.
    Failed,
}

/// Records the result of creating a room.
#[derive(Debug)]
pub(crate) struct RoomNote {
    sessions: Sessions,
    session: Session<Receipt>,
    name: String,
    since: Timestamp,
}

impl Receipts {
    /// Begins to create the room of a receipt. If another request of any process is creating
    /// it, waits for the result.
    pub(crate) async fn begin_room(
        &self,
        token: TokenId,
        name: &RoomName,
    ) -> Result<Beginning, PageError> {
        let Some(mut session) = self.session(token) else {
            return Ok(Beginning::Failed);
        };
        let waiting = Instant::now();
        let mut has_waited = false;
        loop {
            let now = self.sessions.now();
            let begins = |receipt: &mut Receipt| {
                let begins = receipt.room.is_free(now) && !has_waited;
                if begins {
                    receipt.room = RoomState::Creating {
                        since: now,
                        name: name.as_str().to_owned(),
                    };
                }
                begins
            };
            if self.sessions.update(&mut session, begins).await? {
                return Ok(Beginning::Here(Box::new(RoomNote {
                    sessions: self.sessions.clone(),
                    session,
                    name: name.as_str().to_owned(),
                    since: now,
                })));
            }
            match &session.data().room {
                RoomState::Ready(_) => return Ok(Beginning::Ready),
                RoomState::Creating { .. } if waiting.elapsed() < LONGEST => {}
                _ => return Ok(Beginning::Failed),
            }
            has_waited = true;
            sleep(POLL).await;
            if !self.sessions.reload(&mut session).await? {
                return Ok(Beginning::Failed);
            }
        }
    }

    /// Forgets the room of a receipt, which was deleted.
    pub(crate) async fn forget_room(&self, token: TokenId, room: &RoomId) -> Result<(), PageError> {
        let Some(mut session) = self.session(token) else {
            return Ok(());
        };
        let forget = |receipt: &mut Receipt| {
            let same = matches!(&receipt.room, RoomState::Ready(ready) if ready.id == *room);
            if same {
                receipt.room = RoomState::Absent;
            }
            same
        };
        self.sessions.update(&mut session, forget).await?;
        Ok(())
    }
}

impl RoomNote {
    /// Records the created room; `None` if no room exists. Returns `false` if the receipt has
    /// expired or has another room, or if the store failed.
    pub(crate) async fn end(self, created: Option<HandedOver>) -> bool {
        let Self {
            sessions,
            mut session,
            name,
            since,
        } = self;
        let room = created.map_or(RoomState::Absent, |created| {
            RoomState::Ready(Room {
                name,
                id: created.room,
                membership: created.membership,
                message: created.message,
            })
        });
        let note = |receipt: &mut Receipt| {
            let is_ours =
                matches!(receipt.room, RoomState::Creating { since: begun, .. } if begun == since);
            if is_ours {
                receipt.room = room.clone();
            }
            is_ours
        };
        match sessions.update(&mut session, note).await {
            Ok(is_noted) => is_noted,
            Err(error) => {
                tracing::error!(%error, "could not record the room of a hand-over");
                false
            }
        }
    }
}
