//! The people who can sign in, found by e-mail address or ID.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use time::OffsetDateTime;
use uuid::{Builder, Uuid};

use crate::clock::webex_time;
use crate::ids::{self, Kind};

/// Who is there from the start: e-mail address, first and last name.
const BUILT_IN: [(&str, &str, &str); 3] = [
    ("alice@example.com", "Alice", "Anderson"),
    ("bob@example.com", "Bob", "Brown"),
    ("carol@example.com", "Carol", "Clark"),
];

/// The longest e-mail address (RFC 5321, section 4.5.3.1.3, less the brackets).
const MAX_EMAIL_BYTES: usize = 254;

/// One Webex user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Derived from the e-mail address that the person had first, so that a restarted
    /// emulator knows the same people by the same IDs. It stays when the address changes.
    pub id: Uuid,
    /// In lower case, as Webex keeps it.
    pub email: String,
    /// The given name.
    pub first_name: String,
    /// The family name.
    pub last_name: String,
    /// When the emulator first met this person, by its own clock.
    pub created: OffsetDateTime,
}

impl Person {
    /// The opaque ID that the REST API shows.
    pub fn webex_id(&self) -> String {
        ids::encode(Kind::Person, self.id)
    }

    /// First and last name.
    pub fn display_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

/// `GET /people/me`, as the vendor's OpenAPI description calls its fields.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonAnswer {
    id: String,
    emails: [String; 1],
    display_name: String,
    nick_name: String,
    first_name: String,
    last_name: String,
    org_id: String,
    created: String,
    status: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl From<&Person> for PersonAnswer {
    fn from(person: &Person) -> Self {
        Self {
            id: person.webex_id(),
            emails: [person.email.clone()],
            display_name: person.display_name(),
            nick_name: person.first_name.clone(),
            first_name: person.first_name.clone(),
            last_name: person.last_name.clone(),
            org_id: ids::organization(),
            created: webex_time(person.created),
            status: "active",
            kind: "person",
        }
    }
}

/// The text is no e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not an e-mail address such as alice@example.com")]
pub struct InvalidEmail(
    /// What was given, cut to a readable length.
    pub String,
);

#[derive(Debug, Default)]
struct Tables {
    by_email: HashMap<String, Arc<Person>>,
    by_id: HashMap<Uuid, Arc<Person>>,
    /// Who is offered on the authorize page.
    offered: Vec<Arc<Person>>,
}

/// Everybody that the emulator knows.
#[derive(Debug)]
pub(crate) struct People {
    tables: RwLock<Tables>,
}

impl People {
    pub(crate) fn new(now: OffsetDateTime) -> Self {
        let people = Self {
            tables: RwLock::default(),
        };
        for (email, first_name, last_name) in BUILT_IN {
            people.insert(email, first_name, last_name, now, true);
        }
        people
    }

    /// The person with this e-mail address, without regard to case.
    pub(crate) fn find(&self, email: &str) -> Option<Arc<Person>> {
        let email = parse_email(email).ok()?;
        self.tables.read().by_email.get(&email).cloned()
    }

    pub(crate) fn get(&self, id: Uuid) -> Option<Arc<Person>> {
        self.tables.read().by_id.get(&id).cloned()
    }

    /// The person with this e-mail address, created where unknown.
    pub(crate) fn find_or_create(
        &self,
        email: &str,
        now: OffsetDateTime,
    ) -> Result<Arc<Person>, InvalidEmail> {
        let email = parse_email(email)?;
        if let Some(person) = self.tables.read().by_email.get(&email) {
            return Ok(Arc::clone(person));
        }
        let (first_name, last_name) = guess_name(&email);
        Ok(self.insert(&email, &first_name, &last_name, now, false))
    }

    /// Adds somebody who is offered on the authorize page from now on.
    pub(crate) fn add(
        &self,
        email: &str,
        first_name: &str,
        last_name: &str,
        now: OffsetDateTime,
    ) -> Result<Arc<Person>, InvalidEmail> {
        Ok(self.insert(&parse_email(email)?, first_name, last_name, now, true))
    }

    /// Changes a person's address and, optionally, name. The next person who signs in with
    /// the old address is a new person. If another person has the new address, both have
    /// it, and the person who got it last signs in with it. `None` if no person signs in
    /// with `email`.
    pub(crate) fn rename(
        &self,
        email: &str,
        new_email: &str,
        new_name: Option<(&str, &str)>,
    ) -> Result<Option<Arc<Person>>, InvalidEmail> {
        let (email, new_email) = (parse_email(email)?, parse_email(new_email)?);
        let mut tables = self.tables.write();
        let Some(person) = tables.by_email.remove(&email) else {
            return Ok(None);
        };
        let mut renamed = Person::clone(&person);
        renamed.email.clone_from(&new_email);
        if let Some((first_name, last_name)) = new_name {
            first_name.clone_into(&mut renamed.first_name);
            last_name.clone_into(&mut renamed.last_name);
        }
        let renamed = Arc::new(renamed);
        tables.by_email.insert(new_email, Arc::clone(&renamed));
        tables.by_id.insert(renamed.id, Arc::clone(&renamed));
        for offered in &mut tables.offered {
            if offered.id == renamed.id {
                *offered = Arc::clone(&renamed);
            }
        }
        Ok(Some(renamed))
    }

    /// Who is offered on the authorize page, in the order in which they came.
    pub(crate) fn offered(&self) -> Vec<Arc<Person>> {
        self.tables.read().offered.clone()
    }

    /// Everyone, in no order.
    pub(crate) fn everyone(&self) -> Vec<Arc<Person>> {
        self.tables.read().by_id.values().cloned().collect()
    }

