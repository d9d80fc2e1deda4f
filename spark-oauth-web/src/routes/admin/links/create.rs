//! `GET /admin/links/new`, `POST /admin/links`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use spark_oauth_core::Scopes;
use spark_oauth_core::consent::ConsentService;
use spark_oauth_core::consent_links::{ConsentLinkService, LinkError};

use super::form::{LinkForm, explain};
use super::path_of;
use crate::http::{PageError, PageForm, page, page_with_status};
use crate::pages::{Flash, FlashKind, FormErrors, Section};
use crate::routes::admin::guard::CurrentAdmin;

const TITLE: &str = "Make a consent link";

pub(super) async fn show(
    State(links): State<ConsentLinkService>,
    State(consents): State<ConsentService>,
    mut current: CurrentAdmin,
) -> Result<Response, PageError> {
    let layout = current.layout(TITLE, Section::Links).await?;
    let registered = &consents.integration().scopes;
    let form = LinkForm::empty(registered);
    page(&form.draw(layout, registered, &links, FormErrors::none()))
}

pub(super) async fn create(
    State(links): State<ConsentLinkService>,
    State(consents): State<ConsentService>,
    mut current: CurrentAdmin,
    PageForm(fields): PageForm<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let registered = &consents.integration().scopes;
    let form = LinkForm::of_fields(fields);
    let input = match form.read(links.now()) {
        Ok(input) => input,
        Err(errors) => return refuse(&current, form, registered, &links, errors),
    };
    let by = current.admin.username.to_string();
    match links.create(input, &by, &current.caller()).await {
        Ok(link) => {
            let text = "The link is made. Copy it, or send it as a message.";
            let flash = Flash::new(FlashKind::Success, text);
            current.visitor.say(flash).await?;
            Ok(Redirect::to(&path_of(link.id)).into_response())
        }
        Err(LinkError::Invalid(problems)) => {
            refuse(&current, form, registered, &links, explain(&problems))
        }
        Err(error) => Err(error.into()),
    }
}

fn refuse(
    current: &CurrentAdmin,
    form: LinkForm,
    registered: &Scopes,
    links: &ConsentLinkService,
    errors: FormErrors,
) -> Result<Response, PageError> {
    let layout = current.quiet_layout(TITLE, Section::Links);
    let page = form.draw(layout, registered, links, errors);
    page_with_status(StatusCode::UNPROCESSABLE_ENTITY, &page)
}
