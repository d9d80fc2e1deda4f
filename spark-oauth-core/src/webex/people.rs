//! `GET /people/me`: who an access token speaks for.

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::WebexClient;
use super::failure::Endpoint;
use super::http::Call;
use super::identifier::Identifier;
use super::redaction::Secrets;
use super::settings::below;
use crate::email::EmailAddress;
use crate::person::{Person, PersonId};
use crate::ports::{SparkError, SparkErrorKind};
use crate::secret::AccessToken;

/// What is read of a person. Only the identifier and an address are needed; the
/// names may be absent or of another type.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Me {
    id: Identifier,
    #[serde(default)]
    emails: Value,
    #[serde(default)]
    display_name: Value,
    #[serde(default)]
    nick_name: Value,
    #[serde(default)]
    first_name: Value,
    #[serde(default)]
    last_name: Value,
}

impl WebexClient {
    pub(super) async fn get_me(&self, access_token: &AccessToken) -> Result<Person, SparkError> {
        let secrets = Secrets::new([access_token.expose_secret()]);
        let url = below(&self.settings.api_base, &["people", "me"]);
        let call = Call {
            name: "GET /people/me",
            request: self.http.authorized(Method::GET, url, access_token)?,
            secrets: &secrets,
        };
        let answer = self
            .http
            .send(call)
            .await?
            .expect_success(Endpoint::Rest, &secrets)?;
        let head = answer.head.clone();
        let me: Me = answer.json()?;
        let email = me.emails.get(0).and_then(Value::as_str).unwrap_or_default();
        let email = EmailAddress::parse(email).map_err(|why| {
            let text = format!("the provider names no usable e-mail address of the person: {why}");
            head.error(SparkErrorKind::Unreadable, text)
        })?;
        Ok(Person {
            display_name: me.name(&secrets),
            id: PersonId::new(me.id.0),
            email,
        })
    }
}

impl Me {
    /// The name to show: the full one, else what there is of it.
    fn name(&self, secrets: &Secrets) -> Option<String> {
        let text = |value: &Value| secrets.message(value.as_str()?);
        text(&self.display_name)
            .or_else(|| match (text(&self.first_name), text(&self.last_name)) {
                (Some(first), Some(last)) => Some(format!("{first} {last}")),
                (first, last) => first.or(last),
            })
            .or_else(|| text(&self.nick_name))
    }
}
