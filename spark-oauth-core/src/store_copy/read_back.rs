//! Comparing what no port reads by its identifier: the whole target is gone through
//! once. Of each record only a hash is kept meanwhile.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::record::Record;
use super::report::{Difference, Tally};

/// The records that must stand in the target, by name.
#[derive(Debug, Default)]
pub(super) struct ReadBack(HashMap<String, Expected>);

#[derive(Debug)]
struct Expected {
    hash: u64,
    /// Whether it was written just now.
    fresh: bool,
}

impl ReadBack {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn expect(&mut self, record: &Record, fresh: bool) {
        let hash = hash(record);
        self.0.insert(record.name(), Expected { hash, fresh });
    }

    /// A record that stands in the target.
    pub(super) fn found(&mut self, record: &Record, tally: &mut Tally) {
        let name = record.name();
        match self.0.remove(&name) {
            None => {}
            Some(expected) if expected.hash != hash(record) => tally.differing.push(Difference {
                record: name,
                reason: "the target holds another one under this identifier".to_owned(),
            }),
            Some(Expected { fresh: true, .. }) => tally.copied += 1,
            Some(Expected { fresh: false, .. }) => tally.stood += 1,
        }
    }

    /// What was not found in the whole target.
    pub(super) fn end(self, tally: &mut Tally) {
        let mut missing: Vec<_> = self.0.into_keys().collect();
        missing.sort();
        tally
            .differing
            .extend(missing.into_iter().map(|record| Difference {
                record,
                reason: "it cannot be read back from the target".to_owned(),
            }));
    }
}

/// Two records with the same hash are the same, but for an accident of one in 2^64.
/// The debugging form shows every field of what is compared here.
fn hash(record: &Record) -> u64 {
    let mut hasher = DefaultHasher::new();
    format!("{record:?}").hash(&mut hasher);
    hasher.finish()
}
