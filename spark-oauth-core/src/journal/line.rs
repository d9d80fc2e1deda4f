//! The lines of a journal: a checksum, a space, and JSON.
//!
//! A line that a crash tore is known by its checksum, and costs no other line.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::ids::{ClockId, ProcessId, TokenId};
use crate::keyring::Sealed;
use crate::ports::JournalEntry;
use crate::scopes::Scopes;
use crate::timestamp::Timestamp;
use crate::token::LastRefresh;

/// How many bytes of the digest stand in a line, as twice as many hex digits.
const CHECKSUM: usize = 8;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Kept(Box<Kept>),
    Removed { token: TokenId, generation: u64 },
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    process: ProcessId,
    token: TokenId,
    generation: u64,
    scopes: Option<Scopes>,
    clock: Option<ClockId>,
    obtained_at: Timestamp,
    access: String,
    access_expires_at: Timestamp,
    refresh: Option<String>,
    refresh_expires_at: Option<Timestamp>,
    last_refresh: LastRefresh,
}

/// What stands in a journal.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// The entries that were not removed, the oldest first.
    pub(super) entries: Vec<JournalEntry>,
    /// How many lines could not be read.
    pub(super) damaged: usize,
}

/// The line that keeps an entry.
pub(super) fn kept(process: ProcessId, entry: &JournalEntry) -> Vec<u8> {
    let text = |sealed: &Sealed| STANDARD_NO_PAD.encode(sealed.as_bytes());
    encode(&Line::Kept(Box::new(Kept {
        process,
        token: entry.token,
        generation: entry.generation,
        scopes: entry.scopes.clone(),
        clock: entry.clock,
        obtained_at: entry.obtained_at,
        access: text(&entry.access),
        access_expires_at: entry.access_expires_at,
        refresh: entry.refresh.as_ref().map(text),
        refresh_expires_at: entry.refresh_expires_at,
        last_refresh: entry.last_refresh,
    })))
}

/// The line that removes an entry.
pub(super) fn removed(token: TokenId, generation: u64) -> Vec<u8> {
    encode(&Line::Removed { token, generation })
}

fn encode(line: &Line) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "its keys are texts and its values plain"
    )]
    let json = serde_json::to_string(line).expect("a line");
    format!("{} {json}\n", checksum(json.as_bytes())).into_bytes()
}

/// Reads a journal, whatever its bytes are.
pub(super) fn read(bytes: &[u8]) -> Contents {
    // In the order of the lines, by what tells two entries apart.
    let mut entries: Vec<Option<JournalEntry>> = Vec::new();
    let mut places: BTreeMap<(TokenId, u64), usize> = BTreeMap::new();
    let mut damaged = 0;
    let lines = bytes.split(|byte| *byte == b'\n');
    for line in lines.filter(|line| !line.is_empty()) {
        match decode(line) {
            Some(Line::Kept(kept)) => match kept.into_entry() {
                Some(entry) => {
                    let key = (entry.token, entry.generation);
                    if let Some(place) = places.insert(key, entries.len()) {
                        entries[place] = None;
                    }
                    entries.push(Some(entry));
                }
                None => damaged += 1,
            },
            Some(Line::Removed { token, generation }) => {
                if let Some(place) = places.remove(&(token, generation)) {
                    entries[place] = None;
                }
            }
            None => damaged += 1,
        }
    }
    Contents {
        entries: entries.into_iter().flatten().collect(),
        damaged,
    }
}

fn decode(line: &[u8]) -> Option<Line> {
    let (found, rest) = line.split_at_checked(2 * CHECKSUM)?;
    let json = rest.strip_prefix(b" ")?;
    if found != checksum(json).as_bytes() {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// It finds accidents; a forged entry does not open, since its values are sealed.
fn checksum(json: &[u8]) -> String {
    use std::fmt::Write as _;

    let digest = Sha256::digest(json);
    let mut text = String::with_capacity(2 * CHECKSUM);
    for byte in digest.iter().take(CHECKSUM) {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

impl Kept {
    fn into_entry(self) -> Option<JournalEntry> {
        let sealed = |text: String| STANDARD_NO_PAD.decode(text).ok().map(Sealed::from_bytes);
        Some(JournalEntry {
            token: self.token,
            generation: self.generation,
            scopes: self.scopes,
            clock: self.clock,
            obtained_at: self.obtained_at,
            access: sealed(self.access)?,
            access_expires_at: self.access_expires_at,
            refresh: match self.refresh {
                Some(text) => Some(sealed(text)?),
                None => None,
            },
            refresh_expires_at: self.refresh_expires_at,
            last_refresh: self.last_refresh,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::journal::tests::{entry, process};

    fn three() -> (Vec<JournalEntry>, Vec<Vec<u8>>) {
        let entries: Vec<_> = (1..=3).map(entry).collect();
        let lines = entries.iter().map(|entry| kept(process(1), entry));
        let lines = lines.collect();
        (entries, lines)
    }

    #[test]
    fn what_was_kept_is_read_and_what_was_removed_is_not() {
        let (entries, mut lines) = three();
        lines.push(removed(entries[1].token, entries[1].generation));
        // Another generation of the same record is another entry.
        lines.push(removed(entries[2].token, entries[2].generation + 1));
        let read = read(&lines.concat());
        assert_eq!(read.damaged, 0);
        assert_eq!(read.entries, [entries[0].clone(), entries[2].clone()]);
    }

    #[test]
    fn an_entry_that_was_kept_twice_is_one() {
        let (entries, lines) = three();
        let twice = [lines[0].clone(), lines[1].clone(), lines[0].clone()].concat();
        let expected = [entries[1].clone(), entries[0].clone()];
        assert_eq!(read(&twice).entries, expected);
    }

    #[test]
    fn a_line_holds_no_secret() {
        let (_, lines) = three();
        let text = String::from_utf8(lines.concat()).unwrap();
        for secret in ["access-", "refresh-"] {
            assert!(!text.contains(secret), "{text}");
        }
        assert!(text.contains(&process(1).to_string()), "{text}");
    }

    proptest! {
        #[test]
        fn foreign_bytes_are_read_without_harm(bytes: Vec<u8>) {
            prop_assert_eq!(read(&bytes).entries, []);
        }

        #[test]
        fn a_torn_end_costs_only_the_last_line(left in 0_usize..2_000) {
            let (entries, lines) = three();
            let all = lines.concat();
            let left = left.min(all.len());
            let mut whole = 0;
            let mut length = 0;
            for line in &lines {
                length += line.len();
                // The line break at the end is not missed.
                whole += usize::from(length - 1 <= left);
            }
            prop_assert_eq!(read(&all[..left]).entries, &entries[..whole]);
        }

        #[test]
        fn a_damaged_line_costs_no_other(which in 0_usize..3, place: prop::sample::Index, bit in 0..8) {
            let (entries, mut lines) = three();
            let line = &mut lines[which];
            let place = place.index(line.len() - 1);
            line[place] ^= 1_u8 << bit;
            let read = read(&lines.concat());
            prop_assert!(read.damaged > 0);
            let others: Vec<_> = (0..3).filter(|index| *index != which).collect();
            for index in others {
                prop_assert!(read.entries.contains(&entries[index]));
            }
            prop_assert_eq!(read.entries.len(), 2);
        }

        #[test]
        fn what_follows_foreign_bytes_is_read(mut bytes: Vec<u8>) {
            let (entries, lines) = three();
            bytes.push(b'\n');
            bytes.extend(lines.concat());
            prop_assert_eq!(read(&bytes).entries, entries);
        }
    }
}
