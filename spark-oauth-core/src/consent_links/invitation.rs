//! What a link asks of the person who opens it.

use crate::consent_links::signed_text::Renewal;
use crate::consent_links::{ConsentLink, LinkRefusal, LinkText, Note, Terms};
use crate::scopes::Scopes;
use crate::timestamp::Timestamp;

/// What a link asks of the person who opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// What the person is asked for.
    pub scopes: Scopes,
    /// What a consent goes by that begins here.
    pub terms: Terms,
    /// What the person reads beside it.
    pub note: Option<Note>,
    /// Whether it ends with the first consent.
    pub single_use: bool,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Invitation {
    pub(super) fn of(link: ConsentLink, text: LinkText) -> Self {
        Self {
            terms: link.terms(text),
            scopes: link.scopes,
            note: link.note,
            single_use: link.single_use,
            expires_at: link.expires_at,
        }
    }
}

impl Renewal {
    pub(super) fn invite(self, text: LinkText, now: Timestamp) -> Result<Invitation, LinkRefusal> {
        if self.expires_at.has_passed(now) {
            return Err(LinkRefusal::Expired {
                at: self.expires_at,
            });
        }
        Ok(Invitation {
            scopes: self.scopes,
            terms: Terms {
                expected_email: Some(self.email),
                expected_person: self.person,
                text: Some(text),
                ..Terms::default()
            },
            note: None,
            single_use: false,
            expires_at: self.expires_at,
        })
    }
}
