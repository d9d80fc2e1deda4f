//! `GET /admin`, `GET`, `POST /admin/sign-in`, `POST /admin/sign-out`.

use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use spark_oauth_core::Password;
use spark_oauth_core::admins::{AdminService, SignInError};

use super::guard::CurrentAdmin;
use super::problems::hashing;
use super::return_path::{ReturnPath, START};
use crate::http::{ClientAddress, PageError, PageForm, page, page_with_status};
use crate::pages::{FieldError, FormErrors, Layout, SignInPage};
use crate::session::Visitor;

#[derive(Debug, Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

pub(super) async fn show(
    State(admins): State<AdminService>,
    current: Option<CurrentAdmin>,
    next: Result<Query<Next>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, PageError> {
    let next = next
        .ok()
        .and_then(|Query(query)| query.next)
        .and_then(|next| ReturnPath::parse(&next));
    if current.is_some() {
        let target = next.as_ref().map_or(START, ReturnPath::as_str);
        return Ok(Redirect::to(target).into_response());
    }
    page(&SignInPage {
        layout: Layout::signed_out("Sign in"),
        username: String::new(),
        next: next.map(|next| next.as_str().to_owned()),
        needs_set_up: !admins.is_set_up().await?,
        errors: FormErrors::none(),
    })
}

/// Where a sign-in was refused, this is the address in the browser, which people and
/// password managers come back to.
pub(super) async fn lead_to_sign_in() -> Redirect {
    Redirect::to("/admin")
}

#[derive(Deserialize)]
pub(super) struct SignInForm {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    next: Option<String>,
}

pub(super) async fn sign_in(
    State(admins): State<AdminService>,
    client: ClientAddress,
    mut visitor: Visitor,
    PageForm(form): PageForm<SignInForm>,
) -> Result<Response, PageError> {
    let next = form.next.as_deref().and_then(ReturnPath::parse);
    let password = Password::new(form.password);
    match admins
        .sign_in(&form.username, &password, &client.origin)
        .await
    {
        Ok(admin) => {
            tracing::info!(admin = %admin.username, "signed in");
            visitor.sign_in(&admin).await?;
            let target = next.as_ref().map_or(START, ReturnPath::as_str);
            Ok(Redirect::to(target).into_response())
        }
        Err(SignInError::Refused) => refuse(form.username, next),
        Err(SignInError::Throttled { retry_after }) => {
            tracing::warn!("a sign-in was slowed down");
            Err(PageError::new(
                StatusCode::TOO_MANY_REQUESTS,
                "Too many failed sign-ins",
                "For safety, the next try has to wait. Nothing is locked for good.",
            )
            .with_retry_after(retry_after)
            .with_step("Go to sign-in", "/admin"))
        }
        Err(SignInError::Hashing(error)) => Err(hashing(error)),
        Err(SignInError::Store(error)) => Err(error.into()),
    }
}

/// The same page for an unknown name and a wrong password.
fn refuse(username: String, next: Option<ReturnPath>) -> Result<Response, PageError> {
    tracing::warn!("a sign-in was refused");
    let text = "The username or the password is wrong.";
    let mut response = page_with_status(
        StatusCode::UNAUTHORIZED,
        &SignInPage {
            layout: Layout::signed_out("Sign in"),
            username,
            next: next.map(|next| next.as_str().to_owned()),
            needs_set_up: false,
            errors: FieldError::form(text).into(),
        },
    )?;
    // RFC 9110 section 11.6.1 wants a challenge with 401; a form has no scheme of
    // its own, and browsers ignore one that they do not know.
    let challenge = HeaderValue::from_static("Form realm=\"spark-oauth admin centre\"");
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, challenge);
    Ok(response)
}

pub(super) async fn sign_out(
    State(admins): State<AdminService>,
    current: Option<CurrentAdmin>,
) -> Result<Redirect, PageError> {
    if let Some(current) = current {
        admins.sign_out(&current.admin, &current.origin).await;
        current.visitor.end().await?;
    }
    Ok(Redirect::to("/admin"))
}
