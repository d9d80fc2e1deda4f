//! The page on which a person lets a device in.

use askama::Template;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::authorize_page::{Choice, choices, chosen_person};
use super::device::PendingDevice;
use super::parameters::Parameters;
use crate::page::{Message, render};
use crate::provider::Provider;
use crate::stats::count;

#[derive(Debug, Template)]
#[template(path = "device.html")]
struct DevicePage<'a> {
    user_code: &'a str,
    device: Option<PendingDevice>,
    choices: Vec<Choice>,
    problem: Option<String>,
    typed_email: &'a str,
}

/// An address that was typed, and what is wrong with it.
struct WrongEmail<'a> {
    typed: &'a str,
    problem: String,
}

/// `GET /v1/device/verify`
pub(crate) async fn show(State(provider): State<Provider>, RawQuery(query): RawQuery) -> Response {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    page(&provider, parameters.get("user_code"), None)
}

/// `POST /v1/device/verify`, from the page's own form.
pub(crate) async fn decide(State(provider): State<Provider>, body: Bytes) -> Response {
    let form = Parameters::parse(&body).unwrap_or_default();
    let user_code = form.get("user_code").unwrap_or_default();
    let accepted = match form.get("decision") {
        Some("accept") => match chosen_person(&provider, &form) {
            Ok(person) => Some(person.id),
            Err(problem) => {
                let typed = form.get("email").unwrap_or_default();
                let wrong = WrongEmail {
                    typed,
                    problem: problem.to_string(),
                };
                return page(&provider, Some(user_code), Some(wrong));
            }
        },
        _ => None,
    };
    if !provider
        .devices()
        .decide(user_code, accepted, provider.now())
    {
        return page(&provider, Some(user_code), None);
    }
    if accepted.is_some() {
        count(&provider.counters().authorizes);
    }
    let message = Message {
        title: if accepted.is_some() {
            "The device has access"
        } else {
            "You declined"
        },
        text: "Your answer was passed on to the device.",
        advice: "You can close this page and go back to the device.",
    };
    render(StatusCode::OK, &message)
}

fn page(provider: &Provider, user_code: Option<&str>, wrong: Option<WrongEmail<'_>>) -> Response {
    let device = user_code.and_then(|code| provider.devices().find(code, provider.now()));
    let typed_email = wrong.as_ref().map_or("", |wrong| wrong.typed);
    let problem = wrong.map(|wrong| wrong.problem).or_else(|| {
        let unknown = user_code.is_some() && device.is_none();
        unknown.then(|| "this code is unknown, used, or older than five minutes".to_owned())
    });
    let status = if problem.is_some() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let page = DevicePage {
        user_code: user_code.unwrap_or_default(),
        device,
        choices: choices(provider, None),
        problem,
        typed_email,
    };
    render(status, &page)
}
