//! The steps of a hand-over.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::application::Parts;
use crate::audit::{AuditAction, Caller, Outcome};
use crate::auditor::{Auditor, Subject};
use crate::broker::{Broker, TokenError};
use crate::handoff::message::{self, LONGEST_MESSAGE, WithRefresh};
use crate::handoff::{HandOverError, HandOverStep, RoomName};
use crate::ids::TokenId;
use crate::ports::{MembershipId, MessageId, RoomId, SparkError, SparkErrorKind};
use crate::secret::AccessToken;
use crate::token::Token;

/// The token that is handed over lives at least this long.
const LEAST_LIFE: Duration = Duration::from_mins(5);

/// Hands tokens to the requester.
#[derive(Clone, Debug)]
pub struct HandOver {
    parts: Parts,
    broker: Broker,
    auditor: Auditor,
    include_refresh_token: bool,
}

/// What a hand-over created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedOver {
    /// The room.
    pub room: RoomId,
    /// The requester's membership.
    pub membership: MembershipId,
    /// The message with the token.
    pub message: MessageId,
}

impl HandOver {
    pub(crate) fn new(
        parts: Parts,
        broker: Broker,
        auditor: Auditor,
        include_refresh_token: bool,
    ) -> Self {
        Self {
            parts,
            broker,
            auditor,
            include_refresh_token,
        }
    }

    /// Whether this token can be handed over at all: nobody is in a room twice.
    pub fn is_possible(&self, token: &Token) -> bool {
        token.held_email() != Some(&self.parts.integration.requester)
    }

    /// Creates the room, adds the requester and posts the token.
    ///
    /// The work is detached: a browser that hangs up leaves no half-done room, and
    /// no hand-over without its entry in the audit log. `record` is part of
    /// the work: it is called once, with the created room, or with `None` if no room exists.
    /// If it returns `false`, the caller could not store the room, and it is deleted again.
    ///
    /// # Errors
    /// [`HandOverError`] says which step failed and what is left.
    pub async fn create_and_join_room<F>(
        &self,
        id: TokenId,
        name: RoomName,
        caller: &Caller,
        record: impl FnOnce(Option<HandedOver>) -> F + Send + 'static,
    ) -> Result<HandedOver, HandOverError>
    where
        F: Future<Output = bool> + Send + 'static,
    {
        let (service, caller) = (self.clone(), caller.clone());
        let work = async move {
            let token = match service.broker.get(id).await {
                Ok(token) => token,
                Err(error) => {
                    record(None).await;
                    return Err(error.into());
                }
            };
            let subject = Subject::token(&token);
            let outcome = service.hand_over(token.clone(), &name).await;
            let is_recorded = record(outcome.as_ref().ok().cloned()).await;
            let outcome = match outcome {
                Ok(created) if !is_recorded => Err(service.take_back(token, &created.room).await),
                outcome => outcome,
            };
            let result = match &outcome {
                Ok(_) => Outcome::Done,
                Err(error) => Outcome::Failed(error.reason().to_owned()),
            };
            service
                .auditor
                .record(&caller, AuditAction::TokenHandedOver, subject, result)
                .await;
            outcome
        };
        self.parts
            .detached
            .run(work)
            .await
            .unwrap_or(Err(HandOverError::Interrupted))
    }

    /// Deletes a room that the caller could not store.
    async fn take_back(&self, token: Token, room: &RoomId) -> HandOverError {
        match self.delete_with(token, room).await {
            Ok(()) => HandOverError::RoomDeleted,
            Err(source) => {
                tracing::error!(room = room.as_str(), error = %source, "room left behind");
                HandOverError::RoomNotRecorded {
                    room: room.clone(),
                    source,
                }
            }
        }
    }

