//! Links under which a person is asked to consent: made by a service or an admin,
//! sent to the person, and followed to their end.
//!
//! There are two kinds. A stored link has a record, so that it can be used once and
//! its state be read. A renewal has none: it says all by itself, and is made for every
//! answer that a token needs consent, without a write. Both are signed under a key
//! derived from the [`KeyRing`](crate::keyring::KeyRing), so that nobody makes one up;
//! a link ends with the key that signed it, at the latest.

mod error;
mod link;
mod service;
mod signed_text;
mod text;

pub use error::LinkRefusal;
pub use link::{ConsentLink, InvalidReturnAddress, LinkProgress, LinkState, ReturnAddress, Terms};
pub use service::{ConsentLinkService, Invitation};
pub use signed_text::LinkText;
pub use text::{InvalidNote, Note};
