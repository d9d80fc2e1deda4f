//! Browser sessions in the store. A cookie holds the session ID; the store has only its
//! hash.
//!
//! An admin's session has one cookie, and a new ID at each sign-in. Each receipt of a person
//! has its own cookie, so that the browser keeps both receipts if two consents finish at the
//! same moment.

mod receipts;
mod room;
mod sessions;
mod visitor;

pub(crate) use receipts::{Receipt, Receipts};
pub(crate) use room::{Beginning, Room, RoomState};
pub(crate) use sessions::Sessions;
pub(crate) use visitor::{Refusal, Visitor};
