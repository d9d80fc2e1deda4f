//! What the REST API shows of rooms, memberships and messages.

use serde::{Deserialize, Serialize};

/// Whether a room has any number of members, or just two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoomKind {
    /// Created with `POST /rooms`.
    Group,
    /// Created with the first message from one person to another.
    Direct,
}

/// A room as the REST API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Room {
    /// Opaque ID.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Group or direct.
    #[serde(rename = "type")]
    pub kind: RoomKind,
    /// Whether only moderators may invite.
    pub is_locked: bool,
    /// Time of the last message, or of the creation.
    pub last_activity: String,
    /// Opaque ID of the person who created it.
    pub creator_id: String,
    /// Time of the creation.
    pub created: String,
    /// Opaque ID of the organisation.
    pub owner_id: String,
}

/// A membership as the REST API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Membership {
    /// Opaque ID.
    pub id: String,
    /// Opaque ID of the room.
    pub room_id: String,
    /// Opaque ID of the person.
    pub person_id: String,
    /// In lower case.
    pub person_email: String,
    /// First and last name.
    pub person_display_name: String,
    /// Opaque ID of the organisation.
    pub person_org_id: String,
    /// Whether this person may moderate.
    pub is_moderator: bool,
    /// Always `false`; the API still has the field.
    pub is_monitor: bool,
    /// When the person joined.
    pub created: String,
}

/// A message as the REST API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Opaque ID.
    pub id: String,
    /// Opaque ID of the room.
    pub room_id: String,
    /// Group or direct.
    pub room_type: RoomKind,
    /// In plain text.
    pub text: String,
    /// As it was sent, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markdown: Option<String>,
    /// The markdown, escaped in one paragraph: the emulator does not render it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Opaque ID of the sender.
    pub person_id: String,
    /// In lower case.
    pub person_email: String,
    /// When it was sent.
    pub created: String,
}

/// A room with all that is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomSnapshot {
    /// The room itself.
    #[serde(flatten)]
    pub room: Room,
    /// In the order in which they joined.
    pub members: Vec<Membership>,
    /// In the order in which they were sent.
    pub messages: Vec<Message>,
}
