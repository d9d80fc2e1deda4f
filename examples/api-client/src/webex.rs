//! The one call of Webex that this service makes.

use std::time::Duration;

use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use spark_oauth_core::http_client::{self, Proxies};
use spark_oauth_core::{AccessToken, EmailAddress};
use url::Url;

use crate::error::SendError;

#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "toPersonEmail")]
    to: &'a str,
    text: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    id: String,
}

#[derive(Default, Deserialize)]
struct Complaint {
    #[serde(default)]
    message: String,
}

/// What Webex said to a message.
pub(crate) enum Outcome {
    Sent {
        id: String,
    },
    /// The access token is not good any more.
    Unauthorized,
}

/// A client of `POST /messages`
/// (<https://developer.webex.com/docs/api/v1/messages/create-a-message>).
#[derive(Clone, Debug)]
pub(crate) struct Webex {
    http: reqwest::Client,
    messages: Url,
}

impl Webex {
    pub(crate) fn new(base: &Url) -> Result<Self, SendError> {
        let set_up = |error: &dyn std::fmt::Display| SendError::SetUp(error.to_string());
        let mut messages = base.clone();
        messages
            .path_segments_mut()
            .map_err(|()| set_up(&"the address of Webex has no path"))?
            .pop_if_empty()
            .push("messages");
        let proxies = Proxies::from_environment().map_err(|error| set_up(&error))?;
        let http = http_client::builder(&proxies)
            .map_err(|error| set_up(&error))?
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| set_up(&error))?;
        Ok(Self { http, messages })
    }

    pub(crate) async fn post(
        &self,
        token: &AccessToken,
        to: &EmailAddress,
        text: &str,
    ) -> Result<Outcome, SendError> {
        let to = to.as_str();
        let response = self
            .http
            .post(self.messages.clone())
            .bearer_auth(token.expose_secret())
            .json(&Message { to, text })
            .send()
            .await
            .map_err(SendError::Unreachable)?;
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED {
            return Ok(Outcome::Unauthorized);
        }
        if !status.is_success() {
            let complaint: Complaint = response.json().await.unwrap_or_default();
            return Err(SendError::Refused {
                status: status.as_u16(),
                message: complaint.message,
            });
        }
        let answer: Answer = response.json().await.map_err(SendError::Unreachable)?;
        Ok(Outcome::Sent { id: answer.id })
    }
}
