//! Consent links, as far as the key's reach goes.

use url::Url;

use crate::api_access::access::{Admitted, ApiAccess};
use crate::api_access::{AccessError, AccessRefusal};
use crate::consent_links::{ConsentLink, LinkInput, LinkProgress};
use crate::email::EmailAddress;
use crate::ids::ConsentLinkId;
use crate::ports::MessageId;
use crate::token::Token;

impl ApiAccess {
    /// Makes a link in the name of the key. A key that is limited to some persons makes
    /// links for these alone.
    ///
    /// # Errors
    /// [`AccessRefusal::PersonUnnamed`], [`AccessRefusal::PersonNotAllowed`],
    /// [`LinkError::Invalid`](crate::consent_links::LinkError::Invalid), or the store's.
    pub async fn create_link(
        &self,
        admitted: &Admitted,
        input: LinkInput,
    ) -> Result<ConsentLink, AccessError> {
        self.check_expected(admitted, input.expected_email.as_ref())
            .await?;
        let by = admitted.key().name.as_str();
        Ok(self.0.links.create(input, by, admitted.caller()).await?)
    }

    /// One link, and the token that the consent under it ended in, where it was not
    /// removed and the key may still see it: the address may belong to another person
    /// than the one who consented.
    ///
    /// # Errors
    /// [`AccessRefusal::PersonNotAllowed`],
    /// [`LinkError::NotFound`](crate::consent_links::LinkError::NotFound), or the
    /// store's.
    pub async fn link(
        &self,
        admitted: &Admitted,
        id: ConsentLinkId,
    ) -> Result<(ConsentLink, Option<Token>), AccessError> {
        let link = self.0.links.get(id).await?;
        self.check_expected(admitted, link.expected_email.as_ref())
            .await?;
        let token = match link.progress {
            LinkProgress::Granted { token, .. } => token,
            LinkProgress::Open | LinkProgress::Declined { .. } => None,
        };
        let token = match token {
            Some(id) => self.0.broker.find(id).await?,
            None => None,
        };
        let token = token.filter(|token| admitted.key().reach.covers_token(token));
        Ok((link, token))
    }

    /// Sends a link, which people reach at the address that `url` makes of it, to the
    /// person it expects: see
    /// [`ConsentLinkService::send`](crate::consent_links::ConsentLinkService::send).
    ///
    /// # Errors
    /// As [`link`](Self::link), and [`AccessError::Send`].
    pub async fn send_link(
        &self,
        admitted: &Admitted,
        id: ConsentLinkId,
        url: impl FnOnce(&ConsentLink) -> Url + Send,
    ) -> Result<MessageId, AccessError> {
        let (link, _) = self.link(admitted, id).await?;
        let url = url(&link);
        let sent = self.0.links.send(&link, &url, admitted.caller()).await;
        Ok(sent?)
    }

    async fn check_expected(
        &self,
        admitted: &Admitted,
        expected: Option<&EmailAddress>,
    ) -> Result<(), AccessRefusal> {
        match expected {
            Some(email) => self.check_reach(admitted, email).await,
            None if admitted.key().reach.is_everybody() => Ok(()),
            None => {
                let refusal = AccessRefusal::PersonUnnamed;
                self.refuse(admitted, refusal, None).await;
                Err(refusal)
            }
        }
    }
}
