//! Links, from their making to their end.

use std::sync::Arc;
use std::time::Duration;

use crate::consent_links::signed_text::{Named, Renewal, Unreadable};
use crate::consent_links::{ConsentLink, LinkProgress, LinkRefusal, LinkText, Note, Terms};
use crate::integration::Integration;
use crate::keyring::KeyRing;
use crate::ports::{Clock, ConsentLinkStore};
use crate::scopes::Scopes;
use crate::timestamp::Timestamp;
use crate::token::Token;

/// How long the link holds under which a person consents again: long enough for a
/// holiday week, and the next answer carries a new one.
const RENEWAL_LIFE: Duration = Duration::from_hours(7 * 24);

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

/// Makes links and reads them.
#[derive(Clone, Debug)]
pub struct ConsentLinkService {
    integration: Arc<Integration>,
    links: Arc<dyn ConsentLinkStore>,
    ring: KeyRing,
    clock: Arc<dyn Clock>,
}

impl ConsentLinkService {
    pub(crate) fn new(parts: &crate::application::Parts) -> Self {
        Self {
            integration: parts.integration.clone(),
            links: parts.stores.links.clone(),
            ring: parts.ring.clone(),
            clock: parts.clock.clone(),
        }
    }

    /// The text of a link under which the token's person can consent again, to what
    /// they consented to before: for 7 days, and no other person. Nothing is stored.
    pub fn renewal(&self, token: &Token) -> LinkText {
        let renewal = Renewal {
            email: token.email.clone(),
            scopes: token.scopes.clone(),
            expires_at: self.clock.now() + RENEWAL_LIFE,
        };
        self.sign(&Named::Renewal(renewal))
    }

    /// The text of a stored link.
    pub fn text(&self, link: &ConsentLink) -> LinkText {
        self.sign(&Named::Stored(link.id))
    }

    fn sign(&self, named: &Named) -> LinkText {
        named.sign(&self.integration.client_id, &self.ring)
    }

    /// What the link with this text asks for, where a consent may be begun from it
    /// now. Nothing is changed, however often it is opened.
    ///
    /// # Errors
    /// [`LinkRefusal`] says why none may.
    pub async fn open(&self, text: &str) -> Result<Invitation, LinkRefusal> {
        let named = Named::read(text, &self.integration.client_id, &self.ring);
        let now = self.clock.now();
        match named {
            Err(Unreadable::Malformed) => Err(LinkRefusal::Malformed),
            Err(Unreadable::KeyGone) => Err(LinkRefusal::Gone),
            Ok(Named::Renewal(renewal)) => invite_again(renewal, now),
            Ok(Named::Stored(id)) => {
                let link = self.links.get(id).await?.ok_or(LinkRefusal::Gone)?;
                invite(link, now)
            }
        }
    }
}

fn invite_again(renewal: Renewal, now: Timestamp) -> Result<Invitation, LinkRefusal> {
    if renewal.expires_at.has_passed(now) {
        return Err(LinkRefusal::Expired {
            at: renewal.expires_at,
        });
    }
    Ok(Invitation {
        scopes: renewal.scopes,
        terms: Terms {
            expected_email: Some(renewal.email),
            ..Terms::default()
        },
        note: None,
        single_use: false,
        expires_at: renewal.expires_at,
    })
}

fn invite(link: ConsentLink, now: Timestamp) -> Result<Invitation, LinkRefusal> {
    check_usable(&link, now)?;
    Ok(Invitation {
        terms: link.terms(),
        scopes: link.scopes,
        note: link.note,
        single_use: link.single_use,
        expires_at: link.expires_at,
    })
}

/// Whether a consent may be begun from the link, or may end under it.
pub(super) fn check_usable(link: &ConsentLink, now: Timestamp) -> Result<(), LinkRefusal> {
    match link.progress {
        _ if link.is_usable(now) => Ok(()),
        LinkProgress::Granted { at, .. } if link.single_use => Err(LinkRefusal::Used { at }),
        _ => Err(LinkRefusal::Expired {
            at: link.expires_at,
        }),
    }
}
