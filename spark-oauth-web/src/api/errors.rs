//! The one place where errors of the rules become errors of the API.

use std::time::Duration;

use spark_oauth_core::api_access::{AccessError, AccessRefusal};
use spark_oauth_core::api_keys::{KeyRefusal, KeyScope, WrongKeyText};
use spark_oauth_core::broker::TokenError;
use spark_oauth_core::consent_links::{LinkError, LinkProblem, SendError};
use spark_oauth_core::ports::{PauseReason, SparkError, SparkErrorKind, StoreError};
use spark_oauth_core::token::ConsentLoss;

use super::code::Code;
use super::problem::Problem;
use crate::http::{explain_loss, explain_pause};
use crate::pages::sentence;

/// When to come back where nobody knows better.
const LATER: Duration = Duration::from_secs(5);

/// What every challenge begins with (RFC 6750 section 3).
const REALM: &str = "Bearer realm=\"spark-oauth\"";

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Refused(refusal) => refusal.into(),
            AccessError::Store(error) => error.into(),
            AccessError::PersonNotFound => Self::of(Code::PersonNotFound),
            AccessError::Ambiguous(ids) => Self::of(Code::Ambiguous).ids(ids),
            AccessError::Token {
                source, renewal, ..
            } => Self::from(source).renewal(renewal),
            AccessError::Link(error) => error.into(),
            AccessError::Send(error) => error.into(),
            AccessError::RevocationNotPermitted => Self::of(Code::RevocationNotPermitted),
            AccessError::RevocationNotConfirmed => Self::of(Code::RevocationNotConfirmed),
        }
    }
}

impl From<AccessRefusal> for Problem {
    fn from(refusal: AccessRefusal) -> Self {
        match refusal {
            // RFC 6750 section 3.1: no error code for who sent nothing.
            AccessRefusal::KeyMissing => Self::of(Code::KeyMissing).challenge(REALM),
            AccessRefusal::KeyInUrl => {
                Self::of(Code::KeyInUrl).challenge(challenge("invalid_request", refusal))
            }
            AccessRefusal::Key(key) => {
                Self::new(code_of(key), key.to_string()).challenge(challenge("invalid_token", key))
            }
            AccessRefusal::RateLimited => Self::of(Code::RateLimited),
            AccessRefusal::ScopeMissing(scope) => lacks(scope, refusal),
            AccessRefusal::PersonNotAllowed | AccessRefusal::PersonUnnamed => {
                Self::new(Code::PersonNotAllowed, refusal.to_string())
                    .challenge(challenge("insufficient_scope", refusal))
            }
        }
    }
}

fn challenge(error: &str, description: impl std::fmt::Display) -> String {
    format!("{REALM}, error=\"{error}\", error_description=\"{description}\"")
}

fn lacks(scope: KeyScope, refusal: AccessRefusal) -> Problem {
    let challenge = challenge("insufficient_scope", refusal);
    Problem::new(Code::InsufficientScope, refusal.to_string())
        .scope(scope.as_str())
        .challenge(format!("{challenge}, scope=\"{scope}\""))
}

const fn code_of(refusal: KeyRefusal) -> Code {
    match refusal {
        KeyRefusal::Text(WrongKeyText::Malformed) => Code::KeyMalformed,
        KeyRefusal::Text(WrongKeyText::Checksum) => Code::KeyMistyped,
        KeyRefusal::Unknown => Code::KeyUnknown,
        KeyRefusal::Expired => Code::KeyExpired,
        KeyRefusal::Revoked => Code::KeyRevoked,
    }
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        let text = error.to_string();
        match error {
            LinkError::NotFound => Self::of(Code::LinkNotFound),
            LinkError::Store(error) => error.into(),
            LinkError::Invalid(problems) => {
                let code = problems.first().map_or(Code::InvalidValue, code_of_link);
                Self::new(code, text)
            }
        }
    }
}

const fn code_of_link(problem: &LinkProblem) -> Code {
    match problem {
        LinkProblem::NotRegistered { .. } => Code::ScopeNotRegistered,
        LinkProblem::ReturnNotAllowed(_) => Code::ReturnNotAllowed,
        LinkProblem::NoScope | LinkProblem::Life => Code::InvalidValue,
    }
}

