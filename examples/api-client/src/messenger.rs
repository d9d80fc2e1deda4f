//! Fetch a token, send, and try once more where the token is not good any more.

use spark_oauth_core::client::TokenClient;
use spark_oauth_core::{EmailAddress, Scopes};
use url::Url;

use crate::error::SendError;
use crate::webex::{Outcome, Webex};

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Webex's identifier of the message.
    pub id: String,
    /// In whose name it was sent.
    pub by: EmailAddress,
}

/// Sends messages for persons who consented.
#[derive(Clone, Debug)]
pub struct Messenger {
    tokens: TokenClient,
    webex: Webex,
    scopes: Scopes,
}

impl Messenger {
    /// Sends with tokens from `tokens` to the Webex at `webex`, such as
    /// `https://webexapis.com/v1`.
    ///
    /// # Errors
    /// [`SendError::SetUp`] where the address cannot be used.
    pub fn new(tokens: TokenClient, webex: &Url) -> Result<Self, SendError> {
        let scopes = Scopes::parse("spark:messages_write")
            .map_err(|error| SendError::SetUp(error.to_string()))?;
        Ok(Self {
            tokens,
            webex: Webex::new(webex)?,
            scopes,
        })
    }

    /// Sends `text` to `to` in the name of `person`.
    ///
    /// # Errors
    /// [`SendError`] says why it was not sent; [`SendError::advice`] what to do.
    pub async fn send(
        &self,
        person: &EmailAddress,
        to: &EmailAddress,
        text: &str,
    ) -> Result<Sent, SendError> {
        let mut tried = false;
        loop {
            let token = self.tokens.of_person(person, &self.scopes).await?;
            match self.webex.post(&token.access_token, to, text).await? {
                Outcome::Sent { id } => {
                    return Ok(Sent {
                        id,
                        by: token.email.unwrap_or_else(|| person.clone()),
                    });
                }
                // The person withdrew it, or it was replaced before its end.
                Outcome::Unauthorized if !tried => {
                    self.tokens.forget(&token);
                    tried = true;
                }
                Outcome::Unauthorized => {
                    return Err(SendError::Refused {
                        status: 401,
                        message: "the access token is not valid".to_owned(),
                    });
                }
            }
        }
    }
}
