//! `POST /api/v1/consent-links`.

use std::fmt::Display;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use spark_oauth_core::consent_links::{LinkInput, Note, ReturnAddress};
use spark_oauth_core::{EmailAddress, Scopes};
use utoipa::ToSchema;

use super::record::LinkRecord;
use crate::api::code::Code;
use crate::api::gate::Service;
use crate::api::json_body::JsonBody;
use crate::api::problem::Problem;
use crate::api::query::Query;
use crate::api::state::ApiState;

/// A link to be made. What is left out has a default.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::api) struct NewConsentLink {
    /// What the person is asked for; by default all that the integration is registered
    /// for. `spark:people_read` is added: without it nobody can tell whose token it is.
    #[schema(
        min_items = 1,
        max_items = 100,
        value_type = Option<Vec<ScopeName>>,
        examples(json!(["spark:rooms_read"]))
    )]
    scopes: Option<Vec<String>>,
    /// What the person reads beside it: plain text, in which a line break is the only
    /// character that cannot be seen.
    #[schema(
        min_length = 1,
        max_length = 500,
        pattern = r"^[^\s\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]([^\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]*[^\s\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff])?$",
        examples("For the weekly report of your team.")
    )]
    note: Option<String>,
    /// Who is to consent. A consent by another person is refused, and nothing of it is
    /// stored.
    #[schema(
        min_length = 3,
        max_length = 254,
        pattern = r#"^[^\s\x00-\x1f\x7f-\x9f<>,;:"()\[\]\\@]+@[^\s\x00-\x1f\x7f-\x9f<>,;:"()\[\]\\@.]+(\.[^\s\x00-\x1f\x7f-\x9f<>,;:"()\[\]\\@.]+)*$"#,
        examples("ann@example.com")
    )]
    expected_email: Option<String>,
    /// Where the person is led when it is done, with `spark_oauth=granted` or
    /// `spark_oauth=declined` in the query: an address that the setting
    /// `consentLinks.returnTo` allows. At most 2000 characters.
    #[schema(
        format = "uri",
        max_length = 2000,
        examples("https://app.example.com/connected")
    )]
    return_to: Option<String>,
    /// Whether it ends with the first consent.
    #[schema(default = false)]
    single_use: bool,
    /// After how many seconds it ends: from a minute to 90 days, by default 7 days.
    #[serde(deserialize_with = "whole_seconds")]
    #[schema(minimum = 60, maximum = 7_776_000, default = 604_800)]
    expires_in: Option<u64>,
}

/// One scope.
#[derive(ToSchema)]
#[schema(value_type = String, pattern = r"^[!#-\[\]-~]+$")]
#[expect(dead_code, reason = "it is documentation")]
pub(in crate::api) struct ScopeName(String);

impl NewConsentLink {
    fn read(self) -> Result<LinkInput, Problem> {
        Ok(LinkInput {
            scopes: self.scopes.map(|names| scopes(&names)).transpose()?,
            note: read("note", self.note, |text| exact(text, Note::parse))?,
            expected_email: read("expected_email", self.expected_email, |text| {
                exact(text, EmailAddress::parse)
            })?,
            return_to: self
                .return_to
                .map(|text| ReturnAddress::parse(&text))
                .transpose()
                .map_err(|error| Problem::new(Code::ReturnNotAllowed, error.to_string()))?,
            single_use: self.single_use,
            life: self.expires_in.map(Duration::from_secs),
        })
    }
}

/// A whole number, also where it is written as `60.0`: JSON Schema takes that for an
/// integer too (draft 2020-12, section 6.1.1 of its validation).
fn whole_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let Some(number) = Option::<serde_json::Number>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let whole = number.as_u64().or_else(|| {
        let seconds = number.as_f64().filter(|seconds| seconds.fract() == 0.0)?;
        let seconds = Duration::try_from_secs_f64(seconds).ok()?;
        Some(seconds.as_secs())
    });
    whole
        .map(Some)
        .ok_or_else(|| D::Error::custom("a whole number of seconds"))
}

fn wrong(field: &str, why: impl Display) -> Problem {
    Problem::new(Code::InvalidValue, format!("field {field}: {why}"))
}

fn read<T>(
    field: &str,
    text: Option<String>,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, Problem> {
    text.map(|text| parse(&text))
        .transpose()
        .map_err(|why| wrong(field, why))
}

/// Programs say what they mean: white space around it is a mistake of theirs.
fn exact<T, E: Display>(text: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<T, String> {
    if text.trim() != text {
        return Err("white space stands around it".to_owned());
    }
    parse(text).map_err(|error| error.to_string())
}

fn scopes(names: &[String]) -> Result<Scopes, Problem> {
    if names.len() > 100 {
        return Err(wrong("scopes", "at most 100 at once"));
    }
    let is_one = |name: &String| !name.is_empty() && !name.contains(char::is_whitespace);
    if !names.iter().all(is_one) {
        return Err(wrong(
            "scopes",
            "each entry is one scope, without white space",
        ));
    }
    Scopes::parse(&names.join(" ")).map_err(|error| wrong("scopes", error))
}

/// Make a consent link.
///
/// A signed address to send to a person, who is asked there to consent. Its state can be
/// read under its identifier.
#[utoipa::path(
    post,
    path = "/api/v1/consent-links",
    tag = "Consent links",
    request_body = NewConsentLink,
    responses((status = 201, description = "The link.", body = LinkRecord)),
    security(("bearer" = ["consents:request"])),
    extensions(("x-problem-codes" = json!([
        "person_not_allowed", "scope_not_registered", "return_not_allowed", "body_too_large",
        "unsupported_media_type", "invalid_value"
    ]))),
)]
pub(in crate::api) async fn create_consent_link(
    State(state): State<ApiState>,
    Service(service): Service,
    query: Query,
    JsonBody(new): JsonBody<NewConsentLink>,
) -> Result<(StatusCode, Json<LinkRecord>), Problem> {
    query.end()?;
    let link = state.access().create_link(&service, new.read()?).await?;
    Ok((
        StatusCode::CREATED,
        Json(LinkRecord::new(&state, &link, None)),
    ))
}
