//! Links under which a person is asked to consent: made by a service or an admin,
//! sent to the person, and followed to their end, which may be brought forward.
//!
//! There are two kinds. A stored link has a record, so that it can be used once and
//! its state be read. A renewal has none: it says all by itself, and is made for every
//! answer that a token needs consent, without a write. Both are signed under a key
//! derived from the [`KeyRing`](crate::keyring::KeyRing), so that nobody makes one up;
//! a link ends with the key that signed it, at the latest.
//!
//! To open a link changes nothing, so that a chat program that looks at it does not use
//! it up. [`Invitation`] is what it asks for; a consent is
//! [begun](crate::consent::ConsentService::begin_invited) from that.

mod end;
mod error;
mod input;
mod invitation;
mod ledger;
mod link;
mod return_rules;
mod send;
mod service;
mod signed_text;
#[cfg(test)]
mod tests;
mod text;

pub use error::{EndError, LinkError, LinkRefusal, NotUsable, SendError};
pub use input::{LinkInput, LinkProblem};
pub use invitation::Invitation;
pub(crate) use ledger::LinkLedger;
pub use link::{ConsentLink, InvalidReturnAddress, LinkProgress, LinkState, ReturnAddress, Terms};
pub use return_rules::{InvalidReturnRule, ReturnRule, ReturnRules};
pub use service::ConsentLinkService;
pub use signed_text::LinkText;
pub use text::{InvalidNote, Note};
