//! `GET /auth/spark/callback`: what the provider sends the browser back with.

use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use serde::Deserialize;
use spark_oauth_core::AuthorizationCode;
use spark_oauth_core::consent::State as OAuthState;
use spark_oauth_core::consent::{
    Callback, ConsentError, ConsentFailure, ConsentService, ProviderRefusal,
};
use spark_oauth_core::consent_links::{LinkRefusal, Terms};
use spark_oauth_core::ports::{SparkError, SparkErrorKind};

use super::back::{Ending, back};
use super::{REFUSED, browser, invitation, refused};
use crate::http::{ClientAddress, Cookies, PageError, is_shown};
use crate::pages::{Flash, FlashKind};
use crate::session::{Receipts, Refusal, Visitor};
use crate::site::Site;

/// The parameters; all optional, since anybody can write this link.
#[derive(Deserialize)]
pub(super) struct Parameters {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    iss: Option<String>,
}

impl Parameters {
    fn into_callback(self) -> Callback {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Callback {
            state: given(self.state).map(OAuthState::from_callback),
            code: given(self.code).map(AuthorizationCode::new),
            refusal: given(self.error)
                .map(|error| ProviderRefusal::new(&error, self.error_description.as_deref())),
            issuer: self.iss,
        }
    }
}

/// A `HEAD` must not use up the code.
pub(super) async fn refuse_head() -> impl IntoResponse {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")])
}

pub(super) async fn complete(
    State(consents): State<ConsentService>,
    client: ClientAddress,
    cookies: Cookies,
    mut visitor: Visitor,
    mut receipts: Receipts,
    request: Request,
) -> Result<Redirect, PageError> {
    let (parts, _) = request.into_parts();
    if !is_shown(&parts) {
        return Err(fetched_ahead());
    }
    let parameters = Query::<Parameters>::try_from_uri(&parts.uri);
    let outcome = match parameters {
        Ok(Query(parameters)) => {
            let secrets = browser::secrets_of(&cookies);
            let callback = parameters.into_callback();
            consents.complete(callback, &secrets, &client.origin).await
        }
        Err(_) => Err(ConsentError::StateMissing.into()),
    };
    let granted = match outcome {
        Ok(granted) => granted,
        Err(failure) => return refuse(&failure, &mut visitor, &client).await,
    };
    let token = granted.token.id;
    if granted.repeated {
        // The browser may have the receipt already, or may have lost its cookie.
        if !receipts.iter().any(|receipt| receipt.token == token) {
            receipts.add(token, granted.terms.return_to).await?;
        }
        return Ok(Redirect::to("/granted"));
    }
    tracing::info!(%token, renewed = granted.renewed, "access was granted");
    let text = if granted.renewed {
        "Access renewed. The earlier grant of this account was replaced."
    } else {
        "Access granted. It is kept sealed until you withdraw it."
    };
    receipts.add(token, granted.terms.return_to).await?;
    visitor.say(Flash::new(FlashKind::Success, text)).await?;
    Ok(Redirect::to("/granted"))
}

/// A browser discards this response to a prefetch, and repeats the request when the person
/// opens the page.
fn fetched_ahead() -> PageError {
    PageError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "Open this page itself",
        "A grant ends in a page that you see, not in one that the browser loads ahead or shows \
         inside another page. Nothing was used up.",
    )
}

/// Redirects to a page with the reason, at an address without code and state. If the store
/// failed before it took the callback, this response is the page, so that the person can
/// reload it.
async fn refuse(
    failure: &ConsentFailure,
    visitor: &mut Visitor,
    client: &ClientAddress,
) -> Result<Redirect, PageError> {
    log(&failure.error);
    let reason = failure.error.reason();
    let by_word =
        refused::explain_word(reason).map(|_| Redirect::to(&format!("{REFUSED}?reason={reason}")));
    if let Some(redirect) = &by_word
        && !is_not_stored(&failure.error)
    {
        return Ok(redirect.clone());
    }
    let page = lead_on(explain(&failure.error), failure);
    if matches!(failure.error, ConsentError::Store(_)) {
        return Err(page);
    }
    let refusal = Refusal {
        reason: reason.to_owned(),
        request_id: client.origin.request_id.clone(),
        page: page.clone(),
    };
    match visitor.keep_refusal(refusal).await {
        Ok(()) => Ok(Redirect::to(REFUSED)),
        // The store still fails, and the page needs no session.
        Err(_) => by_word.ok_or(page),
    }
}

/// Whether the store failed after it took the callback, so that a reload does not help.
const fn is_not_stored(error: &ConsentError) -> bool {
    matches!(
        error,
        ConsentError::NotStored(_) | ConsentError::Link(LinkRefusal::Store(_))
    )
}

