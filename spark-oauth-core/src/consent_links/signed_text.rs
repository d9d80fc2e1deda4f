//! The text of a link: what it names, signed.
//!
//! Bytes in URL-safe base64 without padding (RFC 4648 section 5): one for the kind and
//! its version, eight for the fingerprint of the key, the body, sixteen of
//! HMAC-SHA256. The client ID is signed along without being written: a link of one
//! integration is none of another's.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::email::EmailAddress;
use crate::ids::ConsentLinkId;
use crate::integration::ClientId;
use crate::keyring::{KeyFingerprint, KeyRing, LinkTag};
use crate::person::PersonId;
use crate::scopes::Scopes;
use crate::timestamp::Timestamp;

/// Longer than any text of ours.
const LONGEST: usize = 8 * 1024;

const ID_LENGTH: usize = 16;
const TIME_LENGTH: usize = 8;
const HEAD_LENGTH: usize = 1 + KeyFingerprint::LENGTH;

/// The text of a consent link, for the end of its address. It consists of letters,
/// digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LinkText(String);

impl LinkText {
    /// Takes over a text that was read and found to be signed.
    pub(crate) fn of_verified(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LinkText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// The rest stands in the store.
    Stored(ConsentLinkId),
    /// The link says it all.
    Renewal(Renewal),
}

/// A person is asked to consent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Renewal {
    /// Who is asked; `None` where the provider has not said yet whose the record is.
    pub(super) person: Option<PersonId>,
    /// The address that the person had.
    pub(super) email: EmailAddress,
    pub(super) scopes: Scopes,
    pub(super) expires_at: Timestamp,
}

/// Why a text names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is not whole, or was never made here.
    Malformed,
    /// The key that signed it is not in the ring any more.
    KeyGone,
}

impl Named {
    /// Both kinds are of version 1.
    const STORED: u8 = 1;
    const RENEWAL: u8 = 2;

    const fn kind(&self) -> u8 {
        match self {
            Self::Stored(_) => Self::STORED,
            Self::Renewal(_) => Self::RENEWAL,
        }
    }

    fn body(&self) -> Vec<u8> {
        match self {
            Self::Stored(id) => id.to_bytes().to_vec(),
            Self::Renewal(renewal) => {
                let person = renewal.person.as_ref().map_or("", PersonId::as_str);
                let words = format!("{person}\n{}\n{}", renewal.email, renewal.scopes);
                let mut body = renewal.expires_at.as_millis().to_be_bytes().to_vec();
                body.extend_from_slice(words.as_bytes());
                body
            }
        }
    }

    fn from_body(kind: u8, body: &[u8]) -> Option<Self> {
        match kind {
            Self::STORED => {
                let id: [u8; ID_LENGTH] = body.try_into().ok()?;
                Some(Self::Stored(ConsentLinkId::from_bytes(id)))
            }
            Self::RENEWAL => {
                let (time, words) = body.split_first_chunk::<TIME_LENGTH>()?;
                // Neither addresses nor scopes hold a line break.
                let mut words = str::from_utf8(words).ok()?.rsplitn(3, '\n');
                let (scopes, email, person) = (words.next()?, words.next()?, words.next()?);
                Some(Self::Renewal(Renewal {
                    person: Some(person)
                        .filter(|person| !person.is_empty())
                        .map(PersonId::new),
                    email: EmailAddress::parse(email).ok()?,
                    scopes: Scopes::parse(scopes).ok()?,
                    expires_at: Timestamp::from_millis(i64::from_be_bytes(*time)),
                }))
            }
            _ => None,
        }
    }

    /// Signs it.
    pub(super) fn sign(&self, client: &ClientId, ring: &KeyRing) -> LinkText {
        let body = self.body();
        let (key, tag) = ring.sign_link(&message(self.kind(), client, &body));
        let mut bytes = vec![self.kind()];
        bytes.extend_from_slice(key.as_bytes());
        bytes.extend_from_slice(&body);
        bytes.extend_from_slice(&tag);
        LinkText(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads it, after its signature was found to be right.
    pub(super) fn read(text: &str, client: &ClientId, ring: &KeyRing) -> Result<Self, Unreadable> {
        if text.len() > LONGEST {
            return Err(Unreadable::Malformed);
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| Unreadable::Malformed)?;
        let parts = split(&bytes).ok_or(Unreadable::Malformed)?;
        match ring.verify_link(
            parts.key,
            &message(parts.kind, client, parts.body),
            parts.tag,
        ) {
            Some(true) => Self::from_body(parts.kind, parts.body).ok_or(Unreadable::Malformed),
            Some(false) => Err(Unreadable::Malformed),
            None => Err(Unreadable::KeyGone),
        }
    }
}

struct Parts<'a> {
    kind: u8,
    key: KeyFingerprint,
    body: &'a [u8],
    tag: &'a LinkTag,
}

fn split(bytes: &[u8]) -> Option<Parts<'_>> {
    let (head, rest) = bytes.split_first_chunk::<HEAD_LENGTH>()?;
    let (body, tag) = rest.split_last_chunk()?;
    let (&[kind], key) = head.split_first_chunk::<1>()?;
    let known = matches!(kind, Named::STORED | Named::RENEWAL);
    known.then_some(Parts {
        kind,
        key: KeyFingerprint::from_bytes(key.try_into().ok()?),
        body,
        tag,
    })
}

