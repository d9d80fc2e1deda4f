//! Taking a link back before its end.

use crate::audit::{AuditAction, Caller, Outcome};
use crate::auditor::Subject;
use crate::consent_links::service::subject_of;
use crate::consent_links::{ConsentLink, ConsentLinkService, EndError};
use crate::ids::ConsentLinkId;
use crate::ports::StoreError;

impl ConsentLinkService {
    /// Ends a link now, and answers it as it stands then; an answer that the person gave
    /// before stays what it is. A consent that is under
    /// way is refused as under every link that expired meanwhile; where a consent under
    /// a link that is good for one was about to be written, that one wins.
    ///
    /// # Errors
    /// [`EndError`] says why it was not ended; the link is unchanged then.
    pub async fn end(&self, id: ConsentLinkId, caller: &Caller) -> Result<ConsentLink, EndError> {
        let mut subject = Subject::named(id.to_string());
        let outcome = loop {
            let attempt = self.try_to_end(id, &mut subject).await;
            // Somebody was faster: whether there still is something to end, the link says.
            if !matches!(attempt, Err(EndError::Store(StoreError::Conflict))) {
                break attempt;
            }
        };
        let result = match &outcome {
            Ok(_) => Outcome::Done,
            Err(error @ EndError::Store(_)) => Outcome::Failed(error.reason().to_owned()),
            Err(error) => Outcome::Refused(error.reason().to_owned()),
        };
        self.auditor
            .record(caller, AuditAction::ConsentLinkEnded, subject, result)
            .await;
        outcome
    }

    /// Fills in whom the link is for, once it is read.
    async fn try_to_end(
        &self,
        id: ConsentLinkId,
        subject: &mut Subject,
    ) -> Result<ConsentLink, EndError> {
        let links = &self.parts.stores.links;
        let link = links.get(id).await?.ok_or(EndError::NotFound)?;
        *subject = subject_of(&link);
        let link = link.end(self.parts.clock.now())?;
        let version = links.update(&link).await?;
        Ok(ConsentLink { version, ..link })
    }
}
