//! The name of the room for a hand-over.

/// A room name: 3 to 20 characters after trimming, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomName(String);

/// A text that is no room name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a room name has 3 to 20 characters")]
pub struct InvalidRoomName;

impl RoomName {
    /// Reads a room name.
    ///
    /// # Errors
    /// [`InvalidRoomName`] where the text is too short, too long or holds a
    /// control character.
    pub fn parse(text: &str) -> Result<Self, InvalidRoomName> {
        let text = text.trim();
        let length_fits = (3..=20).contains(&text.chars().count());
        if length_fits && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidRoomName)
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_characters_after_trimming() {
        assert_eq!(RoomName::parse("  Büro ☕  ").unwrap().as_str(), "Büro ☕");
        assert!(RoomName::parse(&"ü".repeat(20)).is_ok());
        for text in ["", "  a ", "ab", &"a".repeat(21), "a\nbc"] {
            assert!(RoomName::parse(text).is_err(), "{text:?}");
        }
    }
}
