//! Sessions of browsers: kept in the store, named by a cookie, of which the store
//! knows only the hash.
//!
//! An admin's session has one cookie, and a new identifier at each sign-in. Each receipt of
//! a person has a cookie of its own: two consents that finish at the same moment in one
//! browser know nothing of each other, and the browser keeps both.

mod receipts;
mod room;
mod sessions;
mod visitor;

pub(crate) use receipts::{Receipt, Receipts};
pub(crate) use room::{Beginning, Room, RoomState};
pub(crate) use sessions::Sessions;
pub(crate) use visitor::{Refusal, Visitor};
