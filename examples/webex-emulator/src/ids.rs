//! Webex IDs: unpadded base64 of `ciscospark://us/KIND/<uuid>`.
//!
//! The vendor says to treat them as opaque; only the emulator may look inside.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use uuid::Uuid;

/// The one organisation that everybody here belongs to.
pub(crate) const ORGANIZATION: Uuid = Uuid::from_u128(0x6f7b_2a10_3dcc_41e5_a152_fe34_819c_dc9a);

/// What a Webex ID names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Person,
    Room,
    Message,
    Authorization,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Person => "PEOPLE",
            Self::Room => "ROOM",
            Self::Message => "MESSAGE",
            Self::Authorization => "AUTHORIZATION",
        }
    }
}

/// The Webex ID of `id`.
pub(crate) fn encode(kind: Kind, id: Uuid) -> String {
    encode_text(kind.as_str(), &id.to_string())
}

/// A membership has no ID of its own: it is the pair of person and room.
pub(crate) fn encode_membership(person: Uuid, room: Uuid) -> String {
    encode_text("MEMBERSHIP", &format!("{person}:{room}"))
}

/// Reads the ID of a membership: the person and the room.
pub(crate) fn decode_membership(text: &str) -> Option<(Uuid, Uuid)> {
    let (person, room) = decode_text(text)?
        .strip_prefix("MEMBERSHIP/")?
        .split_once(':')
        .map(|(person, room)| (Uuid::try_parse(person), Uuid::try_parse(room)))?;
    Some((person.ok()?, room.ok()?))
}

/// The Webex ID of the organisation.
pub(crate) fn organization() -> String {
    encode_text("ORGANIZATION", &ORGANIZATION.to_string())
}

/// The Webex ID of an integration, which is made of its client ID.
pub(crate) fn application(client_id: &str) -> String {
    encode_text("APPLICATION", client_id)
}

fn encode_text(kind: &str, rest: &str) -> String {
    STANDARD_NO_PAD.encode(format!("ciscospark://us/{kind}/{rest}"))
}

/// Reads a Webex ID of the given kind; `None` where it is none.
///
/// A bare UUID is taken too, as the real API does.
pub(crate) fn decode(kind: Kind, text: &str) -> Option<Uuid> {
    if let Ok(id) = Uuid::try_parse(text) {
        return Some(id);
    }
    let rest = decode_text(text)?;
    Uuid::try_parse(rest.strip_prefix(kind.as_str())?.strip_prefix('/')?).ok()
}

/// What is behind `ciscospark://us/`.
fn decode_text(text: &str) -> Option<String> {
    let bytes = STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.strip_prefix("ciscospark://us/").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_for_its_own_kind_only() {
        let id = Uuid::from_u128(7);
        let text = encode(Kind::Room, id);
        assert!(text.starts_with("Y2lzY29zcGFyazovL3VzL1JPT00v"), "{text}");
        assert!(!text.contains('='));
        assert_eq!(decode(Kind::Room, &text), Some(id));
        assert_eq!(decode(Kind::Person, &text), None);
        let membership = encode_membership(id, Uuid::max());
        assert_eq!(decode_membership(&membership), Some((id, Uuid::max())));
        assert_eq!(decode_membership(&text), None);
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in ["", "x", "Y2lzY29zcGFyazovL3VzL1JPT00v", "💥", "////"] {
            assert_eq!(decode(Kind::Room, text), None, "{text}");
        }
    }
}
