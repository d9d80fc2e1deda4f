//! The page on which a person accepts or declines.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::authorize::{AuthorizationRequest, PARAMETERS, Prompt, Refusal};
use super::codes::Consent;
use super::parameters::Parameters;
use crate::page::{Message, render};
use crate::people::{InvalidEmail, Person, parse_email};
use crate::provider::Provider;
use crate::stats::count;

/// Value of the choice for somebody who is not listed.
pub(crate) const SOMEBODY_ELSE: &str = "somebody-else";

/// Somebody to choose.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) email: String,
    pub(crate) name: String,
}

#[derive(Debug, Template)]
#[template(path = "authorize.html")]
struct AuthorizePage<'a> {
    client_id: &'a str,
    host: &'a str,
    scopes: Vec<(&'a str, Option<&'static str>)>,
    choices: Vec<Choice>,
    hidden: Vec<(&'static str, &'a str)>,
    /// What is wrong with the address that was typed.
    problem: Option<String>,
    typed_email: &'a str,
}

/// `GET /v1/authorize`
pub(crate) async fn show(State(provider): State<Provider>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let request = match parse(&provider, query.as_bytes()) {
        Ok(request) => request,
        Err(refusal) => return refuse(refusal),
    };
    match silent_answer(&provider, &request) {
        Some(location) => redirect(StatusCode::FOUND, &location),
        None => page(&provider, &request, query.as_bytes(), None),
    }
}

/// `POST /v1/authorize`, from the page's own form.
pub(crate) async fn decide(State(provider): State<Provider>, body: Bytes) -> Response {
    let request = match parse(&provider, &body) {
        Ok(request) => request,
        Err(refusal) => return refuse(refusal),
    };
    let form = Parameters::parse(&body).unwrap_or_default();
    if form.get("decision") != Some("accept") {
        let location = request.error_url("access_denied", "The person declined.");
        return redirect(StatusCode::SEE_OTHER, &location);
    }
    match chosen_person(&provider, &form) {
        Ok(person) => redirect(StatusCode::SEE_OTHER, &accept(&provider, &request, &person)),
        Err(problem) => page(&provider, &request, &body, Some(problem.to_string())),
    }
}

fn parse(provider: &Provider, encoded: &[u8]) -> Result<AuthorizationRequest, Refusal> {
    AuthorizationRequest::parse(encoded, provider.registration().as_deref())
}

/// Where to go without asking, if so.
fn silent_answer(provider: &Provider, request: &AuthorizationRequest) -> Option<String> {
    let now = provider.now();
    if let Some(email) = provider.settings().auto_approve.as_deref() {
        let person = provider.people().find_or_create(email, now).ok()?;
        return Some(accept(provider, request, &person));
    }
    if request.prompt != Some(Prompt::None) {
        return None;
    }
    let known = request
        .login_hint
        .as_deref()
        .and_then(|email| provider.people().find(email));
    let consented = known.filter(|person| {
        provider
            .grants()
            .has_consented(person.id, &request.client_id, &request.scopes, now)
    });
    Some(match consented {
        Some(person) => accept(provider, request, &person),
        None => request.error_url("login_required", "Nobody can be asked with prompt=none."),
    })
}

/// The person agrees: a code, and where to bring it.
fn accept(provider: &Provider, request: &AuthorizationRequest, person: &Person) -> String {
    let consent = Consent {
        client_id: request.client_id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        scopes: Arc::clone(&request.scopes),
        person: person.id,
        code_challenge: request.code_challenge.clone(),
    };
    let code = provider.grants().issue_code(consent, provider.now());
    count(&provider.counters().authorizes);
    request.code_url(&code)
}

/// Who the form names.
pub(crate) fn chosen_person(
    provider: &Provider,
    form: &Parameters,
) -> Result<Arc<Person>, InvalidEmail> {
    let email = match form.get("person") {
        Some(SOMEBODY_ELSE) | None => form.get("email").unwrap_or_default(),
        Some(email) => email,
    };
    provider.people().find_or_create(email, provider.now())
}

/// The people to choose from; the hinted one first, and so preselected.
pub(crate) fn choices(provider: &Provider, login_hint: Option<&str>) -> Vec<Choice> {
    let hinted = login_hint.and_then(|hint| parse_email(hint).ok());
    let mut choices: Vec<Choice> = provider
        .people()
        .offered()
        .iter()
        .map(|person| Choice {
            email: person.email.clone(),
            name: person.display_name(),
        })
        .collect();
    if let Some(email) = hinted {
        match choices.iter().position(|choice| choice.email == email) {
            Some(position) => choices[..=position].rotate_right(1),
            None => choices.insert(
                0,
                Choice {
                    name: email.clone(),
                    email,
                },
            ),
        }
    }
    choices
}

fn page(
    provider: &Provider,
    request: &AuthorizationRequest,
    encoded: &[u8],
    problem: Option<String>,
) -> Response {
    let parameters = Parameters::parse(encoded).unwrap_or_default();
    let hidden = PARAMETERS
        .iter()
        .filter_map(|name| Some((*name, parameters.get(name)?)))
        .collect();
    let host = request
        .redirect_uri
        .split_once("://")
        .map_or("", |(_, rest)| {
            rest.split(['/', '?']).next().unwrap_or_default()
        });
    let status = if problem.is_some() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let page = AuthorizePage {
        client_id: &request.client_id,
        host,
        scopes: request.scopes.in_plain_words(),
        choices: choices(provider, request.login_hint.as_deref()),
        hidden,
        problem,
        typed_email: parameters.get("email").unwrap_or_default(),
    };
    render(status, &page)
}

fn refuse(refusal: Refusal) -> Response {
    match refusal {
        Refusal::Redirect(location) => redirect(StatusCode::FOUND, &location),
        Refusal::Page(text) => {
            let message = Message {
                title: "This request cannot be answered",
                text: &text,
                advice: "Nobody was sent back, because it is not certain where to. Correct the \
                         integration's configuration and start again there.",
            };
            render(StatusCode::BAD_REQUEST, &message)
        }
    }
}

fn redirect(status: StatusCode, location: &str) -> Response {
    // The location is printable ASCII: redirect URIs are checked for it, and
    // everything that is added to one is percent-encoded.
    match HeaderValue::try_from(location) {
        Ok(location) => (status, [(LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}
