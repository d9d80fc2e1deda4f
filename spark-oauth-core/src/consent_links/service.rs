//! Links, from their making to their end.

use std::sync::Arc;
use std::time::Duration;

use crate::application::Parts;
use crate::audit::{AuditAction, Caller, Outcome};
use crate::auditor::{Auditor, Subject};
use crate::broker::Broker;
use crate::consent_links::input::scopes_of;
use crate::consent_links::signed_text::{Named, Renewal, Unreadable};
use crate::consent_links::{
    ConsentLink, Invitation, LinkError, LinkInput, LinkProblem, LinkProgress, LinkRefusal,
    LinkText, ReturnRules,
};
use crate::ids::ConsentLinkId;
use crate::ports::{Page, PageRequest, StoreError};
use crate::timestamp::Timestamp;
use crate::token::{FIRST_VERSION, Token};

/// How long the link holds under which a person consents again: long enough for a
/// holiday week, and the next answer carries a new one.
const RENEWAL_LIFE: Duration = Duration::from_hours(7 * 24);

/// How long a link that has ended can still be looked up: 90 days.
const KEPT_AFTER_END: Duration = Duration::from_hours(90 * 24);

/// Makes links, reads them, sends them, ends them, and tells what became of them.
#[derive(Clone, Debug)]
pub struct ConsentLinkService {
    pub(super) parts: Parts,
    pub(super) broker: Broker,
    pub(super) auditor: Auditor,
    rules: Arc<ReturnRules>,
}

impl ConsentLinkService {
    pub(crate) fn new(parts: Parts, broker: Broker, auditor: Auditor, rules: ReturnRules) -> Self {
        Self {
            parts,
            broker,
            auditor,
            rules: Arc::new(rules),
        }
    }

    /// The time by which links are judged: the local clock's. Who shows a link asks for its [`state`](ConsentLink::state)
    /// at this time, and so says of it what holds.
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// Where links may return to.
    pub fn return_rules(&self) -> &ReturnRules {
        &self.rules
    }

    /// Makes a link. `by` is whom the link names as its maker.
    ///
    /// # Errors
    /// [`LinkError::Invalid`] names everything that is wrong with the input; otherwise
    /// the store's.
    pub async fn create(
        &self,
        input: LinkInput,
        by: &str,
        caller: &Caller,
    ) -> Result<ConsentLink, LinkError> {
        let link = self.judge(input, by).map_err(LinkError::Invalid)?;
        self.parts.stores.links.insert(&link).await?;
        let subject = subject_of(&link);
        self.auditor
            .record(
                caller,
                AuditAction::ConsentLinkCreated,
                subject,
                Outcome::Done,
            )
            .await;
        Ok(link)
    }

    fn judge(&self, input: LinkInput, by: &str) -> Result<ConsentLink, Vec<LinkProblem>> {
        let now = self.parts.clock.now();
        let mut problems = Vec::new();
        let scopes = scopes_of(input.scopes.as_ref(), &self.parts.integration)
            .map_err(|problem| problems.push(problem));
        if let Some(place) = input.return_to.as_ref().filter(|to| !self.rules.allow(to)) {
            problems.push(LinkProblem::ReturnNotAllowed(place.clone()));
        }
        let life = input.life.unwrap_or(LinkInput::USUAL_LIFE);
        if !(LinkInput::SHORTEST_LIFE..=LinkInput::LONGEST_LIFE).contains(&life) {
            problems.push(LinkProblem::Life);
        }
        match scopes {
            Ok(scopes) if problems.is_empty() => Ok(ConsentLink {
                id: ConsentLinkId::generate(now, &*self.parts.random),
                scopes,
                note: input.note,
                expected_email: input.expected_email,
                return_to: input.return_to,
                single_use: input.single_use,
                created_at: now,
                created_by: by.to_owned(),
                expires_at: now + life,
                progress: LinkProgress::Open,
                version: FIRST_VERSION,
            }),
            _ => Err(problems),
        }
    }

    /// One link, also one that has ended.
    ///
    /// # Errors
    /// [`LinkError::NotFound`], or the store's.
    pub async fn get(&self, id: ConsentLinkId) -> Result<ConsentLink, LinkError> {
        let link = self.parts.stores.links.get(id).await?;
        link.ok_or(LinkError::NotFound)
    }

    /// A page of the links, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, page: &PageRequest) -> Result<Page<ConsentLink>, StoreError> {
        self.parts.stores.links.list(page).await
    }

    /// The text of a link under which the token's person can consent again, to what
    /// they consented to before: for 7 days, and no other person. Nothing is stored.
    pub fn renewal(&self, token: &Token) -> LinkText {
        self.sign(&Named::Renewal(Renewal {
            person: token.person.clone(),
            email: token.email.clone(),
            // What the person consented to, although less may be granted today.
            scopes: token.consented_scopes.clone(),
            expires_at: self.parts.clock.now() + RENEWAL_LIFE,
        }))
    }

    /// The text of a stored link.
    pub fn text(&self, link: &ConsentLink) -> LinkText {
        self.sign(&Named::Stored(link.id))
    }

    fn sign(&self, named: &Named) -> LinkText {
        named.sign(&self.parts.integration.client_id, &self.parts.ring)
    }

    /// What the link with this text asks for, where a consent may be begun from it
    /// now. Nothing is changed, however often it is opened.
    ///
    /// # Errors
    /// [`LinkRefusal`] says why none may.
    pub async fn open(&self, text: &str) -> Result<Invitation, LinkRefusal> {
        let named = Named::read(text, &self.parts.integration.client_id, &self.parts.ring);
        let now = self.parts.clock.now();
        let text = LinkText::of_verified(text);
        match named {
            Err(Unreadable::Malformed) => Err(LinkRefusal::Malformed),
            Err(Unreadable::KeyGone) => Err(LinkRefusal::Gone),
            Ok(Named::Renewal(renewal)) => renewal.invite(text, now),
            Ok(Named::Stored(id)) => {
                let link = self.parts.stores.links.get(id).await?;
                let link = link.ok_or(LinkRefusal::Gone)?;
                check_usable(&link, now)?;
                Ok(Invitation::of(link, text))
            }
        }
    }

    /// Removes the links that ended more than 90 days ago, and answers how many.
    ///
    /// # Errors
    /// The store's.
    pub async fn remove_expired(&self) -> Result<u64, StoreError> {
        let end = self.parts.clock.now() - KEPT_AFTER_END;
        self.parts.stores.links.remove_expired(end).await
    }
}

/// Whom an entry of the audit log about a link is about.
pub(super) fn subject_of(link: &ConsentLink) -> Subject {
    let expected = link.expected_email.as_ref().map(ToString::to_string);
    Subject::named(expected.unwrap_or_else(|| link.id.to_string()))
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
