//! Why a hand-over did not take place.

use std::fmt;

use crate::broker::TokenError;
use crate::ports::{RoomId, SparkError};

/// The steps of a hand-over, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandOverStep {
    /// Creating the room.
    CreateRoom,
    /// Adding the requester.
    AddMember,
    /// Posting the message.
    PostMessage,
}

impl fmt::Display for HandOverStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CreateRoom => "creating the room",
            Self::AddMember => "adding the requester",
            Self::PostMessage => "posting the message",
        })
    }
}

/// Why a hand-over did not take place.
#[derive(Debug, thiserror::Error)]
pub enum HandOverError {
    /// The person and the requester are the same: nobody is in a room twice.
    #[error("the person is the requester")]
    SamePerson,
    /// The message would be longer than the provider takes. No room was created.
    #[error("the message would have {length} bytes, and the provider takes {limit}")]
    TooLong {
        /// The length of the message, in bytes.
        length: usize,
        /// The provider's limit, in bytes.
        limit: usize,
    },
    /// There is no valid token to hand over.
    #[error("there is no valid token to hand over")]
    Token(#[from] TokenError),
    /// A step failed; what was created before was removed again.
    #[error("{step} failed")]
    Step {
        /// Which step.
        step: HandOverStep,
        /// What the provider said.
        source: SparkError,
    },
    /// A step failed, and the room could not be removed.
    #[error("{step} failed, and the room is still there")]
    LeftBehind {
        /// Which step.
        step: HandOverStep,
        /// The room that is still there.
        room: RoomId,
        /// What the provider said.
        source: SparkError,
    },
    /// The caller could not record the room, which was deleted again.
    #[error("the room could not be recorded and was deleted")]
    RoomDeleted,
    /// The caller could not record the room, and it could not be deleted.
    #[error("the room could not be recorded and is still there")]
    RoomNotRecorded {
        /// The room that is still there.
        room: RoomId,
        /// Why it could not be deleted.
        source: TokenError,
    },
    /// The task that carried the hand-over ended early.
    #[error("the hand-over was interrupted")]
    Interrupted,
}

impl HandOverError {
    /// The reason in a word, for the audit log.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::SamePerson => "same_person",
            Self::TooLong { .. } => "too_long",
            Self::Token(error) => error.reason(),
            Self::Step { .. } => "provider",
            Self::RoomDeleted => "room_deleted",
            Self::LeftBehind { .. } | Self::RoomNotRecorded { .. } => "room_left_behind",
            Self::Interrupted => "interrupted",
        }
    }
}
