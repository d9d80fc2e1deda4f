//! The control API, `/_emulator/…`, for tests and demonstrations.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::clock::MAX_SECONDS;
use crate::faults::{Fault, PendingFault};
use crate::people::{PersonAnswer, parse_email};
use crate::provider::Provider;
use crate::rooms::RoomSnapshot;
use crate::settings::Settings;
use crate::stats::Stats;
use crate::strict_json;

/// A control call that was wrong: a status and a text that says what to do.
#[derive(Debug)]
pub(crate) struct ControlError(StatusCode, String);

impl ControlError {
    fn bad_request(text: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, text.into())
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

type Body = Result<Bytes, BytesRejection>;

/// Reads a JSON object, whatever its content type; nothing at all is an empty one.
/// Every unknown field is named.
fn parse<T: DeserializeOwned>(body: Body) -> Result<T, ControlError> {
    let body = body.map_err(|rejection| ControlError(rejection.status(), rejection.body_text()))?;
    let body = if body.trim_ascii().is_empty() {
        &b"{}"[..]
    } else {
        &body[..]
    };
    strict_json::parse(body).map_err(ControlError::bad_request)
}

/// `GET /_emulator/stats`
pub(crate) async fn stats(State(provider): State<Provider>) -> Json<Stats> {
    Json(provider.stats())
}

/// `GET /_emulator/rooms`
pub(crate) async fn rooms(State(provider): State<Provider>) -> Json<Vec<RoomSnapshot>> {
    Json(provider.rooms())
}

/// `GET /_emulator/settings`
pub(crate) async fn settings(State(provider): State<Provider>) -> Json<Settings> {
    Json(Settings::clone(&provider.settings()))
}

/// Each field that is absent, or `null`, stays as it is; only `auto_approve` is
/// ended by a `null`.
#[derive(Debug, Deserialize)]
pub(crate) struct SettingsChange {
    access_ttl_s: Option<u64>,
    refresh_ttl_s: Option<u64>,
    rotate_refresh_tokens: Option<bool>,
    renew_refresh_ttl: Option<bool>,
    omit_refresh_token: Option<bool>,
    same_access_token_s: Option<u64>,
    latency_ms: Option<u64>,
    #[serde(default)]
    auto_approve: AutoApprove,
    clock_advance_s: Option<i64>,
}

/// For whom the authorize page answers at once from now on.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Option<String>")]
enum AutoApprove {
    /// The field is absent.
    #[default]
    Unchanged,
    /// It is `null` or empty.
    Nobody,
    Person(String),
}

impl From<Option<String>> for AutoApprove {
    fn from(email: Option<String>) -> Self {
        match email {
            Some(email) if !email.trim().is_empty() => Self::Person(email),
            _ => Self::Nobody,
        }
    }
}

impl SettingsChange {
    fn check(mut self) -> Result<Self, ControlError> {
        let limit = MAX_SECONDS.unsigned_abs();
        let times = [
            ("access_ttl_s", self.access_ttl_s),
            ("refresh_ttl_s", self.refresh_ttl_s),
            ("same_access_token_s", self.same_access_token_s),
            ("latency_ms", self.latency_ms),
            (
                "clock_advance_s",
                self.clock_advance_s.map(i64::unsigned_abs),
            ),
        ];
        for (name, value) in times {
            if value.is_some_and(|value| value > limit) {
                let text = format!("`{name}`: must not be above {limit}");
                return Err(ControlError::bad_request(text));
            }
        }
        if let AutoApprove::Person(email) = &mut self.auto_approve {
            *email = parse_email(email)
                .map_err(|error| ControlError::bad_request(format!("`auto_approve`: {error}")))?;
        }
        Ok(self)
    }

    fn apply(self, settings: &mut Settings) {
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        set(&mut settings.access_ttl_s, self.access_ttl_s);
        set(&mut settings.refresh_ttl_s, self.refresh_ttl_s);
        set(
            &mut settings.rotate_refresh_tokens,
            self.rotate_refresh_tokens,
        );
        set(&mut settings.renew_refresh_ttl, self.renew_refresh_ttl);
        set(&mut settings.omit_refresh_token, self.omit_refresh_token);
        set(&mut settings.same_access_token_s, self.same_access_token_s);
        set(&mut settings.latency_ms, self.latency_ms);
        match self.auto_approve {
            AutoApprove::Unchanged => {}
            AutoApprove::Nobody => settings.auto_approve = None,
            AutoApprove::Person(email) => settings.auto_approve = Some(email),
        }
        set(&mut settings.clock_advance_s, self.clock_advance_s);
    }
}

/// `PATCH /_emulator/settings`: all of the change or, where it is wrong, none.
pub(crate) async fn change_settings(
    State(provider): State<Provider>,
    body: Body,
) -> Result<Json<Settings>, ControlError> {
    let change = parse::<SettingsChange>(body)?.check()?;
    let settings = provider.update_settings(|settings| change.apply(settings));
    Ok(Json(Settings::clone(&settings)))
}

#[derive(Debug, Serialize)]
pub(crate) struct FaultList {
    pending: Vec<PendingFault>,
}

/// `GET /_emulator/faults`
pub(crate) async fn faults(State(provider): State<Provider>) -> Json<FaultList> {
    Json(FaultList {
        pending: provider.pending_faults(),
    })
}

/// `POST /_emulator/faults`
pub(crate) async fn add_fault(
    State(provider): State<Provider>,
    body: Body,
) -> Result<Json<FaultList>, ControlError> {
    let fault = parse::<Fault>(body)?;
    provider
        .push_fault(fault)
        .map_err(|error| ControlError::bad_request(error.to_string()))?;
    Ok(faults(State(provider)).await)
}

/// `DELETE /_emulator/faults`
pub(crate) async fn clear_faults(State(provider): State<Provider>) -> StatusCode {
    provider.clear_faults();
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
pub(crate) struct Renaming {
    email: String,
    new_email: String,
    first_name: Option<String>,
    last_name: Option<String>,
}

/// `PATCH /_emulator/people`: a person gets another address, and maybe another name.
pub(crate) async fn rename_person(
    State(provider): State<Provider>,
    body: Body,
) -> Result<Json<PersonAnswer>, ControlError> {
    let renaming = parse::<Renaming>(body)?;
    let people = provider.people();
    let name = people.find(&renaming.email).map(|person| {
        let or = |new: Option<String>, old: &String| new.unwrap_or_else(|| old.clone());
        (
            or(renaming.first_name, &person.first_name),
            or(renaming.last_name, &person.last_name),
        )
    });
    let name = name
        .as_ref()
        .map(|(first, last)| (first.as_str(), last.as_str()));
    let renamed = people
        .rename(&renaming.email, &renaming.new_email, name)
        .map_err(|error| ControlError::bad_request(error.to_string()))?;
    renamed
        .map(|person| Json(PersonAnswer::from(&*person)))
        .ok_or_else(|| {
            let text = format!("`email`: no person signs in as {}", renaming.email);
            ControlError(StatusCode::NOT_FOUND, text)
        })
}

#[derive(Debug, Deserialize)]
pub(crate) struct Withdrawal {
    email: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Withdrawn {
    /// How many grants ended.
    revoked: usize,
}

/// `POST /_emulator/revoke`: the person withdrew; everybody, where none is named.
pub(crate) async fn revoke(
    State(provider): State<Provider>,
    body: Body,
) -> Result<Json<Withdrawn>, ControlError> {
    let revoked = match parse::<Withdrawal>(body)?.email {
        Some(email) => provider.revoke(&email),
        None => provider.revoke_everybody(),
    };
    Ok(Json(Withdrawn { revoked }))
}
