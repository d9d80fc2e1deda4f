//! `DELETE /authorizations`: revokes what a person granted to the integration.

use reqwest::Method;

use super::WebexClient;
use super::failure::Endpoint;
use super::http::Call;
use super::redaction::Secrets;
use super::settings::below;
use crate::integration::ClientId;
use crate::ports::{Revocation, SparkError, SparkErrorKind};
use crate::secret::AccessToken;

impl WebexClient {
    pub(super) async fn delete_authorizations(
        &self,
        integration: &ClientId,
        access_token: &AccessToken,
    ) -> Result<Revocation, SparkError> {
        let secrets = Secrets::new([access_token.expose_secret()]);
        let mut url = below(&self.settings.api_base, &["authorizations"]);
        url.query_pairs_mut()
            .append_pair("clientId", integration.as_str());
        let call = Call {
            name: "DELETE /authorizations?clientId=",
            request: self.http.authorized(Method::DELETE, url, access_token)?,
            secrets: &secrets,
        };
        let answer = self.http.send(call).await?;
        match answer.expect_success(Endpoint::Rest, &secrets) {
            Ok(_) => Ok(Revocation::Confirmed),
            Err(error) => match error.kind {
                SparkErrorKind::NotFound => Ok(Revocation::NotConfirmed),
                SparkErrorKind::Forbidden => Ok(Revocation::NotPermitted),
                _ => Err(error),
            },
        }
    }
}
