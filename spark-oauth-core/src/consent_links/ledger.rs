//! What becomes of a link while a consent runs under it.

use std::sync::Arc;
use std::time::Duration;

use crate::consent_links::service::check_usable;
use crate::consent_links::{ConsentLink, LinkProgress, LinkRefusal};
use crate::ids::{ConsentLinkId, TokenId};
use crate::patience::Patience;
use crate::ports::{Clock, ConsentLinkStore, StoreError};

/// How long the end of a consent is offered to a store that fails, or whose record
/// others write too.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

/// Follows the links that consents are begun from.
#[derive(Clone, Debug)]
pub(crate) struct LinkLedger {
    pub(crate) links: Arc<dyn ConsentLinkStore>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// A link under which a token is about to be written.
#[derive(Debug)]
pub(crate) struct Claim {
    link: ConsentLink,
    /// What to go back to where no token comes of it.
    before: LinkProgress,
}

impl LinkLedger {
    /// Whether a consent that was begun from the link may still end under it.
    pub(crate) async fn check(&self, id: ConsentLinkId) -> Result<ConsentLink, LinkRefusal> {
        let link = self.links.get(id).await?.ok_or(LinkRefusal::Gone)?;
        check_usable(&link, self.clock.now())?;
        Ok(link)
    }

    /// Checks the link once more, and takes one that is good for one consent: of
    /// several at once one gets it.
    pub(crate) async fn claim(&self, id: ConsentLinkId) -> Result<Claim, LinkRefusal> {
        loop {
            let mut link = self.check(id).await?;
            let before = link.progress;
            if !link.single_use {
                return Ok(Claim { link, before });
            }
            link.progress = LinkProgress::Granted {
                at: self.clock.now(),
                token: None,
            };
            match self.links.update(&link).await {
                Ok(version) => {
                    link.version = version;
                    return Ok(Claim { link, before });
                }
                // Somebody was faster: whether the link is still good, it says itself.
                Err(StoreError::Conflict) => {}
                Err(StoreError::NotFound) => return Err(LinkRefusal::Gone),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The consent ended in this record. It is done whatever becomes of the note of it.
    pub(crate) async fn granted(&self, claim: Claim, token: TokenId) {
        let progress = LinkProgress::Granted {
            at: self.clock.now(),
            token: Some(token),
        };
        self.note(claim.link, progress, |_| true).await;
    }

    /// No token came of it: the link is as it was before.
    pub(crate) async fn release(&self, claim: Claim) {
        if claim.link.single_use {
            let ours = claim.link.progress;
            let still_ours = move |link: &ConsentLink| link.progress == ours;
            self.note(claim.link, claim.before, still_ours).await;
        }
    }

    /// The person declined, where nobody consented before.
    pub(crate) async fn declined(&self, id: ConsentLinkId) {
        let link = match self.links.get(id).await {
            Ok(Some(link)) => link,
            Ok(None) => return,
            Err(error) => return warn(id, &error),
        };
        let unanswered =
            |link: &ConsentLink| !matches!(link.progress, LinkProgress::Granted { .. });
        if unanswered(&link) {
            let at = self.clock.now();
            self.note(link, LinkProgress::Declined { at }, unanswered)
                .await;
        }
    }

    /// Writes what became of the link, for as long as it may still be written.
    async fn note(
        &self,
        mut link: ConsentLink,
        progress: LinkProgress,
        may: impl Fn(&ConsentLink) -> bool + Send,
    ) {
        let id = link.id;
        let mut patience = Patience::lasting(WRITE_LIMIT);
        link.progress = progress;
        while let Err(error) = self.links.update(&link).await {
            if matches!(error, StoreError::NotFound) {
                return;
            }
            if let Err(error) = patience.wait(error).await {
                return warn(id, &error);
            }
            match self.links.get(id).await {
                Ok(Some(stored)) if stored.progress == progress || !may(&stored) => return,
                // The others may have ended it: that stays.
                Ok(Some(stored)) => link = ConsentLink { progress, ..stored },
                Ok(None) => return,
                // The next write tells.
                Err(_) => {}
            }
        }
    }
}

fn warn(link: ConsentLinkId, error: &StoreError) {
    tracing::warn!(%link, %error, "what became of a consent link was not noted");
}
