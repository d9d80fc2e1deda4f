//! `/v1/people`

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::bearer::Bearer;
use super::pages::{Address, Order};
use super::query::{NoParameters, StrictQuery};
use crate::errors::ApiError;
use crate::oauth::scopes::PEOPLE_READ;
use crate::people::PersonAnswer;
use crate::provider::Provider;

/// `max` and `cursor` are read by [`Address`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PeopleFilter {
    email: Option<String>,
    display_name: Option<String>,
    /// Up to 85 IDs, separated by commas.
    id: Option<String>,
    #[serde(rename = "max")]
    _max: Option<String>,
    #[serde(rename = "cursor")]
    _cursor: Option<String>,
}

/// `GET /v1/people/me`
pub(crate) async fn me(
    caller: Bearer,
    StrictQuery(NoParameters {}): StrictQuery<NoParameters>,
) -> Result<Json<PersonAnswer>, ApiError> {
    caller.require(PEOPLE_READ)?;
    Ok(Json(PersonAnswer::from(&*caller.person)))
}

/// `GET /v1/people`: the people of the organization, by name. A display name matches
/// where a person's begins with it.
pub(crate) async fn list(
    State(provider): State<Provider>,
    caller: Bearer,
    address: Address,
    StrictQuery(filter): StrictQuery<PeopleFilter>,
) -> Result<Response, ApiError> {
    caller.require(PEOPLE_READ)?;
    let email = filter.email.map(|email| email.trim().to_lowercase());
    let name = filter.display_name.map(|name| name.to_lowercase());
    let ids: Option<Vec<&str>> = filter.id.as_deref().map(|ids| ids.split(',').collect());
    let people = provider.people().everyone().into_iter();
    let people = people
        .filter(|person| email.as_ref().is_none_or(|email| *email == person.email))
        .filter(|person| {
            let begins = |name: &String| person.display_name().to_lowercase().starts_with(name);
            name.as_ref().is_none_or(begins)
        })
        .filter(|person| {
            let holds = |ids: &Vec<&str>| ids.contains(&person.webex_id().as_str());
            ids.as_ref().is_none_or(holds)
        })
        .map(|person| {
            let key = format!("{} {}", person.display_name(), person.id);
            (key, PersonAnswer::from(&*person))
        });
    address.page(people.collect(), Order::Ascending, 100)
}
