//! The record of a consent link.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::consent_links::{LinkText, NotUsable, Note};
use crate::email::EmailAddress;
use crate::ids::{ConsentLinkId, TokenId};
use crate::person::PersonId;
use crate::scopes::Scopes;
use crate::timestamp::Timestamp;

/// Where a browser goes when the consent is done: an absolute `http` or `https`
/// address without user and password. Whether it is allowed is for the application
/// to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReturnAddress(Url);

/// A text that is no place to return to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the place to return to is an absolute http or https address without user and password")]
pub struct InvalidReturnAddress;

impl ReturnAddress {
    /// The longest address, in bytes, as it is given: a URI has no character of more
    /// than one byte (RFC 3986 section 2).
    pub const MAX_LENGTH: usize = 2_000;

    /// Reads an address of at most [`MAX_LENGTH`](Self::MAX_LENGTH).
    ///
    /// What browsers read in more than one way is refused, though the standard for
    /// them allows it: a backslash for a slash, slashes too many or too few before the
    /// host, white space and control characters.
    ///
    /// # Errors
    /// [`InvalidReturnAddress`] where it is none.
    pub fn parse(text: &str) -> Result<Self, InvalidReturnAddress> {
        if text.len() > Self::MAX_LENGTH {
            return Err(InvalidReturnAddress);
        }
        Self::read(text)
    }

    /// Reads it without a limit: a URL can grow when it is normalized for the store.
    fn read(text: &str) -> Result<Self, InvalidReturnAddress> {
        let odd = |c: char| c == '\\' || c.is_whitespace() || c.is_control();
        let behind_scheme = text.split_once("://").ok_or(InvalidReturnAddress)?.1;
        if text.contains(odd) || behind_scheme.starts_with('/') {
            return Err(InvalidReturnAddress);
        }
        let url = Url::parse(text).map_err(|_| InvalidReturnAddress)?;
        let authority = behind_scheme.split(['/', '?', '#']).next();
        let bare = !authority.unwrap_or_default().contains('@');
        let web = matches!(url.scheme(), "http" | "https") && url.has_host();
        if bare && web {
            Ok(Self(url))
        } else {
            Err(InvalidReturnAddress)
        }
    }

    /// The address.
    pub const fn url(&self) -> &Url {
        &self.0
    }
}

impl TryFrom<String> for ReturnAddress {
    type Error = InvalidReturnAddress;

    fn try_from(text: String) -> Result<Self, InvalidReturnAddress> {
        Self::read(&text)
    }
}

impl From<ReturnAddress> for String {
    fn from(address: ReturnAddress) -> Self {
        address.0.into()
    }
}

impl fmt::Display for ReturnAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What a consent was begun under, beside its scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The stored link that it was begun from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<ConsentLinkId>,
    /// Who is to consent: a consent by another person is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_email: Option<EmailAddress>,
    /// Who is to consent, by the provider's identifier: where it is known, a person of
    /// another address is taken, and another person of the expected address refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_person: Option<PersonId>,
    /// Where the browser goes when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_to: Option<ReturnAddress>,
    /// The text of the link, to lead back to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<LinkText>,
}

/// What became of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum LinkProgress {
    /// Nobody has answered yet.
    Open,
    /// The person declined at the provider, and may change their mind.
    Declined {
        /// When.
        at: Timestamp,
    },
    /// The person consented.
    Granted {
        /// When.
        at: Timestamp,
        /// The record that the consent ended in; `None` for the moment in which it is
        /// written, see [`ConsentLink::CLAIM_LIFE`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<TokenId>,
    },
}

/// How a link stands, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It waits for the person.
    Open,
    /// The person consented.
    Granted,
    /// The person declined.
    Declined,
    /// It ended unanswered, by itself or because an admin took it back.
    Expired,
}

/// A stored link under which a person is asked to consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentLink {
    /// The record's identifier.
    pub id: ConsentLinkId,
    /// What the person is asked for.
    pub scopes: Scopes,
    /// What the person reads beside it.
    pub note: Option<Note>,
    /// Who is to consent; `None` for whoever opens it.
    pub expected_email: Option<EmailAddress>,
    /// Where the browser goes when it is done.
    pub return_to: Option<ReturnAddress>,
    /// Whether it ends with the first consent.
    pub single_use: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom: the username of an admin, or the name of an API key.
    pub created_by: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// What became of it.
    pub progress: LinkProgress,
    /// Raised by every write: see
    /// [`ConsentLinkStore::update`](crate::ports::ConsentLinkStore::update).
    pub version: u64,
}

