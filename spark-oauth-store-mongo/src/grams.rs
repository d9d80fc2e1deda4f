//! The pieces of an address that the search finds it by.
//!
//! A document holds every different piece of three characters of its address, and
//! an index holds each of them. A longer part of an address is looked for by the
//! piece of it that fewest addresses should have, and confirmed on the address
//! itself. A shorter part is in so many addresses that they are looked at one by
//! one.

use std::collections::BTreeSet;

/// The length of a piece, in characters.
const LENGTH: usize = 3;

/// Every different piece of an address in lower case.
pub(crate) fn grams(normalized: &str) -> Vec<String> {
    let distinct: BTreeSet<&str> = pieces(normalized).collect();
    distinct.into_iter().map(ToOwned::to_owned).collect()
}

/// A part of an address, in lower case, that addresses are searched for.
#[derive(Debug)]
pub(crate) struct Part(String);

impl Part {
    /// `None` where no address has such a part: one that is too long (the lower
    /// case of a character is up to three characters long), or has a control
    /// character, which a pattern could not hold either.
    pub(crate) fn new(normalized: &str, longest_address: usize) -> Option<Self> {
        let impossible =
            normalized.len() > 3 * longest_address || normalized.contains(char::is_control);
        (!impossible).then(|| Self(normalized.to_owned()))
    }

    /// The piece to look for; `None` where the part is shorter than one.
    pub(crate) fn piece(&self) -> Option<&str> {
        // Everybody of a company has what stands behind the `@`.
        let domain = self.0.find('@').unwrap_or(self.0.len());
        let starts = self.0.char_indices().map(|(start, _)| start);
        let placed = starts.zip(pieces(&self.0));
        placed
            .max_by_key(|(start, piece)| (*start < domain, rarity(piece)))
            .map(|(_, piece)| piece)
    }

    /// Whether the part is one piece, so that the index alone finds it.
    pub(crate) fn is_a_piece(&self) -> bool {
        self.0.chars().count() == LENGTH
    }

    /// Whether an address in lower case has it.
    pub(crate) fn is_in(&self, normalized: &str) -> bool {
        normalized.contains(&self.0)
    }

    /// Whether it has a piece before an `@`: few addresses have such a part.
    pub(crate) fn names_somebody(&self) -> bool {
        let local = self.0.split_once('@').map(|(local, _)| local);
        local.is_some_and(|local| local.chars().count() >= LENGTH)
    }

    /// A regular expression in which each character stands for itself.
    pub(crate) fn pattern(&self) -> String {
        literal(&self.0)
    }
}

/// A regular expression in which each character of a text stands for itself.
pub(crate) fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(2 * text.len());
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// Every piece of a text.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.char_indices().map(|(start, _)| start);
    let ends = text
        .char_indices()
        .map(|(start, character)| start + character.len_utf8())
        .skip(LENGTH - 1);
    starts.zip(ends).map(|(start, end)| &text[start..end])
}

/// How rare a piece should be: the letters of names by how often they occur.
fn rarity(piece: &str) -> usize {
    const COMMON_FIRST: &str = "@.eaoinrslmtcdhgukbpyfvw-_jzxq";
    piece
        .chars()
        .map(|character| COMMON_FIRST.find(character).unwrap_or(COMMON_FIRST.len()))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &str) -> Part {
        Part::new(text, 254).unwrap()
    }

    #[test]
    fn an_address_has_its_pieces_once() {
        assert_eq!(grams("aaaab"), ["aaa", "aab"]);
        assert_eq!(grams("é@ß."), ["@ß.", "é@ß"]);
        assert!(grams("ab").is_empty());
    }

    #[test]
    fn a_part_is_looked_for_by_its_rarest_piece() {
        for (text, piece) in [
            ("alice", "lic"),
            ("miller@example.com", "mil"),
            ("@example.com", "xam"),
            ("x%3", "x%3"),
        ] {
            assert_eq!(part(text).piece(), Some(piece), "{text}");
            assert!(grams(text).iter().any(|held| held == piece));
        }
        assert_eq!(part("al").piece(), None);
    }

    #[test]
    fn a_part_with_a_piece_before_the_at_sign_names_somebody() {
        for text in ["alice@example.com", "ice@ex", "àéî@"] {
            assert!(part(text).names_somebody(), "{text}");
        }
        for text in ["alice", "ce@example.com", "@example.com"] {
            assert!(!part(text).names_somebody(), "{text}");
        }
    }

    #[test]
    fn in_a_pattern_each_character_stands_for_itself() {
        assert_eq!(part("a.b*").pattern(), r"a\.b\*");
        assert_eq!(part("ä@'%_-").pattern(), "ä@'%_-");
    }

    #[test]
    fn what_no_address_can_have_is_not_looked_for() {
        for text in ["a\0b", "\n", &"a".repeat(763)] {
            assert!(Part::new(text, 254).is_none());
        }
    }
}