/// Adds the next step: back to the return address, to the consent link, or to the first
/// page.
fn lead_on(page: PageError, failure: &ConsentFailure) -> PageError {
    let Terms {
        return_to, text, ..
    } = &*failure.terms;
    let page = match (&failure.error, return_to) {
        (ConsentError::Declined, Some(address)) => {
            let back = back(address, Ending::Declined);
            page.with_step(&back.label, back.href)
        }
        _ => page,
    };
    match (&failure.error, text) {
        (ConsentError::Link(_), Some(_)) if !is_not_stored(&failure.error) => page,
        (ConsentError::OtherPerson { .. }, Some(text)) => {
            let path = Site::consent_path(text);
            page.with_step("Use another account", format!("{path}?account=choose"))
        }
        (_, Some(text)) => page.with_step("Start again", Site::consent_path(text)),
        (_, None) => page.with_step("Start again", "/"),
    }
}

fn log(error: &ConsentError) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    let tracking_id = match error {
        ConsentError::Exchange(error) | ConsentError::PersonUnknown(error) => {
            error.tracking_id.as_ref().map(ToString::to_string)
        }
        _ => None,
    };
    tracing::warn!(
        reason = error.reason(),
        %error,
        cause,
        tracking_id,
        "consent failed"
    );
}

/// What happened, and what to do next.
fn explain(error: &ConsentError) -> PageError {
    let page = |status, title: &str, text: &str| PageError::new(status, title, text);
    let bad = StatusCode::BAD_REQUEST;
    match error {
        ConsentError::OtherIssuer { .. } => page(
            StatusCode::BAD_GATEWAY,
            "Another server answered",
            "The answer does not come from the server that this service uses to ask for access. \
             Nothing was granted. Start again. If this happens twice, tell the operator of this \
             service.",
        ),
        ConsentError::Expired => page(
            bad,
            "That took too long",
            "A grant stays open for ten minutes. Nothing was granted. Start again.",
        ),
        ConsentError::Declined => page(
            StatusCode::FORBIDDEN,
            "You declined",
            "No access was granted, and nothing was kept. You can change your mind at any time.",
        ),
        ConsentError::ProviderRefused(refusal) => explain_refusal(refusal),
        ConsentError::CodeMissing => page(
            bad,
            "Webex sent an incomplete answer",
            "It named neither a grant nor a reason. Nothing was granted. Start again.",
        ),
        ConsentError::Exchange(error) => explain_exchange(error),
        ConsentError::PersonUnknown(error) => explain_unknown_person(error),
        ConsentError::OtherPerson {
            expected,
            signed_in,
        } => page(
            StatusCode::FORBIDDEN,
            "Somebody else was asked",
            &format!(
                "{} was asked, and at Webex you are {signed_in}. Nothing was kept of it. If the \
                 other account is yours too, choose it at Webex.",
                expected.masked()
            ),
        ),
        ConsentError::StateMissing
        | ConsentError::StateUnknown
        | ConsentError::OtherBrowser
        | ConsentError::NotStored(_)
        | ConsentError::Link(LinkRefusal::Store(_))
        | ConsentError::Interrupted => refused::explain_word(error.reason())
            .unwrap_or(PageError::of(StatusCode::INTERNAL_SERVER_ERROR)),
        ConsentError::Link(refusal) => invitation::explain(refusal),
        ConsentError::Vault(error) => PageError::internal(error),
        ConsentError::Store(_) => page(
            StatusCode::SERVICE_UNAVAILABLE,
            "Our storage does not answer",
            "Nothing was used up. Wait a minute, then load this page again.",
        ),
    }
}

fn explain_refusal(refusal: &ProviderRefusal) -> PageError {
    let text = match refusal.error.as_str() {
        "invalid_scope" => {
            "The integration asks for a permission that it is not registered for. Only whoever \
             runs this service can correct that."
                .to_owned()
        }
        "server_error" | "temporarily_unavailable" => {
            "Webex has a fault at the moment. Nothing was granted. Try again in a few minutes."
                .to_owned()
        }
        other => format!("Webex answered “{other}”. Nothing was granted."),
    };
    PageError::new(StatusCode::BAD_GATEWAY, "Webex did not grant access", text)
}

fn explain_exchange(error: &SparkError) -> PageError {
    if error.kind == SparkErrorKind::GrantRefused {
        let text = "The one-time code that Webex sent was refused. It was used before or is too \
                    old. Nothing was granted.";
        let mut page = PageError::new(StatusCode::BAD_GATEWAY, "Webex refused the code", text);
        page.tracking_id.clone_from(&error.tracking_id);
        return page;
    }
    PageError::from(error)
}

fn explain_unknown_person(error: &SparkError) -> PageError {
    if error.kind == SparkErrorKind::Forbidden {
        let text = "The permissions that were asked for do not include reading your own profile \
                    (spark:people_read), so nothing was kept. Only whoever runs this service can \
                    correct that.";
        let mut page = PageError::new(
            StatusCode::BAD_GATEWAY,
            "Webex did not say who you are",
            text,
        );
        page.tracking_id.clone_from(&error.tracking_id);
        return page;
    }
    PageError::from(error)
}
