//! Rooms, memberships and messages: what handing over a token needs.

use reqwest::Method;
use serde::Serialize;
use serde_json::json;
use url::Url;

use super::WebexClient;
use super::answer::Answer;
use super::failure::Endpoint;
use super::http::Call;
use super::identifier::{Identified, is_usable};
use super::redaction::Secrets;
use super::settings::below;
use crate::email::EmailAddress;
use crate::ports::{MembershipId, MessageId, RoomId, SparkError, SparkErrorKind};
use crate::secret::AccessToken;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewMessage<'a> {
    #[serde(flatten)]
    to: Recipient<'a>,
    text: &'a str,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
enum Recipient<'a> {
    RoomId(&'a str),
    ToPersonEmail(&'a str),
}

impl WebexClient {
    pub(super) async fn post_room(
        &self,
        access_token: &AccessToken,
        title: &str,
    ) -> Result<RoomId, SparkError> {
        let secrets = Secrets::new([access_token.expose_secret()]);
        let body = json!({ "title": title });
        self.create("POST /rooms", "rooms", access_token, &body, &secrets)
            .await
            .map(RoomId::new)
    }

    pub(super) async fn delete_room_by_id(
        &self,
        access_token: &AccessToken,
        room: &RoomId,
    ) -> Result<(), SparkError> {
        if !is_usable(room.as_str()) {
            return Err(SparkError {
                message: Some("no room has such an identifier".to_owned()),
                ..SparkError::of(SparkErrorKind::NotFound)
            });
        }
        let secrets = Secrets::new([access_token.expose_secret()]);
        let url = below(&self.settings.api_base, &["rooms", room.as_str()]);
        let call = Call {
            name: "DELETE /rooms/{id}",
            request: self.http.authorized(Method::DELETE, url, access_token)?,
            secrets: &secrets,
        };
        // The body of a success says nothing, and may be absent.
        let answer = self.http.send(call).await?;
        answer.expect_success(Endpoint::Rest, &secrets).map(drop)
    }

    pub(super) async fn post_membership(
        &self,
        access_token: &AccessToken,
        room: &RoomId,
        email: &EmailAddress,
    ) -> Result<MembershipId, SparkError> {
        let secrets = Secrets::new([access_token.expose_secret()]);
        let body = json!({ "roomId": room.as_str(), "personEmail": email.as_str() });
        self.create(
            "POST /memberships",
            "memberships",
            access_token,
            &body,
            &secrets,
        )
        .await
        .map(MembershipId::new)
    }

    pub(super) async fn post_text(
        &self,
        access_token: &AccessToken,
        room: &RoomId,
        text: &str,
    ) -> Result<MessageId, SparkError> {
        let to = Recipient::RoomId(room.as_str());
        self.send_message(access_token, to, text).await
    }

    pub(super) async fn post_direct(
        &self,
        access_token: &AccessToken,
        email: &EmailAddress,
        text: &str,
    ) -> Result<MessageId, SparkError> {
        let to = Recipient::ToPersonEmail(email.as_str());
        self.send_message(access_token, to, text).await
    }

    async fn send_message(
        &self,
        access_token: &AccessToken,
        to: Recipient<'_>,
        text: &str,
    ) -> Result<MessageId, SparkError> {
        // The message may hand over a token, so no answer may quote it.
        let secrets = Secrets::new([access_token.expose_secret(), text]);
        let body = NewMessage { to, text };
        self.create("POST /messages", "messages", access_token, &body, &secrets)
            .await
            .map(MessageId::new)
    }

    /// Posts a new resource (answered with 200, though 201 is as good) and
    /// takes its identifier.
    async fn create(
        &self,
        name: &'static str,
        collection: &str,
        access_token: &AccessToken,
        body: &(impl Serialize + Sync),
        secrets: &Secrets,
    ) -> Result<String, SparkError> {
        let url: Url = below(&self.settings.api_base, &[collection]);
        let request = self
            .http
            .authorized(Method::POST, url, access_token)?
            .json(body);
        let call = Call {
            name,
            request,
            secrets,
        };
        let answer: Answer = self.http.send(call).await?;
        let created: Identified = answer.expect_success(Endpoint::Rest, secrets)?.json()?;
        Ok(created.id.0)
    }
}
