//! A token as the API shows it: without its secrets.

use serde::Serialize;
use spark_oauth_core::Timestamp;
use spark_oauth_core::token::{ConsentLoss, LastFailure, RevokedBy, Status, Token};
use utoipa::ToSchema;

/// A stored token, without its secrets.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub(super) struct TokenRecord {
    /// Its identifier, a ULID.
    #[schema(examples("01J9ZQ4X7V3T8K2M5N6P7R8S9T"))]
    id: String,
    /// The person's e-mail address. It may change; `person_id` does not. Null where the
    /// address belongs to another person by now, until Webex confirms one again.
    #[schema(required, examples("ann@example.com"))]
    email: Option<String>,
    /// The address that the person had, where it belongs to another person by now; else
    /// null.
    #[schema(required)]
    former_email: Option<String>,
    /// When Webex last confirmed the address; null for an imported token until it is
    /// refreshed first.
    #[schema(required, format = DateTime)]
    email_confirmed_at: Option<String>,
    /// The person's name, where Webex has one.
    #[schema(required, examples("Ann Example"))]
    display_name: Option<String>,
    /// Webex's identifier of the person; unknown for an imported token until it is
    /// refreshed first.
    #[schema(required)]
    person_id: Option<String>,
    /// The client ID of the integration that the person consented to.
    integration: String,
    /// Where it stands in its life.
    status: TokenStatus,
    /// Why it is not active; null where it is.
    #[schema(required)]
    status_reason: Option<StatusReason>,
    /// Since when it is not active; null where it is.
    #[schema(required, format = DateTime)]
    status_since: Option<String>,
    /// What was granted.
    #[schema(examples("spark:people_read"))]
    scopes: Vec<String>,
    /// When the access token expires: RFC 3339 in UTC, always with milliseconds.
    #[schema(format = DateTime, examples("2026-11-25T09:30:00.000Z"))]
    access_expires_at: String,
    /// Whether there is a refresh token. Without one the token cannot be renewed: it
    /// expires with its access token, and the person must consent again.
    refreshable: bool,
    /// When the refresh token ends, where Webex said so.
    #[schema(required, format = DateTime)]
    refresh_expires_at: Option<String>,
    /// When the person last consented.
    #[schema(format = DateTime)]
    granted_at: String,
    /// When it was last refreshed.
    #[schema(required, format = DateTime)]
    last_refreshed_at: Option<String>,
    /// The last refresh that failed; null where the last one succeeded.
    #[schema(required)]
    last_failure: Option<Failure>,
}

/// Where a token stands in its life.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TokenStatus {
    /// It is kept fresh.
    Active,
    /// The person must consent again.
    NeedsConsent,
    /// It was revoked.
    Revoked,
}

/// Why a token is not active.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum StatusReason {
    /// Webex refused the refresh token.
    RefreshRefused,
    /// The refresh token ended before it was used.
    RefreshTokenExpired,
    /// Webex gave no refresh token, and the access token has ended.
    NoRefreshToken,
    /// An admin revoked it, or a service.
    RevokedByAdmin,
    /// The person revoked it.
    RevokedByPerson,
}

/// A refresh that failed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RefreshFailure)]
pub(super) struct Failure {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// What happened.
    summary: String,
    /// Webex's reference of the call, for its support.
    #[schema(required)]
    tracking_id: Option<String>,
}

impl From<&Token> for TokenRecord {
    fn from(token: &Token) -> Self {
        let (status, reason, since) = explain(token.status);
        let text = |at: Timestamp| at.to_string();
        let held = token.held_email();
        Self {
            id: token.id.to_string(),
            email: held.map(ToString::to_string),
            former_email: held.is_none().then(|| token.email.to_string()),
            email_confirmed_at: token.profile.email_confirmed_at.map(text),
            display_name: token.display_name.clone(),
            person_id: token
                .person
                .as_ref()
                .map(|person| person.as_str().to_owned()),
            integration: token.integration.to_string(),
            status,
            status_reason: reason,
            status_since: since.map(text),
            scopes: token.scopes.iter().map(str::to_owned).collect(),
            access_expires_at: text(token.access_expires_at),
            refreshable: token.refresh.is_some(),
            refresh_expires_at: token.refresh_expires_at.map(text),
            granted_at: text(token.granted_at),
            last_refreshed_at: token.last_refresh.map(|last| text(last.at)),
            last_failure: token.last_failure.as_ref().map(Failure::from),
        }
    }
}

impl From<&LastFailure> for Failure {
    fn from(failure: &LastFailure) -> Self {
        Self {
            at: failure.at.to_string(),
            summary: failure.summary.clone(),
            tracking_id: failure.tracking_id.as_ref().map(ToString::to_string),
        }
    }
}

const fn explain(status: Status) -> (TokenStatus, Option<StatusReason>, Option<Timestamp>) {
    match status {
        Status::Active => (TokenStatus::Active, None, None),
        Status::NeedsConsent { reason, since } => {
            let reason = match reason {
                ConsentLoss::RefreshRefused => StatusReason::RefreshRefused,
                ConsentLoss::RefreshTokenExpired => StatusReason::RefreshTokenExpired,
                ConsentLoss::NoRefreshToken => StatusReason::NoRefreshToken,
            };
            (TokenStatus::NeedsConsent, Some(reason), Some(since))
        }
        Status::Revoked { by, at } => {
            let reason = match by {
                RevokedBy::Admin => StatusReason::RevokedByAdmin,
                RevokedBy::Person => StatusReason::RevokedByPerson,
            };
            (TokenStatus::Revoked, Some(reason), Some(at))
        }
    }
}
