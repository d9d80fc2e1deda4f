//! What the person reads on the page of a link.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hidden::{is_hidden, is_visible};

/// Words for the person: 1 to 500 characters of plain text, in which a line break is
/// the only character that cannot be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Note(String);

/// A text that is no note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a note has 1 to 500 characters, and none but line breaks that cannot be seen")]
pub struct InvalidNote;

impl Note {
    /// The longest note, in characters.
    pub const MAX_LENGTH: usize = 500;

    /// Reads a note; surrounding white space is dropped.
    ///
    /// # Errors
    /// [`InvalidNote`] where it is empty, too long, or holds what cannot be seen.
    pub fn parse(text: &str) -> Result<Self, InvalidNote> {
        let text = text.trim().replace("\r\n", "\n");
        let visible = is_visible(&text) && !text.chars().any(|c| is_hidden(c) && c != '\n');
        if visible && (1..=Self::MAX_LENGTH).contains(&text.chars().count()) {
            Ok(Self(text))
        } else {
            Err(InvalidNote)
        }
    }

    /// The note.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Note {
    type Error = InvalidNote;

    fn try_from(text: String) -> Result<Self, InvalidNote> {
        Self::parse(&text)
    }
}

impl From<Note> for String {
    fn from(note: Note) -> Self {
        note.0
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_can_be_seen_and_is_not_too_long() {
        let note = Note::parse(" For the weekly report.\r\nThank you! ").unwrap();
        assert_eq!(note.as_str(), "For the weekly report.\nThank you!");
        assert!(Note::parse(&"é".repeat(500)).is_ok());
        for text in ["", " \n ", "a\u{7}b", &"x".repeat(501)] {
            assert_eq!(Note::parse(text), Err(InvalidNote), "{text:?}");
        }
    }
}
