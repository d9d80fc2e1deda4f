//! The provider's identifiers: opaque, but not arbitrary.

use serde::{Deserialize, Deserializer, de};

/// The longest identifier, in bytes; those of today have about 80.
const MAX_LENGTH: usize = 512;

/// An identifier as an answer brings it.
#[derive(Debug)]
pub(super) struct Identifier(pub(super) String);

impl<'de> Deserialize<'de> for Identifier {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let text = String::deserialize(json)?;
        if is_usable(&text) {
            Ok(Self(text))
        } else {
            Err(de::Error::custom("an unusable identifier"))
        }
    }
}

/// Whether the text can be an identifier: it goes into URLs, pages and logs. A
/// segment of dots would lead to another resource.
pub(super) fn is_usable(text: &str) -> bool {
    (1..=MAX_LENGTH).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_graphic())
        && !matches!(text, "." | "..")
}

/// An answer of which only the identifier matters.
#[derive(Debug, Deserialize)]
pub(super) struct Identified {
    pub(super) id: Identifier,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_the_provider_writes_and_nothing_dangerous() {
        assert!(is_usable(
            "Y2lzY29zcGFyazovL3VzL1JPT00vYmJjZWIxYWQtNDNmMS0zYjU4LTkxNDctZjE0YmIwYzRkMTU0"
        ));
        assert!(is_usable("a/b?c#d"));
        for text in ["", ".", "..", "a b", "a\nb", "é", &"a".repeat(513)] {
            assert!(!is_usable(text), "{text:?}");
        }
    }
}
