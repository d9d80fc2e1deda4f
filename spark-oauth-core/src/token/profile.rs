//! The stored profile of a person, and the owner of an address.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::person::PersonId;
use crate::timestamp::Timestamp;
use crate::token::Token;

/// When the profile (`GET /people/me`) behind a record's name and address was read and
/// confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// When the provider was asked and last confirmed the address; `None` for an
    /// imported record that the provider has not been asked about.
    pub email_confirmed_at: Option<Timestamp>,
    /// When another person got the address; `None` if the person still has it.
    pub email_lost_at: Option<Timestamp>,
    /// When a refresh last read the profile; `None` if no refresh has read it since the last
    /// consent.
    pub read_at: Option<Timestamp>,
}

/// Of the records under one address, those of its owner, newest consent first. Two persons
/// are returned if the provider confirmed the address for both at the same time.
pub fn owned(mut records: Vec<Token>) -> Vec<Token> {
    let owners = owners(&records, None).persons;
    records.retain(|record| record.held_email().is_some() && owners.contains(&record.person));
    records.sort_by_key(|record| Reverse((record.granted_at, record.id)));
    records
}

/// The owners of an address.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    /// The person; two if the provider confirmed the address for both at the same time.
    /// `None` represents unknown persons.
    pub(crate) persons: BTreeSet<Option<PersonId>>,
    /// When the provider last confirmed it.
    pub(crate) confirmed_at: Option<Timestamp>,
}

/// The person for whom the provider confirmed the address of these records last, where
/// it is also confirmed for `newcomer`. Known persons take precedence over unknown ones.
pub(crate) fn owners(records: &[Token], newcomer: Option<(&PersonId, Timestamp)>) -> Owners {
    let mut known = Owners::default();
    let mut unknown = Owners::default();
    let held = records
        .iter()
        .filter(|record| record.held_email().is_some());
    let held = held.map(|record| (record.person.clone(), record.profile.email_confirmed_at));
    let newcomer = newcomer.map(|(person, at)| (Some(person.clone()), Some(at)));
    for (person, confirmed_at) in held.chain(newcomer) {
        let owners = if person.is_some() {
            &mut known
        } else {
            &mut unknown
        };
        if confirmed_at > owners.confirmed_at {
            *owners = Owners {
                confirmed_at,
                ..Owners::default()
            };
        }
        if confirmed_at == owners.confirmed_at {
            owners.persons.insert(person);
        }
    }
    if known.persons.is_empty() {
        unknown
    } else {
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::scene::{NOW, scene};
    use std::time::Duration;

    const LATER: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn an_address_belongs_to_the_person_confirmed_last() {
        let scene = scene().await;
        let token = |name: &str, confirmed, lost| {
            let mut token = scene.token_of(name, "spark:rooms_read");
            token.profile.email_confirmed_at = confirmed;
            token.profile.email_lost_at = lost;
            token
        };
        let (first, then) = (Some(NOW), Some(NOW + LATER));
        let unknown = Token {
            person: None,
            ..token("ann", None, None)
        };
        for (records, owners) in [
            (
                vec![token("ann", first, None), token("bob", then, None)],
                &["bob"][..],
            ),
            (
                vec![token("ann", then, None), token("bob", first, None)],
                &["ann"],
            ),
            (
                vec![token("ann", then, then), token("bob", first, None)],
                &["bob"],
            ),
            (
                vec![token("ann", then, None), token("bob", then, None)],
                &["ann", "bob"],
            ),
            // One person with two records, one of them confirmed long ago.
            (
                vec![token("ann", first, None), token("ann", then, None)],
                &["ann", "ann"],
            ),
            (vec![unknown.clone(), token("bob", None, None)], &["bob"]),
            (vec![token("ann", first, then)], &[]),
        ] {
            let mut found: Vec<_> = owned(records).into_iter().map(|it| it.person).collect();
            found.sort();
            let expected: Vec<_> = owners
                .iter()
                .map(|name| token(name, None, None).person)
                .collect();
            assert_eq!(found, expected);
        }
        assert_eq!(owned(vec![unknown.clone()]), [unknown]);
    }
}
