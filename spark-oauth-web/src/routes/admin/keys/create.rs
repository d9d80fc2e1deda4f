//! `GET /admin/keys/new`, `POST /admin/keys`: a new key, which is shown once.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use spark_oauth_core::api_keys::{ApiKeyError, ApiKeyService, Created};
use spark_oauth_core::ports::Clock;

use super::form::{KeyForm, explain};
use super::path_of;
use crate::http::{PageError, PageForm, no_store, page, page_with_status};
use crate::pages::{FormErrors, KeyCreatedPage, Section};
use crate::routes::admin::guard::CurrentAdmin;

const TITLE: &str = "Create an API key";

pub(super) async fn show(mut current: CurrentAdmin) -> Result<Response, PageError> {
    let layout = current.layout(TITLE, Section::Keys).await?;
    page(&KeyForm::default().draw(layout, FormErrors::none()))
}

pub(super) async fn create(
    State(keys): State<ApiKeyService>,
    State(clock): State<Arc<dyn Clock>>,
    current: CurrentAdmin,
    PageForm(fields): PageForm<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let form = KeyForm::of_fields(fields);
    let input = match form.read(clock.now()) {
        Ok(input) => input,
        Err(errors) => return refuse(&current, form, errors),
    };
    let by = current.admin.username.as_str();
    match keys.create(input, by, &current.caller()).await {
        Ok(created) => show_once(&current, &created),
        Err(ApiKeyError::Input(problem)) => refuse(&current, form, explain(problem)),
        Err(error) => Err(error.into()),
    }
}

fn refuse(
    current: &CurrentAdmin,
    form: KeyForm,
    errors: FormErrors,
) -> Result<Response, PageError> {
    let layout = current.quiet_layout(TITLE, Section::Keys);
    page_with_status(StatusCode::UNPROCESSABLE_ENTITY, &form.draw(layout, errors))
}

/// The answer itself holds the key: a redirect would need it kept somewhere.
fn show_once(current: &CurrentAdmin, created: &Created) -> Result<Response, PageError> {
    let mut response = page(&KeyCreatedPage {
        layout: current.quiet_layout("Your new API key", Section::Keys),
        name: created.key.name.to_string(),
        secret: created.secret.expose_secret().into(),
        scopes: created.key.scopes.iter().map(Into::into).collect(),
        href: path_of(created.key.id),
    })?;
    no_store(response.headers_mut());
    Ok(response)
}