impl ConsentLink {
    /// How long a consent may take to be written under a link that is good for one:
    /// after that the process has died over it, and the link is as it was before.
    pub const CLAIM_LIFE: Duration = Duration::from_mins(5);

    /// How it stands at `now`. A consent is not undone by the end of its link.
    pub fn state(&self, now: Timestamp) -> LinkState {
        match self.progress {
            LinkProgress::Granted { .. } if !self.is_abandoned(now) => LinkState::Granted,
            LinkProgress::Declined { .. } => LinkState::Declined,
            _ if self.expires_at.has_passed(now) => LinkState::Expired,
            _ => LinkState::Open,
        }
    }

    /// Whether a consent may be begun from it at `now`.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        let granted = matches!(self.progress, LinkProgress::Granted { .. });
        let used_up = self.single_use && granted && !self.is_abandoned(now);
        !used_up && !self.expires_at.has_passed(now)
    }

    /// Takes it back at `now`: its end has come, for consents that are under way too.
    ///
    /// # Errors
    /// [`NotUsable`] where nobody can consent under it any more.
    pub fn end(self, now: Timestamp) -> Result<Self, NotUsable> {
        if self.is_usable(now) {
            return Ok(Self {
                expires_at: now,
                ..self
            });
        }
        Err(if self.expires_at.has_passed(now) {
            NotUsable::Expired
        } else {
            NotUsable::UsedUp
        })
    }

    /// Whether a consent was about to be written and never was.
    fn is_abandoned(&self, now: Timestamp) -> bool {
        match self.progress {
            LinkProgress::Granted { at, token: None } => (at + Self::CLAIM_LIFE).has_passed(now),
            _ => false,
        }
    }

    /// What a consent goes by that begins here, from the link's text.
    pub fn terms(&self, text: LinkText) -> Terms {
        Terms {
            link: Some(self.id),
            expected_email: self.expected_email.clone(),
            expected_person: None,
            return_to: self.return_to.clone(),
            text: Some(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_to_return_to_is_of_the_web_and_names_nobody() {
        assert!(ReturnAddress::parse("https://app.example.com/done?x=1").is_ok());
        for text in [
            "",
            "/done",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://u:p@app.example.com/",
            "https://u@app.example.com/",
            "https://@app.example.com/",
            "https://app.example.com\\@evil.example/",
            "https:\\\\app.example.com/",
            "https:app.example.com",
            "https:/app.example.com",
            "https:///app.example.com",
            "//app.example.com/",
            " https://app.example.com/",
            "https://app.exa\tmple.com/",
            "https://",
            &format!("https://app.example.com/{}", "x".repeat(2_000)),
        ] {
            assert_eq!(
                ReturnAddress::parse(text),
                Err(InvalidReturnAddress),
                "{text}"
            );
        }
    }

    /// A URL that normalization makes longer than the limit is read back from the store.
    #[test]
    fn the_longest_return_address_survives_the_store() {
        let longest = format!("https://app.example.com?{}", "'".repeat(1_976));
        assert_eq!(longest.len(), ReturnAddress::MAX_LENGTH);
        let address = ReturnAddress::parse(&longest).unwrap();
        let stored = serde_json::to_string(&address).unwrap();
        assert!(stored.len() > ReturnAddress::MAX_LENGTH);
        assert_eq!(
            serde_json::from_str::<ReturnAddress>(&stored).unwrap(),
            address
        );
    }

    #[test]
    fn terms_without_any_are_an_empty_object_and_read_back() {
        assert_eq!(serde_json::to_string(&Terms::default()).unwrap(), "{}");
        let terms = Terms {
            link: None,
            text: None,
            expected_email: Some(EmailAddress::parse("Ann@example.org").unwrap()),
            expected_person: Some(PersonId::new("person-ann")),
            return_to: Some(ReturnAddress::parse("https://app.example.com/").unwrap()),
        };
        let text = serde_json::to_string(&terms).unwrap();
        assert_eq!(serde_json::from_str::<Terms>(&text).unwrap(), terms);
    }
}