impl From<SendError> for Problem {
    fn from(error: SendError) -> Self {
        let text = error.to_string();
        match error {
            SendError::NobodyNamed | SendError::AddressLost | SendError::ToSender(_) => {
                Self::new(Code::LinkUnaddressed, text)
            }
            SendError::Ended(_) | SendError::AlreadyGranted => Self::new(Code::LinkClosed, text),
            SendError::NoSender { .. } => Self::new(Code::NoSender, text),
            // It is the sender's token, not the person's: no consent of the person helps.
            SendError::Token(
                TokenError::NeedsConsent { .. } | TokenError::Revoked { .. } | TokenError::NotFound,
            ) => Self::of(Code::NoSender),
            SendError::Token(error) => error.into(),
            SendError::Provider(error) => Self::of_provider(&error),
            SendError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        (&error).into()
    }
}

impl From<&StoreError> for Problem {
    fn from(error: &StoreError) -> Self {
        let cause = std::error::Error::source(error).map(ToString::to_string);
        tracing::error!(%error, cause, "the store failed");
        match error {
            StoreError::Unavailable { .. } => Self::of(Code::StoreUnavailable).retry_after(LATER),
            StoreError::Conflict => Self::of(Code::TokenChanged),
            StoreError::NotFound => Self::of(Code::TokenNotFound),
            _ => Self::of(Code::Internal),
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        let problem = Self::of_token(&error);
        match error.retry_after() {
            Some(after) => problem.retry_after(after),
            None => problem,
        }
    }
}

impl Problem {
    fn of_token(error: &TokenError) -> Self {
        match error {
            TokenError::NotFound => Self::of(Code::TokenNotFound),
            TokenError::NeedsConsent { reason, .. } => {
                Self::new(Code::NeedsConsent, explain_loss(*reason)).reason(word_of(*reason))
            }
            TokenError::Revoked { .. } => Self::of(Code::TokenRevoked),
            TokenError::IntegrationUnknown { .. } => {
                Self::new(Code::IntegrationUnknown, sentence(&error.to_string()))
            }
            TokenError::Superseded => Self::of(Code::TokenChanged),
            TokenError::Busy { .. } => Self::of(Code::RefreshInProgress),
            TokenError::BackingOff { .. } => Self::of(Code::BackingOff),
            TokenError::Paused { reason, .. } => paused(*reason),
            TokenError::Provider(error) => Self::of_provider(error),
            TokenError::Vault(error) => {
                tracing::error!(%error, "a stored secret does not open");
                Self::of(Code::SecretUnreadable)
            }
            TokenError::Store(error) => (&**error).into(),
            TokenError::Interrupted => Self::of(Code::Internal),
        }
    }

    fn of_provider(error: &SparkError) -> Self {
        tracing::warn!(%error, "the provider did not do what was asked");
        let problem = match error.kind {
            SparkErrorKind::TimedOut => Self::of(Code::TimedOut).retry_after(LATER),
            SparkErrorKind::IntegrationRefused => Self::of(Code::IntegrationRefused),
            SparkErrorKind::Unauthorized
            | SparkErrorKind::Forbidden
            | SparkErrorKind::GrantRefused => Self::of(Code::ProviderRefused),
            _ => Self::of(Code::ProviderUnavailable).retry_after(LATER),
        };
        problem.tracking_id(error.tracking_id.as_ref())
    }
}

fn paused(reason: PauseReason) -> Problem {
    let (code, word) = match reason {
        PauseReason::RateLimited => (Code::RefreshingPaused, "rate_limited"),
        PauseReason::Outage => (Code::RefreshingPaused, "outage"),
        PauseReason::IntegrationRefused => (Code::IntegrationRefused, "integration_refused"),
    };
    Problem::new(code, explain_pause(reason)).reason(word)
}

const fn word_of(reason: ConsentLoss) -> &'static str {
    match reason {
        ConsentLoss::RefreshRefused => "refresh_refused",
        ConsentLoss::RefreshTokenExpired => "refresh_token_expired",
        ConsentLoss::NoRefreshToken => "no_refresh_token",
    }
}
