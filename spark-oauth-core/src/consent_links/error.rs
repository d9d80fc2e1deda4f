//! Why a link is not made, does not lead to a consent, or is not sent or ended.

use crate::broker::TokenError;
use crate::consent_links::LinkProblem;
use crate::email::EmailAddress;
use crate::ports::{SparkError, StoreError};
use crate::timestamp::Timestamp;

/// Why a link is not made or found.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The input is wrong.
    #[error("{}", problems(.0))]
    Invalid(Vec<LinkProblem>),
    /// There is no such link.
    #[error("there is no such consent link")]
    NotFound,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

fn problems(problems: &[LinkProblem]) -> String {
    let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// Why no consent begins from a link, or ends under it.
#[derive(Debug, thiserror::Error)]
pub enum LinkRefusal {
    /// The text is not whole, or was never made here.
    #[error("the link is incomplete or mistyped")]
    Malformed,
    /// It was made here once: its record was removed after its end, or the key that
    /// signed it is not in use any more.
    #[error("the link is not known any more")]
    Gone,
    /// It ended.
    #[error("the link has expired")]
    Expired {
        /// When.
        at: Timestamp,
    },
    /// It was good for one consent, and that was given.
    #[error("the link was used")]
    Used {
        /// When.
        at: Timestamp,
    },
    /// The store failed.
    #[error("the link could not be read")]
    Store(#[from] StoreError),
}

/// Why a link was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Nobody is named to whom it could go.
    #[error("the link does not say who is to consent, so there is nobody to send it to")]
    NobodyNamed,
    /// The address of the token's person now belongs to another person.
    #[error(
        "the person's address belongs to another person by now, so the link cannot be sent: \
         hand it over in another way, or refresh the token to read the new address"
    )]
    AddressLost,
    /// The requester would write to themselves.
    #[error("the link is for {0}, in whose name it would be sent")]
    ToSender(EmailAddress),
    /// Nobody can consent under it any more.
    #[error("the link has ended")]
    Ended(#[source] LinkRefusal),
    /// The person consented already.
    #[error("the person has consented already")]
    AlreadyGranted,
    /// The requester has no active token that allows it.
    #[error(
        "there is no active token of {requester} that may write messages: let {requester} grant \
         spark:messages_write (or spark:all) first, or hand the link over in another way"
    )]
    NoSender {
        /// In whose name it would be sent.
        requester: EmailAddress,
    },
    /// The requester's token cannot be used at the moment.
    #[error("the requester's token cannot be used")]
    Token(#[from] TokenError),
    /// The provider did not send the message.
    #[error("the provider did not send the message")]
    Provider(#[source] SparkError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl SendError {
    /// The reason in a word, for the audit log.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NobodyNamed => "nobody_named",
            Self::AddressLost => "address_lost",
            Self::ToSender(_) => "to_sender",
            Self::Ended(_) => "ended",
            Self::AlreadyGranted => "already_granted",
            Self::NoSender { .. } => "no_sender",
            Self::Token(error) => error.reason(),
            Self::Provider(_) => "provider",
            Self::Store(_) => "store",
        }
    }
}

/// Why there is nothing to end: nobody can consent under the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotUsable {
    /// It was good for one consent, which the person gave or which is being written.
    #[error("the person has consented already")]
    UsedUp,
    /// Its end came before.
    #[error("the link has ended already")]
    Expired,
}

/// Why a link was not ended.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// There is no such link.
    #[error("there is no such consent link")]
    NotFound,
    /// There is nothing to end.
    #[error(transparent)]
    NotUsable(#[from] NotUsable),
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] StoreError),
}

impl EndError {
    /// The reason in a word, for the audit log.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NotUsable(NotUsable::UsedUp) => "already_granted",
            Self::NotUsable(NotUsable::Expired) => "ended",
            Self::Store(_) => "store",
        }
    }
}

impl From<StoreError> for EndError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            error => Self::Store(error),
        }
    }
}
