//! Codes and refresh tokens against tokens (RFC 6749 sections 4.1.3 and 6).

use reqwest::Method;

use super::WebexClient;
use super::answer::{Answer, describe};
use super::complaint::Complaint;
use super::failure::Endpoint;
use super::http::Call;
use super::redaction::Secrets;
use super::token_answer::{UnreadableTokenAnswer, parse_token_answer};
use crate::consent::CodeVerifier;
use crate::integration::Integration;
use crate::ports::{SparkError, SparkErrorKind, TokenAnswer};
use crate::secret::{AuthorizationCode, RefreshToken};

impl WebexClient {
    pub(super) async fn post_code(
        &self,
        integration: &Integration,
        code: &AuthorizationCode,
        verifier: &CodeVerifier,
    ) -> Result<TokenAnswer, SparkError> {
        let client_secret = integration.client_secret.expose_secret();
        let (code, verifier) = (code.expose_secret(), verifier.expose_secret());
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", integration.client_id.as_str()),
            ("client_secret", client_secret),
            ("code", code),
            ("redirect_uri", integration.redirect_uri.as_str()),
            ("code_verifier", verifier),
        ];
        let secrets = Secrets::new([client_secret, code, verifier]);
        self.post_grant(Endpoint::CodeExchange, &form, &secrets)
            .await
    }

    pub(super) async fn post_refresh_token(
        &self,
        integration: &Integration,
        refresh_token: &RefreshToken,
    ) -> Result<TokenAnswer, SparkError> {
        let client_secret = integration.client_secret.expose_secret();
        let refresh_token = refresh_token.expose_secret();
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", integration.client_id.as_str()),
            ("client_secret", client_secret),
            ("refresh_token", refresh_token),
        ];
        let secrets = Secrets::new([client_secret, refresh_token]);
        self.post_grant(Endpoint::Refresh, &form, &secrets).await
    }

    async fn post_grant(
        &self,
        endpoint: Endpoint,
        form: &[(&str, &str)],
        secrets: &Secrets,
    ) -> Result<TokenAnswer, SparkError> {
        let call = Call {
            name: match endpoint {
                Endpoint::Refresh => "POST /access_token (refresh_token)",
                _ => "POST /access_token (authorization_code)",
            },
            request: self
                .http
                .request(Method::POST, self.settings.token_url.clone())
                .form(form),
            secrets,
        };
        let answer = self.http.send(call).await?;
        let Answer { head, body } = answer.expect_success(endpoint, secrets)?;
        let body = body?;
        match parse_token_answer(&body) {
            Ok(tokens) => Ok(TokenAnswer {
                provider_time: head.provider_time(),
                ..tokens
            }),
            Err(why) => {
                let mut error =
                    head.error(SparkErrorKind::Unreadable, explain(why, &body, secrets));
                if error.tracking_id.is_none() {
                    error.tracking_id = Complaint::read(&body).tracking_id(secrets);
                }
                Err(error)
            }
        }
    }
}

/// Why a success brought no token, with the provider's words where it has any.
/// The body itself is never quoted: it may hold a token in an unknown place.
fn explain(why: UnreadableTokenAnswer, body: &[u8], secrets: &Secrets) -> String {
    if let Some(instead) = describe(body) {
        return instead.to_owned();
    }
    if why == UnreadableTokenAnswer::NoAccessToken
        && let Some(words) = Complaint::read(body).message(secrets)
    {
        return format!("{why}, but says: {words}");
    }
    why.to_string()
}