    async fn hand_over(&self, token: Token, name: &RoomName) -> Result<HandedOver, HandOverError> {
        if !self.is_possible(&token) {
            return Err(HandOverError::SamePerson);
        }
        let (access, text) = self.compose(token).await?;
        let client = &self.parts.client;
        let failed = |step| move |source| HandOverError::Step { step, source };
        let room = client
            .create_room(&access, name.as_str())
            .await
            .map_err(failed(HandOverStep::CreateRoom))?;
        match self.fill(&access, &room, &text).await {
            Ok((membership, message)) => Ok(HandedOver {
                room,
                membership,
                message,
            }),
            Err((step, source)) => match self.delete(&access, &room).await {
                Ok(()) => Err(HandOverError::Step { step, source }),
                Err(error) => {
                    tracing::error!(room = room.as_str(), %error, "a room was left behind");
                    Err(HandOverError::LeftBehind { step, room, source })
                }
            },
        }
    }

    /// Deletes a room; one that is gone already is as good.
    async fn delete(&self, access: &AccessToken, room: &RoomId) -> Result<(), SparkError> {
        match self.parts.client.delete_room(access, room).await {
            Err(error) if error.kind != SparkErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The message, and the access token in it, before any room exists.
    async fn compose(
        &self,
        token: Token,
    ) -> Result<(AccessToken, Zeroizing<String>), HandOverError> {
        let id = token.id;
        let valid = self.broker.check_out_record(&token, LEAST_LIFE).await?;
        let refresh = if self.include_refresh_token {
            let token = self.broker.get(id).await?;
            let open = |sealed| self.parts.ring.open_refresh(id, sealed);
            let secret = token
                .refresh
                .as_ref()
                .map(open)
                .transpose()
                .map_err(TokenError::from)?;
            secret.map(|secret| (secret, token.refresh_expires_at))
        } else {
            None
        };
        let with = refresh.as_ref().map(|(token, expires_at)| WithRefresh {
            token,
            expires_at: *expires_at,
        });
        let text = message::compose(&valid, with.as_ref());
        if text.len() > LONGEST_MESSAGE {
            return Err(HandOverError::TooLong {
                length: text.len(),
                limit: LONGEST_MESSAGE,
            });
        }
        Ok((valid.access_token, text))
    }

    async fn fill(
        &self,
        access: &AccessToken,
        room: &RoomId,
        text: &str,
    ) -> Result<(MembershipId, MessageId), (HandOverStep, SparkError)> {
        let client = &self.parts.client;
        let membership = client
            .add_member(access, room, &self.parts.integration.requester)
            .await
            .map_err(|error| (HandOverStep::AddMember, error))?;
        let message = client
            .post_message(access, room, text)
            .await
            .map_err(|error| (HandOverStep::PostMessage, error))?;
        Ok((membership, message))
    }

    /// Deletes the room of a hand-over; one that is gone already is as good.
    ///
    /// # Errors
    /// [`TokenError`] says why the room is still there.
    pub async fn delete_room(
        &self,
        id: TokenId,
        room: &RoomId,
        caller: &Caller,
    ) -> Result<(), TokenError> {
        let token = self.broker.get(id).await?;
        let subject = Subject::token(&token);
        let (service, room, caller) = (self.clone(), room.clone(), caller.clone());
        let work = async move {
            let outcome = service.delete_with(token, &room).await;
            let result = match &outcome {
                Ok(()) => Outcome::Done,
                Err(error) => Outcome::Failed(error.reason().to_owned()),
            };
            service
                .auditor
                .record(&caller, AuditAction::RoomDeleted, subject, result)
                .await;
            outcome
        };
        self.parts
            .detached
            .run(work)
            .await
            .unwrap_or(Err(TokenError::Interrupted))
    }

    async fn delete_with(&self, token: Token, room: &RoomId) -> Result<(), TokenError> {
        let valid = self.broker.check_out_record(&token, Duration::ZERO).await?;
        Ok(self.delete(&valid.access_token, room).await?)
    }
}

#[cfg(test)]
mod tests;
