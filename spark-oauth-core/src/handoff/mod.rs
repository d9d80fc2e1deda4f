//! A person hands the token to the requester in a Webex room: a room, the
//! requester as its member, and a message with the token in it.
//!
//! A hand-over that fails half-way leaves nothing behind, or names what it left.

mod error;
mod message;
mod room_name;
mod service;

pub use error::{HandOverError, HandOverStep};
pub use room_name::{InvalidRoomName, RoomName};
pub use service::{HandOver, HandedOver};
