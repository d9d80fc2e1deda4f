//! Codes and refresh tokens against tokens (RFC 6749 sections 4.1.3 and 6).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::WebexClient;
use super::answer::{Answer, describe};
use super::complaint::Complaint;
use super::failure::Endpoint;
use super::http::Call;
use super::redaction::Secrets;
use super::settings::TokenAuth;
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
        let (code, verifier) = (code.expose_secret(), verifier.expose_secret());
        let grant = Grant {
            endpoint: Endpoint::CodeExchange,
            form: &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", integration.redirect_uri.as_str()),
                ("code_verifier", verifier),
            ],
            secrets: &[code, verifier],
        };
        self.post_grant(integration, grant).await
    }

    pub(super) async fn post_refresh_token(
        &self,
        integration: &Integration,
        refresh_token: &RefreshToken,
    ) -> Result<TokenAnswer, SparkError> {
        let refresh_token = refresh_token.expose_secret();
        let grant = Grant {
            endpoint: Endpoint::Refresh,
            form: &[
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh_token),
            ],
            secrets: &[refresh_token],
        };
        self.post_grant(integration, grant).await
    }

    async fn post_grant(
        &self,
        integration: &Integration,
        grant: Grant<'_>,
    ) -> Result<TokenAnswer, SparkError> {
        let endpoint = grant.endpoint;
        let client_id = integration.client_id.as_str();
        let client_secret = integration.client_secret.expose_secret();
        let basic = basic_credentials(client_id, client_secret);
        let mut sent = vec![client_secret, &basic];
        sent.extend(grant.secrets);
        let secrets = &Secrets::new(sent);
        let request = self
            .http
            .request(Method::POST, self.settings.token_url.clone());
        let mut form = grant.form.to_vec();
        let request = match self.settings.token_auth {
            TokenAuth::Post => {
                form.extend([("client_id", client_id), ("client_secret", client_secret)]);
                request
            }
            TokenAuth::Basic => request.header(AUTHORIZATION, basic_header(&basic)?),
        };
        let call = Call {
            name: match endpoint {
                Endpoint::Refresh => "POST /access_token (refresh_token)",
                _ => "POST /access_token (authorization_code)",
            },
            request: request.form(&form),
            secrets,
        };
        let answer = self.http.send(call).await?;
        let Answer { head, body, fault } = answer.expect_success(endpoint, secrets)?;
        match parse_token_answer(&body) {
            Ok(tokens) => {
                if let Some(fault) = fault {
                    tracing::warn!(
                        error = &fault as &dyn std::error::Error,
                        refresh_token = tokens.refresh_token.is_some(),
                        "token answer incomplete: kept the tokens that came before the fault"
                    );
                }
                Ok(TokenAnswer {
                    provider_time: head.provider_time(),
                    ..tokens
                })
            }
            Err(_) if let Some(fault) = fault => Err(fault),
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

/// One request to the token endpoint, without the client credentials.
struct Grant<'a> {
    endpoint: Endpoint,
    form: &'a [(&'a str, &'a str)],
    /// Secrets of the request, which are redacted from errors and logs.
    secrets: &'a [&'a str],
}

/// Client ID and secret, each form-encoded before they are joined (RFC 6749 section
/// 2.3.1): a colon or a percent sign in one of them would be read as another pair.
fn basic_credentials(client_id: &str, client_secret: &str) -> Zeroizing<String> {
    let encoded = |text: &str| -> Zeroizing<String> {
        Zeroizing::new(form_urlencoded::byte_serialize(text.as_bytes()).collect())
    };
    let pair = Zeroizing::new(format!(
        "{}:{}",
        *encoded(client_id),
        *encoded(client_secret)
    ));
    Zeroizing::new(STANDARD.encode(pair.as_bytes()))
}

fn basic_header(credentials: &str) -> Result<HeaderValue, SparkError> {
    let text = Zeroizing::new(format!("Basic {credentials}"));
    let mut value =
        HeaderValue::from_str(&text).map_err(|_| SparkError::of(SparkErrorKind::Unexpected))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Why a success brought no token, with the provider's words where it has any.
/// The body itself is never quoted: it may hold a token in an unknown place.
fn explain(why: UnreadableTokenAnswer, body: &[u8], secrets: &Secrets) -> String {
    if let Some(instead) = describe(body) {
        return instead.to_owned();
    }
    // Only quote known JSON fields: other text may be a damaged token answer.
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    if why == UnreadableTokenAnswer::NoAccessToken
        && is_json
        && let Some(words) = Complaint::read(body).message(secrets)
    {
        return format!("{why}, but says: {words}");
    }
    why.to_string()
}
