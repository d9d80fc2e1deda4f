//! Links under which a person is asked to consent: made by a service or an admin,
//! sent to the person, and followed to their end.

mod link;
mod text;

pub use link::{ConsentLink, InvalidReturnAddress, LinkProgress, LinkState, ReturnAddress, Terms};
pub use text::{InvalidNote, Note};
