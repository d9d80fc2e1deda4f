//! Identifiers of records: ULIDs, so that they sort by the time of their making.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::ports::Random;
use crate::timestamp::Timestamp;

/// A text that is not a ULID of 26 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier: expected a ULID of 26 characters")]
pub struct InvalidId;

macro_rules! id {
    ($(#[$docs:meta])* $name:ident) => {
        $(#[$docs])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Ulid);

        impl $name {
            /// Makes a new identifier for a record made at `now`.
            pub fn generate(now: Timestamp, random: &dyn Random) -> Self {
                let mut bytes = [0; 16];
                random.fill(&mut bytes);
                let millis = u64::try_from(now.as_millis()).unwrap_or(0);
                Self(Ulid::from_parts(millis, u128::from_be_bytes(bytes)))
            }

            /// Takes over the 16 bytes of an identifier, most significant first.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Ulid::from_bytes(bytes))
            }

            /// The 16 bytes of the identifier, most significant first.
            pub const fn to_bytes(self) -> [u8; 16] {
                self.0.to_bytes()
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                // 26 characters hold two bits more than a ULID has: they must be zero.
                if text.bytes().next().is_some_and(|first| first > b'7') {
                    return Err(InvalidId);
                }
                Ulid::from_string(text).map(Self).map_err(|_| InvalidId)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

id! {
    /// Identifies a [`Token`](crate::token::Token).
    TokenId
}
id! {
    /// Identifies an [`Admin`](crate::admins::Admin).
    AdminId
}
id! {
    /// Identifies an [`AuditEntry`](crate::audit::AuditEntry).
    AuditId
}
id! {
    /// Identifies an [`Event`](crate::event::Event).
    EventId
}
id! {
    /// Identifies an [`ApiKey`](crate::api_keys::ApiKey).
    ApiKeyId
}
id! {
    /// Identifies a [`ConsentLink`](crate::consent_links::ConsentLink).
    ConsentLinkId
}
id! {
    /// Identifies one running process towards the others on the same store:
    /// the owner of a [`Lease`](crate::token::Lease).
    ProcessId
}
id! {
    /// Identifies the clock of one process between two steps or corrections. See
    /// [`Token::clock`](crate::token::Token::clock).
    ClockId
}

impl EventId {
    /// The identifier that belongs to a digest: the same for the same, so that an
    /// event that is told twice is known.
    pub(crate) fn derive(at: Timestamp, digest: [u8; 16]) -> Self {
        let millis = u64::try_from(at.as_millis()).unwrap_or(0);
        Self(Ulid::from_parts(millis, u128::from_be_bytes(digest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SystemRandom;

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let earlier = TokenId::generate(Timestamp::from_millis(1_000), &SystemRandom);
        let later = TokenId::generate(Timestamp::from_millis(1_001), &SystemRandom);
        assert!(earlier < later);
        assert!(earlier.to_string() < later.to_string());
    }

    #[test]
    fn reads_back_what_it_writes_and_nothing_else() {
        let id = TokenId::generate(Timestamp::from_millis(1_000), &SystemRandom);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("".parse::<TokenId>(), Err(InvalidId));
        assert_eq!("../../etc/passwd".parse::<TokenId>(), Err(InvalidId));
        // One record has one name.
        let largest = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ";
        assert!(largest.parse::<TokenId>().is_ok());
        for first in ["8", "Z", "z"] {
            let text = format!("{first}{}", &largest[1..]);
            assert_eq!(text.parse::<TokenId>(), Err(InvalidId));
        }
    }
}
