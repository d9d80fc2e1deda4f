//! The pieces of an address that the search finds it by.
//!
//! A document holds every different piece of one, two and three characters of its
//! address, and a multikey index holds each of them in the order of the list. A
//! part of up to three characters is then one key of the index. A longer part is
//! looked for by its rarest pieces, and confirmed on the address itself.

use std::collections::BTreeSet;

/// The longest piece, in characters.
const LONGEST: usize = 3;

/// How many pieces of a long part a query names: each is a way that the server may
/// go, and it tries them all.
const MOST_NAMED: usize = 8;

/// Every different piece of an address in lower case.
pub(crate) fn grams(normalized: &str) -> Vec<String> {
    let distinct: BTreeSet<&str> = (1..=LONGEST)
        .flat_map(|length| pieces(normalized, length))
        .collect();
    distinct.into_iter().map(ToOwned::to_owned).collect()
}

/// How addresses with a part of an address, in lower case, are found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// Those that have this piece, and no other.
    Exact(String),
    /// Among those that have all of these pieces, those that the pattern fits.
    Confirmed {
        pieces: Vec<String>,
        pattern: String,
    },
    /// None has it.
    Nowhere,
}

/// The way to find a part that is not empty.
pub(crate) fn search(part: &str, longest_address: usize) -> Search {
    // The lower case of a character is up to three characters long. A pattern
    // cannot hold the end of a C string, and no address has a control character.
    if part.len() > 3 * longest_address || part.contains(char::is_control) {
        return Search::Nowhere;
    }
    if part.chars().count() <= LONGEST {
        return Search::Exact(part.to_owned());
    }
    let distinct: BTreeSet<&str> = pieces(part, LONGEST).collect();
    let spread = distinct.len().div_ceil(MOST_NAMED);
    Search::Confirmed {
        pieces: distinct
            .into_iter()
            .step_by(spread)
            .map(ToOwned::to_owned)
            .collect(),
        pattern: escape(part),
    }
}

/// Every piece of so many characters.
fn pieces(text: &str, length: usize) -> impl Iterator<Item = &str> {
    let starts = text.char_indices().map(|(start, _)| start);
    let ends = text
        .char_indices()
        .map(|(start, character)| start + character.len_utf8())
        .skip(length - 1);
    starts.zip(ends).map(|(start, end)| &text[start..end])
}

/// A regular expression in which each character stands for itself.
fn escape(part: &str) -> String {
    let mut pattern = String::with_capacity(2 * part.len());
    for character in part.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_pieces_once() {
        assert_eq!(grams("aab"), ["a", "aa", "aab", "ab", "b"]);
        assert_eq!(grams("é@"), ["@", "é", "é@"]);
        assert!(grams("").is_empty());
    }

    #[test]
    fn a_long_part_names_some_of_its_pieces() {
        let Search::Confirmed { pieces, pattern } = search("alice.smith@example.com", 254) else {
            panic!("a long part is confirmed");
        };
        assert!(pieces.len() <= MOST_NAMED && !pieces.is_empty());
        assert_eq!(pattern, r"alice\.smith@example\.com");
        let held = grams("alice.smith@example.com");
        assert!(pieces.iter().all(|piece| held.contains(piece)));
    }

    #[test]
    fn a_short_part_is_a_piece() {
        for part in ["a", "ab", "abc", "äöü", "%_."] {
            assert_eq!(search(part, 254), Search::Exact(part.to_owned()));
        }
    }

    #[test]
    fn what_no_address_can_have_is_not_looked_for() {
        for part in ["a\0b", "\n", &"a".repeat(763)] {
            assert_eq!(search(part, 254), Search::Nowhere);
        }
    }
}