/// What is signed. The length of the client ID keeps its end from being taken for
/// the beginning of the body.
fn message(kind: u8, client: &ClientId, body: &[u8]) -> Vec<u8> {
    let client = client.as_str().as_bytes();
    let mut message = vec![kind];
    message.extend_from_slice(&(client.len() as u64).to_be_bytes());
    message.extend_from_slice(client);
    message.extend_from_slice(body);
    message
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::keyring::SealingKey;
    use crate::ports::SeededRandom;

    fn ring(seed: u64) -> KeyRing {
        let random = Arc::new(SeededRandom::new(seed));
        KeyRing::new(SealingKey::generate(&*random), random)
    }

    fn client() -> ClientId {
        ClientId::new("C1")
    }

    fn renewal() -> Named {
        Named::Renewal(Renewal {
            person: Some(PersonId::new("Y2lzY29zcGFyazovL3VzL1BFT1BMRS9hbm4")),
            email: EmailAddress::parse("Ann@example.org").unwrap(),
            scopes: Scopes::parse("spark:people_read spark:rooms_read").unwrap(),
            expires_at: Timestamp::from_millis(1_800_000_000_000),
        })
    }

    fn stored() -> Named {
        Named::Stored(ConsentLinkId::from_bytes([7; 16]))
    }

    #[test]
    fn both_kinds_read_back_and_fit_an_address() {
        let unknown = match renewal() {
            Named::Renewal(renewal) => Renewal {
                person: None,
                ..renewal
            },
            Named::Stored(_) => unreachable!(),
        };
        for named in [stored(), renewal(), Named::Renewal(unknown)] {
            let text = named.sign(&client(), &ring(1));
            let fits = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
            assert!(text.as_str().chars().all(fits), "{text}");
            assert_eq!(Named::read(text.as_str(), &client(), &ring(1)), Ok(named));
        }
        assert_eq!(stored().sign(&client(), &ring(1)).as_str().len(), 55);
    }

    #[test]
    fn a_link_holds_for_its_integration_and_its_key() {
        let text = renewal().sign(&client(), &ring(1));
        let elsewhere = Named::read(text.as_str(), &ClientId::new("C2"), &ring(1));
        assert_eq!(elsewhere, Err(Unreadable::Malformed));
        let keyless = Named::read(text.as_str(), &client(), &ring(2));
        assert_eq!(keyless, Err(Unreadable::KeyGone));
        let rotated = ring(2);
        rotated.adopt(&ring(1));
        rotated.adopt(&ring(2));
        assert_eq!(
            Named::read(text.as_str(), &client(), &rotated),
            Ok(renewal())
        );
    }

    #[test]
    fn one_kind_never_passes_for_the_other() {
        let text = stored().sign(&client(), &ring(1));
        let mut bytes = URL_SAFE_NO_PAD.decode(text.as_str()).unwrap();
        bytes[0] = Named::RENEWAL;
        let disguised = URL_SAFE_NO_PAD.encode(bytes);
        assert_eq!(
            Named::read(&disguised, &client(), &ring(1)),
            Err(Unreadable::Malformed)
        );
    }

    #[test]
    fn every_mistyped_character_is_noticed() {
        let text = renewal().sign(&client(), &ring(1)).to_string();
        for index in 0..text.len() {
            let mut mistyped = text.clone().into_bytes();
            mistyped[index] = if mistyped[index] == b'A' { b'B' } else { b'A' };
            let mistyped = String::from_utf8(mistyped).unwrap();
            assert!(Named::read(&mistyped, &client(), &ring(1)).is_err());
            assert!(Named::read(&text[..index], &client(), &ring(1)).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_text_names_anything_by_chance(text in "[A-Za-z0-9_-]{0,200}|.{0,60}") {
            prop_assert!(Named::read(&text, &client(), &ring(1)).is_err());
        }
    }
}