    fn insert(
        &self,
        email: &str,
        first_name: &str,
        last_name: &str,
        now: OffsetDateTime,
        offered: bool,
    ) -> Arc<Person> {
        let mut tables = self.tables.write();
        let person = match tables.by_email.get(email) {
            Some(person) => Arc::clone(person),
            None => Arc::new(Person {
                id: free_id(&tables.by_id, email),
                email: email.to_owned(),
                first_name: first_name.to_owned(),
                last_name: last_name.to_owned(),
                created: now,
            }),
        };
        tables
            .by_email
            .insert(email.to_owned(), Arc::clone(&person));
        tables.by_id.insert(person.id, Arc::clone(&person));
        if offered && tables.offered.iter().all(|known| known.id != person.id) {
            tables.offered.push(Arc::clone(&person));
        }
        person
    }
}

/// Reads an e-mail address and answers it in lower case, as Webex keeps it.
///
/// # Errors
/// [`InvalidEmail`] where the text is none.
pub fn parse_email(text: &str) -> Result<String, InvalidEmail> {
    let text = text.trim();
    let refused = || InvalidEmail(text.chars().take(80).collect());
    let (local, domain) = text.split_once('@').ok_or_else(refused)?;
    let plain = |part: &str| {
        !part.is_empty()
            && !part.contains(['@', '<', '>', '"', ',', ';'])
            && !part.chars().any(|c| c.is_whitespace() || c.is_control())
    };
    if plain(local) && plain(domain) && text.len() <= MAX_EMAIL_BYTES {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(refused())
    }
}

/// An ID that no other person has, who may have had this address before.
fn free_id(taken: &HashMap<Uuid, Arc<Person>>, email: &str) -> Uuid {
    let mut text = email.to_owned();
    while taken.contains_key(&id_of(&text)) {
        text.push('+');
    }
    id_of(&text)
}

fn id_of(email: &str) -> Uuid {
    let digest: [u8; 32] = Sha256::digest(email.as_bytes()).into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Builder::from_random_bytes(bytes).into_uuid()
}

/// `dave.smith@example.com` is Dave Smith, `dave@example.com` is Dave Example.
fn guess_name(email: &str) -> (String, String) {
    let (local, domain) = email.split_once('@').unwrap_or((email, ""));
    let mut words = local
        .split(['.', '_', '-', '+'])
        .filter(|word| !word.is_empty());
    let first = words.next().unwrap_or("Somebody");
    let last = words
        .next_back()
        .or_else(|| domain.split('.').next())
        .unwrap_or("Unknown");
    (capitalized(first), capitalized(last))
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> People {
        People::new(OffsetDateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_person_is_found_without_regard_to_case() {
        let people = people();
        let alice = people.find("ALICE@Example.com").unwrap();
        assert_eq!(alice.display_name(), "Alice Anderson");
        assert_eq!(people.get(alice.id).unwrap(), alice);
        assert_eq!(people.find("nobody@example.com"), None);
    }

    #[test]
    fn an_unknown_person_is_created_once_with_a_name_out_of_the_address() {
        let people = people();
        let now = OffsetDateTime::UNIX_EPOCH;
        let dave = people
            .find_or_create("Dave.van.Smith@example.com", now)
            .unwrap();
        assert_eq!(
            (dave.first_name.as_str(), dave.last_name.as_str()),
            ("Dave", "Smith")
        );
        assert_eq!(
            people
                .find_or_create("dave.van.smith@EXAMPLE.com", now)
                .unwrap(),
            dave
        );
        assert_eq!(people.offered().len(), 3, "only who was added is offered");
        people
            .add("dave.van.smith@example.com", "D", "S", now)
            .unwrap();
        assert_eq!(people.offered()[3], dave);
    }

    #[test]
    fn the_same_address_has_the_same_id_in_every_emulator() {
        assert_eq!(
            people().find("bob@example.com").unwrap().id,
            people().find("bob@example.com").unwrap().id,
        );
    }

    #[test]
    fn a_renamed_person_stays_the_same_and_leaves_the_address_to_another() {
        let people = people();
        let now = OffsetDateTime::UNIX_EPOCH;
        let alice = people.find("alice@example.com").unwrap();
        let renamed = people
            .rename(
                "Alice@example.com",
                "alice.new@example.com",
                Some(("Alice", "New")),
            )
            .unwrap()
            .unwrap();
        assert_eq!(
            (renamed.id, people.get(alice.id).unwrap()),
            (alice.id, renamed.clone())
        );
        assert_eq!(renamed.display_name(), "Alice New");
        assert_eq!(people.find("alice@example.com"), None);
        assert_eq!(people.offered()[0], renamed);
        let second = people.find_or_create("alice@example.com", now).unwrap();
        assert_ne!(second.id, alice.id);
        let shared = people.rename("bob@example.com", "alice@example.com", None);
        let bob = shared.unwrap().unwrap();
        assert_eq!(people.find("alice@example.com").unwrap().id, bob.id);
        assert_eq!(people.get(second.id).unwrap().email, "alice@example.com");
        assert_eq!(
            people.rename("bob@example.com", "b@example.com", None),
            Ok(None)
        );
        let kate = people.find_or_create("kate@example.com", now).unwrap();
        let kelvin = people
            .find_or_create("\u{212A}ate@example.com", now)
            .unwrap();
        assert_ne!(kate.id, kelvin.id);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "alice",
            "@example.com",
            "alice@",
            "a b@example.com",
            "a@b@c",
            "a\n@b",
        ] {
            assert!(parse_email(text).is_err(), "{text:?}");
        }
        assert!(parse_email(&format!("{}@example.com", "a".repeat(250))).is_err());
    }
}
